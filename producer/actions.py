"""The actions that make up our transactions, and the items they write. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from shared import keys
from shared.dynamo import unless_changed
from shared.models import MAX_TEXT, Item, Message, User, string

Action = Mapping[str, Mapping[str, Any]]
"""One action of TransactWriteItems, still without its table: {"Put": {...}}."""

_TELL_WHO_IS_THERE = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


@dataclass(frozen=True, slots=True)
class Seat:
    """A member who is to have a row, and the other member whom that row shows."""

    user: str
    other: User


@dataclass(frozen=True, slots=True)
class Attempt:
    """The name (`message_uuid`) and place (`sk`) that a message has from its first attempt on."""

    message: str
    created_at: str


def message_item(message: Message) -> Item:
    """A message as it is stored; without `message_group_uuid`, because the index must hold rows only."""
    return {
        **keys.message_key(message.group, message.created_at),
        "message": {"S": message.text},
        "message_uuid": {"S": message.uuid},
        **_names(message.sender),
    }


def row_item(seat: Seat, sk: str, newest: Message) -> Item:
    """A member's conversation row at `sk`, showing `newest`."""
    return {
        **keys.row_key(seat.user, sk),
        "message_group_uuid": {"S": newest.group},
        "message": {"S": newest.text[:MAX_TEXT]},
        **_names(seat.other),
        "last_message_sk": {"S": newest.created_at},
        "row_rev": {"S": str(uuid4())},
    }


def put_new(item: Item) -> Action:
    """Put an item where nothing stands; what does stand there is told."""
    return {"Put": {"Item": item, "ConditionExpression": "attribute_not_exists(pk)", **_TELL_WHO_IS_THERE}}


def put_roster(group: str, user: str, now: str, as_read: Item | None) -> Action:
    """Enter a member in the roster if their entry still is as it was read (None: there was none).

    The new `created_at` always differs from the one that was read, so of two writers that read the same entry
    only one succeeds.
    """
    if as_read is None:
        return put_new(_roster_item(group, user, now))
    later = keys.bump(now) if string(as_read, "created_at") == now else now
    condition = unless_changed(as_read, nor_given="left_at")  # they may be leaving just now
    return {"Put": {"Item": _roster_item(group, user, later), **condition}}


def check_in_roster(group: str, user: str) -> Action:
    """Demand that the member has not left."""
    return {
        "ConditionCheck": {
            "Key": keys.roster_key(group, user),
            "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(left_at)",
        }
    }


def delete_row(row: Item, group: str) -> Action:
    """Delete a row if it still is this group's: the worker may have moved it, and another group's may stand there."""
    return {
        "Delete": {
            "Key": {"pk": row["pk"], "sk": row["sk"]},
            "ConditionExpression": "message_group_uuid = :g",
            "ExpressionAttributeValues": {":g": {"S": group}},
        }
    }


def mark_left(group: str, user: str, now: str, as_read: Item | None) -> Action:
    """Note in the roster that the member has left, if their entry still is as it was read (None: there was none).

    An attempt that lands late, when they have left and come back, must not take their row again.
    """
    condition = unless_changed(as_read, nor_given="left_at")
    values = {":now": {"S": now}, ":us": {"S": "producer"}, **condition.get("ExpressionAttributeValues", {})}
    return {
        "Update": {
            "Key": keys.roster_key(group, user),
            "UpdateExpression": "SET left_at = :now, created_at = if_not_exists(created_at, :now), "
            "created_by = if_not_exists(created_by, :us)",
            **condition,
            "ExpressionAttributeValues": values,
        }
    }


def free_place(wanted: str, taken: frozenset[str]) -> str:
    """The first position at or after `wanted` that none of the user's rows has."""
    while wanted in taken:
        wanted = keys.bump(wanted)
    return wanted


def new_attempt(moment: datetime) -> Attempt:
    """The name and place of a message that nobody has tried to store before."""
    return Attempt(str(uuid4()), keys.stamp(moment))


def new_message(group: str, sender: User, text: str, attempt: Attempt) -> Message:
    """A message with the name and place that all its attempts have."""
    return Message(group, attempt.created_at, attempt.message, text, sender)


def _roster_item(group: str, user: str, now: str) -> Item:
    return {**keys.roster_key(group, user), "created_at": {"S": now}, "created_by": {"S": "producer"}}


def _names(user: User) -> Item:
    return {
        "user_uuid": {"S": user.uuid},
        "user_display_name": {"S": user.display_name},
        "user_handle": {"S": user.handle},
    }
