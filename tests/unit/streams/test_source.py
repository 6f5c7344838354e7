"""The engine's own stream is read once, in order, whatever the engine does meanwhile."""

import pytest

from devstack.streams.source import PAGE, Source
from shared.errors import IteratorExpired, OutcomeUnknown, RecordsTrimmed, RequestRefused, ShardMissing
from tests.unit.streams.engine import Engine, Own
from tests.unit.streams.made import ARN, numbers


@pytest.fixture
def engine() -> Engine:
    """With one shard of three records."""
    engine = Engine()
    engine.write(3)
    return engine


@pytest.fixture
def source(engine: Engine) -> Source:
    """Its reader."""
    return Source(engine.client, ARN)


def test_each_pull_brings_what_is_new(engine: Engine, source: Source) -> None:
    """From the oldest record on."""
    assert numbers(source.pull().records) == [0, 1, 2]
    assert source.pull().records == []
    engine.write(1)
    assert numbers(source.pull().records) == [3]


def test_full_pages_are_followed_at_once(engine: Engine, source: Source) -> None:
    """A backlog is not read a page at a time."""
    engine.write(2 * PAGE)
    assert len(source.pull().records) == 2 * PAGE + 3


def test_a_shard_that_rolls_is_followed(engine: Engine, source: Source) -> None:
    """DynamoDB Local rolls its only one every four hours."""
    source.pull()
    engine.shards["one"].closed = True
    engine.shards["two"] = Own()
    engine.write(2, "two")
    assert numbers(source.pull().records) == [0, 1]
    assert not source.pull().is_over


def test_a_stream_of_many_shards_is_read_whole(engine: Engine, source: Source) -> None:
    """Those that are not on the first page of its description too."""
    for name in ("two", "three", "four", "five"):
        engine.shards[name] = Own()
        engine.write(1, name)
    for shard in engine.shards.values():
        shard.closed = True
    assert numbers(source.pull().records) == [0, 1, 2, 0, 0, 0, 0]


def test_a_shard_that_the_engine_has_dropped_is_a_gap(engine: Engine, source: Source) -> None:
    """It has rolled meanwhile, and the stream is there as before: the next shard is read."""
    source.pull()
    del engine.shards["one"]
    engine.shards["two"] = Own()
    engine.write(2, "two")
    pulled = source.pull()
    assert (pulled.has_gap, pulled.is_over, numbers(pulled.records)) == (True, False, [0, 1])
    engine.write(1, "two")
    assert numbers(source.pull().records) == [2]


def test_what_was_read_before_a_gap_is_gone_with_it(engine: Engine, source: Source) -> None:
    """It would be dealt as if nothing were missing behind it."""
    engine.write(PAGE)
    engine.shards["two"] = Own()
    engine.write(1, "two")
    engine.meet("get_records", None, ShardMissing())
    pulled = source.pull()
    assert (pulled.has_gap, numbers(pulled.records)) == (True, [0])


def test_whether_the_stream_is_gone_is_asked_again_if_the_answer_was_lost(engine: Engine, source: Source) -> None:
    """Neither an end nor a gap is told before it is known."""
    source.pull()
    del engine.shards["one"]
    engine.meet("describe_stream", OutcomeUnknown())
    with pytest.raises(OutcomeUnknown):
        source.pull()
    assert source.pull().has_gap


@pytest.mark.parametrize("error", [IteratorExpired(), RequestRefused("ShardIterator is not valid")])
def test_an_iterator_that_is_no_good_is_replaced(engine: Engine, source: Source, error: IteratorExpired) -> None:
    """By one behind the last record that was read: nothing is dealt twice."""
    source.pull()
    engine.write(1)
    engine.meet("get_records", error)
    assert numbers(source.pull().records) == [3]


def test_an_answer_that_is_lost_is_asked_for_again(engine: Engine, source: Source) -> None:
    """The next pull brings all of it."""
    engine.meet("get_records", OutcomeUnknown())
    with pytest.raises(OutcomeUnknown):
        source.pull()
    assert numbers(source.pull().records) == [0, 1, 2]


def test_what_was_read_before_an_error_is_not_lost(engine: Engine, source: Source) -> None:
    """The first page came, the second did not."""
    engine.write(PAGE)
    engine.meet("get_records", None, OutcomeUnknown())
    first, rest = source.pull().records, source.pull().records
    assert (len(first), numbers(first + rest)) == (PAGE, list(range(PAGE + 3)))


def test_after_an_error_the_iterator_is_a_new_one(engine: Engine, source: Source) -> None:
    """The engine may have been restarted, and an old iterator may lead anywhere."""
    source.pull()
    engine.meet("get_records", OutcomeUnknown())
    with pytest.raises(OutcomeUnknown):
        source.pull()
    asked = engine.calls.count("get_shard_iterator")
    source.pull()
    assert engine.calls.count("get_shard_iterator") == asked + 1


def test_a_gap_is_told(engine: Engine, source: Source) -> None:
    """An engine that has forgotten its stream goes on with the oldest record it has."""
    source.pull()
    engine.shards["one"].records.clear()
    engine.write(2)
    engine.meet("get_records", RecordsTrimmed())
    pulled = source.pull()
    assert (pulled.has_gap, numbers(pulled.records)) == (True, [0, 1])


def test_a_stream_that_is_gone_is_over(engine: Engine, source: Source) -> None:
    """Its table was deleted."""
    assert not source.pull().is_over
    engine.is_there = False
    assert source.pull().is_over


def test_a_stream_that_was_switched_off_is_over_when_it_is_read(engine: Engine, source: Source) -> None:
    """Not before its last record."""
    engine.status, engine.shards["one"].closed = "DISABLED", True
    pulled = source.pull()
    assert (len(pulled.records), pulled.is_over) == (3, True)
