"""Patterns C and D, and what a sender may do to their message: start, send, edit, delete.

A message has its name (`message_uuid`) and its place (`sk`) before the first attempt, so an attempt can be repeated
when its answer was lost: whoever stands at the place then is either that very message, and all is done, or another
one, and the place moves on by 1 µs. Nobody's message is ever stored twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID, uuid4

from producer.actions import Attempt, Seat, message_item, new_attempt, new_message, put_new
from producer.chat import Chat
from producer.groups import group_of_pair, other_side, seats_of
from producer.membership import admission
from producer.text import clean_text
from shared import keys
from shared.conversations import message_of
from shared.errors import (
    ConditionFailed,
    GroupTooLarge,
    GroupUnknown,
    MessageToOneself,
    MessageUnknown,
    NotAMember,
    NotTheSender,
    TransactionCancelled,
)
from shared.models import Item, Message, User, string

MAX_MEMBERS = 49  # a transaction has 100 actions: the message, and two for each member


def start(
    chat: Chat,
    sender: User,
    others: Sequence[User],
    text: str,
    *,
    group: str | None = None,
    attempt: Attempt | None = None,
) -> Message:
    """Pattern D: write to these people, in a group that is created with its first message if it does not exist.

    Two people always meet in the same group. Three and more get a new one, unless `group` names it. An `attempt` that
    has been made before is made again: the message is stored once.

    Raises:
        TextInvalid, MessageToOneself, GroupTooLarge: nothing was written.
    """
    text = clean_text(text)
    others = list({other.uuid: other for other in others}.values())
    if not others or sender.uuid in {other.uuid for other in others}:
        raise MessageToOneself
    if len(others) >= MAX_MEMBERS:
        raise GroupTooLarge
    if len(others) == 1:
        group = chat.patiently(partial(group_of_pair, chat, sender, others[0]))
    message = new_message(group or str(uuid4()), sender, text, attempt or new_attempt(chat.clock()))
    return deliver(chat, message, seats_of(sender, others))


def send(
    chat: Chat,
    group: str,
    sender: User,
    text: str,
    *,
    seats: Sequence[Seat] | None = None,
    attempt: Attempt | None = None,
) -> Message:
    """Pattern C: put a message into an existing group of the sender's; the other side of a pair gets a row again.

    Args:
        chat: where.
        group: which group.
        sender: one of its members.
        text: what they say.
        seats: the other side's, from those who know it; else it is looked up.
        attempt: one that has been made before, and is made again: the message is stored once.

    Raises:
        TextInvalid, NotAMember, GroupUnknown: nothing was written.
    """
    message = new_message(group, sender, clean_text(text), attempt or new_attempt(chat.clock()))
    if seats is None:
        seats = chat.patiently(partial(other_side, chat, group, sender))
    return deliver(chat, message, seats)


def edit(chat: Chat, group: str, sender: User, text: str, message: str | None = None) -> Message:
    """Give the sender's message (by sk or uuid; their newest if not said) another text.

    Raises:
        TextInvalid, MessageUnknown, NotTheSender: nothing was written.
    """
    text = clean_text(text)
    found = chat.patiently(partial(find_message, chat, group, sender, message))
    chat.patiently(partial(_edit, chat, found, text))
    return replace(found, text=text)


def delete(chat: Chat, group: str, sender: User, message: str | None = None) -> Message:
    """Delete the sender's message (by sk or uuid; their newest if not said).

    Raises:
        MessageUnknown, NotTheSender: nothing was deleted.
    """
    found = chat.patiently(partial(find_message, chat, group, sender, message))
    chat.patiently(partial(_delete, chat, found))
    return found


def deliver(chat: Chat, message: Message, seats: Sequence[Seat]) -> Message:
    """Store a message with all that belongs to it, at its place or the next free one; answers where it stands."""
    while not chat.patiently(partial(_attempt, chat, message, seats)):
        message = replace(message, created_at=keys.bump(message.created_at))
    return message


def find_message(chat: Chat, group: str, sender: User, wanted: str | None) -> Message:
    """The message at a sort key or with a uuid; the sender's newest if none is named.

    Raises:
        MessageUnknown: there is none.
        NotTheSender: somebody else wrote it.
    """
    found = _look_up(chat, group, sender, wanted)
    if found is None:
        what = f'no message "{wanted}"' if wanted else f'no message of "{sender.handle}"'
        raise MessageUnknown(f"There is {what} in the group {group}.")
    if found.sender.uuid != sender.uuid:
        raise NotTheSender
    return found


def _attempt(chat: Chat, message: Message, seats: Sequence[Seat]) -> bool:
    """Whether the message stands at its place now; False: another one does."""
    try:
        actions = admission(chat, message, seats)
    except (NotAMember, GroupUnknown):
        if _stands(chat, message):  # stored by an attempt whose answer was lost; the sender has left since
            return True
        raise
    try:
        chat.transact([put_new(message_item(message)), *actions])
    except TransactionCancelled as cancelled:
        occupant = cancelled.reasons[0].item if cancelled.reasons else None
        if occupant is None:
            raise
        return string(dict(occupant), "message_uuid") == message.uuid
    return True


def _stands(chat: Chat, message: Message) -> bool:
    item = chat.read.get(keys.message_key(message.group, message.created_at))
    return item is not None and string(item, "message_uuid") == message.uuid


def _look_up(chat: Chat, group: str, sender: User, wanted: str | None) -> Message | None:
    if wanted is None:
        return next((found for found in chat.read.history(group) if found.sender.uuid == sender.uuid), None)
    if _is_uuid(wanted):
        return next((found for found in chat.read.history(group) if found.uuid == wanted), None)
    item = chat.read.get(keys.message_key(group, wanted)) if wanted else None
    return message_of(item) if item else None


def _edit(chat: Chat, message: Message, text: str) -> None:
    try:
        chat.client.call(
            "update_item",
            **_own_message(chat, message, {":text": {"S": text}}),
            UpdateExpression="SET message = :text",
        )
    except ConditionFailed as failed:
        raise MessageUnknown(f"The message of {message.created_at} is gone.") from failed


def _delete(chat: Chat, message: Message) -> None:
    try:
        chat.client.call("delete_item", **_own_message(chat, message, {}))
    except ConditionFailed:
        return  # gone: by an attempt whose answer was lost, or by somebody else


def _own_message(chat: Chat, message: Message, values: Item) -> dict[str, object]:
    return {
        "TableName": chat.table,
        "Key": keys.message_key(message.group, message.created_at),
        "ConditionExpression": "attribute_exists(pk) AND user_uuid = :me",
        "ExpressionAttributeValues": {":me": {"S": message.sender.uuid}, **values},
    }


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
