"""How much one caller may ask for: sliding windows, in the memory of this process."""

import time
from dataclasses import dataclass, field
from math import ceil

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from chat_app.errors import TooManyRequests

MAX_GROUPS = 1000
"""Conversations of one user: their list is read as a whole where a new one is made."""

_READS_A_WRITE = 10


@dataclass(frozen=True, slots=True)
class Shares:
    """Counts what each caller does; several processes count apart.

    Args:
        messages_a_minute: how much one may write; ten times as much may be read, a sixth of it started.
    """

    messages_a_minute: int
    _window: SlidingWindowCounterRateLimiter = field(
        default_factory=lambda: SlidingWindowCounterRateLimiter(MemoryStorage())
    )

    def read(self, user: str) -> None:
        """Count a look.

        Raises:
            TooManyRequests: the share is used up; what is refused does not count.
        """
        self._count(RateLimitItemPerMinute(_READS_A_WRITE * self.messages_a_minute), "read", user)

    def write(self, user: str) -> None:
        """Count a message that is sent, edited or deleted; raises as `read` does."""
        self._count(RateLimitItemPerMinute(self.messages_a_minute), "write", user)

    def start(self, user: str) -> None:
        """Count a message to somebody by their handle, which may make a conversation; raises as `read` does."""
        self._count(RateLimitItemPerMinute(max(1, self.messages_a_minute // 6)), "start", user)
        self._count(RateLimitItemPerDay(10 * self.messages_a_minute), "start", user)

    def _count(self, share: RateLimitItem, what: str, user: str) -> None:
        if not self._window.hit(share, what, user):
            reset_at = self._window.get_window_stats(share, what, user).reset_time
            raise TooManyRequests(wait_s=max(1, ceil(reset_at - time.time())))
