"""What one host of the fleet does for all: sweeps and dead letters, under the consumer's lease."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Self

from shared.errors import AppError, ConsumerTaken, LeaseLost, Misconfigured, SchemaUnknown, Stopping, Transient
from shared.logging import Log
from stream_worker.contract import Work
from stream_worker.lease import Lease, Renewal
from stream_worker.trouble import Trouble

LOOK_S = 1.0


class Keeper:
    """A thread that keeps up while the lease is ours, and stands by while it is another host's.

    Args:
        lease: the consumer's.
        lease_s: its length.
        work: whose upkeep it is.
        stop: ends it.
        log: for what changes.
        on_crash: told what nobody foresaw, or what a person must change: the process must end with it.
    """

    def __init__(
        self,
        lease: Lease,
        lease_s: float,
        work: Work,
        stop: Event,
        log: Log,
        on_crash: Callable[[BaseException], object],
    ) -> None:
        self._lease = lease
        self._lease_s = lease_s
        self._work = work
        self._stop = stop
        self._log = log
        self._on_crash = on_crash
        self._thread = Thread(target=self._guarded, name="upkeep", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _guarded(self) -> None:
        try:
            self.run()
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which ends the process
            self._on_crash(error)

    def run(self) -> None:
        """Keep up or stand by until the stop event is set.

        Raises:
            SchemaUnknown: a newer version of the worker has written the state table.
            ConsumerTaken: a worker of this name keeps another table.
        """
        trouble, stands_by = Trouble(self._stop, self._log), False
        while not self._stop.is_set():
            try:
                is_ours = self._lease.try_acquire()
            except (SchemaUnknown, ConsumerTaken):
                raise
            except (Transient, Misconfigured) as error:
                trouble.wait("lease_unreachable", error)
                continue
            trouble.is_over()
            if is_ours:
                self._keep_while_held()
            elif not stands_by:
                self._log.info("standby", next="sweeps and dead letters are another host's until the lease is free")
            stands_by = not is_ours
            self._stop.wait(min(LOOK_S, self._lease_s / 3))

    def _keep_while_held(self) -> None:
        over = Event()
        try:
            with Renewal(self._lease, self._lease_s, over, self._log):
                self._keep(over)
        finally:
            self._work.forget()
            self._lease.release()

    def _keep(self, over: Event) -> None:
        trouble = Trouble(self._stop, self._log)
        while not (over.is_set() or self._stop.is_set() or self._lease.is_doubtful()):
            try:
                wait = self._work.upkeep.step()
            except (Stopping, LeaseLost):
                return
            except SchemaUnknown:
                raise
            except AppError as error:
                trouble.wait("upkeep_waits", error)
            else:
                trouble.is_over()
                self._stop.wait(min(wait, LOOK_S))
