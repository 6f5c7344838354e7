"""Why a transaction was cancelled, where the reason is one of those we want to have met."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.errors import Reason
from shared.keys import MESSAGE, ROSTER, ROW
from shared.models import Item, string
from tests.simulation.diary import Diary


def note_obstacles(diary: Diary, actions: Sequence[Mapping[str, Any]], reasons: Sequence[Reason]) -> None:
    """Count what was in the way."""
    for action, reason in zip(actions, reasons, strict=False):
        wanted, there = action.get("Put", {}).get("Item"), dict(reason.item or {})
        if reason.code != "None" and wanted and (what := _obstacle(wanted, there)):
            diary.sometimes(what)


def _obstacle(wanted: Item, there: Item) -> str:
    pk = string(wanted, "pk")
    if pk.startswith(ROSTER):
        return "two met in the roster"
    if pk.startswith(MESSAGE):
        return "own message recognised" if _same(wanted, there, "message_uuid") else "message's place was taken"
    if pk.startswith(ROW):
        return "row's place was its own" if _same(wanted, there, "message_group_uuid") else "row's place was taken"
    return ""


def _same(one: Item, other: Item, name: str) -> bool:
    return string(one, name) == string(other, name)
