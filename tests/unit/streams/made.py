"""Records, streams and readers to test with."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from devstack.streams.iterators import Place
from devstack.streams.model import ShardedStream
from devstack.streams.options import Options
from devstack.streams.shards import Shard

ARN = "arn:aws:dynamodb:local:000000000000:table/messages/stream/2026-11-22T12:00:00.000"
NOON = 1_795_348_800.0


def record(key: str, number: int = 0) -> dict[str, Any]:
    """A record about the `number`-th change of an item."""
    return {
        "eventName": "MODIFY",
        "dynamodb": {"Keys": {"pk": {"S": key}}, "NewImage": {"n": {"N": str(number)}}, "SequenceNumber": "7"},
    }


def stream(**options: Any) -> ShardedStream:
    """A stream that limits nothing, unless told otherwise."""
    chosen = {"reads_per_s": 0.0, "describes_per_s": 0.0, "seed": 1, **options}
    return ShardedStream(ARN, "pk", Options(**chosen), NOON)


def numbers(records: Any) -> list[int]:
    """Which changes the records tell of."""
    return [int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in records]


def read(stream: ShardedStream, shard: Shard, *, limit: int = 2, now: float = NOON) -> list[Any]:
    """All of a shard, page by page, to its end or its tip."""
    found: list[Any] = []
    iterator: str | None = stream.iterator(shard.id, "TRIM_HORIZON", None, now)
    while iterator:
        page = stream.records(Place.decode(iterator), limit, now)
        found += page.records
        if not page.records:
            break
        iterator = page.iterator
    return found


def in_order(stream: ShardedStream) -> Iterator[Shard]:
    """All shards, each behind its parent."""
    done: set[str | None] = {None}
    waiting = list(stream.tree.shards.values())
    for _ in count():
        ready = [shard for shard in waiting if shard.parent in done]
        if not ready:
            assert not waiting
            return
        yield from ready
        done |= {shard.id for shard in ready}
        waiting = [shard for shard in waiting if shard not in ready]
