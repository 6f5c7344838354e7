"""The lease: one process works, the others wait for its counter to stand still.

Expiry is what *my* monotonic clock says about how long I have seen the counter not move; wall clocks are never
compared. A holder that cannot renew stops before anybody else can start; rows are safe even if it did not, because
every write of the reconcile rests on conditions.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from typing import Self

from shared.errors import AppError, ConsumerTaken, LeaseLost
from shared.keys import stamp
from shared.logging import Log
from shared.models import Item, string
from stream_worker.state import LEASE, State

NAME = "lease"
GIVE_UP = 0.8  # of the lease's length without a renewal: stop working


class Lease:
    """The lease of one consumer, seen from one process (`owner`).

    `table` is the one it keeps: a consumer is of one table, or the other's rows would not move and nobody would know.
    """

    def __init__(
        self,
        state: State,
        owner: str,
        length_s: float,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        log: Log,
        *,
        table: str = "",
    ) -> None:
        self._state = state
        self._table = table
        self.owner = owner
        self._length_s = length_s
        self._clock = clock
        self._monotonic = monotonic
        self._log = log
        self._seen: tuple[str, str] | None = None
        self._seen_since = 0.0
        self._item: Item | None = None
        self._pending: Item | None = None
        self._renewed = 0.0

    def try_acquire(self) -> bool:
        """Take the lease if it is free, or if its counter stood still for its length.

        Raises:
            ConsumerTaken: it is about another table.
        """
        found = self._state.get(LEASE, NAME)
        if found and (other := kept_table(found)) and other != self._table:
            raise ConsumerTaken(
                f"A worker of this name keeps the table {other}, this one is for {self._table}: set WORKER_NAME to a "
                "name of its own."
            )
        if found and not self._stood_still(found):
            return False
        asked = self._monotonic()
        try:
            self._item = self._state.replace(LEASE, NAME, self._next(found), found)
        except LeaseLost:
            return False
        self._renewed, self._seen, self._pending = asked, None, None
        self._log.info("lease_taken", owner=self.owner, from_owner=string(found or {}, "owner"))
        return True

    @property
    def holder(self) -> str:
        """Who holds the lease, as far as this process knows."""
        if self._item:
            return self.owner
        return self._seen[0] if self._seen else ""

    def renew(self) -> None:
        """Move the counter on; the same item is offered until an answer comes, as one may have been lost.

        Raises:
            LeaseLost: somebody else took it.
        """
        asked = self._monotonic()
        self._pending = self._pending or self._next(self._item)
        self._item = self._state.replace(LEASE, NAME, self._pending, self._item)
        self._renewed, self._pending = asked, None

    def is_doubtful(self) -> bool:
        """Whether the last renewal is so long ago that another process may start soon."""
        return self._monotonic() - self._renewed > GIVE_UP * self._length_s

    def release(self) -> None:
        """Let the standby start at once; a lease that cannot be released runs out by itself."""
        mine = [item for item in (self._pending, self._item) if item]  # a renewal's answer may have been lost
        self._item = self._pending = None
        try:
            released = any(self._state.delete(LEASE, NAME, as_read=item) for item in mine)
        except AppError as error:
            self._log.warning("lease_not_released", error=str(error), next=f"it runs out in {self._length_s:g} s")
        else:
            if released:
                self._log.info("lease_released", owner=self.owner)

    def _stood_still(self, found: Item) -> bool:
        if string(found, "owner") == self.owner:  # ours, given up in doubt: nobody else has taken it since
            return True
        seen = (string(found, "owner"), found.get("counter", {}).get("N", ""))
        if seen != self._seen:
            self._seen, self._seen_since = seen, self._monotonic()
        length = max(self._length_s, float(found.get("length_s", {}).get("N", "0")))
        return self._monotonic() - self._seen_since >= length

    def _next(self, before: Item | None) -> Item:
        counter = int((before or {}).get("counter", {}).get("N", "0")) + 1
        return {
            "owner": {"S": self.owner},
            "counter": {"N": str(counter)},
            "length_s": {"N": f"{self._length_s:g}"},
            "messages_table": {"S": self._table},
            "renewed_at": {"S": stamp(self._clock())},  # for people; nothing compares it
        }


def kept_table(lease: Item) -> str:
    """The messages table a lease is about; empty where an older version wrote it."""
    return string(lease, "messages_table")


class Renewal:
    """The thread that renews a held lease every third of its length, whatever the main thread is doing."""

    def __init__(self, lease: Lease, length_s: float, lost: Event, log: Log) -> None:
        self._lease = lease
        self._every_s = length_s / 3
        self._lost = lost
        self._log = log
        self._done = Event()
        self._crash: Exception | None = None
        self._thread = Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        if self._crash:
            raise self._crash

    def step(self) -> float:
        """Renew; in how many seconds to do it again."""
        again = self._every_s / 5
        try:
            self._lease.renew()
        except LeaseLost:
            self._log.warning("lease_lost", next="stands by")
            self._lost.set()
        except AppError as error:
            self._log.warning("lease_not_renewed", error=str(error), next=f"retry in {again:.1f} s")
            if self._lease.is_doubtful():
                self._log.warning("lease_doubtful", next="stops working until it is renewed or taken anew")
                self._lost.set()
        else:
            return self._every_s
        return again

    def _run(self) -> None:
        wait = self._every_s
        try:
            while not self._done.wait(wait) and not self._lost.is_set():
                wait = self.step()
        except Exception as error:  # noqa: BLE001 - handed to the main thread, which ends the process
            self._crash = error
            self._lost.set()
