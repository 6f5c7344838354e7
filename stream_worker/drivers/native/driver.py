"""The driver's life: stand by until the lease is ours, read every stream there is, stop when asked to.

Nothing here sleeps: `step()` does one round and says when to come again, and every wait ends with the stop event.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread

from shared.errors import AppError, LeaseLost, Misconfigured, Poison, SchemaUnknown, Stopping, Transient
from shared.logging import Log
from shared.models import string
from shared.retry import Retry
from stream_worker.contract import RunAll, Work
from stream_worker.drivers.native.api import StreamsApi
from stream_worker.drivers.native.checkpoints import Checkpoints
from stream_worker.drivers.native.lease import Lease, Renewal
from stream_worker.drivers.native.reader import Reading
from stream_worker.drivers.native.stream import StreamReader
from stream_worker.state import STREAMS, State

STREAM_LOOK_S = 60.0  # how often the table is asked whether its stream is another one now
LOOK_AGAIN_S = 5.0  # the same, after it could not tell, or while the stream has nothing left
TROUBLE_FIRST_S, TROUBLE_LONGEST_S = 0.5, 5.0
STANDBY_LOOK_S = 1.0

CHECKPOINT_TAKEN = "the checkpoint is not as written (another process, or the state table was remade): stands by"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the native driver works with."""

    api: StreamsApi
    state: State
    lease: Lease
    retry: Retry
    run_all: RunAll
    stop: Event
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    log: Log
    poll_s: float
    limit: int
    lease_s: float


class Streams:
    """Every stream that is being read: the table's current one, and older ones until they are drained."""

    def __init__(self, parts: Parts, work: Work) -> None:
        self._parts = parts
        self._work = work
        self._readers: dict[str, StreamReader] = {}
        self._latest = ""
        self._look_due = 0.0
        self._is_resumed = False

    def step(self) -> float:
        """One round over all streams; in how many seconds to come again."""
        if not self._is_resumed:
            self._resume()
        if self._parts.monotonic() >= self._look_due:
            self._look()
        wait = min(reader.step() for reader in self._readers.values())
        self._drop_drained()
        if self._latest and self._readers[self._latest].is_at_its_end:
            self._look_due = min(self._look_due, self._parts.monotonic() + LOOK_AGAIN_S)
        return min(wait, max(0.0, self._look_due - self._parts.monotonic()))

    def _resume(self) -> None:
        """The streams that were being read before: an old one may not be drained yet."""
        begun = [string(item, "sk") for item in self._parts.state.all(STREAMS)]
        self._readers = {stream: self._reader(stream) for stream in begun}
        self._is_resumed = True

    def _look(self) -> None:
        """A stream that was switched off and on has a new name: the old one is read to its end as well."""
        try:
            latest = self._parts.api.latest_stream()
        except (Transient, Poison, Misconfigured) as error:
            if not self._readers:
                raise
            self._look_due = self._parts.monotonic() + LOOK_AGAIN_S
            self._parts.log.warning("stream_unknown", error=str(error), next="reads on what is known, looks again")
            return
        self._look_due = self._parts.monotonic() + STREAM_LOOK_S
        if latest not in self._readers:
            self._parts.log.info("stream_opened", stream=latest)
            self._readers[latest] = self._reader(latest)
            self._work.forget()  # it may be the stream of another table of that name
        self._latest = latest
        for stream, reader in self._readers.items():
            reader.is_latest = stream == latest

    def _reader(self, stream: str) -> StreamReader:
        parts = self._parts
        reading = Reading(
            api=parts.api,
            checkpoints=Checkpoints(parts.state, stream, parts.retry, parts.clock),
            processor=self._work.processor,
            on_gap=self._work.on_gap,
            limit=parts.limit,
            clock=parts.clock,
            monotonic=parts.monotonic,
            log=parts.log,
        )
        return StreamReader(stream, reading, parts.state, parts.run_all, parts.poll_s)

    def _drop_drained(self) -> None:
        for stream, reader in list(self._readers.items()):
            if self._latest and stream != self._latest and reader.is_drained:
                reader.close()
                self._parts.log.info("stream_drained", stream=stream)
                del self._readers[stream]


class NativeDriver:
    """Runs the work on the table's stream, one process at a time."""

    def __init__(self, parts: Parts, work: Work) -> None:
        self._parts = parts
        self._work = work
        self._crash: BaseException | None = None

    def run(self) -> None:
        """Work until the stop event is set.

        Raises:
            SchemaUnknown: a newer version of the worker has written the state table.
            Exception: something nobody foresaw; a dead loop must end the process.
        """
        trouble = Trouble(self._parts)
        stands_by = False
        while not self._parts.stop.is_set():
            try:
                is_ours = self._parts.lease.try_acquire()
            except SchemaUnknown:
                raise
            except (Transient, Misconfigured) as error:
                trouble.wait("lease_unreachable", error)
                continue
            trouble.is_over()
            if is_ours:
                self._work_while_held()
            elif not stands_by:
                self._parts.log.info("standby", next="takes over when the lease is free")
            stands_by = not is_ours
            self._parts.stop.wait(min(STANDBY_LOOK_S, self._parts.lease_s / 3))

    def _work_while_held(self) -> None:
        parts, over = self._parts, Event()
        with ExitStack() as stack:
            stack.callback(parts.lease.release)
            stack.callback(self._work.forget)
            stack.enter_context(Renewal(parts.lease, parts.lease_s, over, parts.log))
            upkeep = Thread(target=self._keep_up, args=(over,), name="upkeep", daemon=True)
            upkeep.start()
            stack.callback(upkeep.join)
            stack.callback(over.set)
            self._read(over)
        if self._crash:
            raise self._crash

    def _is_over(self, over: Event) -> bool:
        """Whether to stop working; a renewal that hangs is noticed here.

        Doubt that one thread has seen ends the work of all: were it renewed a moment later, the others would go on
        without the one that left.
        """
        if self._parts.stop.is_set():
            over.set()
        elif self._parts.lease.is_doubtful() and not over.is_set():
            self._parts.log.warning("lease_doubtful", next="stops working until it is renewed or taken anew")
            over.set()
        return over.is_set()

    def _read(self, over: Event) -> None:
        streams, trouble = Streams(self._parts, self._work), Trouble(self._parts)
        while not self._is_over(over):
            try:
                wait = streams.step()
            except Stopping:
                return
            except SchemaUnknown:
                raise
            except LeaseLost:
                self._parts.log.warning("checkpoint_taken", next=CHECKPOINT_TAKEN)
                return
            except AppError as error:
                trouble.wait("reading_waits", error)
            else:
                trouble.is_over()
                self._wait(over, wait)

    def _keep_up(self, over: Event) -> None:
        trouble = Trouble(self._parts)
        while not self._is_over(over):
            try:
                wait = self._work.upkeep.step()
            except Stopping:
                return
            except SchemaUnknown as error:
                self._crash = error
                over.set()
            except AppError as error:
                trouble.wait("upkeep_waits", error)
            except BaseException as error:  # noqa: BLE001 - handed to the main thread, which ends the process
                self._crash = error
                over.set()
            else:
                trouble.is_over()
                self._wait(over, wait)

    def _wait(self, over: Event, seconds: float) -> None:
        """Wait for the next round; a lost lease is noticed within a tenth of a second."""
        until = self._parts.monotonic() + seconds
        while not self._is_over(over) and (left := until - self._parts.monotonic()) > 0:
            if self._parts.stop.wait(min(left, 0.1)):
                return


class Trouble:
    """Waits that grow while something outside does not answer, each with a line that says so."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._next_s = TROUBLE_FIRST_S

    def wait(self, event: str, error: Exception) -> None:
        """Say what is wrong, then wait; longer each time."""
        self._parts.log.warning(event, error=str(error), next=f"retry in {self._next_s:g} s")
        self._parts.stop.wait(self._next_s)
        self._next_s = min(self._next_s * 2, TROUBLE_LONGEST_S)

    def is_over(self) -> None:
        """It answers again."""
        self._next_s = TROUBLE_FIRST_S
