"""Stamps sort as time, bumps move on, a pair has one group."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import keys

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28), timezones=ZONES)  # noqa: DTZ001 - bounds are naive
IDS = st.uuids().map(str)


@given(MOMENTS, MOMENTS)
def test_stamps_sort_as_time(one: datetime, other: datetime) -> None:
    """Whatever the zones: string order is time order."""
    assert (keys.stamp(one) < keys.stamp(other)) == (one < other)


@given(MOMENTS)
def test_a_stamp_is_ours_and_reads_back(moment: datetime) -> None:
    """Fixed width, microseconds kept."""
    assert keys.is_ours(keys.stamp(moment))
    assert datetime.fromisoformat(keys.stamp(moment)) == moment


@pytest.mark.parametrize("sk", ["2026-13-45T99:99:99.999999+00:00", "٢٠٢٦-11-22T10:00:00.000000+00:00", "yesterday"])
def test_what_is_no_moment_is_not_ours(sk: str) -> None:
    """Nor is what only looks like one: whoever goes on to read the time would fall over it."""
    assert not keys.is_ours(sk)


@given(MOMENTS)
def test_a_bump_is_one_microsecond(moment: datetime) -> None:
    """In the same form."""
    assert keys.bump(keys.stamp(moment)) == keys.stamp(moment.astimezone(UTC) + timedelta(microseconds=1))


@given(st.text(min_size=1, max_size=40))
def test_a_bump_is_always_another_place(sk: str) -> None:
    """Also of a sort key that is no time at all."""
    assert keys.bump(sk) != sk


@pytest.mark.parametrize(
    ("sk", "later"),
    [
        ("2023-04-01T10:00:00", "2023-04-01T10:00:00.000001"),
        ("2023-04-01T10:00:00.000001-04:00", "2023-04-01T10:00:00.000002-04:00"),
        ("2023-04-01 10:00:00", "2023-04-01 10:00:00.000001"),
        ("no time", "no time0"),
        ("9999-12-31T23:59:59.999999+00:00", "9999-12-31T23:59:59.999999+00:000"),
    ],
)
def test_a_legacy_stamp_is_bumped_in_its_own_style(sk: str, later: str) -> None:
    """So that it sorts behind the one it follows."""
    assert keys.bump(sk) == later > sk


@given(IDS, IDS)
def test_a_pair_has_one_group_whoever_starts(one: str, other: str) -> None:
    """A UUID of version 5."""
    assert keys.pair_group(one, other) == keys.pair_group(other, one)
    assert UUID(keys.pair_group(one, other)).version == 5


@given(IDS, IDS, IDS)
def test_other_pairs_have_other_groups(one: str, other: str, third: str) -> None:
    """Changing one of the two changes the group."""
    assert (keys.pair_group(one, other) == keys.pair_group(one, third)) == (other == third)


def test_the_namespace_never_changes() -> None:
    """A pair that has a group would get a second one."""
    assert keys.pair_group("a", "b") == "fd3a8b8d-67b2-535c-9672-ac6ef6346679"
