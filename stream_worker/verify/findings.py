"""What can be said about a member's rows, as a pure function of what the table holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from shared.keys import is_ours
from shared.models import Item, string
from stream_worker.reconcile.plan import Newest, Row


class Grade(StrEnum):
    """How bad it is."""

    WRONG = "wrong"  # the promise is broken
    SUSPECT = "suspect"  # somebody left without our knowing, or the original lost a row
    ODD = "odd"  # right, but not as we would write it


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found."""

    grade: Grade
    what: str
    group: str
    user: str
    detail: str


@dataclass(slots=True)
class GroupView:
    """A group's messages, as far as findings need them."""

    newest: Newest | None = None
    senders: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    """Users whom the row of another member shows."""
    foreign_stamps: int = 0
    blank: int = 0
    indexed: int = 0


@dataclass(slots=True)
class MemberView:
    """One user's place in one group."""

    rows: list[Row] = field(default_factory=list)
    roster: Item | None = None


def judge(group: str, user: str, member: MemberView, messages: GroupView) -> Iterator[Finding]:
    """What is wrong or suspect about one member's rows."""
    if not member.rows:
        yield from _absent(group, user, member, messages)
        return
    if len(member.rows) > 1:
        places = ", ".join(sorted(row.sk for row in member.rows))
        yield Finding(Grade.WRONG, "duplicate", group, user, f"{len(member.rows)} rows, at {places}")
    if member.roster and "left_at" in member.roster:
        left = string(member.roster, "left_at")
        yield Finding(Grade.WRONG, "ghost", group, user, f"a row, but the user left at {left}")
    for row in member.rows:
        yield from _shown(group, user, row, messages.newest)


def judge_messages(group: str, messages: GroupView) -> Iterator[Finding]:
    """What is odd about a group's messages."""
    for count, detail in (
        (messages.foreign_stamps, "message(s) with a time stamp of another format"),
        (messages.blank, "message(s) without text"),
        (messages.indexed, "message(s) with message_group_uuid: the index should hold rows only"),
    ):
        if count:
            yield Finding(Grade.ODD, "messages", group, "", f"{count} {detail}")


def judge_stubs(user: str, stubs: Sequence[Row]) -> Iterator[Finding]:
    """Rows of no group: what an unconditional UpdateItem leaves on the key of a row that has moved."""
    if stubs:
        places = ", ".join(row.sk for row in stubs)
        yield Finding(Grade.WRONG, "ghost", "", user, f"{len(stubs)} row(s) without a group, at {places}")


def _absent(group: str, user: str, member: MemberView, messages: GroupView) -> Iterator[Finding]:
    roster = member.roster
    if roster is None:
        if user in messages.senders:
            yield Finding(Grade.SUSPECT, "missing", group, user, "wrote messages, has no row: left, or lost")
        elif user in messages.named:
            yield Finding(Grade.SUSPECT, "missing", group, user, "another's row shows them, has no row: left, or lost")
    elif "left_at" not in roster:
        # Who creates a row by us gets the roster item with it, and who leaves by us is marked in it.
        certain = string(roster, "created_by") in {"producer", "repair"}
        grade = Grade.WRONG if certain else Grade.SUSPECT
        yield Finding(
            grade, "missing", group, user, "in the roster, has no row: " + ("lost" if certain else "left, or lost")
        )


def _shown(group: str, user: str, row: Row, newest: Newest | None) -> Iterator[Finding]:
    if row.shows(newest):
        return
    if newest is None:
        yield Finding(Grade.WRONG, "text", group, user, "the group has no message, the row shows one")
    elif row.shown != newest.sk:
        yield Finding(Grade.WRONG, "stale", group, user, f"shows {row.shown}, the newest is {newest.sk}")
    else:
        yield Finding(Grade.WRONG, "text", group, user, f"not the text of the message at {newest.sk}")


def add_message(view: GroupView, item: Item) -> None:
    """Count one message of a group."""
    sk = string(item, "sk")
    if view.newest is None or sk > view.newest.sk:
        view.newest = Newest(sk, item.get("message"))
    view.senders.add(string(item, "user_uuid"))
    view.foreign_stamps += not is_ours(sk)
    view.blank += not string(item, "message")
    view.indexed += "message_group_uuid" in item
