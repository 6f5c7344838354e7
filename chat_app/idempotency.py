"""A request that comes twice with one Idempotency-Key stores one message.

The key is kept with the name and place of its message from before the first attempt on, so whoever repeats a request,
also at the same moment, makes the very same attempt: it finds its own message, and nothing is stored twice.
"""

from dataclasses import dataclass
from hashlib import sha256

from chat_app.errors import KeyReused
from producer.actions import Attempt
from shared.models import Message
from shared.postgres import Database

_KEPT_H = 24
_SWEPT = 100  # expired keys that one request takes with it

_SWEEP = """
DELETE FROM public.idempotency_keys WHERE (user_uuid, key) IN (
  SELECT user_uuid, key FROM public.idempotency_keys WHERE expires_at < now() ORDER BY expires_at
  LIMIT %s FOR UPDATE SKIP LOCKED
)
"""

_CLAIM = """
INSERT INTO public.idempotency_keys (user_uuid, key, request, message_uuid, created_at, expires_at)
VALUES (%s, %s, %s, %s, %s, now() + %s * interval '1 hour')
ON CONFLICT (user_uuid, key) DO UPDATE SET key = excluded.key
RETURNING request, message_uuid, created_at, message_group_uuid
"""

_SETTLE = """
INSERT INTO public.idempotency_keys (user_uuid, key, request, message_uuid, created_at, message_group_uuid, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, now() + %s * interval '1 hour')
ON CONFLICT (user_uuid, key) DO UPDATE
SET created_at = excluded.created_at, message_group_uuid = excluded.message_group_uuid
"""

_RELEASE = """
DELETE FROM public.idempotency_keys WHERE user_uuid = %s AND key = %s AND message_group_uuid IS NULL
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the key stands for: the attempt to make, and the group once that attempt is known to have succeeded."""

    attempt: Attempt
    group: str | None


@dataclass(frozen=True, slots=True)
class IdempotencyKeys:
    """The keys of the last 24 hours."""

    database: Database

    def claim(self, user: str, key: str, request: str, attempt: Attempt) -> Claim:
        """What this key stands for: `attempt`, unless it has come before.

        Raises:
            KeyReused: it came with another request.
            Unreachable, UsersUnready: the database cannot be asked; nothing was written.
        """
        fingerprint = _fingerprint(request)
        self.database.rows(_SWEEP, _SWEPT)
        values = (user, key, fingerprint, attempt.message, attempt.created_at, _KEPT_H)
        [(kept, message, created_at, group)] = self.database.rows(_CLAIM, *values)
        if bytes(kept) != fingerprint:
            raise KeyReused
        return Claim(Attempt(str(message), created_at), group)

    def settle(self, user: str, key: str, request: str, message: Message) -> None:
        """Note where the message stands: from now on the key is answered without an attempt.

        A request of the same key that was refused at the same time may have released it.
        """
        place = (message.uuid, message.created_at, message.group)
        self.database.rows(_SETTLE, user, key, _fingerprint(request), *place, _KEPT_H)

    def release(self, user: str, key: str) -> None:
        """Forget a key whose request was refused: nothing has come of it."""
        self.database.rows(_RELEASE, user, key)


def _fingerprint(request: str) -> bytes:
    return sha256(request.encode()).digest()
