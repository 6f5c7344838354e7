"""A process known by more than its number: numbers are given out again, start times are not."""

import os
import signal
import subprocess  # nosec B404
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Self

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_STATE, _STARTTIME = 0, 19  # of the fields that follow the name in /proc/<pid>/stat
_KILLED_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine; it is not mistaken for a later one of the same number."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this number now."""
        return cls(pid, _started(pid) or "never")

    def is_alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return _started(self.pid) == self.started

    def end(self, grace_s: float, ending: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end by the signal `ending`, and make it end if it has not after `grace_s` seconds."""
        self._send(ending)
        if not wait_until(lambda: not self.is_alive(), grace_s):
            self.kill()

    def kill(self) -> None:
        """Make it end at once."""
        self._send(signal.SIGKILL)
        wait_until(lambda: not self.is_alive(), _KILLED_WITHIN_S)

    def _send(self, number: signal.Signals) -> None:
        if self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Whether `condition` came true in time."""
    deadline, pause = time.monotonic() + timeout_s, Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.05)
    return True


def _started(pid: int) -> str | None:
    return started_by_proc(pid) if _BOOT.exists() else started_by_ps(pid)


def started_by_proc(pid: int) -> str | None:
    """When a process started, as Linux says it: in ticks since this boot."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets itself
    return None if fields[_STATE] in {"Z", "X"} else f"{_BOOT.read_text().strip()} {fields[_STARTTIME]}"


def started_by_ps(pid: int) -> str | None:
    """When a process started, as every other Unix says it: to the second."""
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(  # nosec B603
        command, env={"LC_ALL": "C", "TZ": "UTC"}, capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()
