"""A stream as its readers see it."""

import pytest

from devstack.streams.iterators import Place
from devstack.streams.model import Page, ShardedStream
from devstack.streams.shards import Shard
from devstack.streams.tree import numeral
from shared.errors import AppError, IteratorExpired, RecordsTrimmed, RequestRefused, ShardMissing, Throttled
from tests.unit.streams.made import NOON, in_order, numbers, read, record, stream


def one_shard(count: int = 0, **options: object) -> tuple[ShardedStream, Shard]:
    """A stream of one shard with some records."""
    made = stream(shards=1, **options)
    made.deal([record("a", number) for number in range(count)], NOON)
    return made, made.tree.open[0]


def page(stream: ShardedStream, iterator: str | None, now: float = NOON, limit: int = 1000) -> Page:
    """One page."""
    assert iterator
    return stream.records(Place.decode(iterator), limit, now)


def start(stream: ShardedStream, shard: Shard, kind: str = "TRIM_HORIZON", sequence: int | None = None) -> str:
    """An iterator."""
    return stream.iterator(shard.id, kind, None if sequence is None else numeral(sequence), NOON)


def test_the_four_kinds_of_iterators() -> None:
    """From the oldest, from now on, at and after a number."""
    made, shard = one_shard(4)
    second = shard.entries[1].sequence
    found = {
        "TRIM_HORIZON": numbers(page(made, start(made, shard)).records),
        "LATEST": numbers(page(made, start(made, shard, "LATEST")).records),
        "AT": numbers(page(made, start(made, shard, "AT_SEQUENCE_NUMBER", second)).records),
        "AFTER": numbers(page(made, start(made, shard, "AFTER_SEQUENCE_NUMBER", second)).records),
    }
    assert found == {"TRIM_HORIZON": [0, 1, 2, 3], "LATEST": [], "AT": [1, 2, 3], "AFTER": [2, 3]}


def test_latest_shows_what_comes() -> None:
    """And nothing of what was."""
    made, shard = one_shard(2)
    iterator = start(made, shard, "LATEST")
    made.deal([record("a", 7)], NOON)
    assert numbers(page(made, iterator).records) == [7]


@pytest.mark.parametrize("sequence", [None, "", "x", "7", "9" * 21, "-1"])
def test_a_number_that_is_none_of_the_shard(sequence: str | None) -> None:
    """Below its start or, once it is closed, above its end."""
    made, shard = one_shard(2)
    made.tree.split(shard, NOON)
    with pytest.raises(RequestRefused, match="Invalid SequenceNumber"):
        made.iterator(shard.id, "AFTER_SEQUENCE_NUMBER", sequence, NOON)


def test_an_unknown_kind() -> None:
    """It is refused."""
    made, shard = one_shard()
    with pytest.raises(RequestRefused, match="SOMEWHERE"):
        start(made, shard, "SOMEWHERE")


def test_an_open_shard_never_ends() -> None:
    """Its tip has an iterator, again and again."""
    made, shard = one_shard(3)
    tip = page(made, start(made, shard))
    again = page(made, tip.iterator)
    assert (len(tip.records), again.records) == (3, [])
    assert again.iterator


def test_a_closed_shard_ends_behind_its_last_record() -> None:
    """Not before, and with the page that has it."""
    made, shard = one_shard(3)
    made.tree.split(shard, NOON)
    first = page(made, start(made, shard), limit=2)
    assert first.iterator
    assert page(made, first.iterator).iterator is None


def test_trim_horizon_never_says_that_data_was_trimmed() -> None:
    """It begins at the oldest record that is left when it is used."""
    made, shard = one_shard(3)
    before = start(made, shard)
    made.trim()
    made.deal([record("a", 9)], NOON)
    assert numbers(page(made, before).records) == [9]
    assert numbers(page(made, start(made, shard)).records) == [9]


def test_a_position_that_was_trimmed_says_so() -> None:
    """When the iterator is made, and when one that was good is used too late."""
    made, shard = one_shard(3)
    first = shard.entries[0].sequence
    good = start(made, shard, "AFTER_SEQUENCE_NUMBER", first)
    made.trim(shard)
    with pytest.raises(RecordsTrimmed):
        start(made, shard, "AFTER_SEQUENCE_NUMBER", first)
    with pytest.raises(RecordsTrimmed):
        page(made, good)


def test_records_are_trimmed_with_age() -> None:
    """A day after they came, or what is set."""
    made, shard = one_shard(3, keep_s=60.0)
    made.tick(NOON + 59)
    assert len(shard.entries) == 3
    made.tick(NOON + 66)
    assert shard.entries == []


def test_an_iterator_expires_after_a_quarter_of_an_hour() -> None:
    """Each page gives a fresh one."""
    made, shard = one_shard(1)
    iterator = start(made, shard)
    following = page(made, iterator, NOON + 899).iterator
    assert page(made, following, NOON + 899 + 899).records == []
    with pytest.raises(IteratorExpired):
        page(made, iterator, NOON + 901)


def test_iterators_expire_on_command() -> None:
    """All that were given out before; not the next."""
    made, shard = one_shard(1)
    old = start(made, shard)
    made.expire_iterators(NOON)
    with pytest.raises(IteratorExpired):
        page(made, old)
    assert page(made, made.iterator(shard.id, "TRIM_HORIZON", None, NOON + 1), NOON + 1).records


def test_each_shard_is_throttled_by_itself() -> None:
    """Five reads a second of one say nothing about the other."""
    made = stream(shards=2, reads_per_s=5.0)
    one, other = made.tree.open
    first, second = start(made, one), start(made, other)
    for _ in range(5):
        page(made, first)
    with pytest.raises(Throttled):
        page(made, first)
    assert page(made, second).iterator


def test_listings_are_throttled() -> None:
    """Ten a second."""
    made = stream(describes_per_s=10.0)
    for _ in range(10):
        made.describe(NOON)
    with pytest.raises(Throttled):
        made.describe(NOON)


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (100, 1), (101, 2), (250, 3)])
def test_listings_come_in_pages_of_a_hundred(count: int, pages: int) -> None:
    """Each shard once, in the order of creation."""
    made, seen, cursor = stream(shards=count), list[str](), ""
    for number in range(1, pages + 1):
        listing = made.describe(NOON, start=cursor)
        seen += [shard.id for shard in listing.shards]
        assert (listing.last is None) == (number == pages)
        cursor = listing.last or ""
    assert seen == list(made.tree.shards)


def test_a_page_of_a_listing_can_be_smaller() -> None:
    """But not larger; and a cursor may name a shard that is forgotten."""
    made = stream(shards=5)
    first = made.describe(NOON, limit=2)
    del made.tree.shards[first.last or ""]
    assert len(made.describe(NOON, start=first.last or "").shards) == 3
    for limit in (0, 101):
        with pytest.raises(RequestRefused, match="Limit"):
            made.describe(NOON, limit=limit)


def test_the_children_of_one_shard() -> None:
    """Nobody else's."""
    made = stream(shards=3)
    parent, other, _ = made.tree.open
    children = made.tree.split(parent, NOON)
    made.tree.split(other, NOON)
    assert made.describe(NOON, children_of=parent.id).shards == children
    assert made.describe(NOON, children_of=children[0].id).shards == []


def test_a_schedule_splits_and_rolls() -> None:
    """One shard each time it is due; a long silence is not made up for."""
    made = stream(shards=2, split_every_s=5.0, roll_every_s=7.0)
    made.tick(NOON + 4)
    assert len(made.tree.shards) == 2
    made.tick(NOON + 5)
    assert (len(made.tree.open), len(made.tree.shards)) == (3, 4)
    made.tick(NOON + 7)
    assert (len(made.tree.open), len(made.tree.shards)) == (3, 5)
    made.tick(NOON + 1000)
    assert (len(made.tree.open), len(made.tree.shards)) == (4, 8)


def test_empty_pages_lose_nothing() -> None:
    """They come before the tip too, and are no end."""
    made, shard = one_shard(50, empty_pages=0.5)
    made.tree.split(shard, NOON)
    iterator: str | None = start(made, shard)
    pages: list[list[int]] = []
    while iterator:
        found = page(made, iterator, limit=5)
        pages.append(numbers(found.records))
        iterator = found.iterator
    assert [] in pages
    assert [number for found in pages for number in found] == list(range(50))


def test_a_stream_that_has_ended_closes_its_shards() -> None:
    """What it had can be read; no schedule wakes it."""
    made, shard = one_shard(2, split_every_s=1.0)
    made.end(NOON)
    made.tick(NOON + 10)
    assert made.tree.open == []
    assert len(read(made, shard)) == 2


@pytest.mark.parametrize("ask", ["iterator", "records"])
def test_a_shard_that_is_forgotten_is_missing(ask: str) -> None:
    """Its iterators lead nowhere."""
    made, shard = one_shard(1)
    iterator = start(made, shard)
    made.tree.split(shard, NOON)
    made.tree.forget()
    expected: type[AppError] = ShardMissing
    with pytest.raises(expected):
        page(made, iterator) if ask == "records" else start(made, shard)


def test_children_continue_where_the_parent_ended() -> None:
    """Read parent first, an item's changes are in their order."""
    made, shard = one_shard(3)
    made.tree.split(shard, NOON)
    made.deal([record("a", number) for number in range(3, 6)], NOON)
    assert [number for one in in_order(made) for number in numbers(read(made, one))] == list(range(6))
