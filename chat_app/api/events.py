"""A stream of server-sent events (WHATWG HTML, 9.2): the caller's newest conversations, each time they change."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from chat_app.api.answers import Refused
from chat_app.api.caller import Caller, Claimed
from chat_app.api.groups import LIST
from chat_app.api.parts import PartsOf
from chat_app.api.schemas import NewsJson
from chat_app.live import Watch

router = APIRouter()


async def _watch(me: Caller, parts: PartsOf) -> AsyncIterator[Watch]:
    """A place among those who are told of the caller's list; given back when the stream is over."""
    async with parts.live.watched(me.uuid) as watch:
        yield watch


@router.get("/api/events", response_class=EventSourceResponse)
async def events(
    watch: Annotated[Watch, Depends(_watch)], claims: Claimed, parts: PartsOf
) -> AsyncIterator[ServerSentEvent]:
    """The newest page of the caller's conversations, at once and when it changes.

    Another event, `unavailable`, comes when it cannot be read; the next `conversations` says that it can again. The
    stream ends after 55 s, or with the token: the client opens the next one.
    """
    monotonic = asyncio.get_running_loop().time
    ends = monotonic() + min(parts.live.stream_s, claims.expires_at - time.time())
    while (news := await watch.news(ends - monotonic())) is not None:
        [sight] = news
        if sight is None:
            yield ServerSentEvent(event="unavailable", data={})
        else:
            yield ServerSentEvent(event="conversations", data=NewsJson.of(sight, LIST))


@router.get("/api/worker")
def show_worker(_me: Caller, parts: PartsOf) -> Mapping[str, Any]:
    """What the stream worker does now, for people who learn the pattern; only where APP_WORKER_URLS is set."""
    if not parts.worker.is_set:
        raise Refused("not_found", status=HTTPStatus.NOT_FOUND)
    return parts.worker.status()
