"""What an engine sees of a server in front of it."""

from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from threading import Thread

import pytest

from devstack.relay import Relay, RelayServer

Serve = list[dict[str, str]]


class Engine(Relay):
    """Notes what it is told, and answers."""

    heard: Serve

    def answer(self, body: bytes) -> None:
        """The length of what came."""
        self.heard.append({name.lower(): value for name, value in self.headers.items()})
        self.send_json(200, len(body))


@pytest.fixture
def heard() -> Serve:
    """The headers of each request that reached the engine."""
    return []


@pytest.fixture
def port(heard: Serve) -> Iterator[int]:
    """Of a relay in front of an engine."""
    with ExitStack() as stack:
        engine = stack.enter_context(RelayServer(0, "http://127.0.0.1:1", type("_Engine", (Engine,), {"heard": heard})))
        relay = stack.enter_context(RelayServer(0, f"http://127.0.0.1:{engine.server_port}", Relay))
        for server in (engine, relay):
            Thread(target=server.serve_forever, args=(0.01,)).start()
            stack.callback(server.shutdown)
        yield relay.server_port


def test_a_connection_is_closed_with_a_word(port: int, heard: Serve) -> None:
    """Or ministack keeps one file open for each request, until it has no more; the client's own stays open."""
    client = HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(2):
        client.request("POST", "/", b"body", {"Connection": "keep-alive", "X-Amz-Target": "target"})
        assert client.getresponse().read() == b"4"
    client.close()
    assert [(one["connection"], one["x-amz-target"], one["content-length"]) for one in heard] == [
        ("close", "target", "4"),
        ("close", "target", "4"),
    ]
