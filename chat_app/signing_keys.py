"""The pool's public keys (RFC 7517): fetched once a process, kept while they serve, and asked for rarely.

A token whose key is unknown can mean that the pool has new keys, or that somebody makes names up: the endpoint is asked
again for it at most every 30 seconds. When it does not answer, the last good set goes on serving.
"""

import json
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from chat_app.errors import KeysUnavailable, TokenInvalid
from chat_app.fetch import FAILURES, Fetch, fetch, in_time
from shared.errors import clause
from shared.logging import Log

_FRESH_S = 3600.0
_UNKNOWN_AGAIN_S = 30.0
_FAILED_AGAIN_S = 2.0
_WITHIN_S = 4.0
_MAX_KEYS = 16
_LEAST_BITS = 2048


class SigningKeys:
    """Keys by their name (`kid`); can be used by several threads at once.

    Args:
        url: where the set is.
        log: hears of a set that cannot be had.
        fetch: how it is got.
        within_s: an answer that takes longer is not waited for.
        monotonic: seconds.
    """

    def __init__(
        self,
        url: str,
        log: Log,
        *,
        fetch: Fetch = fetch,
        within_s: float = _WITHIN_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._log = url, log
        self._fetch, self._within_s = fetch, within_s
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
            self._keys = keys_of(in_time(self._fetch, self._url, self._within_s))
        except FAILURES as error:
            self._trouble = f"The keys at {self._url} cannot be had: {clause(error)}."
            self._again_at = self._monotonic() + _FAILED_AGAIN_S
            event = "keys_stale" if self._keys else "keys_unavailable"
            self._log.warning(event, url=self._url, reason=str(error), next=f"retry in {_FAILED_AGAIN_S:.0f} s")
            return
        now = self._monotonic()
        self._stale_at, self._again_at = now + _FRESH_S, now + _UNKNOWN_AGAIN_S


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
