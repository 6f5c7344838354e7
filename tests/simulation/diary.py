"""What happened in one run: counts of everything interesting, and, if wanted, a line for each step."""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any


class Diary:
    """Counts, violations, and the trace of a run; also the `Log` of the workers in it."""

    def __init__(self, now: Callable[[], float], actor: Callable[[], str], *, is_told: bool = False) -> None:
        self.seen: Counter[str] = Counter()
        self.violations: list[str] = []
        self._now = now
        self._actor = actor
        self.is_told = is_told

    def sometimes(self, what: str) -> None:
        """Something interesting happened; over a whole set of runs none of these may stay at zero."""
        self.seen[what] += 1
        if self.is_told:
            self.trace(f"({what})")

    def violated(self, invariant: str, what: str) -> None:
        """The promise is broken."""
        self.violations.append(f"{invariant} at {self._now():.3f} s by {self._actor()}: {what}")
        self.trace(f"VIOLATION {invariant}: {what}")

    def trace(self, what: str) -> None:
        """A step, for whoever replays the run."""
        if self.is_told:
            sys.stdout.write(f"{self._now():12.6f}  {self._actor():20} {what}\n")

    def debug(self, event: str, **facts: Any) -> None:
        """A line of a worker's log."""
        self.seen[event] += 1
        if self.is_told:
            self.trace(f"log {event} " + " ".join(f"{name}={value}" for name, value in facts.items()))

    info = warning = error = debug

    def bind(self, **_: Any) -> "Diary":
        """See `Log`."""
        return self
