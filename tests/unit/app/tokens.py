"""The pool's endpoint, and keys to put there, for whoever tests what is made of its answers."""

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tests.unit.app.pool import CLIENT, ISSUER, KID, NOW, key_set, shown

__all__ = ["CLIENT", "ISSUER", "KID", "NOW", "Endpoint", "Mint", "a_set", "jwk", "new_key"]


class Endpoint:
    """Where the keys are, instead of the fetch over HTTP: what it answers can change; how often it was asked."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self, _url: str) -> bytes:
        """One question."""
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(frozen=True, slots=True)
class Mint:
    """Who signs."""

    key: RSAPrivateKey


def new_key() -> RSAPrivateKey:
    """One that nobody has."""
    return generate_private_key(65537, 2048)


def jwk(key: RSAPrivateKey, kid: str = KID) -> dict[str, Any]:
    """Its public part as the endpoint shows it."""
    return shown(key, kid)


def a_set(*keys: dict[str, Any]) -> bytes:
    """What the endpoint answers."""
    return key_set(*keys)
