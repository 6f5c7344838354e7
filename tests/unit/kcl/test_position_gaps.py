"""Every way in which records may have been lost before a shard's place: what is owed when it is opened."""

from datetime import timedelta

import pytest

from shared.errors import ShardMissing, Throttled
from tests.fakes.child import Child
from tests.fakes.clock import NOON

DAY_S = 86_400.0


def test_a_first_shard_begins_where_its_stream_was_begun() -> None:
    """A sweep is owed for whatever came before that."""
    child = Child()
    child.clock.advance(60)
    assert (child.opened().until, child.gaps) == (NOON, [])
    item = child.item()
    assert item
    assert item.settled_until == NOON


@pytest.mark.parametrize("sequence", [None, "", "TRIM_HORIZON"])
def test_a_stream_that_nobody_begun_is_owed(sequence: str | None) -> None:
    """As is one whose item was deleted: nobody knows what came before."""
    child = Child()
    child.begun = None
    assert child.opened(sequence).until == NOON
    assert child.gaps == ["checkpoint missing"]


def test_a_shard_that_begins_long_after_its_stream_is_owed() -> None:
    """Its parent's item should be there."""
    child = Child()
    child.parents_of["a"] = ("gone",)
    child.clock.advance(DAY_S)
    assert child.opened().until == child.clock.now()
    assert child.gaps == ["checkpoint too old"]


@pytest.mark.parametrize("sequence", ["100", "LATEST", "AT_TIMESTAMP"])
def test_a_checkpoint_of_kcl_without_an_item_is_owed(sequence: str) -> None:
    """It says nothing about age; and a place that leaves records out is no beginning."""
    child = Child()
    child.streams.meet("iterator", "somewhere")
    child.opened(sequence)
    assert child.gaps == ["checkpoint missing"]


def test_a_child_begins_where_its_parent_ended() -> None:
    """At the earliest of them, if it has two; nothing is owed, and the item remembers one."""
    child = Child()
    child.streams.build({"a": ["b", "c"], "b": ["d"]})
    for shard, seconds in (("b", 60), ("c", 120)):
        position = child.opened(shard=shard)
        child.clock.advance(seconds)
        child.settle(position, shard)
        position.end()
    child.parents_of["d"] = ("b", "c")
    assert child.opened(shard="d").until == NOON + timedelta(seconds=60)
    item = child.item("d")
    assert item
    assert (item.parent, child.gaps) == ("b", [])


def test_a_child_of_a_parent_that_ended_yesterday_is_owed() -> None:
    """Its first records may be gone, without a word."""
    child = Child()
    child.streams.shard("a").closed = True
    child.opened().end()
    child.streams.build({"a": ["b"]})
    child.parents_of["b"] = ("a",)
    child.clock.advance(DAY_S)
    before = child.clock.now()
    child.before_gap = lambda: child.clock.advance(100)
    assert child.opened(shard="b").until == before
    assert child.gaps == ["checkpoint too old"]


def test_a_child_with_a_parent_that_nobody_knows_is_owed() -> None:
    """What is known of the other one says nothing about it."""
    child = Child()
    child.opened().end()
    child.streams.build({"a": ["b"]})
    child.parents_of["b"], child.begun = ("a", "gone"), None
    child.opened(shard="b")
    assert child.gaps == ["checkpoint missing"]


@pytest.mark.parametrize(("hours", "gaps"), [(19.9, []), (20.1, ["checkpoint too old"])])
def test_an_old_item_is_owed(hours: float, gaps: list[str]) -> None:
    """Whatever KCL's checkpoint says; once."""
    child = Child()
    child.opened()
    child.clock.advance(hours * 3600)
    for _ in range(2):
        child.opened()
    assert child.gaps == gaps


def test_a_trimmed_place_is_owed() -> None:
    """The adapter skips what is trimmed; one call says so."""
    child = Child()
    place = child.settle(child.opened())
    child.written(2)
    child.streams.shard("a").trimmed = 2
    child.clock.advance(5)
    assert child.opened(place).until == child.clock.now()
    assert (child.gaps, child.said("records_trimmed")) == (["records trimmed"], 1)


def test_the_moment_comes_before_the_debt() -> None:
    """A process may be stopped for a day while it owes: what is written meanwhile is not the sweep's."""
    child = Child()
    child.opened()
    child.clock.advance(DAY_S)
    before = child.clock.now()
    child.before_gap = lambda: child.clock.advance(100)
    assert child.opened().until == before


def test_a_debt_that_fails_opens_nothing() -> None:
    """The whole opening is done again."""
    child = Child()
    child.begun = None
    child.before_gap = lambda: (_ for _ in ()).throw(Throttled)
    with pytest.raises(Throttled):
        child.opened()
    assert child.item() is None


def test_a_shard_that_is_gone_opens() -> None:
    """KCL takes it for ended; that is when it is looked at."""
    child = Child()
    place = child.settle(child.opened())
    child.streams.meet("iterator", ShardMissing())
    child.opened(place)
    assert child.gaps == []


def test_a_slow_process_finds_its_place_too_old() -> None:
    """It slept for a day between two batches: the second may follow on records that were trimmed."""
    child = Child()
    position = child.opened()
    position.owe_if_too_old()
    child.clock.advance(DAY_S)
    before = child.clock.now()
    child.before_gap = lambda: child.clock.advance(100)
    for _ in range(2):
        position.owe_if_too_old()
    assert (child.gaps, position.until) == (["checkpoint too old"], before)
