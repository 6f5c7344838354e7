"""The tree of shards, as pure functions: what listings have shown so far, and what may be read now.

A listing is a hint. Shards are added, never dropped because one listing lacks them; a parent counts as gone only
when several full listings in a row, over some seconds, did not show it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from stream_worker.streams import Shard

GONE_AFTER = 5  # full listings in a row without a parent that a child names (Flink asks again as often)
GONE_AFTER_S = 10.0  # over so long at least: a parent that was trimmed stays away, one that is listed late comes
PARENT_S = 1.0  # between two listings meanwhile; all that read an account's streams share 10 a second


@dataclass(frozen=True, slots=True)
class Absence:
    """A parent that is named and not listed: in how many full listings in a row, and for how long."""

    since: float
    listings: int = 0
    seconds: float = 0.0

    def goes_on(self, now: float) -> "Absence":
        """It is missing from one more listing."""
        return Absence(self.since, self.listings + 1, now - self.since)

    @property
    def is_final(self) -> bool:
        """Whether the parent is gone."""
        return self.listings >= GONE_AFTER and self.seconds >= GONE_AFTER_S


@dataclass(frozen=True, slots=True)
class Lineage:
    """All shards known so far, and since when each parent that was named has been missing."""

    shards: Mapping[str, Shard] = field(default_factory=dict)
    absent: Mapping[str, Absence] = field(default_factory=dict)

    def heard(self, listing: Iterable[Shard]) -> "Lineage":
        """The lineage after some shards were shown; this says nothing about what was not."""
        shards = dict(self.shards)
        for shard in listing:
            before = shards.get(shard.id, shard)
            shards[shard.id] = Shard(shard.id, shard.parent or before.parent, shard.closed or before.closed)
        return replace(self, shards=shards)

    def listed(self, listing: Iterable[Shard], now: float) -> "Lineage":
        """The lineage after a full listing at `now` (seconds; only differences count)."""
        shards = self.heard(listing).shards
        named = {shard.parent for shard in shards.values() if shard.parent and shard.parent not in shards}
        absent = {parent: self.absent.get(parent, Absence(now)).goes_on(now) for parent in named}
        return replace(self, shards=shards, absent=absent)

    def is_unfinished(self, ended: Mapping[str, bool]) -> bool:
        """Whether some known shard is not settled to its end."""
        return not all(ended.get(shard) for shard in self.shards)

    def readable(self, ended: Mapping[str, bool]) -> list[Shard]:
        """The shards that may be read now: not ended themselves, their parent settled to the end.

        Args:
            ended: for every shard that has a checkpoint, whether it is settled to its end.
        """
        return [
            shard for shard in self.shards.values() if not ended.get(shard.id) and self._parent_settled(shard, ended)
        ]

    def is_waiting(self, ended: Mapping[str, bool]) -> bool:
        """Whether some shard waits for a parent that no listing has shown yet."""
        readable = {shard.id for shard in self.readable(ended)}
        return any(
            shard.id not in readable and not ended.get(shard.id) and shard.parent in self.absent
            for shard in self.shards.values()
        )

    def childless(self, ended: Mapping[str, bool]) -> list[str]:
        """The shards that have ended and that no known shard names as its parent."""
        parents = {shard.parent for shard in self.shards.values()}
        return [shard for shard in self.shards if ended.get(shard) and shard not in parents]

    def without(self, forgotten: Iterable[str]) -> "Lineage":
        """The lineage without shards whose checkpoints are forgotten: known but unread, they would be read again."""
        gone = frozenset(forgotten)
        return replace(self, shards={name: shard for name, shard in self.shards.items() if name not in gone})

    def _parent_settled(self, shard: Shard, ended: Mapping[str, bool]) -> bool:
        parent = shard.parent
        if parent is None or parent == shard.id:
            return True
        if parent in ended:
            return ended[parent]
        return parent not in self.shards and parent in self.absent and self.absent[parent].is_final


@dataclass(frozen=True)
class Standing:
    """All shards known so far and which are settled: a value, so that what follows from it is worked out once.

    Shards are polled hundreds of times a second, and begin or end a few times a day.
    """

    lineage: Lineage = field(default_factory=Lineage)
    ended: Mapping[str, bool] = field(default_factory=dict)
    """For every shard that has a checkpoint, whether it is settled to its end."""

    @cached_property
    def readable(self) -> list[Shard]:
        """See `Lineage`."""
        return self.lineage.readable(self.ended)

    @cached_property
    def waiting(self) -> list[str]:
        """The shards that wait for their parent; who has ended may be remembered longer than it is listed."""
        readable = {shard.id for shard in self.readable}
        return [shard for shard in self.lineage.shards if shard not in readable and not self.ended.get(shard)]

    @cached_property
    def childless(self) -> list[str]:
        """See `Lineage`."""
        return self.lineage.childless(self.ended)

    def heard(self, listing: Iterable[Shard]) -> "Standing":
        """See `Lineage`."""
        return replace(self, lineage=self.lineage.heard(listing))

    def listed(self, listing: Iterable[Shard], now: float) -> "Standing":
        """See `Lineage`."""
        return replace(self, lineage=self.lineage.listed(listing, now))

    def settled(self, shard: str, *, ended: bool) -> "Standing":
        """After a shard has a checkpoint; most say nothing new."""
        return self if self.ended.get(shard) is ended else replace(self, ended={**self.ended, shard: ended})

    def without(self, forgotten: Iterable[str]) -> "Standing":
        """After checkpoints, and their shards, are forgotten."""
        gone = frozenset(forgotten)
        left = {shard: ended for shard, ended in self.ended.items() if shard not in gone}
        return Standing(self.lineage.without(gone), left)
