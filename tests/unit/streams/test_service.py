"""The API and the commands, over an engine in memory."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from devstack.streams.options import Options
from devstack.streams.service import Service
from shared.errors import AppError, RecordsTrimmed, RequestRefused, ShardMissing
from tests.fakes.clock import Clock
from tests.unit.streams.engine import Engine, Own
from tests.unit.streams.made import ARN, NOON, numbers


class Desk:
    """The service, the engine behind it, and the time."""

    def __init__(self, **options: Any) -> None:
        self.engine = Engine()
        self.now = NOON
        chosen = {"shards": 1, "reads_per_s": 0.0, "describes_per_s": 0.0, "seed": 1, **options}
        self.service = Service(self.engine.client, Options(**chosen), self.clock)

    def clock(self) -> float:
        """Each look is a second later than the last."""
        self.now += 1
        return self.now

    def shards(self, **more: Any) -> list[Any]:
        """As listed."""
        return list(self.describe(**more)["Shards"])

    def describe(self, **more: Any) -> Any:
        """As described."""
        return self.service.call("DescribeStream", {"StreamArn": ARN, **more})["StreamDescription"]

    def read(self, shard: str) -> list[int]:
        """What is in a shard."""
        where = {"StreamArn": ARN, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        return numbers(self.service.call("GetRecords", self.service.call("GetShardIterator", where))["Records"])

    def command(self, name: str, **asked: str) -> list[Any]:
        """What a command answers: all streams."""
        return self.service.command(name, asked)


@pytest.fixture
def desk() -> Desk:
    """One shard, nothing happens by itself."""
    return Desk()


def test_the_description_is_the_engines_with_other_shards(desk: Desk) -> None:
    """Dates as the wire has them."""
    described = desk.describe()
    assert (described["TableName"], described["CreationRequestDateTime"]) == ("messages", NOON)
    assert [shard["ShardId"] for shard in described["Shards"]] != ["one"]


def test_what_the_engine_had_and_gets_is_dealt(desk: Desk) -> None:
    """From its oldest record on."""
    desk.engine.write(2)
    [shard] = desk.shards()
    assert desk.read(shard["ShardId"]) == [0, 1]
    desk.engine.write(1)
    assert desk.read(shard["ShardId"]) == [0, 1, 2]


def test_a_split_is_seen_in_the_listing(desk: Desk) -> None:
    """The parent has an ending number, the children name it; a filter shows them alone."""
    [parent] = desk.shards()
    assert "EndingSequenceNumber" not in parent["SequenceNumberRange"]
    desk.command("split")
    closed, *children = desk.shards()
    assert closed["SequenceNumberRange"]["EndingSequenceNumber"]
    assert [child["ParentShardId"] for child in children] == [parent["ShardId"]] * 2
    assert desk.shards(ShardFilter={"Type": "CHILD_SHARDS", "ShardId": parent["ShardId"]}) == children


@pytest.mark.parametrize(("name", "shards", "still_open"), [("split", 9, 6), ("roll", 6, 3), ("close", 3, 0)])
def test_a_command_to_all(name: str, shards: int, still_open: int) -> None:
    """Every open shard obeys, not the children that come of it."""
    desk = Desk(shards=3)
    desk.shards()
    [told] = desk.command(name, all="1")
    ends = [shard["SequenceNumberRange"].get("EndingSequenceNumber") for shard in told["shards"]]
    assert (len(ends), ends.count(None)) == (shards, still_open)


def test_a_command_to_one() -> None:
    """Nobody else obeys; one that is unknown is missing."""
    desk = Desk(shards=3)
    name = desk.shards()[1]["ShardId"]
    [told] = desk.command("roll", shard=name)
    assert told["shards"][-1]["ParentShardId"] == name
    with pytest.raises(ShardMissing):
        desk.command("roll", shard="nobody")


def test_a_command_that_there_is_not(desk: Desk) -> None:
    """The sentence names those there are."""
    desk.shards()
    with pytest.raises(RequestRefused, match="split, roll, close, trim, forget, expire"):
        desk.command("burn")


def test_trim_and_forget(desk: Desk) -> None:
    """Records first; then shards that are closed."""
    desk.engine.write(3)
    [parent] = desk.shards()
    desk.command("trim")
    assert desk.read(parent["ShardId"]) == []
    desk.command("roll")
    desk.command("forget")
    assert [shard["ParentShardId"] for shard in desk.shards()] == [parent["ShardId"]]


def test_a_gap_in_the_engines_stream_is_one_in_every_shard(desk: Desk) -> None:
    """Nobody is led past records that we never saw; also not in a shard that had none yet."""
    [shard] = desk.shards()
    position = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    where = {"StreamArn": ARN, "ShardId": shard["ShardId"], "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}
    desk.service.call("GetShardIterator", {**where, "SequenceNumber": position})
    desk.engine.meet("get_records", RecordsTrimmed())
    with pytest.raises(RecordsTrimmed):
        desk.service.call("GetShardIterator", {**where, "SequenceNumber": position})


def test_a_deleted_table_ends_the_shards(desk: Desk) -> None:
    """Its description is gone, what its shards had can be read to the end."""
    desk.engine.write(1)
    [shard] = desk.shards()
    desk.engine.is_there = False
    assert desk.read(shard["ShardId"]) == [0]
    with pytest.raises(ShardMissing):
        desk.describe()


@pytest.mark.parametrize(
    ("operation", "body", "error"),
    [
        ("DescribeStream", {}, RequestRefused),
        ("DescribeStream", {"StreamArn": ARN, "ShardFilter": {"Type": "ALL"}}, RequestRefused),
        ("GetShardIterator", {"StreamArn": ARN, "ShardIteratorType": "LATEST"}, RequestRefused),
        ("GetShardIterator", {"StreamArn": ARN, "ShardIteratorType": "LATEST", "ShardId": "x"}, ShardMissing),
        ("GetRecords", {"ShardIterator": "x"}, RequestRefused),
        ("GetRecords", {"ShardIterator": "x", "Limit": 1001}, RequestRefused),
        ("GetRecords", {"ShardIterator": 7}, RequestRefused),
        ("GetRecords", {"ShardIterator": "x", "Limit": "5"}, RequestRefused),
        ("GetRecords", {"ShardIterator": f"{ARN}|1|WyIiLCBJbmZpbml0eSwgMF0="}, RequestRefused),
        ("DescribeStream", {"StreamArn": ARN, "Limit": 0}, RequestRefused),
        ("DescribeStream", {"StreamArn": ARN, "Limit": True}, RequestRefused),
        ("DescribeStream", {"StreamArn": ARN, "ExclusiveStartShardId": 7}, RequestRefused),
        ("DescribeStream", {"StreamArn": ARN, "ShardFilter": "x"}, RequestRefused),
        ("DescribeStream", {"StreamArn": ARN, "ShardFilter": {"ShardId": "x"}}, RequestRefused),
        ("DescribeStream", {"StreamArn": ARN, "ShardFilter": {"Type": "CHILD_SHARDS"}}, RequestRefused),
    ],
)
def test_what_is_asked_wrongly_is_refused(desk: Desk, operation: str, body: Any, error: type[AppError]) -> None:
    """By the error that a client knows."""
    with pytest.raises(error):
        desk.service.call(operation, body)


@pytest.mark.parametrize("number", [7, "9" * 5000])
def test_a_number_that_is_none_is_refused(desk: Desk, number: Any) -> None:
    """Of the wrong kind, or longer than any that there is."""
    where = {"StreamArn": ARN, "ShardId": desk.shards()[0]["ShardId"], "ShardIteratorType": "AT_SEQUENCE_NUMBER"}
    with pytest.raises(RequestRefused, match="SequenceNumber"):
        desk.service.call("GetShardIterator", {**where, "SequenceNumber": number})


def test_the_pages_of_the_engines_listing_are_not_ours(desk: Desk) -> None:
    """Its cursor would lead a client of ours on for ever."""
    desk.engine.shards |= {name: Own() for name in ("two", "three")}
    assert "LastEvaluatedShardId" not in desk.describe()


def test_nobody_waits_while_another_stream_is_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine may take its time over it."""
    desk.shards()
    opening, going, describe = Event(), Event(), desk.engine.describe_stream

    def slow(**asked: Any) -> Any:
        if asked["StreamArn"] != ARN:
            opening.set()
            going.wait(10)
        return describe(**asked)

    monkeypatch.setattr(desk.engine, "describe_stream", slow)
    with ThreadPoolExecutor() as pool:
        other = pool.submit(desk.describe, StreamArn=f"{ARN}-2")
        assert opening.wait(10)
        assert pool.submit(desk.shards).result(5)
        going.set()
        assert other.result(10)


def test_many_readers_ask_the_engine_once() -> None:
    """Within the same moment."""
    engine, clock = Engine(), Clock()
    service = Service(engine.client, Options(shards=50, reads_per_s=0.0), clock.monotonic)
    service.call("DescribeStream", {"StreamArn": ARN})
    for shard in service.state()[0]["shards"]:
        where = {"StreamArn": ARN, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        service.call("GetRecords", service.call("GetShardIterator", where))
    assert engine.calls.count("get_records") == 1
