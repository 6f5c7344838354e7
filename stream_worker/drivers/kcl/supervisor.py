"""One host of the fleet: KCL's daemon on the table's stream, started again whenever it ends, until asked to stop."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from shared.errors import AppError, ConsumerTaken, SchemaUnknown, SettingInvalid
from shared.logging import Log
from shared.settings import Settings
from stream_worker.contract import Work
from stream_worker.drivers.kcl.course import Course
from stream_worker.drivers.kcl.hearing import Hearing
from stream_worker.drivers.kcl.jvm import FLAGS, Jvm
from stream_worker.drivers.kcl.keeper import Keeper
from stream_worker.drivers.kcl.properties import GRACE_MS, Run, application_of, properties_of, text_of
from stream_worker.drivers.kcl.shards import Shards
from stream_worker.lease import Lease
from stream_worker.trouble import Trouble
from stream_worker.views import DriverView, Role

TURN_S = 0.2
LOOK_S = 30.0  # how often the table is asked whether its stream is another one now
LOOK_AGAIN_S = 5.0  # the same, while an older one is being drained
WELL_S = 60.0  # a daemon that ran so long was well
FIRST_S, LONGEST_S = 0.5, 30.0  # between the end of a daemon and its next start
MISCONFIGURED, TRIMMED = 2, 4  # exit statuses of the daemon


@dataclass(frozen=True, slots=True)
class Program:
    """What is run."""

    java: str
    jar: Path
    child: Sequence[str]
    """The command of a child, without what says which stream."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a host works with."""

    settings: Settings
    program: Program
    course: Course
    lease: Lease
    stop: Event
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    log: Log


class Supervisor:
    """Runs the work as children of KCL's daemon, one a shard."""

    def __init__(self, parts: Parts, work: Work) -> None:
        self._parts = parts
        self._work = work
        self._crash: BaseException | None = None
        self._shards: Shards | None = None
        self._is_up = False
        self._was_well = False
        self._pause_s = FIRST_S
        self._turned_at = parts.monotonic()

    def view(self) -> DriverView:
        """What others may know of this host; may be asked by any thread."""
        streams = (self._shards.view(),) if self._shards else ()
        reads = any(stream.shards for stream in streams)
        idle = Role.STANDBY if self._is_up else Role.WAITING
        lease = self._parts.lease
        return DriverView(lease.owner, lease.holder, Role.ACTIVE if reads else idle, self._turned_at, streams)

    def turn(self) -> None:
        """Whoever looks on sees that this process is alive."""
        self._turned_at = self._parts.monotonic()

    def run(self) -> None:
        """Work until the stop event is set.

        Raises:
            SettingInvalid: the daemon refuses its configuration at its first start.
            SchemaUnknown, ConsumerTaken: see `Keeper`.
            Exception: something nobody foresaw; a dead loop must end the process.
        """
        parts, trouble = self._parts, Trouble(self._parts.stop, self._parts.log)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="pattern-e-")))
            keeper = Keeper(parts.lease, parts.settings.lease_s, self._work, parts.stop, parts.log, self._end_with)
            stack.enter_context(keeper)
            while not parts.stop.is_set():
                self.turn()
                try:
                    self._read(parts.course.choose(), folder)
                except (SchemaUnknown, ConsumerTaken, SettingInvalid):
                    raise
                except (AppError, OSError) as error:  # the second: no Java, no jar, no room, for now
                    trouble.wait("reading_waits", error)
                else:
                    trouble.is_over()
        if self._crash:
            raise self._crash

    def _end_with(self, crash: BaseException) -> None:
        self._crash = crash
        self._parts.stop.set()

    def _read(self, stream: str, folder: Path) -> None:
        """One run of the daemon."""
        parts = self._parts
        self._shards = shards = Shards(stream, parts.clock, parts.monotonic)
        if self._is_done_with(shards):
            return
        hearing = Hearing(parts.log, shards.note)
        began = parts.monotonic()
        jvm = Jvm(self._command(stream, folder), parts.settings.environment(), hearing.line)
        self._is_up = True
        parts.log.info("daemon_started", pid=jvm.pid, stream=stream)
        try:
            status = self._watch(jvm, shards)
        finally:
            self._is_up = False
            ended = jvm.clear()
            shards.forget()
            self._was_well |= shards.has_read
            parts.log.info("daemon_stopped", pid=jvm.pid, status=ended)
        if status is not None:
            self._ended_by_itself(status, hearing.last_error, parts.monotonic() - began)

    def _watch(self, jvm: Jvm, shards: Shards) -> int | None:
        """Until it ends (its exit status), or is stopped by us (None)."""
        parts = self._parts
        began = parts.monotonic()
        look_due = began + LOOK_AGAIN_S
        while not parts.stop.wait(TURN_S):
            self.turn()
            if (status := jvm.status()) is not None:
                return status
            if parts.monotonic() >= look_due:
                if self._is_done_with(shards) or self._has_lost_its_leases(shards, parts.monotonic() - began):
                    break
                look_due = parts.monotonic() + (LOOK_S if shards.is_latest else LOOK_AGAIN_S)
        jvm.stop(GRACE_MS / 1000)
        return None

    def _is_done_with(self, shards: Shards) -> bool:
        """Whether the stream is an old one and drained: then the table's current one is begun."""
        course = self._parts.course
        try:
            shards.is_latest = course.is_latest(shards.stream)
            if shards.is_latest or not course.is_drained(shards.stream):
                return False
            course.leave(shards.stream)
        except AppError as error:
            self._parts.log.warning("stream_unknown", error=str(error), next="reads on what is known, looks again")
            return False
        return True

    def _has_lost_its_leases(self, shards: Shards, ran_s: float) -> bool:
        """Whether somebody deleted KCL's table: only a daemon that starts makes it anew."""
        parts = self._parts
        try:
            if ran_s >= WELL_S and not parts.course.has_leases(shards.stream):
                parts.log.warning("leases_gone", stream=shards.stream, next="starts the daemon again, which makes them")
                return True
            shards.unread = parts.course.unread(shards.stream)
        except AppError as error:
            parts.log.warning("leases_unknown", error=str(error), next="looks again")
        return False

    def _ended_by_itself(self, status: int, said: str, ran_s: float) -> None:
        if status == MISCONFIGURED and not self._was_well:
            raise SettingInvalid(f"KCL's daemon refuses to start: {said or 'it does not say why'}")
        if ran_s >= WELL_S:
            self._pause_s, self._was_well = FIRST_S, True
        self._parts.log.warning("daemon_ended", status=status, said=said, next=f"starts again in {self._pause_s:g} s")
        self._parts.stop.wait(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_S)

    def _command(self, stream: str, folder: Path) -> list[str]:
        settings, program = self._parts.settings, self._parts.program
        application = application_of(settings, stream)
        child = " ".join([*program.child, "--stream", stream, "--leases", application])
        folder.mkdir(mode=0o700, exist_ok=True)  # somebody may have tidied up
        file = folder / "daemon.properties"
        file.write_text(text_of(properties_of(settings, Run(stream, application, self._parts.lease.owner, child))))
        return [program.java, *FLAGS, "-jar", str(program.jar), str(file)]
