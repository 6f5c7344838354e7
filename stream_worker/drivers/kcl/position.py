"""Up to when a shard is settled: durable, as age is the only witness of a loss, and KCL's checkpoints have none."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from shared.errors import (
    AppError,
    Conflict,
    LeaseLost,
    Misconfigured,
    Poison,
    RecordsTrimmed,
    SchemaUnknown,
    ShardMissing,
    Transient,
)
from shared.logging import Log
from stream_worker.checkpoints import TOO_OLD, Checkpoint, Checkpoints
from stream_worker.contract import Gap, OnGap, Record
from stream_worker.streams import StreamsApi, is_place

AHEAD = timedelta(minutes=5)  # of two hosts' clocks
KEEP_S = 60.0  # between two writes of a shard's moment
EMPTY_AT_TIP = 5  # so many empty batches in a row mean that there was nothing to read
FETCHED_AHEAD = 6
"""A batch that begins now was asked for after the batch began that is so many before it.

KCL's fetching thread has at most one page in its hands, three wait in a queue, one was taken out of it and is being
processed; and one to spare.
"""
LOOKS_BEHIND = 10  # pages behind the last record of a shard that ended; on AWS, one shows that there is nothing

_FRESH = (None, "", "TRIM_HORIZON")


class Leases(Protocol):
    """KCL's lease table."""

    def parents(self, stream: str, shard: str) -> tuple[str, ...]:
        """The shards that a shard came from."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a position is found, kept and doubted with."""

    api: StreamsApi
    checkpoints: Checkpoints
    leases: Leases
    begun: Callable[[str], datetime | None]
    """When the first sweep of a stream was owed."""
    on_gap: OnGap
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    log: Log


class Position:
    """One shard's; whatever may be lost is owed to a sweep before anything goes on.

    Every method that asks or writes may raise `Transient` and can be called again.
    """

    def __init__(self, ledger: Ledger, stream: str, shard: str) -> None:
        self._with = ledger
        self._stream = stream
        self._shard = shard
        self._item: Checkpoint | None = None
        self._last: str | None = None
        self._until = ledger.clock()
        self._written = float("-inf")  # a life may be shorter than the time between two writes
        self._began: deque[datetime] = deque(maxlen=FETCHED_AHEAD + 1)
        self._empty = 0
        self._is_lost = False

    @property
    def until(self) -> datetime:
        """All that was written to the shard before is settled."""
        return self._until

    @property
    def parent(self) -> str | None:
        """A shard that it came from."""
        return self._item.parent if self._item else None

    @property
    def last(self) -> str | None:
        """The last settled sequence number; None: nothing yet."""
        return self._last

    def open(self, sequence: str | None) -> None:
        """Begin where KCL's checkpoint says: what may lie between it and what will come is owed."""
        self._last = sequence if sequence and is_place(sequence) else None
        try:
            found = self._with.checkpoints.reload(self._shard)
            item = found or self._start(is_fresh=sequence in _FRESH)
            if found and self._is_too_old(found.settled_until):
                item = self._owe(item, Gap.CHECKPOINT_OLD)
            if self._last and self._is_trimmed(self._last):
                self._with.log.warning("records_trimmed", shard=self._shard, next="sweeps all rows, reads what is left")
                item = self._owe(item, Gap.RECORDS_TRIMMED)
        except LeaseLost as error:  # a former owner of the shard still writes: read again what stands there
            raise Conflict from error
        self._item, self._until = item, item.settled_until

    def begin_batch(self) -> None:
        """A batch comes: remember when, and owe if what it follows on is too old to be trusted."""
        self._began.append(self._with.clock())

    def owe_if_too_old(self) -> None:
        """A process that slept for a day finds records that follow on others that were trimmed."""
        if self._is_too_old(self._until):
            moment = self._with.clock()
            self._with.on_gap(self._stream, Gap.CHECKPOINT_OLD)
            self._until = moment

    def settled(self, last: Record | None, created_at: float) -> None:
        """A batch is settled; `last` is its last record that says where it stands."""
        self._empty = 0
        self._last = last.sequence_number if last else self._last
        self._until = max(self._until, min(datetime.fromtimestamp(created_at, UTC), self._with.clock()))

    def rested(self) -> None:
        """A batch was empty: several in a row are the tip, and all is settled that was there when it was asked for."""
        self._empty += 1
        if self._empty >= EMPTY_AT_TIP and len(self._began) > FETCHED_AHEAD:
            self._until = max(self._until, self._began[0])

    def keep(self) -> None:
        """Make it durable if it moved, once in a while; if that fails, the next time will do."""
        is_due = self._with.monotonic() - self._written >= KEEP_S
        if self._item is None or not is_due or self._until <= self._item.settled_until:
            return
        self._written = self._with.monotonic()
        try:
            self._item = self._moved(self._item)
        except SchemaUnknown:
            raise
        except (Transient, Poison, Misconfigured) as error:
            self._with.log.info("position_kept_later", shard=self._shard, error=str(error))

    def end(self) -> None:
        """The shard is settled to its end: its children begin at our moment."""
        self.owe_if_too_old()
        if not self._is_lost and self._is_something_left():
            self._with.log.warning("shard_lost", shard=self._shard, next="sweeps all rows, goes on with its children")
            self._with.on_gap(self._stream, Gap.SHARD_LOST)
            self._is_lost = True
        found = self._with.checkpoints.reload(self._shard) or self._item
        if found is None:
            return
        try:
            self._item = self._with.checkpoints.end(found, max(self._until, found.settled_until))
        except LeaseLost as error:
            raise Conflict from error

    def forget_old(self) -> None:
        """Let go of shards that ended days ago: a child that begins so late is owed a sweep anyway."""
        try:
            self._with.checkpoints.forget_ended(self._with.checkpoints.load(), set())
        except AppError as error:
            self._with.log.info("checkpoints_kept", error=str(error), next="forgotten when another shard ends")

    def _start(self, *, is_fresh: bool) -> Checkpoint:
        """The first item of a shard: it begins where its parents ended, or where the stream was begun."""
        parents = self._with.leases.parents(self._stream, self._shard)
        parent = parents[0] if parents else None
        since = self._since(parents) if is_fresh else None
        if since is None:
            since = self._with.clock()
            self._with.on_gap(self._stream, Gap.CHECKPOINT_MISSING)
        elif self._is_too_old(since):
            since = self._with.clock()
            self._with.on_gap(self._stream, Gap.CHECKPOINT_OLD)
        return self._with.checkpoints.start(self._shard, parent, since)

    def _since(self, parents: tuple[str, ...]) -> datetime | None:
        known = [self._with.checkpoints.reload(parent) for parent in parents]
        moments = [item.settled_until if item else self._with.begun(self._stream) for item in known or [None]]
        return min((moment for moment in moments if moment), default=None) if all(moments) else None

    def _owe(self, item: Checkpoint, gap: Gap) -> Checkpoint:
        """Owe a sweep: it answers for all that was written up to now, so the moment is taken first."""
        moment = self._with.clock()
        self._with.on_gap(self._stream, gap)
        return self._with.checkpoints.refresh(item, moment)

    def _moved(self, item: Checkpoint) -> Checkpoint:
        try:
            if self._last and item.is_behind(self._last):
                return self._with.checkpoints.advance(item, self._last, self._until.timestamp())
            return self._with.checkpoints.refresh(item, self._until)
        except LeaseLost:  # by the shard's former or next owner, or our own answer was lost: what stands there is true
            return self._with.checkpoints.reload(self._shard) or item

    def _is_too_old(self, moment: datetime) -> bool:
        """Or so far ahead that a clock must have jumped: such a moment says nothing of what was trimmed."""
        age = self._with.clock() - moment
        return age > TOO_OLD or -age > AHEAD

    def _is_trimmed(self, sequence: str) -> bool:
        """Whether records after our place are gone; a shard that is gone altogether is looked at when it ends."""
        try:
            self._with.api.iterator(self._stream, self._shard, sequence)
        except RecordsTrimmed:
            return True
        except ShardMissing:
            return False
        return False

    def _is_something_left(self) -> bool:
        """Whether the shard is gone, or has a record behind the last: the adapter takes both for its end."""
        try:
            iterator: str | None = self._with.api.iterator(self._stream, self._shard, self._last)
            for _ in range(LOOKS_BEHIND):
                if iterator is None:
                    break
                page = self._with.api.records(iterator, 1)
                if page.records:
                    return True
                iterator = page.next_iterator
        except ShardMissing:
            return True
        except RecordsTrimmed:  # whatever is old enough to be gone was settled, or our moment would be too old
            return False
        return False
