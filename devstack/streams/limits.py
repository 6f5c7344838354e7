"""How often something may be asked."""

from dataclasses import dataclass


@dataclass(slots=True)
class Limit:
    """So many a second, and as many at once after a second of silence; a rate of 0 is no limit."""

    rate: float
    left: float = 0.0
    at: float | None = None

    def allows(self, now: float) -> bool:
        """Whether one more is allowed now; it is counted if so."""
        if not self.rate:
            return True
        most = max(1.0, self.rate)
        since = most if self.at is None else (now - self.at) * self.rate
        self.left, self.at = min(most, self.left + since), now
        if self.left < 1:
            return False
        self.left -= 1
        return True
