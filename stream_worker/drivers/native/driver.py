"""The driver's life: stand by until the lease is ours, read every stream there is, stop when asked to.

Nothing here sleeps: `step()` does one round and says when to come again, and every wait ends with the stop event.
"""

from contextlib import ExitStack
from threading import Event, Thread

from shared.errors import AppError, ConsumerTaken, LeaseLost, Misconfigured, SchemaUnknown, Stopping, Transient
from stream_worker.contract import Work
from stream_worker.drivers.native.parts import Parts
from stream_worker.drivers.native.streams import Streams
from stream_worker.lease import Renewal
from stream_worker.trouble import Trouble
from stream_worker.views import DriverView, Role

STANDBY_LOOK_S = 1.0

CHECKPOINT_TAKEN = "the checkpoint is not as written (another process, or the state table was remade): stands by"


class NativeDriver:
    """Runs the work on the table's stream, one process at a time."""

    def __init__(self, parts: Parts, work: Work) -> None:
        self._parts = parts
        self._work = work
        self._crash: BaseException | None = None
        self._streams: Streams | None = None
        self._turned_at = parts.monotonic()
        self._role = Role.WAITING

    def view(self) -> DriverView:
        """What others may know of this process; may be asked by any thread."""
        streams = self._streams
        return DriverView(
            owner=self._parts.lease.owner,
            lease_held_by=self._parts.lease.holder,
            role=self._role,
            turned_at=self._turned_at,
            streams=streams.view() if streams else (),
        )

    def turn(self) -> None:
        """Whoever looks on sees that this process is alive."""
        self._turned_at = self._parts.monotonic()

    def run(self) -> None:
        """Work until the stop event is set.

        Raises:
            SchemaUnknown: a newer version of the worker has written the state table.
            ConsumerTaken: a worker of this name keeps another table.
            Exception: something nobody foresaw; a dead loop must end the process.
        """
        trouble = Trouble(self._parts.stop, self._parts.log)
        stands_by = False
        while not self._parts.stop.is_set():
            self.turn()
            try:
                is_ours = self._parts.lease.try_acquire()
            except (SchemaUnknown, ConsumerTaken):
                raise
            except (Transient, Misconfigured) as error:
                self._role = Role.WAITING
                trouble.wait("lease_unreachable", error)
                continue
            trouble.is_over()
            if is_ours:
                self._work_while_held()
            elif not stands_by:
                self._parts.log.info("standby", next="takes over when the lease is free")
            stands_by = not is_ours
            self._role = Role.STANDBY
            self._parts.stop.wait(min(STANDBY_LOOK_S, self._parts.lease_s / 3))

    def _work_while_held(self) -> None:
        parts, over = self._parts, Event()
        self._role = Role.ACTIVE
        with ExitStack() as stack:
            stack.callback(parts.lease.release)
            stack.callback(self._work.forget)
            stack.enter_context(Renewal(parts.lease, parts.lease_s, over, parts.log))
            upkeep = Thread(target=self._keep_up, args=(over,), name="upkeep", daemon=True)
            upkeep.start()
            stack.callback(upkeep.join)
            stack.callback(over.set)
            self._read(over)
        self._streams = None
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
        streams, trouble = Streams(self._parts, self._work), Trouble(self._parts.stop, self._parts.log)
        self._streams = streams
        while not self._is_over(over):
            self.turn()
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
        trouble = Trouble(self._parts.stop, self._parts.log)
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
