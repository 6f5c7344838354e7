"""How far each shard of one stream is settled: monotone, written only over what was read.

A checkpoint also says up to when (wall time) everything of its shard was settled; it is refreshed while there is
nothing to read. TRIM_HORIZON never says that data was trimmed, so age is the only witness of a loss.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from shared.keys import stamp
from shared.models import Item, string
from shared.retry import Retry
from stream_worker.state import CHECKPOINTS, State, attributes_of

START, END = "TRIM_HORIZON", "SHARD_END"

TOO_OLD = timedelta(hours=20)  # the stream keeps 24 h
FORGET_AFTER = timedelta(hours=48)  # an ended shard is listed for a day; its checkpoint outlives that


@dataclass(frozen=True)
class Checkpoint:
    """One shard's checkpoint; `item` is it as it stands in the table."""

    item: Item

    @property
    def shard(self) -> str:
        """The shard's id."""
        return string(self.item, "sk")

    @property
    def parent(self) -> str | None:
        """The shard's parent, if it has one."""
        return string(self.item, "parent") or None

    @property
    def sequence(self) -> str | None:
        """The last settled sequence number; None: nothing yet."""
        return string(self.item, "sequence") or None

    @cached_property
    def ended(self) -> bool:
        """Whether the shard is settled to its end."""
        return string(self.item, "position") == END

    @cached_property
    def settled_until(self) -> datetime:
        """Everything up to this time is settled."""
        return datetime.fromisoformat(string(self.item, "settled_until"))

    @property
    def ended_at(self) -> datetime:
        """When the shard was settled to its end."""
        return datetime.fromisoformat(string(self.item, "ended_at") or string(self.item, "settled_until"))

    def is_behind(self, sequence: str) -> bool:
        """Whether `sequence` is further on; numbers are compared as such, within the shard only."""
        return self.sequence is None or int(self.sequence) < int(sequence)


class Checkpoints:
    """The checkpoints of one stream."""

    def __init__(
        self,
        state: State,
        stream: str,
        retry: Retry,
        clock: Callable[[], datetime],
        drawer: str = CHECKPOINTS,
    ) -> None:
        self._state = state
        self._drawer = f"{drawer}#{stream}"
        self._retry = retry
        self._clock = clock

    def load(self) -> dict[str, Checkpoint]:
        """All checkpoints, by shard."""
        return {found.shard: found for found in map(Checkpoint, self._state.all(self._drawer))}

    def reload(self, shard: str) -> Checkpoint | None:
        """One checkpoint as it stands now: after a write whose answer was lost."""
        item = self._state.get(self._drawer, shard)
        return Checkpoint(item) if item else None

    def start(self, shard: str, parent: str | None, settled_until: datetime) -> Checkpoint:
        """The first checkpoint of a shard, before its first poll; one that is there is ours, its answer was lost."""
        first: Item = {"position": {"S": START}, "settled_until": {"S": stamp(settled_until)}}
        lineage: Item = {"parent": {"S": parent}} if parent else {}
        return self.reload(shard) or self._write(shard, None, first | lineage)

    def advance(self, before: Checkpoint, sequence: str, created_at: float) -> Checkpoint:
        """Everything up to `sequence` is settled; never goes back."""
        if not before.is_behind(sequence):
            return before
        until = min(datetime.fromtimestamp(created_at, UTC), self._clock())
        changes: Item = {"position": {"S": sequence}, "sequence": {"S": sequence}}
        return self._change(before, changes, max(until, before.settled_until))

    def refresh(self, before: Checkpoint, until: datetime) -> Checkpoint:
        """Everything up to a moment is settled: there was nothing to read, or a sweep is owed for it."""
        return self._change(before, {}, until)

    def rewind(self, before: Checkpoint, until: datetime) -> Checkpoint:
        """Start over at the trim horizon: what followed the position is gone, and a sweep is owed up to a moment."""
        kept = {name: value for name, value in attributes_of(before.item).items() if name != "sequence"}
        rewound: Item = {**kept, "position": {"S": START}, "settled_until": {"S": stamp(until)}}
        return self._write(before.shard, before.item, rewound)

    def end(self, before: Checkpoint, until: datetime | None = None) -> Checkpoint:
        """The shard is settled to its end; `settled_until` stays (or: `until`), as its children begin there."""
        ended: Item = {"position": {"S": END}, "ended_at": {"S": stamp(self._clock())}}
        return self._change(before, ended, until or before.settled_until)

    def is_too_old(self, checkpoint: Checkpoint) -> bool:
        """Whether records after it may have been trimmed without a word."""
        return self._clock() - checkpoint.settled_until > TOO_OLD

    def forget_ended(self, found: dict[str, Checkpoint], listed: set[str]) -> list[str]:
        """Delete checkpoints of shards that ended long ago and are no longer listed; which."""
        long_ago = self._clock() - FORGET_AFTER
        old = [c for c in found.values() if c.ended and c.shard not in listed and c.ended_at < long_ago]
        return [c.shard for c in old if self._state.delete(self._drawer, c.shard, as_read=c.item)]

    def forget_all(self) -> None:
        """Delete the checkpoints of a stream that is drained."""
        for checkpoint in self.load().values():
            self._state.delete(self._drawer, checkpoint.shard, as_read=checkpoint.item)

    def _change(self, before: Checkpoint, changes: Item, until: datetime) -> Checkpoint:
        after = {**attributes_of(before.item), **changes, "settled_until": {"S": stamp(until)}}
        return self._write(before.shard, before.item, after)

    def _write(self, shard: str, before: Item | None, after: Item) -> Checkpoint:
        return Checkpoint(self._retry.call(lambda: self._state.replace(self._drawer, shard, after, before)))
