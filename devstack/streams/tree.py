"""All shards of one stream: how records are dealt to them, and how they split, roll, close and grow old."""

import json
from collections.abc import Iterable, Iterator
from math import inf
from random import Random

from devstack.streams.options import Options
from devstack.streams.shards import Entry, Range, RecordBody, Shard, place_of
from shared.errors import RequestRefused, ShardMissing


class Tree:
    """Every place of the hash space belongs to one open shard, or to one that was closed and waits for its heir.

    Numbers are given out one after the other, to shards as they open and close and to records as they are dealt: so a
    child's records always come after all of its parent's.
    """

    def __init__(self, key: str, options: Options, dice: Random, now: float) -> None:
        self._key = key
        self._options = options
        self._dice = dice
        self._number = int(now * 1000) * 10**8  # a stream that is dealt anew goes on above the numbers it had
        self._name = 0
        self.shards: dict[str, Shard] = {}
        self._heirless: list[Shard] = []
        for part in Range.even(options.shards):
            self._open(part, None, now)

    @property
    def open(self) -> list[Shard]:
        """The shards that take records."""
        return [shard for shard in self.shards.values() if shard.is_open]

    def get(self, shard: str) -> Shard:
        """One shard.

        Raises:
            ShardMissing: there is none of this name, or none any more.
        """
        if shard not in self.shards:
            raise ShardMissing
        return self.shards[shard]

    def deal(self, records: Iterable[RecordBody], now: float) -> None:
        """Give each record to the open shard of its partition key."""
        taking = self.open
        for record in records:
            place = place_of(record["dynamodb"]["Keys"][self._key])
            shard = next((shard for shard in taking if place in shard.range), None)
            if shard is None:
                shard = self._heir(place, now)
                taking.append(shard)
            number = self._next()
            body = {**record, "dynamodb": {**record["dynamodb"], "SequenceNumber": numeral(number)}}
            shard.entries.append(Entry(number, now, len(json.dumps(body)), body))

    def split(self, shard: Shard, now: float) -> list[Shard]:
        """Close it; two children take over, a half each."""
        crowded = len(self.open) >= self._options.most_open
        return self._succeed(shard, [shard.range] if crowded else shard.range.halves, now)

    def roll(self, shard: Shard, now: float) -> list[Shard]:
        """Close it; one child takes over."""
        return self._succeed(shard, [shard.range], now)

    def close(self, shard: Shard, now: float) -> None:
        """Close it; its child opens with the next record of its range.

        Raises:
            RequestRefused: it is closed already.
        """
        if not shard.is_open:
            raise RequestRefused(f"{shard.id} is closed already.")
        shard.end, shard.closed_at = self._next(), now
        self._heirless.append(shard)

    def lose(self) -> None:
        """Records are gone before anybody dealt them: whoever stands before this moment in an open shard is told."""
        for shard in self.open:
            shard.entries.clear()
            shard.trimmed = self._next()

    def any_open(self) -> Shard:
        """One of the open shards, by lot.

        Raises:
            RequestRefused: there is none.
        """
        if found := self.open:
            return self._dice.choice(found)
        raise RequestRefused("No shard is open.")

    def grow_old(self, now: float) -> None:
        """Forget records, and then closed shards, that are older than a stream keeps them."""
        before = now - self._options.keep_s
        for shard in self.shards.values():
            shard.trim(before)
        self.forget(before)

    def forget(self, before: float = inf) -> list[Shard]:
        """Forget the shards that closed before that time; whoever waits for an heir stays."""
        gone = [
            shard
            for shard in self.shards.values()
            if shard.closed_at is not None and shard.closed_at < before and shard not in self._heirless
        ]
        for shard in gone:
            del self.shards[shard.id]
        return gone

    def listed(self, now: float) -> Iterator[Shard]:
        """What a listing shows, in the order of creation: new shards late, others left out now and then."""
        for shard in self.shards.values():
            if shard.listed_at <= now and self._dice.random() >= self._options.listing_lacks:
                yield shard

    def _succeed(self, shard: Shard, ranges: list[Range], now: float) -> list[Shard]:
        self.close(shard, now)
        self._heirless.remove(shard)
        return [self._open(part, shard, now) for part in ranges]

    def _heir(self, place: int, now: float) -> Shard:
        parent = next(shard for shard in self._heirless if place in shard.range)
        self._heirless.remove(parent)
        return self._open(parent.range, parent, now)

    def _open(self, part: Range, parent: Shard | None, now: float) -> Shard:
        self._name = max(self._name + 1, int(now * 1000))
        name = f"shardId-{self._name:020d}-{self._dice.getrandbits(32):08x}"
        late = self._options.children_late_s if parent else 0.0
        shard = Shard(name, parent.id if parent else None, part, self._next(), now + late)
        self.shards[name] = shard
        return shard

    def _next(self) -> int:
        self._number += 1
        return self._number


def numeral(number: int) -> str:
    """A sequence number as the API writes it."""
    return f"{number:021d}"
