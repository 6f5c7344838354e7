"""A `chat-app serve` process, and what can be asked of it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Event

from shared.settings import Settings
from tests.integration.app.stage import environment

COMMAND = str(Path(sys.executable).with_name("chat-app"))


class Served:
    """A process, and the lines it has said."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [COMMAND, "serve"], env={"PATH": os.defpath, **environment(settings)}, stderr=file
            )
        self.port = int(self.line("app_listens")["port"])
        self.monitor = int(self.line("monitor_listens")["port"])

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    def line(self, event: str) -> dict[str, str]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for line in self.lines():
                if line["event"] == event:
                    return {name: str(value) for name, value in line.items()}
            assert self.process.poll() is None, self._log.read_text()
            Event().wait(0.05)
        raise AssertionError(event)

    def ask(self, path: str, token: str = "", port: int | None = None) -> tuple[int, bytes]:
        with closing(HTTPConnection("127.0.0.1", port or self.port, timeout=30)) as connection:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    @contextmanager
    def frozen_stream(self, token: str) -> Iterator[socket.socket]:
        """A client that has asked for events and does not read."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
            client.sendall(f"GET /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            yield client

    @contextmanager
    def stream(self, token: str) -> Iterator[HTTPResponse]:
        """The body of a stream of events, to be read as it comes."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", "/api/events", headers={"Authorization": f"Bearer {token}"})
            with connection.getresponse() as body:
                yield body

    def number(self, name: str) -> float:
        """One of its metrics."""
        lines = self.ask("/metrics", port=self.monitor)[1].decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name), 0.0)

    def await_number(self, name: str, value: float) -> None:
        """Wait until it is this."""
        until = time.monotonic() + 100
        while self.number(name) != value:
            assert time.monotonic() < until, name
            Event().wait(0.2)
