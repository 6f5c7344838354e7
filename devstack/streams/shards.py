"""One shard: a range of hashes, and the records dealt to it while it was open."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Self

from shared.errors import RecordsTrimmed

RecordBody = Mapping[str, Any]

SPACE = 2**64  # of the hashes of partition keys
PAGE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Range:
    """The hashes from `first` up to, but without, `end`."""

    first: int
    end: int

    @classmethod
    def even(cls, count: int) -> list[Self]:
        """The whole space in so many parts."""
        edges = [SPACE * part // count for part in range(count + 1)]
        return [cls(first, end) for first, end in pairwise(edges)]

    def __contains__(self, place: int) -> bool:
        return self.first <= place < self.end

    @property
    def halves(self) -> list["Range"]:
        """Both halves; of a range of one hash only itself."""
        middle = (self.first + self.end) // 2
        parts = [Range(self.first, middle), Range(middle, self.end)]
        return [part for part in parts if part.first < part.end]


def place_of(key: Any) -> int:
    """Where a partition key (DynamoDB JSON) is in the space; the same key is always at the same place."""
    return int.from_bytes(blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=8).digest())


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it was dealt."""

    sequence: int
    at: float
    size: int
    body: RecordBody


@dataclass(slots=True, eq=False)
class Shard:
    """A shard as it really is; its numbers lie between `start` and `end`, both included."""

    id: str
    parent: str | None
    range: Range
    start: int
    listed_at: float
    entries: list[Entry] = field(default_factory=list)
    trimmed: int | None = None
    """The number of the last record that is gone."""
    end: int | None = None
    closed_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether records can still come."""
        return self.end is None

    @property
    def oldest(self) -> int:
        """The position before all that is still there."""
        return self.start - 1 if self.trimmed is None else self.trimmed

    def may_start_after(self, sequence: int) -> None:
        """Whether an iterator may name this number.

        Raises:
            RecordsTrimmed: the record of that number is gone.
        """
        if self.trimmed is not None and sequence <= self.trimmed:
            raise RecordsTrimmed

    def after(self, position: int, limit: int) -> Sequence[Entry]:
        """The next records, up to `limit` or 1 MB of them.

        Raises:
            RecordsTrimmed: some record between is gone.
        """
        if position < self.oldest:
            raise RecordsTrimmed
        start = bisect_right(self.entries, position, key=_sequence)
        page: list[Entry] = []
        size = 0
        for entry in self.entries[start : start + limit]:
            size += entry.size
            if page and size > PAGE_BYTES:
                break
            page.append(entry)
        return page

    def is_read_to_its_end(self, position: int) -> bool:
        """Whether nothing will ever follow this position."""
        return not self.is_open and (not self.entries or position >= self.entries[-1].sequence)

    def trim(self, before: float) -> None:
        """Forget the records that were dealt before that time."""
        gone = bisect_left(self.entries, before, key=_at)
        if gone:
            self.trimmed = self.entries[gone - 1].sequence
            del self.entries[:gone]


def _sequence(entry: Entry) -> int:
    return entry.sequence


def _at(entry: Entry) -> float:
    return entry.at
