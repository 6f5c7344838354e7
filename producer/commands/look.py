"""Commands that read: list-conversations, get-conversation, scan."""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

import typer

from producer.commands.session import AsJson, Capacity, Cursor, Limit, Session, group_uuid, open_session
from producer.membership import group_unknown
from shared.console import NOTES, emit_json
from shared.models import Conversation, Item, Message, Page

_WIDTH = 60  # of a text in a list


def list_conversations(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Whose.")],
    *,
    limit: Limit = 20,
    cursor: Cursor = None,
    capacity: Capacity = False,
    as_json: AsJson = False,
) -> None:
    """List a user's conversations, newest first.

    Example: producer list-conversations bayko --limit 5 --capacity
    """
    session = open_session()
    user = session.user(handle).uuid
    page = session.read(partial(session.chat.read.of_user, user, limit=limit, cursor=cursor))
    if as_json:
        _emit(page, "conversations", capacity=capacity)
        return
    for conversation in page.entries:
        typer.echo(_conversation_line(conversation))
    _close(page, capacity=capacity)


def get_conversation(
    group: Annotated[UUID, typer.Argument(parser=group_uuid, metavar="GROUP", help="The group's UUID.")],
    *,
    limit: Limit = 20,
    cursor: Cursor = None,
    capacity: Capacity = False,
    as_json: AsJson = False,
) -> None:
    """Show the newest messages of a group, oldest to newest; the cursor leads to older ones.

    Example: producer get-conversation 6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11 --limit 50
    """
    session = open_session()
    page = session.read(partial(session.chat.read.messages, str(group), limit=limit, cursor=cursor))
    if not page.entries and not session.read(partial(session.chat.read.knows, str(group))):
        raise group_unknown(str(group))
    if as_json:
        _emit(page, "messages", capacity=capacity)
        return
    for message in page.entries:
        typer.echo(_message_line(message))
    _close(page, capacity=capacity)


def scan(
    *,
    limit: Annotated[int | None, typer.Option(min=1, help="How many items, at most; all of them without it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show all items of the messages table; with --json as DynamoDB JSON, one item a line.

    Example: producer scan --limit 20
    """
    session = open_session()
    count = 0
    for item in islice(_all_items(session), limit):
        typer.echo(json.dumps(item, default=_base64, ensure_ascii=False) if as_json else _item_line(item))
        count += 1
    NOTES.print(f"{count} items")


def visible(text: str) -> str:
    """A text on one line, without what a terminal would obey."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _all_items(session: Session) -> Iterator[Item]:
    """Page after page, each with the patience of its own."""
    params: dict[str, Any] = {"TableName": session.chat.table}
    while True:
        answer = session.read(partial(session.chat.client.call, "scan", **params))
        yield from answer["Items"]
        if not answer.get("LastEvaluatedKey"):
            return
        params["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _conversation_line(conversation: Conversation) -> str:
    text, other = visible(conversation.text), conversation.other
    short = text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
    who = visible(other.display_name or other.handle or other.uuid)
    return f"{visible(conversation.last_message_at)}  {who:<20}  {short:<{_WIDTH}}  {visible(conversation.group)}"


def _message_line(message: Message) -> str:
    who = visible(message.sender.display_name or message.sender.handle or message.sender.uuid)
    return f"{visible(message.created_at)}  {who}: {visible(message.text)}"


def _item_line(item: Item) -> str:
    values = {name: next(iter(value.values())) for name, value in sorted(item.items())}
    rest = "  ".join(f"{name}={visible(str(value))}" for name, value in values.items() if name not in {"pk", "sk"})
    return f"{visible(str(values['pk']))}  {visible(str(values['sk']))}  {rest}"


def _emit(page: Page[Any], name: str, *, capacity: bool) -> None:
    cost = {"capacity": page.capacity} if capacity else {}
    emit_json({name: [asdict(entry) for entry in page.entries], "cursor": page.cursor, **cost})


def _close(page: Page[Any], *, capacity: bool) -> None:
    if page.cursor:
        NOTES.print(f"more: --cursor {page.cursor}", soft_wrap=True)
    if capacity:
        NOTES.print(f"capacity: {page.capacity:g} read units")


def _base64(value: object) -> object:
    """What JSON lacks: binary values (in base64, as DynamoDB JSON has them) and sets."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
