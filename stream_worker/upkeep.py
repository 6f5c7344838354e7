"""What is done beside the stream: owed sweeps, dead letters whose time has come."""

from collections.abc import Callable

from stream_worker.dead_letters import Retrier
from stream_worker.sweep import Sweeps

IDLE_S = 2.0
LETTERS_EVERY_S = 10.0


class Chores:
    """`contract.Upkeep`: a page of a sweep, or the letters that are due, a step."""

    def __init__(self, sweeps: Sweeps, retrier: Retrier, monotonic: Callable[[], float]) -> None:
        self._sweeps = sweeps
        self._retrier = retrier
        self._monotonic = monotonic
        self._letters_due = 0.0

    def step(self) -> float:
        """Do a little; in how many seconds to come again (0: there is more)."""
        if self._monotonic() >= self._letters_due:
            self._letters_due = self._monotonic() + LETTERS_EVERY_S
            self._retrier.run_due()
        owed = self._sweeps.next_due()
        if owed is None:
            return IDLE_S
        self._sweeps.work(owed)
        return 0.0
