"""What only the application can meet: leaves of the tree in `shared/errors.py`.

Transient
└── KeysUnavailable    503, and again later
BadInput
├── TokenInvalid       401; the reason is for the log
├── CallerUnknown      422: a token of the pool, of nobody in the users table
├── TooManyRequests    429
├── TooManyGroups      422
└── KeyReused          422: an Idempotency-Key that came with another message before
"""

from shared.errors import BadInput, Transient


class KeysUnavailable(Transient):
    """The keys that tokens are signed with cannot be had."""


class TokenInvalid(BadInput):
    """The request has no token of ours; the message is one short word, never a part of the token."""


class CallerUnknown(BadInput):
    """Nobody in the users table has this Cognito id: run `chat-app update-cognito-ids`."""


class TooManyRequests(BadInput):
    """The caller asks for more than their share; `wait_s` is how long until there is some of it again."""

    def __init__(self, message: str | None = None, wait_s: int = 60) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class TooManyGroups(BadInput):
    """The caller has as many conversations as one may have."""


class KeyReused(BadInput):
    """The Idempotency-Key has come with another message before."""
