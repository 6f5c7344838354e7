"""A pool of our own: its keys, tokens it signs, and tokens that somebody else would like to pass for its own."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from threading import Event
from types import EllipsisType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from chat_app.signing_keys import SigningKeys
from chat_app.tokens import Verifier
from tests.fakes.clock import Clock
from tests.fakes.outlets import Lines

NOW = 1_800_000_000
ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01"
CLIENT = "5example5client"
SUB = "3b0f0e5e-8a1c-4b0e-9a51-1d3f9a0c2f11"
KID = "Zm9v+/bar_-9="
URL = f"{ISSUER}/.well-known/jwks.json"

Part = Mapping[str, Any] | bytes
Left = EllipsisType
"""`...` for a claim: it is left out."""


class Pool:
    """The endpoint of the keys: gives its answers in turn, the last one for ever; `gate` can hold who asks."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers or [key_set()])
        self.asked = 0
        self.entered, self.gate = Event(), Event()
        self.gate.set()

    def __call__(self, _url: str) -> bytes:
        """Instead of the fetch over HTTP."""
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.entered.set()
        assert self.gate.wait(100)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close_gate(self) -> None:
        """Whoever asks from now on is held until the gate is set."""
        self.entered.clear()
        self.gate.clear()


def verifier(pool: Pool | None = None, clock: Clock | None = None) -> Verifier:
    """As the application makes it, at the moment NOW."""
    keys = SigningKeys(URL, Lines(), fetch=pool or Pool(), monotonic=(clock or Clock()).monotonic)
    return Verifier(ISSUER, frozenset({CLIENT, "another"}), keys, clock=lambda: NOW)


def private_key(owner: str = "pool", bits: int = 2048) -> RSAPrivateKey:
    """Somebody's key, made once."""
    return _made(owner, bits)


@cache
def _made(_owner: str, bits: int) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


def public_pem() -> bytes:
    """The pool's public key as whoever mixes up algorithms would use it."""
    return private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwk(kid: str = KID, owner: str = "pool", bits: int = 2048, **changes: Any) -> dict[str, Any]:
    """A key as the endpoint shows it."""
    return changed(shown(private_key(owner, bits), kid), changes)


def shown(key: RSAPrivateKey, kid: str) -> dict[str, Any]:
    """The public part of a key."""
    numbers = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": numbers["n"], "e": numbers["e"]}


def key_set(*keys: Any) -> bytes:
    """What the endpoint answers."""
    return json.dumps({"keys": keys or [jwk()]}).encode()


def header(**changes: Any | Left) -> dict[str, Any]:
    """Cognito's, with changes."""
    return changed({"kid": KID, "alg": "RS256"}, changes)


def claims(**changes: Any | Left) -> dict[str, Any]:
    """Those of an access token that is good for another five minutes, with changes."""
    good = {
        "sub": SUB,
        "iss": ISSUER,
        "client_id": CLIENT,
        "origin_jti": "0f3d",
        "event_id": "77aa",
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": NOW - 600,
        "iat": NOW - 600,
        "exp": NOW + 300,
        "jti": "9c41",
        "username": "andrewbrown",
    }
    return changed(good, changes)


def sign(**changes: Any | Left) -> str:
    """A token of the pool's with these claims changed."""
    return packed(header(), claims(**changes))


def headed(**changes: Any | Left) -> str:
    """A token whose header is changed, signed by the pool."""
    return packed(header(**changes), claims())


def packed(head: Part, body: Part, owner: str = "pool") -> str:
    """A token of these two, signed with RS256 whatever they are."""
    signed = f"{encoded(head)}.{encoded(body)}"
    signature = private_key(owner).sign(signed.encode(), PKCS1v15(), SHA256())
    return f"{signed}.{encoded(signature)}"


def encoded(part: Part) -> str:
    """A third of a token."""
    raw = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def changed(good: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the changes, and without what is left out."""
    return {name: value for name, value in (good | dict(changes)).items() if value is not ...}
