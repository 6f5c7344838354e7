"""A port on which a process answers questions about itself; of a request nothing but its path is looked at."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from socketserver import TCPServer
from threading import Thread
from typing import Any, Self

from shared.errors import PortTaken

_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    kind: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK


Routes = Mapping[str, Callable[[], Answer]]


def verdict(*, is_well: bool) -> Answer:
    """The answer to an orchestrator: its status is what counts, and it tells nothing else."""
    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(json.dumps({"ok": is_well}).encode(), status=status)


class Port:
    """Answers while it is entered, in threads of its own.

    Args:
        host: an address of this machine.
        number: the port; 0 is any that is free.
        answers: what can be asked, by path.
        setting: which setting says the number; the one for the host is called alike.

    Raises:
        PortTaken: the sentence names the port.
    """

    def __init__(self, host: str, number: int, answers: Routes, *, setting: str = "WORKER_HTTP_PORT") -> None:
        try:
            self._server = _Server(host, number, answers)
        except OSError as error:
            raise PortTaken(
                f"Port {number} of {host} cannot be listened on ({error.strerror or error}): set {setting} (or "
                f"{setting.removesuffix('PORT')}HOST) to another, or leave it unset."
            ) from error
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    @property
    def number(self) -> int:
        """The port it listens on, also where 0 was asked for."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, answers: Routes) -> None:
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self.answers = answers
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """`HTTPServer` would ask a name server for this machine's name, which may take half a minute."""
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who went away before the answer is no news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _given(answer: Callable[[], Answer]) -> Answer:
    """The answer, or that it cannot be given: whoever asks sees the difference to a port that is closed."""
    try:
        return answer()
    except Exception as error:  # noqa: BLE001 - a question must not break what answers the next one
        return _failure(type(error).__name__, HTTPStatus.INTERNAL_SERVER_ERROR)


def _failure(what: str, status: HTTPStatus) -> Answer:
    return Answer(json.dumps({"error": what}).encode(), status=status)


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of fixed paths."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "pattern-e", ""
    timeout = 10

    def do_GET(self) -> None:
        """One question."""
        found = self.server.answers.get(self.path.partition("?")[0])
        self._send(_given(found) if found else _failure("not found", HTTPStatus.NOT_FOUND))

    do_HEAD = do_GET  # noqa: N815 - named by http.server

    def log_message(self, *_: object) -> None:
        """A health check every few seconds is no news."""

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", _POLICY)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
