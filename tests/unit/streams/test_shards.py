"""One shard: its range and its records."""

from itertools import pairwise

import pytest

from devstack.streams import shards
from devstack.streams.shards import SPACE, Entry, Range, Shard, place_of
from shared.errors import RecordsTrimmed


def shard(*sequences: int) -> Shard:
    """A shard that began at 10 and has these records, dealt at the second of their number."""
    entries = [Entry(number, float(number), 1, {"number": number}) for number in sequences]
    return Shard("shard", None, Range(0, SPACE), 10, 0.0, entries)


def after(shard: Shard, position: int, limit: int = 100) -> list[int]:
    """The numbers behind a position."""
    return [entry.sequence for entry in shard.after(position, limit)]


@pytest.mark.parametrize("count", [1, 3, 8, 1000])
def test_even_ranges_cover_the_space(count: int) -> None:
    """No place is left out, none is there twice."""
    ranges = Range.even(count)
    assert (ranges[0].first, ranges[-1].end) == (0, SPACE)
    assert all(one.end == following.first for one, following in pairwise(ranges))


def test_halves_cover_their_range() -> None:
    """An odd range too."""
    assert Range(4, 9).halves == [Range(4, 6), Range(6, 9)]


def test_a_range_of_one_place_cannot_be_halved() -> None:
    """Its split is a roll."""
    assert Range(4, 5).halves == [Range(4, 5)]


def test_a_key_is_always_at_the_same_place() -> None:
    """However its JSON is ordered; and keys spread."""
    assert place_of({"S": "a", "N": "1"}) == place_of({"N": "1", "S": "a"})
    assert len({place_of({"S": str(number)}) >> 61 for number in range(100)}) == 8


def test_pages_follow_the_position() -> None:
    """The limit ends a page."""
    assert after(shard(11, 13, 15), 9) == [11, 13, 15]
    assert after(shard(11, 13, 15), 11, 1) == [13]
    assert after(shard(11, 13, 15), 15) == []


def test_a_page_has_a_megabyte_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """But a record that is larger comes alone: nobody waits for it for ever."""
    monkeypatch.setattr(shards, "PAGE_BYTES", 2)
    assert after(shard(11, 12, 13), 9) == [11, 12]
    monkeypatch.setattr(shards, "PAGE_BYTES", 0)
    assert after(shard(11, 12, 13), 9) == [11]


def test_a_position_before_what_is_gone_is_refused() -> None:
    """Right behind the last record that is gone nothing is missing."""
    old = shard(11, 12, 13)
    old.trim(13.0)
    assert (old.trimmed, after(old, 12)) == (12, [13])
    with pytest.raises(RecordsTrimmed):
        old.after(11, 1)


def test_an_iterator_may_not_name_a_record_that_is_gone() -> None:
    """Not even the last of them: the number itself is older than the horizon."""
    old = shard(11, 12, 13)
    old.trim(13.0)
    old.may_start_after(13)
    with pytest.raises(RecordsTrimmed):
        old.may_start_after(12)


def test_an_idle_shard_loses_nothing() -> None:
    """Nothing to trim, nothing is noted."""
    idle = shard()
    idle.trim(99.0)
    assert (idle.trimmed, idle.oldest) == (None, 9)


def test_only_a_closed_shard_is_read_to_its_end() -> None:
    """At the last record, or at once if it never had any."""
    some, none = shard(11, 12), shard()
    assert not some.is_read_to_its_end(12)
    some.end, none.end = 14, 11
    assert (some.is_read_to_its_end(11), some.is_read_to_its_end(12)) == (False, True)
    assert none.is_read_to_its_end(9)
