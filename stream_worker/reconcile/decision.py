"""What was decided about one member's row, for whoever looks on: keys and kinds only, never a text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from shared.errors import TransactionCancelled
from shared.logging import Log
from stream_worker.reconcile.plan import Change, Newest, Row, RowStands
from stream_worker.views import SHOWN

_RACES = frozenset({"ConditionalCheckFailed", "TransactionConflict", "DuplicateItem"})


class Verdict(StrEnum):
    """What became of a row."""

    MOVED = "moved"  # to the newest message's place
    REWRITTEN = "rewritten"  # in place: the message it shows was edited, or a mark was missing
    BLANKED = "blanked"  # the group has no message left
    DEDUPLICATED = "deduplicated"  # right already; others of the group in the same list are deleted
    CLEAN = "clean"  # right already, nothing written
    LOST_RACE = "lost_race"  # what the transaction rests on has changed: read again
    OCCUPIED = "occupied"  # another group's row stands on the place: the next free one is taken
    REFUSED = "refused"  # the transaction was cancelled for another reason, such as capacity


@dataclass(frozen=True, slots=True)
class Decision:
    """One row, once."""

    user: str
    verdict: Verdict
    old_sk: str
    """Where the row stood."""
    new_sk: str | None
    """Where it stands now; None where nothing was written after all."""
    shows: str | None
    """The group's newest message; None: it has none."""
    actions: int
    """Of the transaction: its checks, and the writes for every member."""

    def facts(self) -> dict[str, object]:
        """As a line of the log tells it."""
        return {
            "user": self.user,
            "decision": self.verdict.value,
            "old_sk": self.old_sk,
            "new_sk": self.new_sk,
            "shows": self.shows,
            "actions": self.actions,
        }


Witness: TypeAlias = Callable[[str, Sequence[Decision]], object]
"""Who is told what was decided together, and of which group."""


def to_nobody(_group: str, _decisions: Sequence[Decision]) -> None:
    """Nobody looks on."""


def clean(rows: Sequence[Row], newest: Newest | None) -> list[Decision]:
    """These rows needed nothing."""
    shows = newest.sk if newest else None
    return [Decision(row.user, Verdict.CLEAN, row.sk, row.sk, shows, 0) for row in rows[-SHOWN:]]


def committed(changes: Sequence[Change], newest: Newest | None, actions: int) -> list[Decision]:
    """One transaction did this."""
    shows = newest.sk if newest else None
    return [
        Decision(change.user, _verdict(change, newest), change.was, change.sk, shows, actions)
        for change in changes[-SHOWN:]
    ]


def cancelled(changes: Sequence[Change], newest: Newest | None, actions: int, verdict: Verdict) -> list[Decision]:
    """One transaction would have done it."""
    shows = newest.sk if newest else None
    return [Decision(change.user, verdict, change.was, None, shows, actions) for change in changes[-SHOWN:]]


def why(error: TransactionCancelled) -> Verdict:
    """Whether somebody was faster."""
    return Verdict.LOST_RACE if any(reason.code in _RACES for reason in error.reasons) else Verdict.REFUSED


def told_to(log: Log) -> Witness:
    """Somebody who says it in a log, a line for what was decided together."""

    def tell(group: str, decisions: Sequence[Decision]) -> None:
        if decisions:
            log.debug("rows_decided", group=group, rows=[one.facts() for one in decisions])

    return tell


def _verdict(change: Change, newest: Newest | None) -> Verdict:
    if isinstance(change.writes[0], RowStands):
        return Verdict.DEDUPLICATED
    if change.sk != change.was:
        return Verdict.MOVED
    return Verdict.REWRITTEN if newest else Verdict.BLANKED
