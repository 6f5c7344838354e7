"""The port of a real worker: who asks it."""

import json
from http.client import HTTPConnection
from typing import Any

from tests.acceptance.stack import Stack, Worker


def listening(stack: Stack, **settings: str) -> tuple[Worker, int]:
    """A worker, and the port it chose."""
    worker = stack.worker(WORKER_HTTP_PORT="0", **settings)
    worker.wait_for("monitor_listens")
    return worker, next(line["port"] for line in worker.lines if line["event"] == "monitor_listens")


def ask(port: int, path: str) -> tuple[int, str]:
    """Status and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def status(port: int) -> dict[str, Any]:
    """What /status tells."""
    told: dict[str, Any] = json.loads(ask(port, "/status")[1])
    return told
