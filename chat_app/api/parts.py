"""What the routes work with; put together once, when the process starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from chat_app.idempotency import IdempotencyKeys
from chat_app.live import Live
from chat_app.metrics import Metrics
from chat_app.shares import Shares
from chat_app.tokens import Verifier
from chat_app.worker_view import WorkerView
from producer.chat import Chat
from shared.directory import PostgresDirectory
from shared.logging import Log


@dataclass(frozen=True, slots=True)
class Door:
    """Where a page signs its user in: Cognito's address as browsers reach it, and the app client."""

    cognito: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Parts:
    """One process's; all of it but `live` (the event loop's) can be used by several threads at once."""

    chat: Chat
    users: PostgresDirectory
    verifier: Verifier
    keys: IdempotencyKeys
    shares: Shares
    live: Live
    worker: WorkerView
    door: Door
    metrics: Metrics
    log: Log
    origins: tuple[str, ...]
    is_ready: Callable[[], bool]


def parts_of(request: Request) -> Parts:
    """Those of the application that got this request."""
    parts: Parts = request.app.state.parts
    return parts


async def _parts(request: Request) -> Parts:
    """The same, without a thread: what waits for nothing needs none."""
    return parts_of(request)


PartsOf = Annotated[Parts, Depends(_parts)]
