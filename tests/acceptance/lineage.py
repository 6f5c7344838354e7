"""Whether shards were read in the order of their lineage, by the workers' own logs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.acceptance.stack import Worker

Lines = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Order:
    """What there was to read, and what was not as it should be."""

    shards: int
    unread: list[str]
    """Never opened."""
    too_early: list[str]
    """Opened although their parent was still being read."""
    twice: list[str]
    """Read to their end more than once."""

    @property
    def is_right(self) -> bool:
        """All of it, each once, children after their parents."""
        return not (self.unread or self.too_early or self.twice)


def order(shards: Iterable[str], workers: Sequence[Worker]) -> Order:
    """How these workers have read these shards."""
    there, lines = set(shards), [line for worker in workers for line in worker.lines]
    ends = Counter(line["shard"] for line in lines if line["event"] == "shard_ended")
    return Order(
        shards=len(there),
        unread=sorted(there - set(_places(lines, "shard_opened"))),
        too_early=[shard for worker in workers for tenure in _tenures(worker) for shard in _too_early(tenure)],
        twice=[shard for shard, times in ends.items() if times > 1],
    )


def _tenures(worker: Worker) -> list[Lines]:
    """Its log, cut where it took the lease: before that, another one may have read on."""
    lines = worker.lines
    cuts = [at for at, line in enumerate(lines) if line["event"] == "lease_taken"]
    return [lines[start:end] for start, end in pairwise([*cuts, None])]


def _places(lines: Lines, event: str) -> dict[str, int]:
    """Where each shard has a line of this event."""
    return {line["shard"]: at for at, line in enumerate(lines) if line["event"] == event}


def _too_early(lines: Lines) -> list[str]:
    opened, ended = _places(lines, "shard_opened"), _places(lines, "shard_ended")
    parents = {line["shard"]: line["parent"] for line in lines if line["event"] == "shard_opened"}
    return [shard for shard, at in opened.items() if parents[shard] in opened and ended.get(parents[shard], at) >= at]
