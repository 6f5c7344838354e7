"""The daemon as a process group: whatever it says, somebody reads it; and nothing of it stays."""

import ctypes
import os
import signal
import sys
from pathlib import Path
from threading import Event

import pytest

from stream_worker.drivers.kcl.jvm import Jvm
from tests.fakes.java import fake_java

PATIENCE_S = 100.0
TALKS = "import sys; print('x\\n' * 100_000, file=sys.stderr)"
SUBREAPER = 36  # prctl's PR_SET_CHILD_SUBREAPER: as if this process were the first of a container


@pytest.fixture
def first_process() -> None:
    """Orphans are ours from now on; that does no other test any harm."""
    assert ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0) == 0


def zombies() -> list[int]:
    """Children of this process that nobody has waited for."""
    stats = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    return [int(stat[1]) for stat in stats if stat[0] == "Z" and int(stat[1]) == os.getpid()]


@pytest.mark.usefixtures("first_process")
def test_no_zombie_stays(tmp_path: Path) -> None:
    """Without an init in its container, the supervisor is the parent of whatever the JVM leaves behind."""
    (tmp_path / "properties").write_text("")
    lines: list[str] = []
    script = "say(pid=child()); say(pid=child()); os.kill(os.getpid(), 9)"
    java = fake_java(tmp_path, script)
    jvm = Jvm([str(java), str(tmp_path / "properties")], {"PATH": os.defpath}, lines.append)
    while jvm.status() is None:
        Event().wait(0.1)
    assert jvm.clear() == jvm.clear() == -signal.SIGKILL
    assert (len(lines), zombies()) == (2, [])


def test_a_line_that_cannot_be_heard_stops_nothing() -> None:
    """The next ones are read: a daemon whose pipe is full would stand still for ever, and its children with it."""
    jvm = Jvm([sys.executable, "-c", TALKS], dict(os.environ), lambda line: 1 / len(line.strip("x")))  # noqa: TID251
    waited = 0.0
    while jvm.status() is None and waited < PATIENCE_S:
        waited += 0.05
        Event().wait(0.05)
    assert (jvm.status(), jvm.clear()) == (0, 0)
