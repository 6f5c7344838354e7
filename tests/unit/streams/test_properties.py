"""Whatever happens to the shards, readers that take each child after its parent see every item's changes in order."""

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from devstack.streams.iterators import Place
from devstack.streams.model import ShardedStream
from devstack.streams.shards import SPACE
from devstack.streams.tree import numeral
from shared.errors import RecordsTrimmed
from tests.unit.streams.made import NOON, in_order, numbers, read, record, stream

EVENTS = some.lists(
    some.one_of(
        some.tuples(some.just("deal"), some.lists(some.sampled_from("abcdef"), max_size=5)),
        some.tuples(some.sampled_from(["split", "roll", "close"]), some.integers(0, 50)),
    ),
    max_size=40,
)


def play(stream: ShardedStream, events: list[tuple[str, Any]]) -> dict[str, int]:
    """Let it happen; how many changes each item had."""
    changes: dict[str, int] = defaultdict(int)
    for what, which in events:
        if what == "deal":
            for key in which:
                stream.deal([record(key, changes[key])], NOON)
                changes[key] += 1
        elif open_ones := stream.tree.open:
            getattr(stream.tree, what)(open_ones[which % len(open_ones)], NOON)
    return changes


def by_item(records: list[Any]) -> dict[str, list[int]]:
    """The changes of each item as they were read."""
    found: dict[str, list[int]] = defaultdict(list)
    for one in records:
        found[one["dynamodb"]["Keys"]["pk"]["S"]] += numbers([one])
    return found


@given(EVENTS, some.integers(1, 9), some.integers(1, 4), some.integers(0, 9))
def test_every_change_once_and_in_order(events: list[tuple[str, Any]], shards: int, limit: int, seed: int) -> None:
    """No record is lost or doubled by a split, and none comes before an older one of its item."""
    made = stream(shards=shards, seed=seed)
    changes = play(made, events)
    found = by_item([one for shard in in_order(made) for one in read(made, shard, limit=limit)])
    assert found == {key: list(range(count)) for key, count in changes.items() if count}


@given(EVENTS, some.integers(1, 9))
def test_numbers_grow_along_every_line(events: list[tuple[str, Any]], shards: int) -> None:
    """Start, records, end, then the children's: each above the one before."""
    made = stream(shards=shards)
    play(made, events)
    for shard in made.tree.shards.values():
        parent = made.tree.shards.get(shard.parent or "")
        before = [parent.end] if parent and parent.end else []
        line = [*before, shard.start, *(entry.sequence for entry in shard.entries), *([shard.end] if shard.end else [])]
        assert line == sorted(set(line))


@given(EVENTS, some.integers(1, 9))
def test_every_place_has_one_owner(events: list[tuple[str, Any]], shards: int) -> None:
    """Open shards and those that wait for an heir cover the space, without overlap."""
    made = stream(shards=shards)
    play(made, events)
    parents = {shard.parent for shard in made.tree.shards.values()}
    owners = sorted(
        (shard.range.first, shard.range.end) for shard in made.tree.shards.values() if shard.id not in parents
    )
    assert [first for first, _ in owners] == [0, *(end for _, end in owners[:-1])]
    assert owners[-1][1] == SPACE


@given(some.integers(1, 30), some.integers(0, 30), some.integers(0, 29))
def test_after_a_number_all_follows_or_it_is_said(count: int, trimmed: int, place: int) -> None:
    """A reader is never led past records that are gone without a word."""
    made = stream(shards=1)
    for number in range(count):
        made.deal([record("a", number)], NOON + number)
    [shard] = made.tree.open
    place = min(place, count - 1)
    sequence = numeral(shard.entries[place].sequence)
    shard.trim(NOON + trimmed)
    try:
        iterator = made.iterator(shard.id, "AFTER_SEQUENCE_NUMBER", sequence, NOON)
    except RecordsTrimmed:
        assert place < trimmed
    else:
        assert numbers(made.records(Place.decode(iterator), 1000, NOON).records) == list(range(place + 1, count))
