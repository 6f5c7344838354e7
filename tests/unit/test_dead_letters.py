"""Dead letters: kept until they are settled, tried again ever more slowly, and without anybody's words in them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import NeverSettled, RequestRefused, Throttled
from stream_worker.contract import Batch, Record
from stream_worker.dead_letters import FIRST_RETRY, LONGEST_RETRY
from tests.fakes.faulty import refused
from tests.fakes.native import fail
from tests.fakes.streams import ARN
from tests.fakes.table import at, texts
from tests.fakes.upkeep import Upkeep


@pytest.fixture
def upkeep() -> Upkeep:
    """Three groups whose rows are behind, no letters."""
    upkeep = Upkeep()
    upkeep.stale(3)
    return upkeep


def put(upkeep: Upkeep, *groups: str) -> None:
    """Letters about whole groups, due now."""
    for group in groups:
        upkeep.letters.put_group(group, "", NeverSettled())
    upkeep.wait(minutes=1)


def test_a_letter_is_settled_by_the_table_as_it_is(upkeep: Upkeep) -> None:
    """No payload is needed: the group is reconciled."""
    put(upkeep, "g000")
    upkeep.retrier.run_due()
    assert upkeep.rows.shown("u000") == [("g000", "new")]
    assert (list(upkeep.open), list(upkeep.settled)) == ([], ["group#g000#"])


def test_a_letter_is_tried_when_its_time_has_come(upkeep: Upkeep) -> None:
    """Not before."""
    upkeep.letters.put_group("g000", "", NeverSettled())
    upkeep.wait(seconds=FIRST_RETRY.total_seconds() - 1)
    upkeep.retrier.run_due()
    assert list(upkeep.open) == ["group#g000#"]
    upkeep.wait(seconds=1)
    upkeep.retrier.run_due()
    assert upkeep.open == {}


def test_a_letter_put_again_while_the_retrier_works_stays(upkeep: Upkeep) -> None:
    """What came after the reconcile's reads may not be in them: `rev` tells."""
    put(upkeep, "g000")
    upkeep.rows.before("newest", lambda: upkeep.letters.put_group("g000", "", NeverSettled()))
    upkeep.retrier.run_due()
    assert upkeep.open["group#g000#"]["attempts"] == {"N": "2"}
    assert upkeep.settled == {}


def test_settled_letters_go_after_two_weeks_and_open_ones_never(upkeep: Upkeep) -> None:
    """Only what is done has a time to live."""
    put(upkeep, "g000", "g001")
    upkeep.rows.broken["g001"] = Throttled()
    upkeep.retrier.run_due()
    expires = (upkeep.clock.now() + timedelta(days=14)).timestamp()
    assert upkeep.settled["group#g000#"]["expires_at"] == {"N": str(int(expires))}
    assert "expires_at" not in upkeep.open["group#g001#"]


def test_a_letter_that_comes_back_is_open_without_a_time_to_live(upkeep: Upkeep) -> None:
    """The settled one of last week says nothing about it."""
    put(upkeep, "g000")
    upkeep.retrier.run_due()
    put(upkeep, "g000")
    assert upkeep.open["group#g000#"]["attempts"] == {"N": "1"}
    assert "expires_at" not in upkeep.open["group#g000#"]


@pytest.mark.parametrize("error", [Throttled(), RequestRefused()])
def test_one_failing_letter_stops_no_other(upkeep: Upkeep, error: Exception) -> None:
    """It is due later; those after it are tried now."""
    upkeep.rows.broken["g000"] = error
    put(upkeep, "g000", "g001", "g002")
    upkeep.retrier.run_due()
    assert list(upkeep.open) == ["group#g000#"]
    assert upkeep.open["group#g000#"]["error"] == {"S": type(error).__name__}


def test_a_letter_that_cannot_even_be_written_stops_no_other(upkeep: Upkeep) -> None:
    """It stays as it was, and is tried in the next round."""
    upkeep.rows.broken["g000"] = Throttled()
    put(upkeep, "g000", "g001", "g002")
    upkeep.client.meet("put_item", refused(RequestRefused()))
    upkeep.retrier.run_due()
    assert list(upkeep.open) == ["group#g000#"]


def test_a_failing_letter_is_tried_ever_more_slowly(upkeep: Upkeep) -> None:
    """From half a minute to an hour; when it was first put is kept."""
    waits, first_puts = [], []
    for _ in range(12):
        upkeep.letters.put_group("g000", "", NeverSettled())
        (letter,) = upkeep.letters.open()
        waits.append(datetime.fromisoformat(letter.next_try) - upkeep.clock.now())
        first_puts.append(letter.item["first_put"])
        upkeep.wait(hours=2)
    assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waits[-1] == LONGEST_RETRY
    assert first_puts == first_puts[:1] * 12


def test_one_member_in_trouble_gets_a_letter_of_its_own(upkeep: Upkeep) -> None:
    """The group's letter is settled when the others are; the member's is not."""
    upkeep.rows.member("g000", "zoe", at(1), "old")
    put(upkeep, "g000")
    upkeep.rows.before("commit", *[lambda: fail(RequestRefused())] * 8)
    upkeep.retrier.run_due()
    assert set(upkeep.open) == {"group#g000#u000", "group#g000#zoe"}
    assert list(upkeep.settled) == ["group#g000#"]
    upkeep.rows._before.clear()
    upkeep.wait(hours=1)
    upkeep.retrier.run_due()
    assert upkeep.open == {}


def test_a_member_whose_letter_fails_again_keeps_it(upkeep: Upkeep) -> None:
    """It is neither settled nor doubled."""
    upkeep.letters.put_group("g000", "u000", NeverSettled())
    upkeep.wait(minutes=1)
    upkeep.rows.before("commit", *[lambda: fail(RequestRefused())] * 8)
    upkeep.retrier.run_due()
    assert upkeep.open["group#g000#u000"]["attempts"] == {"N": "2"}
    assert upkeep.settled == {}


def test_a_record_nobody_understood_waits_for_a_person(upkeep: Upkeep) -> None:
    """There is no group to reconcile."""
    record = Record("DELETE", texts(pk="MSG#g", sk="1"), "7", 0.0)
    upkeep.letters.put_record(Batch(ARN, "a", (record,)), record, "unknown event name")
    upkeep.wait(days=1)
    upkeep.retrier.run_due()
    assert list(upkeep.open) == ["record#a#7"]


NESTED: Any = []
for _ in range(10_000):
    NESTED = [NESTED]


@pytest.mark.parametrize("number", ["", "7", "\ud83d", "é", "7" * 5000])
@pytest.mark.parametrize(
    "keys", [{}, texts(pk="\ud83d"), texts(pk="x" * 9000), {"pk": {"N": 10**5000}}, NESTED], ids=type
)
def test_any_record_has_a_letter_that_a_table_takes(upkeep: Upkeep, number: str, keys: Any) -> None:
    """A letter that cannot be written would hold up its shard: its name is a sort key, its texts are texts."""
    record = Record("INSERT", keys, number, 0.0)
    upkeep.letters.put_record(Batch(ARN, "a", (record,)), record, "unknown event name")
    ((name, letter),) = upkeep.open.items()
    assert 0 < len(name.encode()) <= 1024
    assert all(len(value.encode()) < 99_999 for attribute in letter.values() for value in attribute.values())


def test_records_that_do_not_say_their_place_are_told_apart(upkeep: Upkeep) -> None:
    """By their keys: no letter takes another's place."""
    for keys in (texts(pk="a"), texts(pk="b")):
        record = Record("INSERT", keys, "", 0.0)
        upkeep.letters.put_record(Batch(ARN, "a", (record,)), record, "unknown event name")
    assert len(upkeep.open) == 2


def test_no_letter_holds_anybodys_words(upkeep: Upkeep) -> None:
    """Keys, places and error classes only: an error's own text may quote a message."""
    images = texts(pk="MSG#g", sk="1", message="SECRET")
    record = Record("INSERT", texts(pk="MSG#g", sk="1"), "7", 0.0, images, images)
    upkeep.letters.put_record(Batch(ARN, "a", (record,)), record, "unknown event name")
    upkeep.letters.put_group("g000", "", RequestRefused("put_item was refused: SECRET"))
    assert "SECRET" not in repr([upkeep.table.items, upkeep.log.lines])


@pytest.mark.parametrize(("group", "user"), [("g" * 1000, "u" * 1000), ("a#b", ""), ("a", "b#")])
def test_any_group_and_user_have_a_letter_of_their_own(upkeep: Upkeep, group: str, user: str) -> None:
    """A name is a sort key of at most 1,024 bytes, and no two groups share one."""
    upkeep.letters.put_group(group, user, NeverSettled())
    upkeep.letters.put_group("a", "b", NeverSettled())
    assert all(len(name.encode()) <= 1024 for name in upkeep.open)
    assert {(letter.group, letter.user) for letter in upkeep.letters.open()} == {(group, user), ("a", "b")}


def test_the_retrier_puts_a_missing_roster_item(upkeep: Upkeep) -> None:
    """A letter about a member may be there because the item could not be put."""
    upkeep.rows.message("g", at(2), "new")
    upkeep.rows.row("g", "cem", at(1))
    upkeep.letters.put_group("g", "cem", Throttled())
    upkeep.wait(minutes=1)
    upkeep.retrier.run_due()
    assert upkeep.rows.roster("g") == ["cem"]
    assert upkeep.rows.shown("cem") == [("g", "new")]
