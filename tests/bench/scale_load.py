"""How people spread their messages over groups, and how many groups have a message in a while."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import exp, expm1, log, sqrt

ZIPF = 1.1  # how unequal groups are: as in scripts/bench
FASTEST = 0.5  # messages a second of somebody who types without a pause
_FINE = 1.05  # how wide ranks are taken together
_FINEST = 100  # so many ranks stand for themselves


@dataclass(frozen=True)
class Load:
    """What people do, day and night."""

    messages: float
    """A second."""
    rows: float
    members: int = 2
    poll_s: float = 0.2

    @property
    def groups(self) -> float:
        """Each member has a row."""
        return self.rows / self.members

    @cached_property
    def spread(self) -> list[tuple[float, float]]:
        """(groups, messages a second of each): Zipf, but nobody types faster than people do."""
        ranks, most = list(_ranks(self.groups)), FASTEST * self.members

        def total(scale: float) -> float:
            return sum(number * min(most, scale * _weight(rank)) for rank, number in ranks)

        scale = solve(total, self.messages, 1e-12, most / _weight(self.groups))
        return [(number, min(most, scale * _weight(rank))) for rank, number in ranks]

    def touched(self, seconds: float) -> float:
        """Groups with a message or more in so many seconds."""
        return sum(number * -expm1(-rate * seconds) for number, rate in self.spread)

    def within(self, groups: float) -> float:
        """The share of messages whose group is among the last `groups` that had one (Che's approximation)."""
        if groups >= self.groups:
            return 1.0
        seconds = solve(self.touched, groups, 1e-9, 1e12)
        return sum(number * rate * -expm1(-rate * seconds) for number, rate in self.spread) / self.messages


def _ranks(groups: float) -> Iterator[tuple[float, float]]:
    """(rank, how many groups stand for it): the first ones alone, the others ever more together."""
    first = 1.0
    while first <= groups:
        last = min(groups, max(first, first * _FINE - 1) if first > _FINEST else first)
        yield sqrt(first * last), last - first + 1
        first = last + 1


def _weight(rank: float) -> float:
    return float(rank**-ZIPF)


def solve(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Where a rising function has a value, between two positive numbers."""
    for _ in range(60):
        middle = exp((log(low) + log(high)) / 2)
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return high
