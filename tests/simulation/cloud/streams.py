"""DynamoDB Streams: shards by hash of the partition key, that split, roll over, end and are trimmed after a day.

Order holds per item; the records of one transaction come in any order and, in different shards, at different times.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from random import Random
from typing import Protocol, TypeVar
from zlib import crc32

from shared.errors import IteratorExpired, RecordsTrimmed, ShardMissing
from shared.models import Item
from stream_worker.contract import Record
from stream_worker.streams import Page, Shard
from tests.fakes.clock import NOON
from tests.simulation.cloud.database import Change

T = TypeVar("T")

HASHES = 2**32
NOON_S = NOON.timestamp()
RETENTION_S = 24 * 3600.0


@dataclass(slots=True)
class VirtualShard:
    """A shard as it really is: the hashes from `low` to `high`, and its records with the time when each shows."""

    id: str
    parent: str | None
    low: int
    high: int
    opened: float
    records: list[tuple[float, float, Record]] = field(default_factory=list)
    closed: float | None = None
    trimmed: int = 0

    def is_whole(self, now: float) -> bool:
        """Whether no record will be added, and all show."""
        return self.closed is not None and (not self.records or self.records[-1][0] <= now)


class StreamService:
    """One stream of one table."""

    def __init__(self, table: str, arn: str, dice: Random, now: Callable[[], float], *, shards: int = 2) -> None:
        self.arn = arn
        self.lag_s = 0.02
        self.delivered: Callable[[str, Sequence[Record]], None] = lambda _shard, _records: None
        self._table = table
        self._dice = dice
        self.now = now
        self._sequence = self._opened = 0
        self.shards: dict[str, VirtualShard] = {}
        for number in range(shards):
            self._open(None, HASHES * number // shards, HASHES * (number + 1) // shards)

    def watch(self, changes: Sequence[Change]) -> None:
        """Write the records of one commit."""
        mine = [change for change in changes if change.table == self._table]
        for change in self._dice.sample(mine, len(mine)):
            shard = self._leaf(change.key[0])
            self._sequence += 1
            due = self.now() + self._dice.expovariate(1) * self.lag_s
            if shard.records:
                due = max(due, shard.records[-1][0])
            shard.records.append((due, self.now(), _record(change, self._sequence, self.now())))

    def open_shards(self) -> list[str]:
        """The shards that are written to."""
        return [shard.id for shard in self.shards.values() if shard.closed is None]

    def split(self, name: str) -> None:
        """Close a shard; two halves go on, or a single one (a roll-over)."""
        shard = self.shards[name]
        shard.closed = self.now()
        cuts = [shard.low, shard.high]
        if self._dice.random() < 0.5 and shard.high - shard.low > 1:
            cuts.insert(1, (shard.low + shard.high) // 2)
        for low, high in pairwise(cuts):
            self._open(name, low, high)

    def trim(self) -> int:
        """Drop what is older than a day; how many records nobody can read any more."""
        horizon, gone = self.now() - RETENTION_S, 0
        for shard in self.shards.values():
            before = shard.trimmed
            while shard.trimmed < len(shard.records) and shard.records[shard.trimmed][1] < horizon:
                shard.trimmed += 1
            gone += shard.trimmed - before
        return gone

    def drop_trimmed(self) -> None:
        """Closed shards are listed for a day."""
        horizon = self.now() - RETENTION_S
        for shard in list(self.shards.values()):
            if shard.closed is not None and shard.closed < horizon:
                del self.shards[shard.id]

    def unread(self, name: str, sequence: str | None) -> int:
        """How many records of a shard follow a sequence number, shown or not."""
        return sum(1 for _, _, record in self.shards[name].records if int(record.sequence_number) > int(sequence or 0))

    def _open(self, parent: str | None, low: int, high: int) -> None:
        self._opened += 1
        name = f"shardId-{self._opened:03}"
        self.shards[name] = VirtualShard(name, parent, low, high, self.now())

    def _leaf(self, pk: str) -> VirtualShard:
        place = crc32(pk.encode())
        return next(shard for shard in self.shards.values() if shard.closed is None and shard.low <= place < shard.high)


class Ask(Protocol):
    """How a call is made: by its name, with what carries it out if it gets that far."""

    def __call__(self, operation: str, carry_out: Callable[[], T]) -> T: ...


class StreamsView:
    """`StreamsApi` as one process sees it: listings that come late, iterators that expire.

    Args:
        service: the streams.
        ask: for every call; may raise what AWS would, before it is carried out or instead of the answer.
        late_s: for how long a listing may leave a new shard out.
    """

    def __init__(
        self,
        service: StreamService,
        dice: Random,
        now: Callable[[], float],
        ask: Ask,
        late_s: float,
    ) -> None:
        self._service = service
        self._dice = dice
        self._now = now
        self._ask = ask
        self._late_s = late_s

    def latest_stream(self) -> str:
        """See `StreamsApi`."""
        return self._ask("describe_table", lambda: self._service.arn)

    def shards(self, stream: str) -> list[Shard]:
        """See `StreamsApi`."""
        assert stream == self._service.arn
        return self._ask("describe_stream", self._shards)

    def children(self, stream: str, parent: str) -> list[Shard]:
        """See `StreamsApi`."""
        return [shard for shard in self.shards(stream) if shard.parent == parent]

    def iterator(self, stream: str, shard: str, after: str | None) -> str:
        """See `StreamsApi`: TRIM_HORIZON never says that something was trimmed."""
        assert stream == self._service.arn
        return self._ask("get_shard_iterator", partial(self._iterator, shard, after))

    def _shards(self) -> list[Shard]:
        return [_listed(shard) for shard in self._service.shards.values() if self._is_shown(shard)]

    def _iterator(self, shard: str, after: str | None) -> str:
        found = self._found(shard)
        place = found.trimmed
        if after:
            place = bisect_right(found.records, int(after), key=_sequence)
            if place < found.trimmed:
                raise RecordsTrimmed
        return f"{shard} {place}"

    def records(self, iterator: str, limit: int) -> Page:
        """See `StreamsApi`."""
        return self._ask("get_records", partial(self._records, iterator, limit))

    def _records(self, iterator: str, limit: int) -> Page:
        name, place = iterator.split(" ")
        found, start, now = self._found(name), int(place), self._now()
        if self._dice.random() < 0.01:
            raise IteratorExpired
        if start < found.trimmed:
            raise RecordsTrimmed
        shown = tuple([record for due, _, record in found.records[start : start + limit] if due <= now])
        self._service.delivered(name, shown)
        end = start + len(shown)
        is_last = found.is_whole(now) and end == len(found.records)
        return Page(shown, None if is_last else f"{name} {end}")

    def _found(self, name: str) -> VirtualShard:
        if name not in self._service.shards:
            raise ShardMissing
        return self._service.shards[name]

    def _is_shown(self, shard: VirtualShard) -> bool:
        return self._now() - shard.opened >= self._late_s * self._dice.random() or shard.parent is None


def _sequence(entry: tuple[float, float, Record]) -> int:
    return int(entry[2].sequence_number)


def _listed(shard: VirtualShard) -> Shard:
    return Shard(shard.id, shard.parent, closed=shard.closed is not None)


def _record(change: Change, sequence: int, now: float) -> Record:
    kind = "REMOVE" if change.after is None else "MODIFY" if change.before else "INSERT"
    keys: Item = {"pk": {"S": change.key[0]}, "sk": {"S": change.key[1]}}
    return Record(kind, keys, str(sequence), int(NOON_S + now), change.after)
