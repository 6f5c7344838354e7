"""Hosts: each a supervisor, its JVM and its children; what can be done to all of them or to one."""

import json
import os
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.settings import Settings
from tests.acceptance.stack import Stack, Worker, wait_until

TAP = Path(__file__).parent / "tap"
LEASE_S = 10


class Host:
    """One of them."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._is_asleep = False

    @property
    def supervisor(self) -> int:
        """Its process id."""
        return self.worker.process.pid

    @property
    def owner(self) -> str:
        """Its name in leases, which the supervisor says as soon as it starts; empty before."""
        return next((line["owner"] for line in self.worker.lines if line["event"] == "worker_started"), "")

    @property
    def jvm(self) -> int | None:
        """The process id of its JVM, which is also that of the JVM's group; None: there is none now."""
        started = [line for line in self.worker.lines if line["event"] in {"daemon_started", "daemon_stopped"}]
        return started[-1]["pid"] if started and started[-1]["event"] == "daemon_started" else None

    @property
    def children(self) -> list[int]:
        """Its children that have opened a shard and live."""
        lines = self.worker.lines
        begun = max((at for at, line in enumerate(lines) if line["event"] == "daemon_started"), default=0)
        opened = [line["pid"] for line in lines[begun:] if line["event"] == "shard_opened"]
        return [pid for pid in opened if is_alive(pid)]

    @property
    def is_up(self) -> bool:
        """Whether its supervisor runs, and is not asleep."""
        return self.worker.process.poll() is None and not self._is_asleep

    @property
    def reads(self) -> bool:
        """Whether it has a shard."""
        return self.is_up and bool(self.children)

    def kill(self) -> None:
        """SIGKILL to all of it."""
        jvm = self.jvm
        self.worker.kill()  # first: or it would start another
        _tell_group(jvm, signal.SIGKILL)

    def kill_jvm(self) -> None:
        """SIGKILL to the JVM alone."""
        if jvm := self.jvm:
            _tell(jvm, signal.SIGKILL)

    def kill_child(self, child: int) -> None:
        """SIGKILL to one child alone."""
        _tell(child, signal.SIGKILL)

    def kill_supervisor(self) -> int | None:
        """SIGKILL to the supervisor alone; the group of the JVM that must leave by itself."""
        jvm = self.jvm
        self.worker.kill()
        return jvm

    def put_to_sleep(self) -> None:
        """SIGSTOP to all of it."""
        self._is_asleep = True
        self.worker.process.send_signal(signal.SIGSTOP)
        _tell_group(self.jvm, signal.SIGSTOP)

    def wake(self) -> None:
        """SIGCONT to all of it."""
        _tell_group(self.jvm, signal.SIGCONT)
        self.worker.process.send_signal(signal.SIGCONT)
        self._is_asleep = False

    def close(self) -> None:
        """Leave no process of it behind."""
        groups = {line["pid"] for line in self.worker.lines if line["event"] == "daemon_started"}
        self.worker.kill()
        for group in groups:
            _tell_group(group, signal.SIGKILL)


class Hosts:
    """Those of one test; `tapped` is what all children ever said, in the order in which they said it."""

    def __init__(self, stack: Stack, jar: Path, folder: Path) -> None:
        self.everyone: list[Host] = []
        self._stack = stack
        self._tap = folder / "children.jsonl"
        self._tap.touch()
        self._environment = {
            "PATH": os.pathsep.join([str(Path(shutil.which("java") or "").parent), os.defpath]),
            "PYTHONPATH": str(TAP),
            "FLEET_TAP": str(self._tap),
            "WORKER_KCL_JAR": str(jar),
            "WORKER_LEASE_S": str(LEASE_S),
            "WORKER_POLL_MS": "200",
        }

    @property
    def up(self) -> list[Host]:
        """Those that run."""
        return [host for host in self.everyone if host.is_up]

    @property
    def tapped(self) -> list[dict[str, Any]]:
        """See above; a line that is being written is left for later."""
        lines = self._tap.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def start(self, count: int = 1, **settings: str) -> Sequence[Host]:
        """Some more."""
        fresh = [Host(self._stack.worker("--driver", "kcl", **self._environment, **settings)) for _ in range(count)]
        self.everyone += fresh
        return fresh

    def wait_for(self, event: str, **facts: object) -> dict[str, Any]:
        """The first line of a child with this event and these facts."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [line for line in self.tapped if line["event"] == event and facts.items() <= line.items()]
            return bool(found)

        wait_until(is_there, f"{event} {facts}")
        return found[0]

    def close(self) -> None:
        """Leave no process behind."""
        for host in self.everyone:
            host.close()


def is_alive(pid: int) -> bool:
    """Whether a process is there; who has ended and was not asked how is not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def is_gone(group: int | None) -> bool:
    """Whether a group of processes has ended."""
    try:
        os.killpg(group or 0, 0)
    except ProcessLookupError:
        return True
    return False


def stack_of(settings: Settings, folder: Path) -> Stack:
    """Its tables are made."""
    stack = Stack(settings, folder)
    stack.do("producer", "schema-load")
    return stack


def _tell(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _tell_group(group: int | None, number: int) -> None:
    if group:
        with suppress(ProcessLookupError):
            os.killpg(group, number)
