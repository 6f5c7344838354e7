"""The bench counts as AWS bills, and its small scenes end as they must; it finds a rate, and times from the plan."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from shared.settings import Settings
from tests.bench.api import highest
from tests.bench.api_load import Plan, Shot, fire
from tests.bench.scenes import Scene, play, row_writes_of_a_new_conversation

ROOT = Path(__file__).parents[2]

SMALL = Scene("small", messages=5, groups=1, step=1, batch=1000)


@pytest.mark.only_on("ministack", reason="DynamoDB Local does not count a transaction's writes twice")
def test_a_move_of_two_rows_is_14_write_units(settings: Settings) -> None:
    """A transaction bills twice on the table (8), once on the index (4), and a check as a write (2)."""
    result = play(SMALL, "ours", settings)
    assert result.write_units == 14 * 5
    assert result.wrong == 0


def test_the_reference_is_8_write_units_and_5_calls(settings: Settings) -> None:
    """One Query, two deletes, two puts; each write bills on table and index."""
    result = play(SMALL, "reference", settings)
    assert (result.write_units, result.calls) == (8 * 5, 5 * 5)


def test_calls_one_by_one(settings: Settings) -> None:
    """Roster, rows, message, transaction, and a look at its own records; the index only until it is remembered."""
    result = play(SMALL, "ours", settings)
    assert result.calls <= 5 * 5 + 2


def test_a_new_conversation_is_not_written(settings: Settings) -> None:
    """Its rows are right already."""
    assert row_writes_of_a_new_conversation(settings) == 0


@pytest.fixture
def slow_port() -> Iterator[int]:
    """A server that works on one request at a time, for 50 ms."""
    turn = Lock()

    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with turn:
                Event().wait(0.05)
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_the_load_does_not_wait_for_answers(slow_port: int) -> None:
    """40 requests in 0.4 s to a server that needs 2 s for them: the last one is late by what its queue has taken."""
    shot = Shot("any", 204, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    found = fire(Plan(slow_port, 100, 0.4, [shot]))
    assert (len(found.ms["any"]), found.errors) == (40, {})
    assert max(found.ms["any"]) > 1500


def test_another_status_is_an_error(slow_port: int) -> None:
    """It is counted as what it was, and its time does not count."""
    found = fire(Plan(slow_port, 10, 0.2, [Shot("any", 200, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")]))
    assert (found.ms, found.errors) == ({}, {"HTTP 204": 2})


@pytest.mark.parametrize("limit", [1, 10, 11, 19, 20, 97, 1000])
def test_the_highest_rate_is_found_to_a_tenth(limit: int) -> None:
    """Whatever the machine keeps up; never more than that."""
    found = highest(lambda rate: rate <= limit, 10_000)
    assert found <= limit < max(1.1 * found, 10)


def test_no_rate_above_the_cap_is_tried() -> None:
    """Its caller knows how much is enough."""
    assert highest(lambda rate: rate <= 40, 40) == 40


@pytest.mark.engine
@pytest.mark.slow
def test_the_api_bench_reports() -> None:
    """A second of the lowest rate: each route with its calls, and the rate, or that even this one was too much."""
    command = [sys.executable, "-m", "tests.bench", "api", "--seconds", "1", "--most", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "requests a second" in done.stdout
    for route in ("GET /api/messages/{group}", "GET /api/message_groups", "POST /api/messages"):
        assert f"| {route} |" in done.stdout
