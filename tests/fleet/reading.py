"""Whether all that was written to a stream was read, and in which order, by what its readers said. Pure."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Written:
    """A shard as it really is: the sequence numbers of its records, in order."""

    parent: str | None
    records: Sequence[int]


@dataclass(slots=True)
class Reading:
    """What was not as it should be, and how often anything came again."""

    missing: Counter[str] = field(default_factory=Counter)
    """Shard -> records that were in no batch."""
    holes: list[str] = field(default_factory=list)
    """A batch lacks records between its first and its last."""
    too_early: list[str] = field(default_factory=list)
    """A shard that was opened before all of its parent had been settled."""
    records: int = 0
    again: int = 0
    """Records that were in a batch after they had been in one."""

    @property
    def is_right(self) -> bool:
        """Nothing is missing, and children were read after their parents."""
        return not (self.missing or self.holes or self.too_early)


def reading(written: Mapping[str, Written], lines: Iterable[Mapping[str, Any]]) -> Reading:
    """Judge what children said (`batch_read`, `shard_opened`), in the order in which they said it."""
    found, seen = Reading(), {shard: [0] * len(one.records) for shard, one in written.items()}
    for line in lines:
        shard = str(line.get("shard"))
        if shard in written and line["event"] == "batch_read":
            _count(written[shard].records, seen[shard], line, found)
        elif shard in written and line["event"] == "shard_opened":
            parent = written[shard].parent or ""
            found.too_early += [] if all(seen.get(parent, ())) else [shard]
    for shard, times in seen.items():
        found.records += len(times)
        found.again += sum(max(0, count - 1) for count in times)
        if lost := times.count(0):
            found.missing[shard] = lost
    return found


def _count(records: Sequence[int], seen: list[int], line: Mapping[str, Any], found: Reading) -> None:
    start, end = bisect_left(records, int(line["first"])), bisect_right(records, int(line["last"]))
    if end - start != line["records"]:
        batch = f"{line['shard']} from {line['first']} to {line['last']}"
        found.holes.append(f"{batch}: {line['records']}, not {end - start}")
    for at in range(start, end):
        seen[at] += 1
