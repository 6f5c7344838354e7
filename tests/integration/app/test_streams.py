"""Streams of events of a real process: how they end."""

import signal
from contextlib import ExitStack
from functools import partial
from threading import Event

import pytest

from tests.integration.app.served import Served


def test_open_streams_end_in_order(served: Served, tokens: dict[str, str]) -> None:
    """SIGTERM: each comes to its end, none is cut off, and the process does not wait for the grace."""
    with ExitStack() as open_streams:
        streams = [open_streams.enter_context(served.stream(token)) for token in tokens.values() for _ in range(5)]
        assert all(stream.readline() == b"event: conversations\n" for stream in streams)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(30) == 0
        assert all(b"data: {" in stream.read() for stream in streams)  # a body that breaks off would raise
    assert served.line("app_stopped")


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_who_vanishes_costs_nothing_after_a_minute(served: Served, tokens: dict[str, str]) -> None:
    """Frozen clients that keep their connections and never read: no stream, no look, no connection is left of them."""
    with ExitStack() as clients:
        frozen = [clients.enter_context(served.frozen_stream(tokens["bayko"])) for _ in range(10)]
        served.await_number("chat_app_streams", 10)
        served.await_number("chat_app_streams", 0)
        looks = served.number('chat_app_looks_total{kind="same"}')
        Event().wait(3)
        assert served.number('chat_app_looks_total{kind="same"}') == looks > 0
        for client in frozen:
            assert b"event: conversations" in b"".join(iter(partial(client.recv, 65_536), b""))  # then it is closed
