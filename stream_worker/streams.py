"""DynamoDB Streams as a driver needs it: shards, iterators, records, behind five calls."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.dynamo import Clients
from shared.errors import OutcomeUnknown
from shared.schema import check_messages_table
from stream_worker.contract import Record, record_of

_PLACE = re.compile(r"[0-9]{1,100}")  # AWS says 21 to 40 digits


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard as listed; `closed` when it has an ending sequence number."""

    id: str
    parent: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One GetRecords answer; `next_iterator` is None when the shard has ended."""

    records: tuple[Record, ...]
    next_iterator: str | None

    @property
    def last(self) -> Record | None:
        """The last record that says where it stands: no iterator could ever be had after one that does not."""
        return next((one for one in reversed(self.records) if is_place(one.sequence_number)), None)


def is_place(sequence: str) -> bool:
    """Whether this is a sequence number, and not a word for a place or something else."""
    return _PLACE.fullmatch(sequence) is not None


class StreamsApi(Protocol):
    """What is asked of DynamoDB Streams; errors are `Transient` or `Misconfigured` ones."""

    def latest_stream(self) -> str:
        """The ARN of the table's stream as it is now."""

    def shards(self, stream: str) -> list[Shard]:
        """A full listing. It is a hint: DescribeStream may leave shards out."""

    def children(self, stream: str, parent: str) -> list[Shard]:
        """The children of one shard, where the service can tell; else nothing."""

    def iterator(self, stream: str, shard: str, after: str | None) -> str:
        """An iterator after a sequence number, or at TRIM_HORIZON."""

    def records(self, iterator: str, limit: int) -> Page:
        """The next records."""


class DynamoStreams:
    """`StreamsApi` on AWS, or whatever speaks like it."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table

    def latest_stream(self) -> str:
        """The ARN of the table's stream.

        Raises:
            TableMissing, TableDiffers, StreamMissing: one sentence says what to do.
        """
        table = self._clients.dynamodb.call("describe_table", TableName=self._table)["Table"]
        check_messages_table(table)
        return str(table["LatestStreamArn"])

    def is_ours(self, stream: str) -> bool:
        """Whether it is one of the table's, now or formerly."""
        return f":table/{self._table}/stream/" in stream

    def shards(self, stream: str) -> list[Shard]:
        """Every page of DescribeStream."""
        return self._list(stream)

    def children(self, stream: str, parent: str) -> list[Shard]:
        """Asks with a ShardFilter; local engines accept it and answer with nothing."""
        found = self._list(stream, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": parent})
        return [shard for shard in found if shard.parent == parent]

    def _list(self, stream: str, **wanted: Any) -> list[Shard]:
        """All pages of a listing; stops at a cursor that was there before."""
        found: dict[str, Shard] = {}
        cursors: list[str] = []
        while True:
            start = {"ExclusiveStartShardId": cursors[-1]} if cursors else {}
            description = self._describe(stream, **wanted, **start)
            found |= {shard.id: shard for shard in _shards(description["Shards"])}
            last = description.get("LastEvaluatedShardId")
            if not last or last in cursors:
                return list(found.values())
            cursors.append(last)

    def iterator(self, stream: str, shard: str, after: str | None) -> str:
        """Never LATEST: what was written between a listing and the first poll would be lost."""
        where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if after:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        answer = self._clients.streams.call("get_shard_iterator", StreamArn=stream, ShardId=shard, **where)
        return str(answer["ShardIterator"])

    def records(self, iterator: str, limit: int) -> Page:
        """Up to `limit` records (or 1 MB of them).

        Raises:
            OutcomeUnknown: the answer is none; a missing next iterator must not pass for the shard's end.
        """
        answer = self._clients.streams.call("get_records", ShardIterator=iterator, Limit=limit)
        records = answer.get("Records")
        if not isinstance(records, list):
            raise OutcomeUnknown("get_records was answered without records.")
        return Page(tuple(map(record_of, records)), answer.get("NextShardIterator"))

    def _describe(self, stream: str, **more: Any) -> dict[str, Any]:
        description: dict[str, Any] = self._clients.streams.call("describe_stream", StreamArn=stream, **more)[
            "StreamDescription"
        ]
        return description


def _shards(listed: Iterable[Mapping[str, Any]]) -> list[Shard]:
    return [
        Shard(
            id=shard["ShardId"],
            parent=shard.get("ParentShardId"),
            closed="EndingSequenceNumber" in shard.get("SequenceNumberRange", {}),
        )
        for shard in listed
    ]
