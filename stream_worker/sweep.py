"""The sweep: look at every conversation row once, because records about it may never reach us.

What is owed is a durable item with a cursor, written before any checkpoint moves; the stream is read meanwhile.
Rows are found by a Scan of the index (it holds nothing else); strong reads follow for each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

from shared.errors import LeaseLost, Poison, Transient
from shared.keys import stamp
from shared.logging import Log
from shared.models import Item, string
from stream_worker.contract import Gap, RunAll
from stream_worker.reconcile.loop import Outcome, Reconciler
from stream_worker.reconcile.plan import Row
from stream_worker.reconcile.ports import Letters, Store
from stream_worker.state import SWEEPS, State, attributes_of

PAGE_TRIES = 10  # of a page, before rows that fail alone become dead letters
PAGE = 100  # rows looked at between two writes of the cursor
EXPLAINED = frozenset({Gap.FIRST_START.value, Gap.NEW_STREAM.value})  # wrong rows are to be expected then
INDEX_SETTLES = timedelta(minutes=10)  # rows written around the switch-on of a stream are in the index by then


class Index(Store, Protocol):
    """A store whose rows can be walked through."""

    def index_rows(self, start: Item | None, limit: int) -> tuple[list[Row], Item | None]:
        """Up to `limit` rows by a Scan of the index, and where to go on."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A sweep that is owed; `item` is it as read."""

    item: Item

    @property
    def name(self) -> str:
        """Its key: the stream, and `again` for the second look."""
        return string(self.item, "sk")

    @property
    def not_before(self) -> str:
        """When it may start (a time stamp)."""
        return string(self.item, "not_before")

    @property
    def cursor(self) -> Item | None:
        """Where to go on; None at the start."""
        cursor: Item | None = self.item.get("cursor", {}).get("M")
        return cursor

    def count(self, name: str) -> int:
        """One of its counters: rows, repaired."""
        return int(self.item.get(name, {}).get("N", "0"))


class Sweeps:
    """What is owed, and the doing of it, a page at a time."""

    def __init__(
        self,
        state: State,
        store: Index,
        reconciler: Reconciler,
        letters: Letters,
        run_all: RunAll,
        clock: Callable[[], datetime],
        log: Log,
    ) -> None:
        self._state = state
        self._store = store
        self._reconciler = reconciler
        self._letters = letters
        self._run_all = run_all
        self._clock = clock
        self._log = log
        self._tries: dict[tuple[str, str], int] = {}

    def owe(self, stream: str, gap: Gap) -> None:
        """Owe a sweep of all rows, from now on; on a stream that is new, another when the index has settled."""
        now = self._clock()
        self._log.warning("sweep_owed", stream=stream, reason=gap.value, next="every row is looked at once")
        again = _enabled_at(stream, now) + INDEX_SETTLES
        if gap in {Gap.FIRST_START, Gap.NEW_STREAM} and again > now:  # first: the other may be done in no time
            self._write(f"{stream}#again", gap.value, again)
        self._write(stream, self._explained(stream) or gap.value, now)

    def next_due(self) -> Owed | None:
        """A sweep that may be worked on now."""
        now = stamp(self._clock())
        owed = [Owed(item) for item in self._state.all(SWEEPS)]
        self._log.debug("sweeps_seen", count=len(owed))
        return next((one for one in owed if one.not_before <= now), None)

    def work(self, owed: Owed) -> None:
        """Look at one page of rows; at the end the sweep is no longer owed.

        Raises:
            Transient: a row could not be settled this time; the page comes again.
        """
        rows, cursor = self._store.index_rows(owed.cursor, PAGE)
        results = self._run_all([_job(self._look, row) for row in rows])
        late = [(row, result) for row, result in zip(rows, results, strict=True) if isinstance(result, Transient)]
        if late:
            self._give_up(owed, late, alone=len(late) < len(rows))
        repaired = sum(result for result in results if isinstance(result, int))
        done = {"rows": owed.count("rows") + len(rows), "repaired": owed.count("repaired") + repaired}
        if cursor:
            self._progress(owed, cursor, done)
        else:
            self._finish(owed, done)

    def _give_up(self, owed: Owed, late: Sequence[tuple[Row, Transient]], *, alone: bool) -> None:
        """Rows that again and again do not settle while their page's others do become dead letters."""
        page = (owed.name, repr(owed.cursor))
        self._tries = {page: self._tries.get(page, 0) + 1}
        if not alone or self._tries[page] < PAGE_TRIES:
            raise late[0][1]
        for row, error in late:
            self._letters.put_group(row.group, row.user, error)

    def _look(self, row: Row) -> int | Transient:
        """Settle one row from strong reads: how many rows were wrong, or why it did not work this time."""
        if not row.group or not row.user:
            return 0
        try:
            self._store.ensure_roster(row.group, row.user)
            outcome = self._reconciler.reconcile(row.group, [row.user])
        except Transient as error:
            return error
        except Poison as error:
            outcome = Outcome(failed={row.user: error})
        for user, failure in outcome.failed.items():
            self._letters.put_group(row.group, user, failure)
        return outcome.moved

    def _progress(self, owed: Owed, cursor: Item, done: Mapping[str, int]) -> None:
        seconds = max((self._clock() - datetime.fromisoformat(string(owed.item, "owed_at"))).total_seconds(), 1)
        self._log.info("sweep_progress", **_facts(owed, done), rows_per_s=round(done["rows"] / seconds))
        after = {**attributes_of(owed.item), **_numbers(done), "cursor": {"M": cursor}}
        try:
            self._state.replace(SWEEPS, owed.name, after, owed.item)
        except LeaseLost:  # owed anew since: the new one starts at the beginning
            self._log.info("sweep_restarted", **_facts(owed, done))

    def _finish(self, owed: Owed, done: Mapping[str, int]) -> None:
        if not self._state.delete(SWEEPS, owed.name, as_read=owed.item):
            self._log.info("sweep_restarted", **_facts(owed, done))
            return
        if done["repaired"] and string(owed.item, "reason") not in EXPLAINED:
            self._log.warning("sweep_repaired", **_facts(owed, done), next="find out why these rows were wrong")
        self._log.info("sweep_done", **_facts(owed, done))

    def _explained(self, name: str) -> str:
        """Why a first look at the table is owed, if it still is: whatever it will repair is no incident."""
        owed = self._state.get(SWEEPS, name)
        reason = string(owed or {}, "reason")
        return reason if reason in EXPLAINED else ""

    def _write(self, name: str, reason: str, not_before: datetime) -> None:
        self._state.put(
            SWEEPS,
            name,
            {
                "reason": {"S": reason},
                "owed_at": {"S": stamp(self._clock())},
                "not_before": {"S": stamp(not_before)},
                "rev": {"S": uuid4().hex},
            },
        )


def _enabled_at(stream: str, now: datetime) -> datetime:
    """When the stream was switched on: its label, the last part of the ARN, is that time in UTC."""
    try:
        label = datetime.fromisoformat(stream.rpartition("/")[2])
    except ValueError:
        return now
    return min(label.replace(tzinfo=label.tzinfo or UTC), now)


def _facts(owed: Owed, done: Mapping[str, int]) -> dict[str, object]:
    return {"sweep": owed.name, "reason": string(owed.item, "reason"), **done}


def _numbers(counts: Mapping[str, int]) -> Item:
    return {name: {"N": str(count)} for name, count in counts.items()}


def _job(look: Callable[[Row], int | Transient], row: Row) -> Callable[[], int | Transient]:
    return lambda: look(row)
