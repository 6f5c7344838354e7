"""Pattern B, and leaving: the caller's conversations."""

from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chat_app.api.caller import Caller
from chat_app.api.parts import PartsOf
from chat_app.api.schemas import MessageGroupJson
from producer import membership

Cursor = Annotated[str | None, Query(max_length=2048, description="From the `Link` of the page before.")]

LIST = "/api/message_groups"

router = APIRouter()


@router.get(LIST)
def list_groups(me: Caller, parts: PartsOf, response: Response, cursor: Cursor = None) -> list[MessageGroupJson]:
    """The caller's conversations, newest first, 20 a page; `Link` leads to the next."""
    page = parts.chat.patiently(partial(parts.chat.read.of_user, me.uuid, cursor=cursor))
    link_next(response, LIST, page.cursor)
    return [MessageGroupJson.of(conversation) for conversation in page.entries]


@router.delete("/api/message_groups/{message_group_uuid}", status_code=HTTPStatus.NO_CONTENT)
def leave_group(message_group_uuid: UUID, me: Caller, parts: PartsOf) -> None:
    """Leave a conversation: it is in the caller's list no more; messages stay with the others."""
    parts.shares.write(me.uuid)
    membership.leave(parts.chat, str(message_group_uuid), me)


def link_next(response: Response, path: str, cursor: str | None) -> None:
    """Say where the next page is."""
    if cursor:
        response.headers["Link"] = f'<{path}?cursor={cursor}>; rel="next"'
