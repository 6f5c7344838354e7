"""The compose file as a running project, driven by the command line that a user has."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240.0  # LocalStack starts in 15 to 60 s; no test waits for less than it may take
ACTIVE, STANDBY = "stream-worker", "stream-worker-standby"
FLEET = ("fleet-1", "fleet-2", "fleet-3")
Seen = TypeVar("Seen")


class Project:
    """`docker compose` with a project name and ports of its own."""

    def __init__(self, name: str, ports: dict[str, int]) -> None:
        self.ports = ports
        self._command = ["docker", "compose", "--project-name", name, "--profile", "traffic", "--profile", "fleet"]
        self._environment = {
            **os.environ,  # noqa: TID251 - docker's own settings come from there
            **{variable: str(port) for variable, port in ports.items()},
            "WORKER_LEASE_S": "3",
            "MESSAGES": "150",
        }

    def do(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """One compose command."""
        done = subprocess.run(
            [*self._command, *words],
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S * 4,
        )
        assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done

    def up(self) -> None:
        """Everything that stays, healthy; what ran once, done."""
        self.do("up", "--detach", "--wait", "localstack", "app", ACTIVE, STANDBY)

    def worker(self, *words: str, service: str = ACTIVE, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command in a worker's container."""
        return self.do("exec", "-T", service, *words, check=check)

    def state(self, service: str) -> dict[str, Any]:
        """The container's state as the engine tells it."""
        container = self.do("ps", "--all", "--quiet", service).stdout.strip()
        told = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True)
        state: dict[str, Any] = json.loads(told.stdout)[0]["State"]
        return state

    def told(self, service: str, name: str) -> str:
        """A variable of the `.env` that a service reads."""
        lines = self.do("exec", "-T", service, "cat", ".env").stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)[name]

    def signal(self, service: str, *command: str) -> None:
        """`docker kill` or `docker stop`, which no restart policy answers."""
        container = self.do("ps", "--quiet", service).stdout.strip()
        subprocess.run(["docker", *command, container], capture_output=True, check=True, timeout=PATIENCE_S)

    def status(self, service: str) -> dict[str, Any]:
        """What the worker tells at /status, asked inside its container; empty while it cannot be asked."""
        ask = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9400/status').read().decode())"
        said = self.worker("python", "-c", ask, service=service, check=False)
        told: dict[str, Any] = json.loads(said.stdout) if said.returncode == 0 else {}
        return told

    def role(self, service: str) -> str:
        """active, standby, waiting; empty while it cannot be asked."""
        return str(self.status(service).get("role", ""))

    def wrong(self, service: str = "") -> int:
        """How many rows are wrong, when the worker has had its time; asked in a container that runs."""
        verify = ("stream-worker", "verify", "--json", "--patience", "60")
        said = self.worker(*verify, service=service or self.alive(), check=False)
        return int(json.loads(said.stdout)["wrong"])

    def alive(self) -> str:
        """A worker whose container runs."""
        return next(service for service in (ACTIVE, STANDBY) if self.state(service)["Running"])


def wait_until(look: Callable[[], Seen], what: str) -> Seen:
    """Look again until there is something, and give what was seen: it may be otherwise a moment later."""
    until = monotonic() + PATIENCE_S
    while not (seen := look()):
        assert monotonic() < until, f"waited in vain for {what}"
        Event().wait(0.5)
    return seen
