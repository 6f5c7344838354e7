"""Merging reads of one page, and cursors: the pure part of the readers."""

from hypothesis import given
from hypothesis import strategies as st

from shared.conversations import conversation_of, merge_reads, message_of
from shared.cursors import decode_cursor, encode_cursor
from shared.models import Conversation, Item, Message, User

PLACES = st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 9).map(str), max_size=6)


def row(group: str, sk: str) -> Item:
    return {"pk": {"S": "GRP#u"}, "sk": {"S": sk}, "message_group_uuid": {"S": group}}


def read(places: dict[str, str]) -> list[Item]:
    """A page as DynamoDB answers it: newest first."""
    return [row(group, sk) for group, sk in sorted(places.items(), key=lambda place: place[1], reverse=True)]


@given(st.lists(PLACES, min_size=1, max_size=4))
def test_every_group_that_was_seen_shows_once_where_it_was_seen_last(reads: list[dict[str, str]]) -> None:
    """The last read wins, earlier ones add what it lacks, newest first."""
    merged = merge_reads([read(places) for places in reads])
    expected: dict[str, str] = {}
    for places in reads:
        expected |= places
    assert {item["message_group_uuid"]["S"]: item["sk"]["S"] for item in merged} == expected
    assert len(merged) == len(expected)
    assert [item["sk"]["S"] for item in merged] == sorted(expected.values(), reverse=True)


def test_of_two_rows_of_a_group_the_later_wins() -> None:
    """Within one read."""
    assert merge_reads([[row("A", "2"), row("B", "1"), row("A", "0")]]) == [row("A", "2"), row("B", "1")]


@given(st.text(min_size=1, max_size=80))
def test_a_cursor_leads_back_to_its_place(sk: str) -> None:
    """Whatever the sort key; it fits into a URL as it is."""
    cursor = encode_cursor(sk)
    assert decode_cursor(cursor) == sk
    assert all(character.isalnum() or character in "-_" for character in cursor)


def test_missing_or_strange_attributes_show_as_empty() -> None:
    """Rows and messages of others are tolerated."""
    strange: Item = {"pk": {"S": "GRP#u"}, "sk": {"S": "1"}, "message": {"N": "5"}, "user_handle": {"NULL": True}}
    nobody = User("", "", "")
    assert conversation_of(strange) == Conversation("", "1", "", nobody)
    assert message_of({"pk": {"S": "MSG#g"}, "sk": {"S": "1"}}) == Message("g", "1", "", "", nobody)
