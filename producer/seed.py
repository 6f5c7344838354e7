"""A conversation to begin with: two users, a hundred messages in the past, always the same."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from uuid import UUID, uuid5

from producer.actions import message_item
from producer.chat import Chat
from producer.groups import group_of_pair, seats_of
from producer.messages import deliver
from shared import keys
from shared.errors import ConditionFailed
from shared.models import Message, User, string

_FIRST = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)  # fixed, so that a second run finds what the first one wrote
_STEP = timedelta(seconds=47)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What `seed` did: how many messages it wrote, how many were there."""

    group: str
    written: int
    there: int


def seed(chat: Chat, one: User, other: User) -> Seeded:
    """Store the conversation, the rows with its last message; what is stored already is left alone."""
    group = chat.patiently(partial(group_of_pair, chat, one, other))
    *older, last = conversation(group, one, other)
    written = sum(chat.patiently(partial(_put, chat, message)) for message in older)
    if not _is_there(chat, last):
        deliver(chat, last, seats_of(one, [other]))
        written += 1
    return Seeded(group, written, len(older) + 1 - written)


def conversation(group: str, one: User, other: User) -> list[Message]:
    """The messages, oldest first."""
    lines = files("producer").joinpath("seed.txt").read_text(encoding="utf-8").splitlines()
    speakers = {"a": one, "b": other}
    return [
        Message(group, keys.stamp(_FIRST + place * _STEP), str(uuid5(UUID(group), str(place))), text, speakers[who])
        for place, (who, text) in enumerate(line.split(": ", 1) for line in lines)
    ]


def _put(chat: Chat, message: Message) -> bool:
    """Whether the message was missing."""
    try:
        chat.client.call(
            "put_item",
            TableName=chat.table,
            Item=message_item(message),
            ConditionExpression="attribute_not_exists(pk)",
        )
    except ConditionFailed:
        return False
    return True


def _is_there(chat: Chat, message: Message) -> bool:
    item = chat.patiently(partial(chat.read.get, keys.message_key(message.group, message.created_at)))
    return item is not None and string(item, "message_uuid") == message.uuid
