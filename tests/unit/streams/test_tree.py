"""How shards come, go and inherit."""

import pytest

from devstack.streams.model import ShardedStream
from devstack.streams.options import Options
from devstack.streams.shards import SPACE, Shard
from devstack.streams.tree import Tree
from shared.errors import RecordsTrimmed, RequestRefused, ShardMissing
from tests.unit.streams.made import ARN, NOON, numbers, record, stream


def tree(**options: object) -> Tree:
    """The shards of a stream that does nothing by itself."""
    return stream(**options).tree


def widths(shards: list[Shard]) -> int:
    """How much of the space they cover."""
    return sum(shard.range.end - shard.range.first for shard in shards)


def test_a_key_goes_to_one_shard() -> None:
    """All of its changes, in their order; other keys go elsewhere."""
    all_of = tree(shards=8)
    all_of.deal([record(key, number) for number in range(5) for key in "abcdefghijklmnop"], NOON)
    filled = [shard for shard in all_of.open if shard.entries]
    assert len(filled) > 4
    for shard in filled:
        keys = {entry.body["dynamodb"]["Keys"]["pk"]["S"] for entry in shard.entries}
        found = numbers(entry.body for entry in shard.entries)
        assert found == [number for number in range(5) for _ in keys]


def test_a_split_closes_the_parent() -> None:
    """It gets an ending number; both halves name it; nothing of the space is lost."""
    all_of = tree(shards=1)
    [parent] = all_of.open
    children = all_of.split(parent, NOON)
    assert all_of.open == children
    assert [child.parent for child in children] == [parent.id] * 2
    assert parent.end is not None
    assert all(child.start > parent.end for child in children)
    assert widths(all_of.open) == SPACE


def test_a_roll_has_one_child() -> None:
    """Of the same range."""
    all_of = tree(shards=2)
    parent = all_of.open[0]
    [child] = all_of.roll(parent, NOON)
    assert (child.parent, child.range) == (parent.id, parent.range)


def test_beyond_the_most_a_split_is_a_roll() -> None:
    """A schedule that nobody stops does not grow for ever."""
    all_of = tree(shards=4, most_open=4)
    all_of.split(all_of.any_open(), NOON)
    assert len(all_of.open) == 4


def test_a_closed_shards_child_comes_with_its_next_record() -> None:
    """Until then the shard is closed and has none."""
    all_of = tree(shards=1)
    [parent] = all_of.open
    all_of.close(parent, NOON)
    assert all_of.open == []
    all_of.deal([record("a")], NOON)
    [child] = all_of.open
    assert (child.parent, len(child.entries), parent.entries) == (parent.id, 1, [])


def test_nothing_is_closed_twice() -> None:
    """It would have children twice."""
    all_of = tree(shards=1)
    [parent] = all_of.open
    all_of.split(parent, NOON)
    for command in (all_of.split, all_of.roll, all_of.close):
        with pytest.raises(RequestRefused, match="closed already"):
            command(parent, NOON)


def test_with_all_closed_there_is_none_to_choose() -> None:
    """A schedule has nothing to do then, a command says so."""
    all_of = tree(shards=1)
    all_of.close(all_of.any_open(), NOON)
    with pytest.raises(RequestRefused, match="No shard is open"):
        all_of.any_open()


def test_old_records_go_and_then_old_shards() -> None:
    """A closed shard is listed for a while, then it is unknown; an open one stays."""
    all_of = tree(shards=1, keep_s=100.0)
    all_of.deal([record("a")], NOON)
    [parent] = all_of.open
    [child] = all_of.roll(parent, NOON + 50)
    all_of.grow_old(NOON + 101)
    assert (parent.entries, all_of.get(parent.id)) == ([], parent)
    all_of.grow_old(NOON + 151)
    assert list(all_of.shards) == [child.id]
    with pytest.raises(ShardMissing):
        all_of.get(parent.id)


def test_who_waits_for_an_heir_is_not_forgotten() -> None:
    """Its range would belong to nobody."""
    all_of = tree(shards=1)
    [parent] = all_of.open
    all_of.close(parent, NOON)
    assert all_of.forget() == []
    all_of.deal([record("a")], NOON)
    assert all_of.forget() == [parent]


def test_what_was_lost_before_it_was_dealt_is_lost_to_every_open_shard() -> None:
    """Also to one that never had a record: it could have had this one."""
    all_of = tree(shards=2)
    closed, idle = all_of.open
    all_of.close(closed, NOON)
    all_of.lose()
    assert closed.after(closed.start, 1) == []
    with pytest.raises(RecordsTrimmed):
        idle.after(idle.start, 1)


def test_children_are_listed_late() -> None:
    """They can be read before; the first shards are listed at once."""
    all_of = tree(shards=1, children_late_s=5.0)
    [parent] = all_of.open
    children = all_of.split(parent, NOON)
    assert list(all_of.listed(NOON + 4.9)) == [parent]
    assert list(all_of.listed(NOON + 5)) == [parent, *children]
    assert all_of.get(children[0].id) is children[0]


def test_listings_leave_shards_out() -> None:
    """Now this one, now that one; so a child is shown without its parent at times."""
    all_of = tree(shards=20, listing_lacks=0.5)
    shown = [frozenset(shard.id for shard in all_of.listed(NOON)) for _ in range(20)]
    assert len(set(shown)) > 10
    assert frozenset.union(*shown) == frozenset(all_of.shards)


def test_names_and_numbers_are_as_the_api_writes_them() -> None:
    """Names sort as they were given; numbers have one width, and the record carries its own."""
    all_of = tree(shards=12)
    all_of.deal([record("a")], NOON)
    assert sorted(all_of.shards) == list(all_of.shards)
    [entry] = [entry for shard in all_of.open for entry in shard.entries]
    assert entry.body["dynamodb"]["SequenceNumber"] == str(entry.sequence)
    assert len(str(entry.sequence)) == 21


def test_dealt_anew_later_the_numbers_go_on() -> None:
    """A checkpoint of before is never ahead of what comes."""
    before, later = stream(shards=1), ShardedStream(ARN, "pk", Options(shards=1), NOON + 1)
    before.deal([record("a")] * 1000, NOON)
    assert later.tree.open[0].start > before.tree.open[0].entries[-1].sequence


def test_the_same_seed_splits_the_same_shards() -> None:
    """A run that went wrong can be repeated."""
    one, other = tree(shards=9, seed=5), tree(shards=9, seed=5)
    assert [one.any_open().id for _ in range(20)] == [other.any_open().id for _ in range(20)]
