"""What a loop does while something outside does not answer."""

from random import uniform
from threading import Event

from shared.logging import Log

FIRST_S, LONGEST_S = 0.5, 5.0
BACKOFF_FIRST_S, BACKOFF_LONGEST_S = 0.2, 10.0


class Trouble:
    """Waits that grow while something outside does not answer, each with a line that says so."""

    def __init__(self, stop: Event, log: Log) -> None:
        self._stop = stop
        self._log = log
        self._next_s = FIRST_S

    def wait(self, event: str, error: Exception) -> None:
        """Say what is wrong, then wait; longer each time."""
        self._log.warning(event, error=str(error), next=f"retry in {self._next_s:g} s")
        self._stop.wait(self._next_s)
        self._next_s = min(self._next_s * 2, LONGEST_S)

    def is_over(self) -> None:
        """It answers again."""
        self._next_s = FIRST_S


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    longest = min(BACKOFF_LONGEST_S, BACKOFF_FIRST_S * 2.0 ** min(failures, 10))
    return uniform(longest / 2, longest)  # noqa: S311 - jitter, not cryptography
