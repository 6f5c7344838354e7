"""A host of the fleet with a daemon that a script plays: real processes, no Java."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from shared.errors import SettingInvalid, Throttled
from shared.models import Item
from shared.settings import Settings
from stream_worker.contract import Work
from stream_worker.drivers.kcl import supervisor as host_module
from stream_worker.drivers.kcl.course import Course
from stream_worker.drivers.kcl.supervisor import Parts, Program, Supervisor
from stream_worker.lease import Lease
from stream_worker.views import Role
from tests.fakes.java import fake_java
from tests.fakes.native import Scene
from tests.fakes.streams import ARN

PATIENCE_S = 100.0


class Host:
    """A supervisor in a thread, on a clock that is real."""

    def __init__(self, folder: Path, script: str) -> None:
        self.scene, self.stop, self.folder = Scene(), Event(), folder
        self.scene.streams.build({"": ["a"]})
        self.heard = Event()
        self.latest = ARN
        self.leases: dict[str, str] = {}
        self.has_table = True
        self.error: BaseException | None = None
        self.supervisor = Supervisor(self._parts(fake_java(folder, script)), self._work())
        self.thread = Thread(target=self._run, daemon=True)

    def _parts(self, java: Path) -> Parts:
        scene, settings = self.scene, Settings(lease_s=1, region="eu-west-1")
        return Parts(
            settings=settings,
            program=Program(str(java), Path("daemon.jar"), ("python", "-m", "child")),
            course=Course(self, self, scene.state, scene.on_gap, print, scene.clock.now, scene.log),
            lease=Lease(scene.state, "ann", 1, scene.clock.now, scene.clock.monotonic, scene.log),
            stop=self.stop,
            clock=scene.clock.now,
            monotonic=scene.clock.monotonic,
            log=scene.log,
        )

    def _work(self) -> Work:
        return Work(self.scene, self.scene.on_gap, self, lambda: None)

    def _run(self) -> None:
        try:
            self.supervisor.run()
        except BaseException as error:  # noqa: BLE001 - for the test to look at
            self.error = error

    def latest_stream(self) -> str:
        return self.latest

    def is_ours(self, _stream: str) -> bool:
        return True

    def shards(self, _stream: str) -> list[object]:
        return []

    def items(self, _stream: str) -> Iterator[Item]:
        for shard, checkpoint in self.leases.items():
            yield {"leaseKey": {"S": shard}, "checkpoint": {"S": checkpoint}}

    def exist(self, _stream: str) -> bool:
        return self.has_table

    def step(self) -> float:
        """No upkeep."""
        return 1.0

    def runs(self) -> list[dict[str, str]]:
        diary = self.folder / "runs"
        return [json.loads(line) for line in diary.read_text().splitlines()] if diary.exists() else []

    def until(self, condition: Callable[[], object]) -> None:
        for _ in range(int(PATIENCE_S * 20)):
            if condition() or not self.thread.is_alive():
                break
            Event().wait(0.05)
        assert condition(), (self.scene.log.lines, self.error)

    def said(self, event: str) -> list[dict[str, Any]]:
        return [facts for line, facts in self.scene.log.lines if line == event]

    def ends(self) -> None:
        self.stop.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Host]:
    """Starts one, with a daemon that does what a script says; looks at the stream at once."""
    monkeypatch.setattr(host_module, "LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(host_module, "LOOK_S", 0.0)

    def start(script: str) -> Host:
        host = Host(tmp_path, script)
        host.thread.start()
        return host

    return start


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_the_daemon_is_told_what_to_read_and_what_to_start(host: Callable[[str], Host]) -> None:
    """And its children's lines are ours."""
    ann = host("until_told()")
    ann.until(lambda: ann.said("listens"))
    ann.ends()
    [said] = ann.runs()
    assert (said["streamArn"], said["workerId"]) == (ARN, "ann")
    assert said["executableName"] == f"python -m child --stream {ARN} --leases {said['applicationName']}"
    assert (ann.error, ann.said("daemon_stopped")[0]["status"]) == (None, 0)


def test_a_daemon_that_ends_is_started_again(host: Callable[[str], Host]) -> None:
    """Under the same name, so that it goes on with its leases at once; the line says what it said last."""
    ann = host('sys.exit(say(level="error", message="A child died.") or 1) if run < 3 else until_told()')
    ann.until(lambda: ann.said("listens"))
    ann.ends()
    assert [run["workerId"] for run in ann.runs()] == ["ann"] * 3
    assert [(line["status"], line["said"]) for line in ann.said("daemon_ended")] == [(1, "A child died.")] * 2


def test_a_daemon_that_refuses_its_configuration_ends_the_host(host: Callable[[str], Host]) -> None:
    """Starting it again would change nothing; its sentence is ours."""
    ann = host('sys.exit(say(level="error", message="No region is set.") or 2)')
    ann.thread.join(PATIENCE_S)
    assert isinstance(ann.error, SettingInvalid)
    assert "No region is set." in str(ann.error)


def test_a_daemon_that_does_not_stop_is_ended(host: Callable[[str], Host], monkeypatch: pytest.MonkeyPatch) -> None:
    """With everything that it started."""
    monkeypatch.setattr(host_module, "GRACE_MS", 100)
    ann = host('signal.signal(signal.SIGTERM, signal.SIG_IGN); say(event="child", pid=child()); sys.stdin.read()')
    ann.until(lambda: ann.said("child"))
    ann.ends()
    ann.until(lambda: not is_there(ann.said("child")[0]["pid"]))


def test_children_of_a_daemon_that_was_killed_do_not_stay(host: Callable[[str], Host]) -> None:
    """They might settle records beside those of the next daemon, which is harmless, but would never end."""
    ann = host('say(event="child", pid=child()); os.kill(os.getpid(), 9) if run < 2 else until_told()')
    ann.until(lambda: ann.said("listens"))
    assert not is_there(ann.said("child")[0]["pid"])
    ann.ends()


def test_a_stream_that_was_switched_off_and_on_is_drained_first(host: Callable[[str], Host]) -> None:
    """Then the daemon is started on the new one, under another application, with a sweep."""
    ann = host("until_told()")
    ann.until(lambda: ann.said("listens"))
    ann.latest, ann.leases = ARN + "-new", {"a": "SHARD_END"}
    ann.until(lambda: len(ann.runs()) > 1)
    ann.ends()
    old, new = ann.runs()
    assert (new["streamArn"], old["applicationName"] != new["applicationName"]) == (ARN + "-new", True)
    assert ann.scene.gaps == ["first start", "new stream"]


def test_trouble_before_the_start_is_waited_for(tmp_path: Path) -> None:
    """An engine that is away ends no host."""
    ann = Host(tmp_path, "until_told()")
    answers = iter([Throttled()])
    ann.scene.before_gap = lambda: (_ for _ in ()).throw(error) if (error := next(answers, None)) else None
    ann.thread.start()
    ann.until(lambda: ann.said("listens"))
    ann.ends()
    assert len(ann.said("reading_waits")) == 1


def test_what_it_shows_of_itself(host: Callable[[str], Host]) -> None:
    """Standby without a shard, active with one, waiting without a daemon."""
    ann = host('say(event="shard_opened", shard="a"); until_told()')
    ann.until(lambda: ann.said("listens"))
    assert (ann.supervisor.view().role, len(ann.supervisor.view().streams[0].shards)) == (Role.ACTIVE, 1)
    ann.ends()
    assert ann.supervisor.view().role is Role.WAITING


def test_leases_that_vanish_are_made_again(host: Callable[[str], Host], monkeypatch: pytest.MonkeyPatch) -> None:
    """KCL makes its table only when it starts; one that runs would complain for ever."""
    monkeypatch.setattr(host_module, "WELL_S", 0.0)
    ann = host("until_told()")
    ann.until(lambda: ann.said("listens"))
    ann.has_table = False
    ann.until(lambda: len(ann.runs()) > 1)
    ann.has_table = True
    ann.ends()
    assert ann.said("leases_gone")


def test_a_java_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    """Somebody updates it, or the disk is full: the host goes on by itself."""
    ann = Host(tmp_path, "until_told()")
    java = tmp_path / "java"
    java.rename(tmp_path / "away")
    ann.thread.start()
    ann.until(lambda: ann.said("reading_waits"))
    (tmp_path / "away").rename(java)
    ann.until(lambda: ann.said("listens"))
    ann.ends()
    assert ann.error is None


def test_an_old_stream_that_is_drained_is_left_although_its_daemon_cannot_run(host: Callable[[str], Host]) -> None:
    """Each end of it is a look."""
    ann = host('sys.exit(1) if "-new" not in properties["streamArn"] else until_told()')
    ann.until(lambda: ann.said("daemon_ended"))
    ann.latest, ann.leases = ARN + "-new", {"a": "SHARD_END"}
    ann.until(lambda: ann.said("listens"))
    ann.ends()
    assert ann.said("stream_drained")
