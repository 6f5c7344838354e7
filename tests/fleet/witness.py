"""What is really in a table's stream, beside what children said that they have read of it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Self, TypeVar

from shared.dynamo import connect
from shared.errors import Transient
from shared.retry import Retry
from stream_worker.streams import DynamoStreams, Shard
from tests.acceptance.stack import wait_until
from tests.fleet.hosts import Fleet
from tests.fleet.reading import Reading, Written, reading
from tests.places import ManyShards

T = TypeVar("T")

SILENT = 2  # so many empty pages in a row are an open shard's end
MANY = 1000


@dataclass(slots=True)
class _Place:
    """How far a shard was read; without an iterator it has ended."""

    found: list[int]
    iterator: str | None


class Witness:
    """Reads the stream itself, in no hurry.

    Args:
        fleet: whose table's it is.
        control: the stream of many shards, if there is one.
    """

    def __init__(self, fleet: Fleet, control: ManyShards | None = None) -> None:
        self._fleet, self._control = fleet, control
        self._clients = connect(fleet.settings)
        self._api = DynamoStreams(self._clients, fleet.settings.message_table)
        self._read: dict[str, _Place] = {}
        self._retry = Retry(Event(), total_s=100)
        self._cleanup = ExitStack()
        self._cleanup.callback(self._clients.streams.raw.close)
        self._cleanup.callback(self._clients.dynamodb.raw.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def written(self) -> Mapping[str, Written]:
        """Every record of every shard of the table's stream as it is now."""
        stream = self._api.latest_stream()
        return {shard.id: Written(shard.parent, self._records(stream, shard.id)) for shard in self._listed(stream)}

    def reading(self) -> Reading:
        """What the children have read so far, of all that is written so far."""
        return reading(self.written(), self._fleet.tapped())

    def wait_for_all(self) -> Reading:
        """Wait until nothing is missing; what is said of it then, or when patience has ended."""
        found = [self.reading()]

        def is_all_read() -> bool:
            found[:] = [self.reading()]
            return not (found[0].missing or found[0].holes)

        try:
            wait_until(is_all_read, "every record to be read")
        except AssertionError:
            return found[0]
        return found[0]

    def _listed(self, stream: str) -> list[Shard]:
        if self._control is None:
            return self._api.shards(stream)
        return [Shard(shard["ShardId"], shard.get("ParentShardId")) for shard in self._control.shards()]

    def _records(self, stream: str, shard: str) -> list[int]:
        """Read on where the last look ended: hosts want of the same few reads a second."""
        if shard not in self._read:
            self._read[shard] = _Place([], self._patiently(partial(self._api.iterator, stream, shard, None)))
        place, silent = self._read[shard], 0
        while place.iterator and silent < SILENT:
            page = self._patiently(partial(self._api.records, place.iterator, MANY))
            place.found += [int(record.sequence_number) for record in page.records]
            silent = 0 if page.records else silent + 1
            place.iterator = page.next_iterator
        return place.found

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Whatever the hosts leave of what may be asked a second."""
        return self._retry.call(ask, on=Transient)
