"""The decision, without any I/O: what one member's rows need so that one row shows the group's newest message."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shared.keys import ROW, row_key
from shared.models import MAX_TEXT, AttributeValue, Item, string

LARGEST_TRANSACTION = 100  # actions in one TransactWriteItems (AWS quota)
DUPLICATES_AT_ONCE = 6  # with the row itself they stay under a transaction's 4 MB, whatever the items hold


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest message of a group: its sort key and its text attribute as stored (None: it has none)."""

    sk: str
    message: AttributeValue | None

    @property
    def text(self) -> str:
        """What a row shows of it: at most 1,024 characters, blank where there is no text."""
        return string({"message": self.message or {}}, "message")[:MAX_TEXT]


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation row as read, every attribute of it."""

    item: Item

    @property
    def user(self) -> str:
        """Whose list it is in."""
        return string(self.item, "pk").removeprefix(ROW)

    @property
    def sk(self) -> str:
        """Its position."""
        return string(self.item, "sk")

    @property
    def group(self) -> str:
        """The group it shows."""
        return string(self.item, "message_group_uuid")

    @property
    def shown(self) -> str:
        """The sort key of the message it shows; a row of the original has only its own."""
        return string(self.item, "last_message_sk") or self.sk

    def shows(self, newest: Newest | None) -> bool:
        """Whether it already shows this message, or nothing where there is none."""
        text = string(self.item, "message", default="\0")  # an absent text is not a blank one
        return text == "" if newest is None else (self.shown, text) == (newest.sk, newest.text)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Change attributes of a row in place, if it is as read."""

    row: Row
    attributes: Item


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete a row, if it is as read."""

    row: Row


@dataclass(frozen=True, slots=True)
class Create:
    """Put a row where nothing stands."""

    item: Item


@dataclass(frozen=True, slots=True)
class RowStands:
    """Nothing but a check: the row is as read."""

    row: Row


@dataclass(frozen=True, slots=True)
class MessageStands:
    """Nothing but a check: the message is there with the text as read."""

    group: str
    newest: Newest


@dataclass(frozen=True, slots=True)
class MessageGone:
    """Nothing but a check: no message stands at this sort key any more."""

    group: str
    sk: str


RowAction: TypeAlias = Rewrite | Remove | Create | RowStands
Action: TypeAlias = RowAction | MessageStands | MessageGone


@dataclass(frozen=True, slots=True)
class Change:
    """What one member's rows need: the writes, where the row will stand, what must be gone for it."""

    user: str
    writes: tuple[RowAction, ...]
    sk: str
    gone: frozenset[str] = frozenset()
    """The messages that rows pointed to which move back, are blanked, or are deleted although they are further on."""
    was: str = ""
    """Where the row stood that stays."""
    complete: bool = True
    """False when there are more duplicates than one transaction should delete."""


def plan_member(rows: Sequence[Row], newest: Newest | None, rev: str, *, position: str | None = None) -> Change | None:
    """What the rows of one member (one or more, all of one group) need; None if they are clean.

    Args:
        rows: every row of the group in the member's list, as read before `newest`.
        newest: the group's newest message, read after the rows.
        rev: fresh, for `worker_rev` and `row_rev`.
        position: where to put the row when another group sits on the message's own sort key.
    """
    kept = _keep(rows, newest)
    others = [row for row in rows if row is not kept]
    removed = tuple(Remove(row) for row in others[:DUPLICATES_AT_ONCE])
    complete = len(others) <= DUPLICATES_AT_ONCE
    if kept.shows(newest):
        if not removed:
            return None
        # Another worker may be keeping a different one of the duplicates: the one that stays must be there.
        return Change(kept.user, (RowStands(kept), *removed), kept.sk, _back(others, newest), kept.sk, complete)
    target = _target(kept, newest, position)
    writes = (*removed, *_move(kept, target, _shown_attributes(newest, rev)))
    return Change(kept.user, writes, target, _back(rows, newest), kept.sk, complete)


def slices(group: str, newest: Newest | None, changes: Iterable[Change]) -> Iterator[list[Change]]:
    """The changes in as few transactions as can be; a member's writes stay together."""
    together: list[Change] = []
    for change in changes:
        if together and len(actions(group, newest, [*together, change])) > LARGEST_TRANSACTION:
            yield together
            together = []
        together = [*together, change]
    if together:
        yield together


def actions(group: str, newest: Newest | None, changes: Sequence[Change]) -> list[Action]:
    """One transaction: the checks that these changes rest on, once each, then their writes."""
    stands: list[Action] = [MessageStands(group, newest)] if newest else []
    gone = sorted(frozenset[str]().union(*(change.gone for change in changes)))
    writes = [write for change in changes for write in change.writes]
    return [*stands, *(MessageGone(group, sk) for sk in gone), *writes]


def _keep(rows: Sequence[Row], newest: Newest | None) -> Row:
    """The row that stays: the one on the target key if there is one, else the highest."""
    highest = max(rows, key=lambda row: row.sk)
    return next((row for row in rows if newest and row.sk == newest.sk), highest)


def _back(rows: Iterable[Row], newest: Newest | None) -> frozenset[str]:
    """The messages these rows show that must be gone, for their member to be shown an older one, or none."""
    return frozenset(row.shown for row in rows if newest is None or newest.sk < row.shown)


def _target(kept: Row, newest: Newest | None, position: str | None) -> str:
    """Where the row belongs; an edit of what it shows, or nothing to show, moves nothing."""
    if newest is None or kept.shown == newest.sk:
        return kept.sk
    return position or newest.sk


def _shown_attributes(newest: Newest | None, rev: str) -> Item:
    """The attributes that are the worker's; a blanked row keeps its position and what it was compared by."""
    ours: Item = {"worker_rev": {"S": rev}, "row_rev": {"S": rev}}
    if newest is None:
        return {**ours, "message": {"S": ""}}
    return {**ours, "message": {"S": newest.text}, "last_message_sk": {"S": newest.sk}}


def _move(row: Row, target: str, attributes: Item) -> tuple[RowAction, ...]:
    if target == row.sk:  # two actions of a transaction must not touch one item
        return (Rewrite(row, attributes),)
    return (Remove(row), Create({**row.item, **attributes, **row_key(row.user, target)}))
