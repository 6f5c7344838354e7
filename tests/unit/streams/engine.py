"""An engine's Streams API in memory: shards of its own, pages, and errors at a given call."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.dynamo import Client
from shared.errors import AppError, ShardMissing
from tests.unit.streams.made import record


@dataclass(slots=True)
class Own:
    """A shard of the engine's."""

    records: list[Any] = field(default_factory=list)
    closed: bool = False


class Engine:
    """`raw` of a `Client`; `meet` says what the next calls of a name raise, one each; None: nothing.

    A page of its description has two shards.
    """

    def __init__(self) -> None:
        self.shards: dict[str, Own] = {"one": Own()}
        self.is_there = True
        self.status = "ENABLED"
        self.calls: list[str] = []
        self._errors: defaultdict[str, deque[AppError | None]] = defaultdict(deque)

    @property
    def client(self) -> Client:
        """As our code calls it."""
        return Client(self, streams=True)

    def write(self, count: int, shard: str = "one") -> None:
        """Records land."""
        there = self.shards[shard].records
        for _ in range(count):
            there.append(record("a", len(there)))
            there[-1]["dynamodb"]["SequenceNumber"] = str(len(there))

    def meet(self, call: str, *errors: AppError | None) -> None:
        """What the next calls of this name raise."""
        self._errors[call].extend(errors)

    def describe_stream(self, **asked: Any) -> Any:
        """One page of shards, and where the next one starts."""
        self._called("describe_stream")
        names = list(self.shards)
        if start := asked.get("ExclusiveStartShardId"):
            del names[: names.index(start) + 1]
        more = {"LastEvaluatedShardId": names[1]} if len(names) > 2 else {}
        description = {
            "StreamStatus": self.status,
            "TableName": "messages",
            "StreamViewType": "NEW_IMAGE",
            "CreationRequestDateTime": datetime(2026, 11, 22, 12, tzinfo=UTC),
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "Shards": [{"ShardId": name} for name in names[:2]],
            **more,
        }
        return {"StreamDescription": description}

    def get_shard_iterator(self, **asked: Any) -> Any:
        """From the start, or after a number."""
        self._called("get_shard_iterator")
        if asked["ShardId"] not in self.shards:
            raise ShardMissing
        return {"ShardIterator": f"{asked['ShardId']} {asked.get('SequenceNumber', 0)}"}

    def get_records(self, **asked: Any) -> Any:
        """One page."""
        self._called("get_records")
        name, _, place = asked["ShardIterator"].partition(" ")
        if name not in self.shards:
            raise ShardMissing
        shard, start = self.shards[name], int(place)
        page = shard.records[start : start + asked["Limit"]]
        is_over = shard.closed and start + len(page) == len(shard.records)
        return {"Records": page, **({} if is_over else {"NextShardIterator": f"{name} {start + len(page)}"})}

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if not self.is_there:
            raise ShardMissing
        if self._errors[name] and (error := self._errors[name].popleft()):
            raise error
