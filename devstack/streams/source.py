"""The engine's own stream, read from its oldest record on; shards one after the other, in the order they are listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devstack.streams.shards import RecordBody
from shared.dynamo import Client
from shared.errors import AppError, IteratorExpired, RecordsTrimmed, RequestRefused, ShardMissing

PAGE = 1000
PAGES_A_PULL = 10  # somebody waits meanwhile


@dataclass(slots=True)
class Pulled:
    """What was new."""

    records: list[RecordBody]
    has_gap: bool = False
    """Something before these records is gone."""
    is_over: bool = False
    """Nothing will come any more."""

    def lose(self) -> None:
        """Something is gone: what was read before it is on the far side of the gap."""
        self.records.clear()
        self.has_gap = True


class Source:
    """Reads one stream of the engine; not thread-safe."""

    def __init__(self, streams: Client, arn: str) -> None:
        self._streams = streams
        self._arn = arn
        self._done: set[str] = set()
        self._shard = ""
        self._iterator: str | None = None
        self._after: str | None = None

    def describe(self, **more: str) -> dict[str, Any]:
        """The engine's description of the stream, with its first page of shards, or the one that is asked for.

        Raises:
            ShardMissing: there is no such stream.
        """
        found: dict[str, Any] = self._streams.call("describe_stream", StreamArn=self._arn, **more)["StreamDescription"]
        return found

    def pull(self) -> Pulled:
        """Everything that has come since.

        Raises:
            AppError: the engine does not answer now, and nothing was read; nothing is lost.
        """
        pulled = Pulled([])
        try:
            for _ in range(PAGES_A_PULL):
                if not self._page(pulled):
                    break
        except ShardMissing:
            pulled.is_over = True
        except AppError:
            self._iterator = None  # of an engine that was restarted: ministack's would lead past what came since
            if not pulled.records and not pulled.has_gap:
                raise
        return pulled

    def _page(self, pulled: Pulled) -> bool:
        """Read one page; whether there may be another one."""
        try:
            if self._iterator is None and not self._turn_to_next(pulled):
                return False
            answer = self._streams.call("get_records", ShardIterator=self._iterator, Limit=PAGE)
        except (IteratorExpired, RequestRefused):  # an engine that was restarted may not know its own iterators
            self._iterator = None
            return True
        except RecordsTrimmed:
            self._iterator = self._after = None
            pulled.lose()
            return True
        except ShardMissing:
            if not self._shard:
                raise  # it was the description that failed
            self._leave_out(pulled)
            return True
        if answer["Records"]:
            pulled.records += answer["Records"]
            self._after = answer["Records"][-1]["dynamodb"]["SequenceNumber"]
        self._iterator = answer.get("NextShardIterator")
        if self._iterator is None:
            self._done.add(self._shard)
            self._shard = ""
        return self._iterator is None or len(answer["Records"]) == PAGE

    def _leave_out(self, pulled: Pulled) -> None:
        """The engine has dropped the shard; unless the stream is gone as well, the next one is read.

        Raises:
            ShardMissing: the stream is gone.
        """
        self.describe()
        self._done.add(self._shard)
        self._shard, self._iterator = "", None
        pulled.lose()

    def _descriptions(self) -> Iterator[dict[str, Any]]:
        """Every page of the description."""
        page = self.describe()
        yield page
        while last := page.get("LastEvaluatedShardId"):
            page = self.describe(ExclusiveStartShardId=last)
            yield page

    def _turn_to_next(self, pulled: Pulled) -> bool:
        """Get an iterator, for the next shard if one has ended; whether there is a shard."""
        if not self._shard:
            for page in self._descriptions():
                waiting = [shard["ShardId"] for shard in page["Shards"] if shard["ShardId"] not in self._done]
                if waiting:
                    self._shard, self._after = waiting[0], None
                    break
            else:
                pulled.is_over = page["StreamStatus"] == "DISABLED"
                return False
        where = {"ShardIteratorType": "TRIM_HORIZON"}
        if self._after:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self._after}
        answer = self._streams.call("get_shard_iterator", StreamArn=self._arn, ShardId=self._shard, **where)
        self._iterator = answer["ShardIterator"]
        return True
