"""The end of a shard: whether it is one, and what its children begin with."""

import pytest

from shared.errors import AccessDenied, RecordsTrimmed, ShardMissing, Throttled
from stream_worker.checkpoints import FORGET_AFTER
from stream_worker.drivers.kcl.position import LOOKS_BEHIND
from stream_worker.streams import Page
from tests.fakes.child import Child
from tests.fakes.faulty import refused

DAY_S = 86_400.0


def test_an_end_is_kept_with_its_moment() -> None:
    """The children begin there, not where the last write was."""
    child = Child()
    position = child.opened()
    child.clock.advance(5)
    child.settle(position)
    child.streams.shard("a").closed = True
    position.end()
    item = child.item()
    assert item
    assert (item.ended, item.settled_until, child.gaps) == (True, child.clock.now(), [])


def test_an_end_is_written_over_what_stands_there() -> None:
    """A former owner of the shard wrote since we last looked."""
    child = Child()
    zombie, owner = child.opened(), child.opened()
    child.clock.advance(60)
    child.settle(zombie)
    zombie.keep()
    child.streams.shard("a").closed = True
    owner.settled(child.streams.shard("a").records[-1], 0.0)
    owner.end()
    item = child.item()
    assert item
    assert (item.ended, item.settled_until) == (True, child.clock.now())


def test_a_shard_that_is_gone_at_its_end_is_lost() -> None:
    """The adapter takes a shard that is not found for one that ended; owed before the end is written, once."""
    child = Child()
    position = child.opened()
    child.streams.meet("iterator", *[ShardMissing()] * 2)
    child.client.meet("put_item", refused(Throttled()))
    with pytest.raises(Throttled):
        position.end()
    position.end()
    item = child.item()
    assert item
    assert (child.gaps, item.ended, child.said("shard_lost")) == (["shard lost"], True, 1)


def test_a_shard_with_records_behind_its_end_is_lost() -> None:
    """It was not found for a moment, and KCL went on to its children."""
    child = Child()
    position = child.opened()
    child.settle(position)
    child.written(1)
    child.streams.shard("a").closed = True
    position.end()
    assert child.gaps == ["shard lost"]


@pytest.mark.parametrize("answer", [RecordsTrimmed(), None])
def test_an_end_that_is_one_owes_nothing(answer: Exception | None) -> None:
    """A last record that is so old that its place is gone is none either: its moment would be too old."""
    child = Child()
    position = child.opened()
    child.settle(position)
    child.streams.shard("a").closed = True
    child.streams.meet("iterator", answer)
    position.end()
    assert child.gaps == []


def test_pages_without_end_are_not_looked_at_for_ever() -> None:
    """A shard that is still open, to whom it is read by: KCL says that it ended."""
    child = Child()
    child.opened().end()
    assert child.streams.count("records") == LOOKS_BEHIND
    assert child.gaps == []


def test_empty_pages_before_a_record_are_walked_through() -> None:
    """An empty page is not the end."""
    child = Child()
    position = child.opened()
    child.written(1)
    child.streams.meet("records", *[Page((), "x")] * 3, Page(tuple(child.streams.shard("a").records), None))
    position.end()
    assert child.gaps == ["shard lost"]


def test_an_old_end_is_owed_first() -> None:
    """A process that slept before the last call."""
    child = Child()
    position = child.opened()
    child.clock.advance(DAY_S)
    child.streams.shard("a").closed = True
    position.end()
    item = child.item()
    assert item
    assert (child.gaps, item.settled_until) == (["checkpoint too old"], child.clock.now())


def test_shards_of_two_days_are_forgotten() -> None:
    """Only those that ended; and trouble with that is no trouble."""
    child = Child()
    child.streams.build({"": ["b"]})
    open_one, over = child.opened(shard="b"), child.opened()
    over.end()
    child.clock.advance(FORGET_AFTER.total_seconds() + 1)
    child.client.meet("query", refused(AccessDenied()))
    for position in (open_one, over):
        position.forget_old()
    assert (child.item("a"), child.item("b") is None) == (None, False)
