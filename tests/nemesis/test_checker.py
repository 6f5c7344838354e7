"""The checker: a history that is right passes, and each thing that can be wrong is found."""

from dataclasses import replace

import pytest

from tests.nemesis.checker import check
from tests.nemesis.history import Event, History, Kept, Outcome, Read, Room, Row, What, Write

ROOM = Room("g", {"ann": "ann, Ann", "ben": "ben, Ben"})
START = Write(1.0, 2.0, Outcome.OK, What.START, "g", "ann", seated=("ann", "ben"), message="m1", text="hello 1")
SENT = Write(5.0, 6.0, Outcome.OK, What.SEND, "g", "ann", seated=("ann", "ben"), message="m2", text="hello 2")
LEFT = Write(7.0, 8.0, Outcome.OK, What.LEAVE, "g", "ben")
MARK = Write(7.0, 8.0, Outcome.OK, What.MARK, "g", "ben", text="pinned")
ROW = Row("g", "t1", "t1", "hello 1", other="ann", names="ann, Ann")
NEW = replace(ROW, sk="t2", shows="t2", text="hello 2")
KEPT = Kept("g", (("t1", "m1", "hello 1"), ("t2", "m2", "hello 2")))


def ben(began: float, *rows: Row, last: bool = False) -> Read:
    """What Ben sees, for half a second."""
    return Read(began, began + 0.5, "ben", rows, last=last)


def found(*events: Event) -> list[str]:
    """What the checker says of a history."""
    return [violation.what for violation in check([ROOM, *events])]


def test_a_history_that_is_right() -> None:
    """Nothing is said about it."""
    assert found(ben(0), START, ben(3, ROW), SENT, ben(6.1, ROW), ben(6.6, NEW), ben(9, NEW, last=True), KEPT) == []


def test_a_row_that_is_lost_for_a_moment() -> None:
    """The original's gap between delete and put."""
    assert found(START, ben(3), ben(4, ROW)) == ["lost"]


def test_a_row_that_stands_twice() -> None:
    """Also while somebody joins."""
    assert found(START, ben(3, ROW, NEW), SENT)[:1] == ["duplicate"]
    assert "duplicate" in found(START, ben(1.2, ROW, ROW))


def test_a_row_of_a_group_that_nobody_is_in() -> None:
    """A stub, or one that a stranger's write left."""
    assert found(START, ben(3, ROW, replace(ROW, group=""))) == ["ghost"]


def test_a_row_of_somebody_who_has_left() -> None:
    """Excused while they are leaving, and not after it."""
    assert found(START, LEFT, ben(7.2, ROW), ben(7.4)) == []
    assert found(START, LEFT, ben(8.5, ROW)) == ["ghost"]


def test_a_row_before_the_group_was_begun() -> None:
    """The same."""
    assert found(ben(0.1, replace(ROW, text="")), START) == ["ghost"]


@pytest.mark.parametrize("rows", [(), (ROW,)])
def test_a_join_without_an_answer_excuses_both(rows: tuple[Row, ...]) -> None:
    """It may have happened or not; twice it cannot have."""
    assert found(replace(START, outcome=Outcome.UNKNOWN), ben(9, *rows)) == []
    assert found(replace(START, outcome=Outcome.UNKNOWN), ben(9, ROW, ROW)) == ["duplicate"]


def test_a_refused_leave_changes_nothing() -> None:
    """They still are a member."""
    refused = replace(LEFT, outcome=Outcome.REFUSED)
    assert found(START, refused, ben(9, ROW)) == []
    assert found(START, refused, ben(9)) == ["lost"]


def test_who_comes_back_has_a_row_again() -> None:
    """A message to a pair takes the other side in again."""
    again = replace(SENT, began=9, ended=10)
    assert found(START, LEFT, again, ben(8.2), ben(9.1), ben(11, NEW)) == []
    assert found(START, LEFT, again, ben(11)) == ["lost"]


def test_an_attribute_of_others_that_is_lost() -> None:
    """It must be carried along; while it is being written both are right."""
    marked = replace(NEW, mark="pinned")
    assert found(START, SENT, MARK, ben(7.2, NEW), ben(7.4, marked), ben(9, marked)) == []
    assert found(START, SENT, MARK, ben(9, NEW)) == ["attribute"]


def test_an_attribute_of_a_row_that_was_taken_away() -> None:
    """Who comes back has a fresh row, without it."""
    left, again = replace(LEFT, began=9, ended=10), replace(SENT, began=11, ended=12)
    assert found(START, MARK, left, again, ben(13, NEW)) == []
    assert found(START, MARK, left, again, ben(13, replace(NEW, mark="pinned"))) == ["attribute"]


@pytest.mark.parametrize("change", [{"other": "cat"}, {"other": "ben", "names": "ben, Ben"}, {"names": "Bob"}])
def test_a_row_that_names_somebody_else(change: dict[str, str]) -> None:
    """Whom a row shows is not the worker's to change."""
    assert found(START, ben(3, replace(ROW, **change))) == ["attribute"]


def test_a_text_of_nowhere() -> None:
    """Another group's, or one that is written only later."""
    assert found(START, ben(3, replace(ROW, text="of another group"))) == ["text"]
    assert found(START, ben(3, NEW), SENT) == ["text"]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (ROW, "stale"),
        (replace(NEW, text="hello 1"), "text"),
        (replace(NEW, sk="t1"), "stale"),
        (replace(NEW, text=""), "text"),
    ],
)
def test_a_row_that_is_wrong_in_the_end(row: Row, what: str) -> None:
    """It must show the newest message, its text, and not stand before it."""
    assert found(START, SENT, ben(9, row, last=True), KEPT) == [what]
    assert found(START, SENT, ben(9, row), KEPT) == []


def test_a_group_without_messages_shows_none() -> None:
    """Blank, at the place it had."""
    gone = Write(5.0, 6.0, Outcome.OK, What.DELETE, "g", "ann", message="m1")
    assert found(START, gone, ben(9, replace(ROW, text=""), last=True), Kept("g", ())) == []
    assert found(START, gone, ben(9, ROW, last=True), Kept("g", ())) == ["text"]


def test_an_acknowledged_message_that_is_missing() -> None:
    """Acknowledged is stored."""
    assert found(START, SENT, Kept("g", KEPT.messages[:1])) == ["missing"]
    assert found(START, replace(SENT, outcome=Outcome.UNKNOWN, message=""), Kept("g", KEPT.messages[:1])) == []


def test_a_message_that_is_stored_twice() -> None:
    """An attempt that was repeated at another place."""
    assert found(START, SENT, Kept("g", (*KEPT.messages, ("t3", "m2", "hello 2")))) == ["doubled"]


def test_a_message_that_nobody_sent() -> None:
    """One without an answer may stand, under a name that its sender never heard."""
    assert found(START, KEPT) == ["stranger"]
    assert found(START, replace(SENT, outcome=Outcome.UNKNOWN, message=""), KEPT) == []


def test_a_message_that_was_deleted_or_edited() -> None:
    """What was acknowledged last is what stands."""
    gone = Write(7.0, 8.0, Outcome.OK, What.DELETE, "g", "ann", message="m2")
    edited = Write(7.0, 8.0, Outcome.OK, What.EDIT, "g", "ann", message="m2", text="hello 3")
    assert found(START, SENT, gone, KEPT) == ["resurrected"]
    assert found(START, SENT, edited, KEPT) == ["message"]
    assert found(START, SENT, replace(edited, outcome=Outcome.UNKNOWN), KEPT) == []


def test_a_history_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every kind of event, every value of it."""
    history = History(tmp_path_factory.mktemp("history") / "history.jsonl")
    events: list[Event] = [ROOM, START, ben(3, ROW), ben(9, NEW, last=True), KEPT]
    for event in events:
        history.add(event)
    history.close()
    assert history.so_far() == events
