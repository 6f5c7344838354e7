"""Patterns A, C and D over HTTP: list, send, start; and edit and delete what one has written."""

from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from chat_app.api.answers import Refused
from chat_app.api.caller import Caller
from chat_app.api.groups import Cursor, link_next
from chat_app.api.parts import Parts, PartsOf
from chat_app.api.posting import Posting, problems
from chat_app.api.schemas import ChangedMessage, MessageJson, NewMessage, SentJson, StartedJson
from producer import messages
from shared.conversations import message_of
from shared.errors import MessageUnknown, NotAMember, NotTheSender
from shared.keys import message_key
from shared.models import Message, User

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,200}$",
        description="The same key within 24 hours stores one message, however often it comes.",
    ),
]
Place = Annotated[
    str,
    Query(
        alias="created_at",
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9Z:.+ -]{1,30}$",
        description="The message's `created_at`; it says where one item is to be read, however long the group is.",
    ),
]

router = APIRouter()


@router.get("/api/messages/{message_group_uuid}")
def list_messages(
    message_group_uuid: UUID, me: Caller, parts: PartsOf, response: Response, cursor: Cursor = None
) -> list[MessageJson]:
    """The newest 20 messages of a group of the caller's, oldest first; `Link` leads to older ones."""
    group = str(message_group_uuid)
    _demand_member(parts, group, me)
    page = parts.chat.patiently(partial(parts.chat.read.messages, group, cursor=cursor))
    link_next(response, f"/api/messages/{group}", page.cursor)
    return [MessageJson.of(message) for message in page.entries]


@router.post("/api/messages")
def send_message(
    new: NewMessage, me: Caller, parts: PartsOf, idempotency_key: IdempotencyKey = None
) -> SentJson | StartedJson:
    """Put a message into a group of the caller's, or write to somebody by their handle."""
    if codes := problems(new):
        raise Refused(*codes)
    parts.shares.write(me.uuid)
    posting = Posting(parts, me, new.message or "", idempotency_key)
    if new.message_group_uuid is not None:
        return SentJson.of(posting.into(str(UUID(new.message_group_uuid))))
    return StartedJson(message_group_uuid=posting.to(new.handle or "").group)


@router.put("/api/messages/{message_group_uuid}/{message_uuid}")
def edit_message(
    message_group_uuid: UUID, message_uuid: UUID, changed: ChangedMessage, place: Place, me: Caller, parts: PartsOf
) -> SentJson:
    """Give a message of the caller's another text."""
    parts.shares.write(me.uuid)
    found = _own(parts, str(message_group_uuid), message_uuid, place, me)
    return SentJson.of(messages.edit(parts.chat, found.group, me, changed.message or "", found.created_at))


@router.delete("/api/messages/{message_group_uuid}/{message_uuid}", status_code=HTTPStatus.NO_CONTENT)
def delete_message(message_group_uuid: UUID, message_uuid: UUID, place: Place, me: Caller, parts: PartsOf) -> None:
    """Delete a message of the caller's."""
    parts.shares.write(me.uuid)
    found = _own(parts, str(message_group_uuid), message_uuid, place, me)
    messages.delete(parts.chat, found.group, me, found.created_at)


def _demand_member(parts: Parts, group: str, me: User) -> None:
    """Refuse a group that is not the caller's, in the same way and with the same calls as one that does not exist."""
    if not parts.chat.patiently(partial(parts.chat.read.is_member, group, me.uuid)):
        raise NotAMember


def _own(parts: Parts, group: str, message: UUID, place: str, me: User) -> Message:
    """The caller's message at this place.

    Raises:
        NotAMember, MessageUnknown, NotTheSender: there is none of theirs.
    """
    _demand_member(parts, group, me)
    key = message_key(group, _as_listed(place))
    item = parts.chat.patiently(partial(parts.chat.read.get, key))
    if item is None or (found := message_of(item)).uuid != str(message):
        raise MessageUnknown
    if found.sender.uuid != me.uuid:
        raise NotTheSender
    return found


def _as_listed(place: str) -> str:
    """A plus sign that was not escaped has come as a space."""
    return place.replace(" ", "+") if "T" in place else place
