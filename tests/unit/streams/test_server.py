"""The server answers, whatever it is sent."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from threading import Thread
from typing import Any

import pytest

from devstack.streams.options import Options
from devstack.streams.server import API, StreamsServer
from devstack.streams.service import Service
from tests.unit.streams.engine import Engine
from tests.unit.streams.made import ARN, NOON


@pytest.fixture
def server() -> Iterator[StreamsServer]:
    """In front of an engine in memory."""
    service = Service(Engine().client, Options(seed=1), lambda: NOON)
    with StreamsServer(0, "http://127.0.0.1:1", service) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: StreamsServer, body: Any, **headers: str) -> tuple[int, str]:
    """The status, and which error it is."""
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    sent = {"X-Amz-Target": f"{API}DescribeStream", **{name.replace("_", "-"): text for name, text in headers.items()}}
    connection.request("POST", "/", json.dumps(body), sent)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told.get("__type", "").partition("#")[2]


def test_what_is_asked_rightly_is_answered(server: StreamsServer) -> None:
    """The others here are refused for what is wrong with them."""
    assert ask(server, {"StreamArn": ARN}) == (200, "")


@pytest.mark.parametrize("body", [{"StreamArn": 7}, {"StreamArn": ARN, "Limit": "5"}, {"ShardFilter": "x"}, [], 7])
def test_a_parameter_of_the_wrong_kind_is_refused(server: StreamsServer, body: Any) -> None:
    """As one with a wrong value is."""
    assert ask(server, body) == (400, "ValidationException")


@pytest.mark.parametrize("length", ["many", "-1", "1.5", "9" * 20])
def test_a_length_that_is_none_is_refused(server: StreamsServer, length: str) -> None:
    """And not waited for."""
    assert ask(server, {}, Content_Length=length) == (400, "ValidationException")


def test_what_nobody_foresaw_is_an_error_of_the_service(
    server: StreamsServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The client asks again, the operator sees the trace."""
    monkeypatch.setattr(server.service, "call", lambda *_: 1 // 0)
    assert ask(server, {}) == (500, "InternalServerError")
    assert "ZeroDivisionError" in capsys.readouterr().err
