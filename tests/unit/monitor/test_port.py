"""The port: what is answered, to whom, and what is not."""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from threading import Event, Thread, current_thread
from typing import Any

import pytest

from shared.errors import PortTaken
from shared.port import Answer, Port
from stream_worker.monitor.metrics import Metrics
from stream_worker.monitor.paths import routes
from stream_worker.views import DriverView
from tests.fakes.views import shard, view, vitals
from tests.lacking import lacking

Ask = Callable[..., tuple[HTTPResponse, bytes]]


class Shown:
    """A driver whose view can change."""

    view: DriverView = view(shard())


@pytest.fixture
def shown() -> Shown:
    """A worker that is well."""
    return Shown()


@pytest.fixture
def port(shown: Shown) -> Iterator[Port]:
    """On a port that was free."""
    metrics = Metrics()
    answers = routes(vitals(shown.view), metrics, lambda: {"role": "active"})
    with Port("127.0.0.1", 0, answers) as port:
        yield port


@pytest.fixture
def ask(port: Port) -> Ask:
    """Ask the server."""

    def ask(path: str, method: str = "GET") -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", port.number, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    return ask


def test_a_worker_that_is_well_says_so(ask: Ask) -> None:
    """Both questions; the answers tell nothing else."""
    assert [(answer.status, body) for answer, body in map(ask, ["/healthz", "/readyz"])] == [(200, b'{"ok": true}')] * 2


@pytest.mark.parametrize(
    ("of", "path"), [(view(shard(), turned_s_ago=1e6), "/healthz"), (view(shard(polled_s_ago=1e6)), "/readyz")]
)
def test_a_worker_that_is_not_is_a_503(of: DriverView, path: str) -> None:
    """What an orchestrator acts on is the status."""
    assert routes(vitals(of), Metrics(), dict)[path]().status == 503


def test_the_page_is_self_contained_and_says_what_it_may_load(ask: Ask) -> None:
    """Script and style come from here, and nothing else may run or be framed in."""
    answer, body = ask("/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert b"http://" not in body
    assert b"https://" not in body
    loaded = [ask(path)[0] for path in ("/page.css", "/page.js")]
    assert [one.headers["Content-Type"].partition(";")[0] for one in loaded] == ["text/css", "text/javascript"]


def test_metrics_and_status_are_read_by_machines(ask: Ask) -> None:
    """In the formats these know."""
    answer, body = ask("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert b"# TYPE pattern_e_rows_moved_total counter" in body
    assert json.loads(ask("/status?whatever=1")[1]) == {"role": "active"}


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nothing", "GET", 404), ("/../page.py", "GET", 404), ("/status", "POST", 501), ("/healthz", "HEAD", 200)],
)
def test_nothing_else_is_answered(ask: Ask, path: str, method: str, status: int) -> None:
    """Paths are fixed: none reaches the file system."""
    answer, _ = ask(path, method)
    assert answer.status == status
    assert "Python" not in answer.headers["Server"]


def test_a_head_has_no_body(port: Port) -> None:
    """What followed it would be read as the start of the next answer on the connection."""
    with socket.create_connection(("127.0.0.1", port.number), timeout=100) as client:
        client.sendall(b"HEAD /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
        said = client.makefile("rb").read()
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"Content-Length: 12\r\n" in said
    assert said.endswith(b"\r\n\r\n")


def test_no_answer_is_kept_or_guessed_at(ask: Ask) -> None:
    """A status of a minute ago is none; a browser takes each for what it is called."""
    headers = ask("/status")[0].headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch, port: Port) -> None:
    """A thread waits for every connection: one that is silent is closed, and the others are answered meanwhile."""
    monkeypatch.setattr("shared.port._Handler.timeout", 0.2)
    with socket.create_connection(("127.0.0.1", port.number), timeout=100) as silent:
        assert silent.recv(1) == b""


def test_a_port_listens_on_addresses_of_either_family() -> None:
    """WORKER_HTTP_HOST=::1, where the machine has it."""
    if not socket.has_ipv6:
        lacking("this machine has no IPv6")
    with Port("::1", 0, {}) as port:
        assert port.number


def test_a_path_that_is_no_address_is_not_found(ask: Ask) -> None:
    """Whatever is sent is answered, without a traceback among the lines of the log."""
    assert ask("HTTP://[")[0].status == 404


def test_an_answer_that_cannot_be_given_is_a_500() -> None:
    """Prometheus sees that it failed; the connection does not just end."""

    def fails() -> Answer:
        raise KeyError

    with Port("127.0.0.1", 0, {"/metrics": fails}) as port:
        connection = HTTPConnection("127.0.0.1", port.number, timeout=10)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (500, b'{"error": "KeyError"}')
        connection.close()


def test_who_goes_away_before_the_answer_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    """A scrape that was given up is no news, and no line of a JSON log."""
    asked, gone, answering = Event(), Event(), list[Thread]()

    def late() -> Answer:
        answering.append(current_thread())
        asked.set()
        gone.wait(100)
        return Answer(b"x" * 10_000_000)

    with Port("127.0.0.1", 0, {"/": late}) as port, socket.create_connection(("127.0.0.1", port.number)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert asked.wait(100)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not a close
        client.close()
        gone.set()
        answering[0].join(100)
    assert capfd.readouterr().err == ""


def test_no_name_is_looked_up_to_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer must not keep a worker from its start."""
    monkeypatch.setattr(socket, "getfqdn", lambda *_: pytest.fail("asked for a name"))
    with Port("127.0.0.1", 0, {}) as port:
        assert port.number


def test_a_port_that_is_taken_is_a_sentence(port: Port) -> None:
    """It names the port and the setting."""
    answers: dict[str, Any] = {}
    with pytest.raises(PortTaken, match=rf"{port.number}.*WORKER_HTTP_PORT"):
        Port("127.0.0.1", port.number, answers)
