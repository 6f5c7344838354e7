"""DynamoDB Streams through `DynamoStreams`: pages of shards, iterators, the end of a shard, records as they come."""

from collections import deque
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared import tables
from shared.dynamo import Client, Clients
from shared.errors import (
    IteratorExpired,
    OutcomeUnknown,
    RecordsTrimmed,
    RequestRefused,
    ShardMissing,
    StreamMissing,
    Throttled,
)
from stream_worker.streams import DynamoStreams, Shard


class RawStreams:
    """A raw `dynamodbstreams` (and `dynamodb`) client that plays a list of answers and errors."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.requests = deque(answers), list[dict[str, Any]]()

    def __getattr__(self, operation: str) -> Any:
        def call(**params: Any) -> Any:
            self.requests.append(params)
            answer = self.answers.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    @property
    def api(self) -> DynamoStreams:
        """The seam on top of it."""
        return DynamoStreams(Clients(Client(self), Client(self, streams=True)), "messages")


def page(names: list[str], last: str | None = None) -> dict[str, Any]:
    """One DescribeStream answer."""
    shards = [{"ShardId": name, "SequenceNumberRange": {"StartingSequenceNumber": "1"}} for name in names]
    return {"StreamDescription": {"Shards": shards, **({"LastEvaluatedShardId": last} if last else {})}}


def error(code: str, status: int = 400) -> ClientError:
    """An error as botocore raises it."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")


def test_every_page_of_shards_is_read() -> None:
    """F06: 250 shards, one page twice, one page empty with a cursor."""
    names = [f"shard-{number:03}" for number in range(250)]
    raw = RawStreams(
        page(names[:100], "c1"), page(names[:100], "c2"), page([], "c3"), page(names[100:200], "c4"), page(names[200:])
    )
    assert [shard.id for shard in raw.api.shards("stream")] == names
    assert [request.get("ExclusiveStartShardId") for request in raw.requests] == [None, "c1", "c2", "c3", "c4"]


@pytest.mark.parametrize("cursors", [["c1", "c1"], ["c1", "c2", "c1"]])
def test_a_cursor_that_goes_nowhere_ends_the_listing(cursors: list[str]) -> None:
    """F06: some service answers with the cursor it was given; or goes round in circles."""
    raw = RawStreams(*[page(["a"], cursor) for cursor in cursors])
    assert [shard.id for shard in raw.api.shards("stream")] == ["a"]


def test_a_shard_says_whose_child_it_is_and_whether_it_is_closed() -> None:
    """The lineage is built from nothing else."""
    listed = {"ShardId": "b", "ParentShardId": "a", "SequenceNumberRange": {"EndingSequenceNumber": "9"}}
    raw = RawStreams({"StreamDescription": {"Shards": [listed]}})
    assert raw.api.shards("stream") == [Shard("b", "a", closed=True)]


def test_only_children_count_as_children() -> None:
    """F01: an engine that ignores the filter lists everything."""
    children = [{"ShardId": "b", "ParentShardId": "a"}, {"ShardId": "c", "ParentShardId": "b"}, {"ShardId": "a"}]
    raw = RawStreams({"StreamDescription": {"Shards": children}})
    assert raw.api.children("stream", "a") == [Shard("b", "a")]
    assert raw.requests[0]["ShardFilter"] == {"Type": "CHILD_SHARDS", "ShardId": "a"}


def test_every_page_of_children_is_read() -> None:
    """F06: a filtered listing has pages as well."""
    first = {"Shards": [{"ShardId": "b", "ParentShardId": "a"}], "LastEvaluatedShardId": "b"}
    second = {"Shards": [{"ShardId": "c", "ParentShardId": "a"}]}
    raw = RawStreams({"StreamDescription": first}, {"StreamDescription": second})
    assert raw.api.children("stream", "a") == [Shard("b", "a"), Shard("c", "a")]


def test_an_iterator_is_never_latest() -> None:
    """F03, F04: after a record, or from the start."""
    raw = RawStreams({"ShardIterator": "one"}, {"ShardIterator": "two"})
    assert (raw.api.iterator("s", "a", None), raw.api.iterator("s", "a", "007")) == ("one", "two")
    assert raw.requests[0]["ShardIteratorType"] == "TRIM_HORIZON"
    assert raw.requests[1] == {
        "StreamArn": "s",
        "ShardId": "a",
        "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
        "SequenceNumber": "007",
    }


def test_a_page_keeps_its_records_and_ends_only_without_a_next_iterator() -> None:
    """F07, F08: an empty page goes on; a page with records may be the last."""
    change = {"Keys": {"pk": {"S": "MSG#g"}}, "SequenceNumber": "007", "ApproximateCreationDateTime": 1.5}
    last = {"Records": [{"eventName": "INSERT", "dynamodb": change}]}
    raw = RawStreams({"Records": [], "NextShardIterator": "next"}, last)
    assert raw.api.records("first", 100).next_iterator == "next"
    page = raw.api.records("next", 100)
    assert page.next_iterator is None
    assert [(one.kind, one.sequence_number, one.created_at) for one in page.records] == [("INSERT", "007", 1.5)]


@pytest.mark.parametrize("answer", [{}, {"Records": None}, {"Records": "none", "NextShardIterator": "next"}], ids=str)
def test_an_answer_without_records_is_none(answer: dict[str, Any]) -> None:
    """F11: something between us and the service has spoken; a missing iterator in it is not the shard's end."""
    with pytest.raises(OutcomeUnknown):
        RawStreams(answer).api.records("iterator", 1)


def test_entries_that_are_no_records_are_records_nobody_understands() -> None:
    """F18: their page is read like any other."""
    page = RawStreams({"Records": [None, "INSERT", {}], "NextShardIterator": "next"}).api.records("iterator", 3)
    assert [one.kind for one in page.records] == ["", "", ""]


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("ExpiredIteratorException", IteratorExpired),
        ("TrimmedDataAccessException", RecordsTrimmed),
        ("ResourceNotFoundException", ShardMissing),
        ("LimitExceededException", Throttled),
        ("ValidationException", RequestRefused),
    ],
)
def test_an_answer_of_the_service_has_its_name(code: str, ours: type[Exception]) -> None:
    """F11: what may end a shard and what may not is told apart here."""
    with pytest.raises(ours):
        RawStreams(error(code)).api.records("iterator", 1)


def test_a_table_without_a_stream_is_said_to_have_none() -> None:
    """The sentence names the command that mends it."""
    described = {**tables.definition(tables.MESSAGES, "messages"), "StreamSpecification": {"StreamEnabled": False}}
    with pytest.raises(StreamMissing, match="schema-load --enable-stream"):
        RawStreams({"Table": described}).api.latest_stream()


@pytest.mark.parametrize(("table", "is_ours"), [("messages", True), ("messages2", False), ("my.messages", False)])
def test_a_stream_says_whose_it_is(table: str, *, is_ours: bool) -> None:
    """By its ARN, which outlives the stream."""
    stream = f"arn:aws:dynamodb:local:000000000000:table/{table}/stream/2026-11-22T11:59:00.000"
    assert RawStreams().api.is_ours(stream) is is_ours
