"""The pool's public keys (RFC 7517): fetched once a process, kept while they serve, and asked for rarely.

A token whose key is unknown can mean that the pool has new keys, or that somebody makes names up: the endpoint is asked
again for it at most every 30 seconds. When it does not answer, the last good set goes on serving.
"""

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException, HTTPResponse
from queue import Empty, Queue
from threading import Lock, Thread
from typing import Any
from urllib.error import HTTPError, URLError

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from chat_app.errors import KeysUnavailable, TokenInvalid
from shared.errors import clause
from shared.logging import Log
from shared.settings import is_loopback

Fetch = Callable[[str], bytes]

_FRESH_S = 3600.0
_UNKNOWN_AGAIN_S = 30.0
_FAILED_AGAIN_S = 2.0
_TIMEOUT_S = 2.0
_DEADLINE_S = 4.0  # for all of it: a socket's own time-out begins anew with each byte
_MAX_BYTES = 64 * 1024
_MAX_KEYS = 16
_LEAST_BITS = 2048


class SigningKeys:
    """Keys by their name (`kid`); can be used by several threads at once.

    Args:
        url: where the set is.
        log: hears of a set that cannot be had.
        fetch: how it is got.
        monotonic: seconds.
    """

    def __init__(
        self, url: str, log: Log, *, fetch: Fetch | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._url, self._log = url, log
        self._fetch = fetch or fetch_set
        self._monotonic = monotonic
        self._lock = Lock()
        self._keys: Mapping[str, PyJWK] = {}
        self._stale_at = self._again_at = float("-inf")
        self._trouble = ""

    def key(self, kid: str) -> PyJWK:
        """The key of this name.

        Raises:
            TokenInvalid: the pool has none of this name.
            KeysUnavailable: there is no set, and none can be had.
        """
        self.refresh()
        found = self._keys.get(kid)
        if found is None:
            self._fetch_once(lambda: kid not in self._keys)
            found = self._keys.get(kid)
        if found is None:
            raise TokenInvalid("key_unknown")
        return found

    def refresh(self) -> None:
        """See to it that there is a set, and one that is not too old if the endpoint answers.

        Raises:
            KeysUnavailable: there is none, and none can be had.
        """
        if self._monotonic() >= self._stale_at:
            self._fetch_once(lambda: self._monotonic() >= self._stale_at)
        if not self._keys:
            raise KeysUnavailable(self._trouble)

    def _fetch_once(self, is_needed: Callable[[], bool]) -> None:
        """Ask, unless it is too soon, or another thread has just done it; who has a set waits for no other thread."""
        if not self._lock.acquire(blocking=not self._keys):
            return
        try:
            if is_needed() and self._monotonic() >= self._again_at:
                self._ask()
        finally:
            self._lock.release()

    def _ask(self) -> None:
        try:
            self._keys = keys_of(_within(_DEADLINE_S, partial(self._fetch, self._url)))
        except (OSError, ValueError, RecursionError, HTTPException) as error:
            self._trouble = f"The keys at {self._url} cannot be had: {clause(error)}."
            self._again_at = self._monotonic() + _FAILED_AGAIN_S
            event = "keys_stale" if self._keys else "keys_unavailable"
            self._log.warning(event, url=self._url, reason=str(error), next=f"retry in {_FAILED_AGAIN_S:.0f} s")
            return
        now = self._monotonic()
        self._stale_at, self._again_at = now + _FRESH_S, now + _UNKNOWN_AGAIN_S


def _within(seconds: float, fetch: Callable[[], bytes]) -> bytes:
    """What `fetch` answers or raises, if it does so in time; nobody waits for it longer, whatever it waits for.

    Raises:
        TimeoutError: it has not.
    """
    answers: Queue[bytes | BaseException] = Queue()

    def run() -> None:
        try:
            answers.put(fetch())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            answers.put(error)

    Thread(target=run, name="keys", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty as error:
        raise TimeoutError("timed out") from error
    if isinstance(answer, BaseException):
        raise answer
    return answer


def keys_of(answer: bytes) -> dict[str, PyJWK]:
    """The RSA signing keys in a JSON Web Key Set.

    Raises:
        ValueError: it is none, has none that can be used, or too many.
    """
    try:
        said = json.loads(answer)
    except ValueError as error:
        raise ValueError("the answer is no JSON") from error
    found = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(found, list):
        raise ValueError('the answer has no "keys"')  # noqa: TRY004 - whatever is wrong with it is one kind of trouble
    if len(found) > _MAX_KEYS:
        raise ValueError(f"{len(found)} keys are more than a pool has")
    keys = {jwk["kid"]: key for jwk in found if _is_ours(jwk) and (key := _parsed(jwk))}
    if not keys:
        raise ValueError("the set has no RSA key to check signatures with")
    return keys


def fetch_set(url: str) -> bytes:
    """What stands at this address; no other one is gone to, and no proxy asked for this machine.

    Raises:
        OSError: nobody answers in time, or not with 200.
        ValueError: the answer is too large.
    """
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if is_loopback(url):
        handlers.append(urllib.request.ProxyHandler({}))
    ends = time.monotonic() + _TIMEOUT_S
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=_TIMEOUT_S) as response:
            return _body(response, ends)
    except HTTPError as error:
        error.close()
        raise OSError(f"it is answered with HTTP {error.code}") from error
    except URLError as error:
        raise OSError(str(error.reason)) from error


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
        """Keys are where the settings say, nowhere else."""


def _is_ours(jwk: Any) -> bool:
    return (
        isinstance(jwk, dict)
        and isinstance(jwk.get("kid"), str)
        and jwk.get("kty") == "RSA"
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", "RS256") == "RS256"
    )


def _parsed(jwk: dict[str, Any]) -> PyJWK | None:
    """None: it cannot be read, or is too weak; the others serve without it (RFC 7517, 5). A private part stays out."""
    try:
        key = PyJWK({name: jwk.get(name) for name in ("kty", "kid", "n", "e")}, algorithm="RS256")
    except PyJWTError:
        return None
    return key if key.key.key_size >= _LEAST_BITS else None
