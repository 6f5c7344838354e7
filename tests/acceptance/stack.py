"""Real processes on a real engine: what an operator has, as an object."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from shared.settings import Settings

As = Callable[[tuple[str, ...]], Settings]
"""The settings of whoever runs these words; without words, of the worker."""

PATIENCE_S = 100.0  # how long a process may take for what it surely does; no test waits for less


class Worker:
    """A `stream-worker run` process and its log."""

    def __init__(self, log: Path, environment: dict[str, str], *options: str) -> None:
        self._log = log
        with log.open("w", encoding="utf-8") as sink:
            command = [sys.executable, "-m", "stream_worker", "run", *options]
            self.process = subprocess.Popen(command, env=environment, stderr=sink, stdout=subprocess.DEVNULL)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its log so far; a line that is being written is left for later."""
        text = self._log.read_text(encoding="utf-8")
        return [
            json.loads(line) for line in text.splitlines(keepends=True) if line.startswith("{") and line[-1] == "\n"
        ]

    @property
    def text(self) -> str:
        """Its log as people read it."""
        return self._log.read_text(encoding="utf-8")

    def has_said(self, event: str, count: int = 1) -> bool:
        """Whether a line of this event was logged, `count` times."""
        return len([line for line in self.lines if line["event"] == event]) >= count

    def wait_for(self, event: str, count: int = 1) -> None:
        """Wait until it has said so."""
        wait_until(lambda: self.has_said(event, count) or self.process.poll() is not None, f"{event} in the log")
        assert self.has_said(event, count), self.text[-2000:]

    def terminate(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(PATIENCE_S)


class Stack:
    """Workers and producers on the tables of one test; `acting` gives each process an identity of its own."""

    def __init__(self, settings: Settings, folder: Path, acting: As | None = None) -> None:
        self.settings = settings
        self._acting = acting or (lambda _: settings)
        self._folder = folder
        self._workers: list[Worker] = []
        self._others: list[subprocess.Popen[str]] = []

    def environment(self, *command: str, **more: str) -> dict[str, str]:
        """The settings as the environment of a process that runs this command, or of a worker."""
        settings = self._acting(command)
        assert settings.endpoint is not None
        assert settings.region is not None
        assert settings.access_key_id is not None
        assert settings.secret_access_key is not None
        return {
            "PATH": os.defpath,
            "AWS_ENDPOINT_URL": settings.endpoint,
            "AWS_REGION": settings.region,
            "AWS_ACCESS_KEY_ID": settings.access_key_id,
            "AWS_SECRET_ACCESS_KEY": settings.secret_access_key.get_secret_value(),
            **({"AWS_SESSION_TOKEN": settings.session_token.get_secret_value()} if settings.session_token else {}),
            "AWS_EC2_METADATA_DISABLED": "true",
            "DDB_MESSAGE_TABLE": settings.message_table,
            "WORKER_STATE_TABLE": settings.state_table,
            "WORKER_LEASE_S": "2",
            "WORKER_POLL_MS": "50",
            "LOG_FORMAT": "json",
            **more,
        }

    def worker(self, *options: str, **settings: str) -> Worker:
        """Start a worker."""
        log = self._folder / f"worker-{len(self._workers)}.log"
        self._workers.append(Worker(log, self.environment(**settings), *options))
        return self._workers[-1]

    def start(self, *command: str, **settings: str) -> subprocess.Popen[str]:
        """Start another command, such as `producer traffic`."""
        module, *arguments = command
        process = subprocess.Popen(
            [sys.executable, "-m", module.replace("-", "_"), *arguments],
            env=self.environment(*command, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._others.append(process)
        return process

    def run(self, *command: str, **settings: str) -> tuple[int, str, str]:
        """Run a command to its end: exit status, output, errors."""
        process = self.start(*command, **settings)
        out, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, out, err

    def do(self, *command: str) -> str:
        """Run a command that must succeed."""
        status, out, err = self.run(*command)
        assert status == 0, err
        return out

    def verify(self, patience_s: int = 30) -> dict[str, Any]:
        """The result of `stream-worker verify`, when the worker has had its time."""
        _, out, err = self.run("stream-worker", "verify", "--json", "--patience", str(patience_s))
        assert out, err
        report: dict[str, Any] = json.loads(out)
        return report

    def assert_right(self) -> None:
        """0 wrong, 0 dead letters."""
        report = self.verify()
        assert report["wrong"] == 0, report["findings"]
        assert json.loads(self.do("stream-worker", "dead-letters", "list", "--json")) == []

    def close(self) -> None:
        """Leave no process behind."""
        for worker in self._workers:
            worker.kill()
        for process in self._others:
            process.kill()
            process.communicate()


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Look again until it is so."""
    until = monotonic() + PATIENCE_S
    while not is_so():
        assert monotonic() < until, f"waited in vain for {what}"
        Event().wait(0.05)
