"""The port of a real worker, asked as an orchestrator, Prometheus and a person would."""

import json
import socket
from typing import Any

import pytest

from tests.acceptance.port import ask, listening, status
from tests.acceptance.stack import Stack, wait_until

METRICS = "records_total", "rows_moved_total", "lag_seconds_count", "iterator_age_seconds", "shards_read"


def hood(port: int) -> Any:
    """What it tells of the stream at work."""
    return status(port)["hood"]


def rows_put_by_worker(port: int) -> list[Any]:
    """Its own writes, come back."""
    return [one for one in hood(port)["records"] if one["by_worker"] and one["kind"] == "INSERT"]


def number(port: int, name: str) -> float:
    """A metric, its labels with it."""
    lines = ask(port, "/metrics")[1].splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"pattern_e_{name} ")))


def test_a_worker_and_its_standby_show_themselves(stack: Stack) -> None:
    """Both are ready; one works and has moved a row, the other names it."""
    _, first = listening(stack)
    wait_until(lambda: ask(first, "/readyz")[0] == 200, "readiness")
    _, second = listening(stack)
    wait_until(lambda: status(second)["role"] == "standby", "the standby")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "hello", "--wait", "60")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "again", "--wait", "60")
    wait_until(lambda: status(first)["totals"]["rows_moved"] >= 2, "the moved rows")
    assert ask(second, "/readyz") == (200, '{"ok": true}')
    assert status(second)["lease_held_by"] == status(first)["owner"]
    assert all(number(first, name) >= 0 for name in METRICS)
    assert "again" not in ask(first, "/status")[1]


def test_the_stream_is_shown_at_work(stack: Stack) -> None:
    """A reply: its record, both rows moved by one transaction, the worker's own records of it, what it cost."""
    worker, port = listening(stack)
    worker.wait_for("sweep_done")
    stack.do("producer", "start", "--from", "andrewbrown", "--to", "bayko", "hello")
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "hello", "--wait", "60")
    wait_until(lambda: len(rows_put_by_worker(port)) == 2, "the worker's own records")
    told = hood(port)
    moved = [one for one in told["decisions"] if one["decision"] == "moved"]
    assert [(one["actions"], one["new_sk"] == one["shows"]) for one in moved] == [(5, True)] * 2
    assert {one["sk"] for one in rows_put_by_worker(port)} == {moved[0]["shows"]}
    assert told["calls"]["GetRecords"]["calls"] > 0
    assert number(port, 'capacity_units_total{operation="transact_write_items"}') >= 6


def test_the_standby_is_ready_after_a_take_over(stack: Stack) -> None:
    """The killed one answers nobody; the other says that it works now."""
    worker, _ = listening(stack)
    worker.wait_for("lease_taken")
    _, second = listening(stack)
    worker.kill()
    wait_until(lambda: status(second)["role"] == "active", "the take-over")
    wait_until(lambda: ask(second, "/readyz")[0] == 200, "readiness")


def test_a_worker_without_an_engine_lives_and_is_not_ready(stack: Stack) -> None:
    """A restart would not help, so it is alive; nothing works, so it is not ready."""
    _, port = listening(stack, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert [ask(port, path)[0] for path in ("/healthz", "/readyz")] == [200, 503]


@pytest.mark.parametrize(("option", "expected"), [((), 0), (("--ready",), 1)])
def test_the_health_command_asks_the_port(stack: Stack, option: tuple[str, ...], expected: int) -> None:
    """What a container's health check runs: its exit status is the answer."""
    _, port = listening(stack, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    exit_status, out, _ = stack.run("stream-worker", "health", *option, WORKER_HTTP_PORT=str(port))
    assert exit_status == expected
    assert ("ok" in out, "not ok" in out) == (True, bool(expected))


def test_the_health_command_says_that_nobody_answers(stack: Stack) -> None:
    """And what to set, where nothing is."""
    exit_status, out, _ = stack.run("stream-worker", "health", "--json", WORKER_HTTP_PORT="9")
    assert (exit_status, json.loads(out)["ok"]) == (1, False)
    exit_status, _, err = stack.run("stream-worker", "health")
    assert exit_status == 2
    assert "WORKER_HTTP_PORT" in err


def test_a_port_that_is_taken_ends_the_start(stack: Stack) -> None:
    """Exit status 2, one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        exit_status, _, err = stack.run("stream-worker", "run", WORKER_HTTP_PORT=port)
    assert exit_status == 2
    assert port in err.strip().splitlines()[-1]


def test_metrics_as_lines_of_the_log(stack: Stack) -> None:
    """METRICS=emf: whatever the log's level; the last line is written at the end, however short the life was."""
    worker = stack.worker(METRICS="emf", LOG_LEVEL="WARNING")
    worker.wait_for("sweep_owed")
    assert worker.terminate() == 0
    [line] = [line for line in worker.lines if line["event"] == "metrics"]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "PatternE"
    assert line["lease_changes"] == [2.0]


def test_the_canary_command(stack: Stack) -> None:
    """Exit status 1 and a reason where no worker runs; 0 where one does."""
    exit_status, out, _ = stack.run("producer", "canary", "--once", "--within", "0.5", "--json")
    assert exit_status == 1
    assert json.loads(out)["problem"] == "not both rows show it after 0.5 s"
    stack.worker()
    exit_status, out, _ = stack.run("producer", "canary", "--once", "--within", "90")
    assert (exit_status, out.startswith("shown after ")) == (0, True), out


def test_the_canary_has_a_port_and_ends_when_it_is_asked_to(stack: Stack) -> None:
    """SIGTERM in the middle of a song: exit status 0."""
    canary = stack.start("producer", "canary", "--every", "1", "--within", "1000", WORKER_HTTP_PORT="0")
    assert canary.stderr
    port = int(canary.stderr.readline().rpartition(":")[2])
    assert (ask(port, "/healthz")[0], ask(port, "/readyz")[0]) == (200, 503)
    canary.terminate()
    assert canary.wait(100) == 0
