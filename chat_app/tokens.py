"""Cognito's access tokens: whose request this is. Whatever is not exactly such a token is refused.

The rules are AWS's, https://docs.aws.amazon.com/cognito/latest/developerguide/
amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html: the signature by one of the pool's keys, the issuer, the
app client, the use, the time. The algorithm is ours to name, never the token's.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.exceptions import InvalidSignatureError, PyJWTError

from chat_app.errors import TokenInvalid
from chat_app.signing_keys import SigningKeys

MAX_TOKEN = 8 * 1024
"""Characters; Cognito's have about 1,000."""

_LEEWAY_S = 60  # of clocks that disagree, for the moment a token was issued; its end is its end
_MAX_TEXT = 128
_MAX_MOMENT = 2**40  # seconds; whatever is larger is no time, and can be too large a number to reckon with
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+) *", re.ASCII)
_KID = re.compile(r"[A-Za-z0-9+/=_-]{1,128}", re.ASCII)
_LEADS_ELSEWHERE = frozenset({"jku", "jwk", "x5u", "x5c", "crit"})
_TYPES = frozenset({"jwt", "at+jwt"})
_OURS_TO_CHECK = dict.fromkeys((f"verify_{name}" for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")), False)


@dataclass(frozen=True, slots=True)
class Claims:
    """What is believed of a token: its subject, its name (empty if it has none), the second it ends."""

    sub: str
    jti: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks access tokens of one pool.

    Args:
        issuer: the pool's address, exactly as in the tokens.
        clients: the app clients whose tokens are taken.
        keys: the pool's.
        clock: the time of day in seconds.
    """

    issuer: str
    clients: frozenset[str]
    keys: SigningKeys
    clock: Callable[[], float] = time.time

    def claims(self, authorization: str | None) -> Claims:
        """What the value of an Authorization header proves.

        Raises:
            TokenInvalid: it is no good; the message is one word for the log.
            KeysUnavailable: it cannot be told, as the pool's keys cannot be had.
        """
        token = _token(authorization)
        key = self.keys.key(_kid(token))
        try:
            said = jwt.decode(token, key, algorithms=["RS256"], options=_OURS_TO_CHECK)  # type: ignore[arg-type]
        except InvalidSignatureError as error:
            raise TokenInvalid("signature") from error
        except (PyJWTError, ValueError, RecursionError) as error:
            raise TokenInvalid("malformed") from error
        self._demand_ours(said)
        self._demand_current(said)
        return Claims(_text(said, "sub"), _text(said, "jti", default=""), int(_moment(said, "exp")))

    def _demand_ours(self, said: Mapping[str, Any]) -> None:
        if said.get("iss") != self.issuer:
            raise TokenInvalid("issuer")
        if said.get("token_use") != "access":
            raise TokenInvalid("token_use")
        if _text(said, "client_id") not in self.clients:
            raise TokenInvalid("client")

    def _demand_current(self, said: Mapping[str, Any]) -> None:
        now = self.clock()
        if _moment(said, "exp") <= now:
            raise TokenInvalid("expired")
        for name in ("nbf", "iat"):
            if name in said and _moment(said, name) > now + _LEEWAY_S:
                raise TokenInvalid("not_yet")


def _token(authorization: str | None) -> str:
    """The token in `Bearer <token>`; its size is looked at before anything else."""
    if not authorization:
        raise TokenInvalid("no_token")
    if len(authorization) > MAX_TOKEN:
        raise TokenInvalid("too_long")
    found = _BEARER.fullmatch(authorization)
    if found is None:
        raise TokenInvalid("malformed")
    return found[1]


def _kid(token: str) -> str:
    """The name of the key, from a header that asks for nothing else."""
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError) as error:
        raise TokenInvalid("malformed") from error
    if header.get("alg") != "RS256":
        raise TokenInvalid("algorithm")
    if _LEADS_ELSEWHERE & header.keys() or not _is_token(header.get("typ", "JWT")):
        raise TokenInvalid("header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise TokenInvalid("header")
    return kid


def _is_token(kind: object) -> bool:
    return isinstance(kind, str) and kind.lower() in _TYPES


def _text(said: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Ids are printable ASCII: half a character or a zero byte would go as far as the database."""
    value = said.get(name, default)
    if not isinstance(value, str) or len(value) > _MAX_TEXT or (default is None and not value):
        raise TokenInvalid("claims")
    if not (value.isascii() and value.isprintable()):
        raise TokenInvalid("claims")
    return value


def _moment(said: Mapping[str, Any], name: str) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_MOMENT:
        raise TokenInvalid("claims")
    return value
