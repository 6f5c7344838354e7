"""Around every request: a body of bounded size, headers for browsers, a line in the log, and no error gets away."""

import asyncio
import time
import traceback
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_app.api.answers import refusal
from chat_app.api.parts import Parts

MAX_BODY = 16 * 1024
"""Bytes; a message has at most 1,024 characters, which JSON can write in 12 bytes each."""

BODY_S = 10.0
"""A body takes no longer; whoever sends it has not yet said who they are."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"})
_FRAMES = 6
_FAILED = int(HTTPStatus.INTERNAL_SERVER_ERROR)
_QUIET = frozenset({"/healthz", "/readyz", "/api/worker"})


class BodyTooLarge(Exception):
    """More bytes have come than a body may have."""


class Guard:
    """ASGI middleware; also the last to hear of an error, so that none ends in a trace at the client."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, answer = time.monotonic(), _Answer(send)
        try:
            await self._bounded(scope, receive, answer)
        except TimeoutError:
            await refusal(["body_too_slow"], HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"})(
                scope, receive, answer
            )
        except BodyTooLarge:
            await refusal(["body_too_large"], HTTPStatus.REQUEST_ENTITY_TOO_LARGE)(scope, receive, answer)
        except asyncio.CancelledError:  # the process stops, and has waited for this request long enough
            if answer.status is None:
                stopping = refusal(["unavailable"], HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})
                await stopping(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer and we a trace
            self._tell(error)
            if answer.status is None:
                await refusal(["internal_error"], HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, answer)
        self._note(scope, answer.status or _FAILED, time.monotonic() - began)

    async def _bounded(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Read the body first: what a route reads itself ends in an error of the framework's, whatever was wrong."""
        if _announced(scope["headers"]) > MAX_BODY:
            raise BodyTooLarge
        async with asyncio.timeout(BODY_S):
            read = [await _whole(receive)]

        async def replayed() -> Message:
            return read.pop() if read else await receive()

        await self._app(scope, replayed, answer)

    def _tell(self, error: Exception) -> None:
        """Where it happened; not its words, as they could quote a message."""
        where = traceback.format_tb(error.__traceback__)[-_FRAMES:]
        self._parts.log.error("request_failed", error=type(error).__name__, where=where)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._parts.metrics.answered(method, route, status, seconds)
        log = self._parts.log
        tell = log.warning if status >= _FAILED else log.debug if route in _QUIET else log.info
        tell("request_answered", method=method, route=route, status=status, duration_ms=round(1000 * seconds, 1))


class _Answer:
    """`send`, with our headers, and a memory of the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


async def _whole(receive: Receive) -> Message:
    """The message that a whole body is, or that the client has gone."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise BodyTooLarge
        if message["type"] != "http.request" or not message.get("more_body"):
            return {**message, "body": body} if message["type"] == "http.request" else message


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    length = next((value for name, value in headers if name == b"content-length"), b"0")
    return int(length) if length.isdigit() and len(length) < 20 else 0  # noqa: PLR2004 - what it cannot be is counted
