"""A document of another server's: of bounded size, in bounded time, from exactly where the settings say."""

import time
import urllib.request
from collections.abc import Callable
from functools import partial
from http.client import HTTPException, HTTPResponse
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.error import HTTPError, URLError

from shared.settings import is_loopback

Fetch = Callable[[str], bytes]

FAILURES = (OSError, ValueError, RecursionError, HTTPException)
"""What can come instead of a document, or of its being understood."""

_SOCKET_S = 2.0
_MAX_BYTES = 256 * 1024


def fetch(url: str) -> bytes:
    """What stands at this address; no other one is gone to, and no proxy asked for this machine.

    Raises:
        OSError: nobody answers in time, or not with 200.
        ValueError: the answer is too large.
    """
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if is_loopback(url):
        handlers.append(urllib.request.ProxyHandler({}))
    ends = time.monotonic() + _SOCKET_S
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=_SOCKET_S) as response:
            return _body(response, ends)
    except HTTPError as error:
        error.close()
        raise OSError(f"it is answered with HTTP {error.code}") from error
    except URLError as error:
        raise OSError(str(error.reason)) from error


def in_time(get: Fetch, url: str, seconds: float) -> bytes:
    """What `get` answers or raises, if it does so in time; nobody waits for it longer, whatever it waits for.

    Raises:
        TimeoutError: it has not.
    """
    answers: Queue[bytes | BaseException] = Queue()
    Thread(target=partial(_answer, get, url, answers), name="fetch", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty as error:
        raise TimeoutError("timed out") from error
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _answer(get: Fetch, url: str, answers: "Queue[bytes | BaseException]") -> None:
    try:
        answers.put(get(url))
    except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
        answers.put(error)


def _body(response: HTTPResponse, ends: float) -> bytes:
    """All of it; a timeout of the socket alone would let an answer trickle in for hours."""
    body = b""
    while chunk := response.read1(_MAX_BYTES):
        body += chunk
        if len(body) > _MAX_BYTES:
            raise ValueError(f"the answer has more than {_MAX_BYTES} bytes")
        if time.monotonic() > ends:
            raise TimeoutError("timed out")
    return body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A document is where the settings say, nowhere else."""
