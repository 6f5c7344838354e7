"""The tree of shards, as pure functions: what listings have shown so far, and what may be read now.

A listing is a hint. Shards are added, never dropped because one listing lacks them; a parent counts as gone only
when several full listings in a row did not show it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

GONE_AFTER = 5  # full listings in a row without a parent that a child names (Flink asks again as often)


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard as listed; `closed` when it has an ending sequence number."""

    id: str
    parent: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """All shards known so far, and how often each parent that was named has been missing."""

    shards: Mapping[str, Shard] = field(default_factory=dict)
    absent: Mapping[str, int] = field(default_factory=dict)

    def heard(self, listing: Iterable[Shard], *, full: bool) -> "Lineage":
        """The lineage after one more listing; only a full one says anything about what it lacks."""
        shards = dict(self.shards)
        for shard in listing:
            before = shards.get(shard.id, shard)
            shards[shard.id] = Shard(shard.id, shard.parent or before.parent, shard.closed or before.closed)
        if not full:
            return replace(self, shards=shards)
        named = {shard.parent for shard in shards.values() if shard.parent and shard.parent not in shards}
        return Lineage(shards, {parent: self.absent.get(parent, 0) + 1 for parent in named})

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
        return parent not in self.shards and self.absent.get(parent, 0) >= GONE_AFTER
