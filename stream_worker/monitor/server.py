"""The port of an operator: /healthz, /readyz, /metrics, /status, and a page that shows them live at /."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socket import AF_INET, AF_INET6
from threading import Thread
from typing import Self
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST

from shared.errors import PortTaken
from stream_worker.monitor.metrics import Metrics
from stream_worker.monitor.status import Vitals

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    kind: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK


Routes = Mapping[str, Callable[[], Answer]]


def routes(vitals: Vitals, metrics: Metrics, status: Callable[[], Mapping[str, object]]) -> Routes:
    """What can be asked; `status` is everything that is told at /status."""
    return {
        "/": lambda: _file("page.html", "text/html; charset=utf-8"),
        "/page.css": lambda: _file("page.css", "text/css; charset=utf-8"),
        "/page.js": lambda: _file("page.js", "text/javascript; charset=utf-8"),
        "/healthz": lambda: _verdict(vitals.signs().is_alive),
        "/readyz": lambda: _verdict(vitals.signs().is_ready),
        "/metrics": lambda: Answer(metrics.text(), CONTENT_TYPE_LATEST),
        "/status": lambda: Answer(json.dumps(status(), default=str).encode()),
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, answers: Routes) -> None:
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self.answers = answers
        super().__init__((host, port), _Handler)


class MonitorServer:
    """Answers while it is entered, in threads of its own.

    Raises:
        PortTaken: the sentence names the port.
    """

    def __init__(self, host: str, port: int, answers: Routes) -> None:
        try:
            self._server = _Server(host, port, answers)
        except OSError as error:
            raise PortTaken(
                f"Port {port} of {host} cannot be listened on ({error.strerror or error}): set WORKER_HTTP_PORT to "
                "another, or leave it unset."
            ) from error
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on, also where 0 was asked for."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of fixed paths; of a request nothing but its path is looked at."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "stream-worker", ""
    timeout = 10

    def do_GET(self) -> None:
        """One question."""
        found = self.server.answers.get(urlsplit(self.path).path)
        self._send(found() if found else Answer(b'{"error": "not found"}', status=HTTPStatus.NOT_FOUND))

    do_HEAD = do_GET  # noqa: N815 - named by http.server

    def log_message(self, *_: object) -> None:
        """A health check every few seconds is no news."""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def _verdict(is_well: bool) -> Answer:  # noqa: FBT001 - the answer to a question
    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(json.dumps({"ok": is_well}).encode(), status=status)


def _file(name: str, kind: str) -> Answer:
    return Answer((files("stream_worker.monitor") / "page" / name).read_bytes(), kind)
