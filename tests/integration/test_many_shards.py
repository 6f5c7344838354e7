"""A stream with many shards in front of the engine, through boto3: what AWS's clients see of it."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from devstack.engine import Engine
from devstack.program import Program
from shared import tables
from shared.dynamo import connect
from shared.errors import (
    AppError,
    ConditionFailed,
    IteratorExpired,
    OutcomeUnknown,
    RecordsTrimmed,
    RequestRefused,
    ShardMissing,
    TableMissing,
    Throttled,
)
from shared.settings import Settings
from stream_worker.contract import Record
from stream_worker.streams import DynamoStreams, Shard
from tests.acceptance.stack import wait_until
from tests.places import ManyShards, settings_of

ONCE_MORE = "000000000000000000001"


class Stage:
    """A table whose stream has many shards, and what a reader of it works with."""

    def __init__(self, settings: Settings, *options: str) -> None:
        self.control = ManyShards(settings, "--reads", "0", "--describes", "0", "--seed", "1", *options)
        self.table = settings.message_table
        self.clients = connect(self.control.settings)
        self.clients.dynamodb.call("create_table", **tables.definition(tables.MESSAGES, self.table))
        self.api = DynamoStreams(self.clients, self.table)
        self.arn = self.api.latest_stream()

    def close(self) -> None:
        """Leave nothing behind."""
        for client in (self.clients.dynamodb, self.clients.streams):
            client.raw.close()
        self.control.__exit__()

    def put(self, key: str, *numbers: int) -> None:
        """Write messages of one group, in this order."""
        for number in numbers:
            item = {"pk": {"S": key}, "sk": {"S": f"{number:04d}"}, "bytes": {"B": b"\x00\xff"}}
            self.clients.dynamodb.call("put_item", TableName=self.table, Item=item)

    def read(self, shard: str, after: str | None = None) -> list[Record]:
        """Everything in a shard up to its end or its tip."""
        iterator: str | None = self.api.iterator(self.arn, shard, after)
        found: list[Record] = []
        while iterator:
            page = self.api.records(iterator, 7)
            found += page.records
            if not page.records:
                break
            iterator = page.next_iterator
        return found

    def call(self, operation: str, **asked: Any) -> Any:
        """A call of the Streams API."""
        return self.clients.streams.call(operation, **asked)


Build = Callable[..., Stage]


@pytest.fixture
def build(settings: Settings) -> Iterator[Build]:
    """Makes stages."""
    with ExitStack() as stages:

        def build(*options: str) -> Stage:
            stage = Stage(settings, *options)
            stages.callback(stage.close)
            return stage

        yield build


def test_every_shard_is_listed_over_several_pages(build: Build) -> None:
    """The worker's own listing sees all 250; a page has a hundred."""
    stage = build("--shards", "250")
    assert len(stage.api.shards(stage.arn)) == 250
    page = stage.call("describe_stream", StreamArn=stage.arn)["StreamDescription"]
    assert (len(page["Shards"]), page["LastEvaluatedShardId"]) == (100, page["Shards"][-1]["ShardId"])
    assert (page["TableName"], page["StreamStatus"]) == (stage.table, "ENABLED")


def test_each_key_has_one_shard_and_its_changes_are_in_order(build: Build) -> None:
    """Images come as the engine sent them, binary values too."""
    stage = build("--shards", "8")
    for key in "abcdefghij":
        stage.put(key, *range(5))
    found = [stage.read(shard.id) for shard in stage.api.shards(stage.arn)]
    assert sum(1 for records in found if records) > 3
    by_key: dict[str, list[str]] = {}
    for records in found:
        assert [int(one.sequence_number) for one in records] == sorted(int(one.sequence_number) for one in records)
        for key in {one.keys["pk"]["S"] for one in records}:
            assert key not in by_key
            by_key[key] = [one.keys["sk"]["S"] for one in records if one.keys["pk"]["S"] == key]
    assert by_key == {key: [f"{number:04d}" for number in range(5)] for key in "abcdefghij"}
    images = [one.new_image for records in found for one in records]
    assert all(image and image["bytes"]["B"] in {b"\x00\xff", "AP8="} for image in images)


def test_a_split_ends_the_parent_and_the_children_go_on(build: Build) -> None:
    """As the worker's driver sees it: closed, two children, an end of the parent's records."""
    stage = build("--shards", "1")
    stage.put("a", 0, 1, 2)
    [parent] = stage.api.shards(stage.arn)
    stage.control.command("split")
    stage.put("a", 3, 4)
    [closed, *children] = stage.api.shards(stage.arn)
    assert closed == Shard(parent.id, closed=True)
    assert stage.api.children(stage.arn, parent.id) == children
    wait_until(lambda: sum(len(stage.read(child.id)) for child in children) == 2, "what came after the split")
    assert len(stage.read(parent.id)) == 3
    last = stage.api.records(stage.api.iterator(stage.arn, parent.id, None), 1000)
    assert (len(last.records), last.next_iterator) == (3, None)


def test_everything_else_is_the_engines_answer(build: Build) -> None:
    """Errors with all that is in them."""
    stage = build()
    stage.put("a", 0)
    item = {"pk": {"S": "a"}, "sk": {"S": "0000"}}
    with pytest.raises(ConditionFailed) as caught:
        stage.clients.dynamodb.call(
            "put_item",
            TableName=stage.table,
            Item=item,
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.item == {**item, "bytes": {"B": b"\x00\xff"}}
    with pytest.raises(TableMissing):
        stage.clients.dynamodb.call("describe_table", TableName="no-such-table")
    assert [one["TableName"] for one in stage.call("list_streams", TableName=stage.table)["Streams"]] == [stage.table]


def test_errors_are_known_to_the_client(build: Build) -> None:
    """Each of AWS's codes becomes the error of ours that it becomes on AWS."""
    stage = build("--shards", "1")
    stage.put("a", 0, 1, 2)
    [shard] = stage.api.shards(stage.arn)
    records = stage.read(shard.id)
    old = stage.api.iterator(stage.arn, shard.id, None)
    stage.control.command("expire")
    stage.control.command("trim")

    def meets(error: type[AppError], operation: str, **asked: Any) -> None:
        with pytest.raises(error):
            stage.call(operation, **asked)

    where = {"StreamArn": stage.arn, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}
    first = records[0].sequence_number
    meets(IteratorExpired, "get_records", ShardIterator=old)
    meets(RecordsTrimmed, "get_shard_iterator", ShardId=shard.id, SequenceNumber=first, **where)
    meets(RequestRefused, "get_shard_iterator", ShardId=shard.id, SequenceNumber=ONCE_MORE, **where)
    meets(ShardMissing, "get_shard_iterator", ShardId=f"shardId-{'0' * 20}-none", SequenceNumber=first, **where)
    meets(ShardMissing, "describe_stream", StreamArn=f"{stage.arn}-not")
    meets(RequestRefused, "get_records", ShardIterator="nonsense")


def test_the_limits_are_those_of_the_service(settings: Settings) -> None:
    """Five reads a second of a shard; botocore asks again a few times before it says so."""
    with ManyShards(settings, "--shards", "1", "--reads", "0.01") as control:
        clients = connect(control.settings)
        clients.dynamodb.call("create_table", **tables.definition(tables.MESSAGES, settings.message_table))
        api = DynamoStreams(clients, settings.message_table)
        arn = api.latest_stream()
        [shard] = api.shards(arn)
        api.records(api.iterator(arn, shard.id, None), 10)
        with pytest.raises(Throttled):
            api.records(api.iterator(arn, shard.id, None), 10)
        clients.dynamodb.raw.close()
        clients.streams.raw.close()


@pytest.mark.slow
def test_an_engine_that_goes_away_and_comes_back(tmp_path_factory: pytest.TempPathFactory, program: Program) -> None:
    """Meanwhile the service has an error of its own; afterwards what is new is dealt, or said to be lost."""
    with Engine(tmp_path_factory.mktemp("engine"), program=program) as engine, ExitStack() as stack:
        stage = Stage(settings_of(engine), "--shards", "1")
        stack.callback(stage.close)
        stage.put("a", 0, 1)
        [shard] = stage.api.shards(stage.arn)
        seen = stage.read(shard.id)
        engine.stop()
        with pytest.raises(OutcomeUnknown):
            stage.read(shard.id)
        engine.start()
        stage.put("b", 0, 1, 2)
        try:
            found = stage.read(shard.id, seen[-1].sequence_number)
        except RecordsTrimmed:
            found = stage.read(shard.id)
        assert [record.keys["pk"]["S"] for record in found] == ["b"] * 3


def test_a_body_of_unknown_length_is_refused(settings: Settings) -> None:
    """Its end could not be told from the next request."""
    with ManyShards(settings) as control:
        connection = HTTPConnection("127.0.0.1", urlsplit(control.url).port or 0)
        connection.request("POST", "/", iter([b"{}"]))
        assert connection.getresponse().status == 400
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_asked_to(settings: Settings, number: signal.Signals) -> None:
    """With status 0."""
    with ManyShards(settings) as control:
        control.process.send_signal(number)
        assert control.process.wait(20) == 0
