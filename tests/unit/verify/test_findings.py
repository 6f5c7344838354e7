"""What counts as wrong, suspect, odd."""

import pytest

from shared.keys import MESSAGE, ROSTER, message_key, row_key
from shared.models import Item
from stream_worker.reconcile.plan import Row
from stream_worker.verify.findings import GroupView, MemberView, add_message, judge, judge_messages, judge_stubs
from tests.fakes.table import at, texts

LEFT = texts(created_at=at(0), created_by="producer", left_at=at(1))
CERTAIN = texts(created_at=at(0), created_by="producer")
SEEN = texts(created_at=at(0), created_by="worker")


def message(sk: str, text: str = "hi", **more: str) -> Item:
    """A message of Ann's."""
    return {**message_key("g", sk), **texts(message=text, user_uuid="ann", **more)}


def row(sk: str, text: str = "hi", **more: str) -> Item:
    """Ann's row."""
    return {**row_key("ann", sk), **texts(message_group_uuid="g", message=text, **more)}


def roster(entry: Item) -> Item:
    """Ann's roster item."""
    return {"pk": {"S": "ROS#g"}, "sk": {"S": "ann"}, **entry}


def found(*items: Item) -> list[tuple[str, str]]:
    """(grade, what) of everything that can be said of these items."""
    view, member = GroupView(), MemberView()
    stubs: list[Row] = []
    for item in items:
        if item["pk"]["S"].startswith(MESSAGE):
            add_message(view, item)
        elif item["pk"]["S"].startswith(ROSTER):
            member.roster = item
        else:
            (member.rows if Row(item).group else stubs).append(Row(item))
    findings = [*judge("g", "ann", member, view), *judge_messages("g", view), *judge_stubs("ann", stubs)]
    return sorted((str(finding.grade), finding.what) for finding in findings)


def test_nothing_to_find() -> None:
    """A right table, with a bumped row: what counts is the message it shows."""
    assert found(message(at(1)), row(at(2), last_message_sk=at(1)), roster(CERTAIN)) == []


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([message(at(1)), message(at(2)), row(at(1)), roster(CERTAIN)], [("wrong", "stale")]),
        ([message(at(1), "new"), row(at(1), "old"), roster(CERTAIN)], [("wrong", "text")]),
        ([row(at(1), "of nothing"), roster(CERTAIN)], [("wrong", "text")]),
        ([message(at(2)), row(at(1)), row(at(2)), roster(SEEN)], [("wrong", "duplicate"), ("wrong", "stale")]),
        ([message(at(1)), row(at(1)), roster(LEFT)], [("wrong", "ghost")]),
        ([message(at(1)), row_key("ann", at(1)), roster(LEFT)], [("wrong", "ghost")]),
        ([message(at(1)), roster(CERTAIN)], [("wrong", "missing")]),
        ([message(at(1)), roster(CERTAIN | texts(created_by="repair"))], [("wrong", "missing")]),
        ([message(at(1)), roster(SEEN)], [("suspect", "missing")]),
        ([message(at(1))], [("suspect", "missing")]),
        ([message(at(1)), roster(LEFT)], []),
        ([message("2023-04-01T10:00:00"), row("2023-04-01T10:00:00"), roster(SEEN)], [("odd", "messages")]),
        ([message(at(1), message_group_uuid="g"), row(at(1)), roster(SEEN)], [("odd", "messages")]),
        ([{**message_key("g", at(1)), **texts(user_uuid="ann")}, row(at(1), ""), roster(SEEN)], [("odd", "messages")]),
    ],
)
def test_each_finding(items: list[Item], expected: list[tuple[str, str]]) -> None:
    """One table each, one thing to say."""
    assert found(*items) == expected


def test_a_text_longer_than_a_message_may_be_is_shown_cut() -> None:
    """What somebody else wrote is read as the worker shows it."""
    assert found(message(at(1), "x" * 3000), row(at(1), "x" * 1024), roster(CERTAIN)) == []


def test_a_row_says_whose_it_is() -> None:
    """From its key, never from `user_uuid`, which is the other member's."""
    assert Row(row(at(1), user_uuid="bob")).user == "ann"
