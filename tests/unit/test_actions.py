"""The actions of our transactions."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from producer.actions import Seat, free_place, message_item, put_roster, row_item
from shared import keys
from shared.models import MAX_TEXT, Message, User

ANN, BEN = User("ann-1", "ann", "Ann"), User("ben-1", "ben", "Ben")
NOON = "2026-11-22T12:00:00.000000+00:00"
HI = Message("g", NOON, "m-1", "hi", ANN)


@given(st.sets(st.integers(0, 20)))
def test_a_place_is_free_and_close(taken: set[int]) -> None:
    """The first microsecond that none of the user's rows has."""
    stamps = [f"2026-11-22T12:00:00.{number:06}+00:00" for number in range(22)]
    place = free_place(NOON, frozenset(stamps[number] for number in taken))
    assert stamps.index(place) == min(set(range(22)) - taken)


def test_a_row_names_its_message_exactly_wherever_it_stands() -> None:
    """`last_message_sk` is the message's; each write has its own `row_rev`."""
    one, other = (row_item(Seat("ben-1", ANN), keys.bump(NOON), HI) for _ in range(2))
    assert (one["sk"]["S"], one["last_message_sk"]["S"]) == (keys.bump(NOON), NOON)
    assert one["row_rev"] != other["row_rev"]


def test_a_row_shows_a_longer_text_cut() -> None:
    """Other software may have written it; the worker cuts it in the same place."""
    assert len(row_item(Seat("ben-1", ANN), NOON, replace(HI, text="x" * 2000))["message"]["S"]) == MAX_TEXT


def test_a_message_stays_out_of_the_index() -> None:
    """It has no `message_group_uuid`."""
    assert "message_group_uuid" not in message_item(HI)


def test_a_renewed_roster_entry_always_differs() -> None:
    """Even if the clock stands still: of two who read the same entry only one may succeed."""
    entry = {**keys.roster_key("g", "ben-1"), "created_at": {"S": NOON}}
    assert put_roster("g", "ben-1", NOON, entry)["Put"]["Item"]["created_at"] != entry["created_at"]
    assert put_roster("g", "ben-1", keys.bump(NOON), entry)["Put"]["Item"]["created_at"] != entry["created_at"]


def test_an_entry_is_not_as_read_once_its_member_has_left() -> None:
    """Leaving adds an attribute; the condition on those that were read would not see it."""
    entry = put_roster("g", "ben-1", NOON, None)["Put"]["Item"]
    assert "attribute_not_exists(left_at)" in put_roster("g", "ben-1", NOON, entry)["Put"]["ConditionExpression"]
