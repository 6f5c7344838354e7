"""What a row ought to be, written down a second time: a judge must not ask the accused.

Nothing of `stream_worker.reconcile` is used here.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from shared.models import Item, string

OURS = frozenset({"pk", "sk", "message", "last_message_sk", "worker_rev", "row_rev"})
"""The attributes of a row that are the worker's."""
LONGEST_TEXT = 1024
MOST_BUMPS = 1000  # microseconds that a row may stand behind its message, where other rows are in the way

Messages = Mapping[str, Item]
"""The messages of a group, by sort key."""


def group_of(item: Item) -> str:
    """The group a row is of."""
    return string(item, "message_group_uuid")


def shown(row: Item) -> str:
    """The sort key of the message that a row shows."""
    return string(row, "last_message_sk") or string(row, "sk")


def says(row: Item, message: Item) -> bool:
    """Whether a row has the text of this message."""
    return string(row, "message", default="-") == string(message, "message")[:LONGEST_TEXT]


def fault_of(row: Item, messages: Messages) -> str:
    """What is wrong with a member's only row, once all is settled; nothing: it is right."""
    if not messages:
        return "" if string(row, "message", default="-") == "" else "shows a message, and there is none"
    newest = max(messages)
    if shown(row) != newest:
        return f"shows {shown(row)}, not {newest}"
    return "" if says(row, messages[newest]) else f"shows another text than the message at {newest}"


def is_astray(row: Item) -> bool:
    """Whether a row stands elsewhere than at its message's time, or just behind it."""
    place, message = (datetime.fromisoformat(sk) for sk in (string(row, "sk"), shown(row)))
    return not 0 <= (place - message).total_seconds() * 1e6 <= MOST_BUMPS


def is_true(row: Item, messages: Messages) -> bool:
    """Whether what a row shows is what a message says just now; a blank one shows a message that is gone."""
    message = messages.get(shown(row))
    return says(row, message) if message else string(row, "message", default="-") == ""


def foreign(row: Item) -> Item:
    """The attributes that are not the worker's."""
    return {name: value for name, value in row.items() if name not in OURS}


def has_kept(row: Item, before: Iterable[Item]) -> bool:
    """Whether a row carries all that one of those before it carried for others."""
    return foreign(row) in map(foreign, before)


def has_lost_added(row: Item, before: Iterable[Item]) -> bool:
    """Whether all that is missing is the attribute `added`: the documented limit of the promise."""
    rest = ({name: value for name, value in foreign(old).items() if name != "added"} for old in before)
    return "added" not in row and foreign(row) in rest
