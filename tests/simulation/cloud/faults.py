"""What can go wrong with one call, and how often; each seed draws rates of its own (swarm testing)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate
from random import Random


class Fault(Enum):
    """What a call meets."""

    THROTTLED = "throttled"  # not carried out
    CONFLICT = "conflict"  # a transaction that met another one
    UNSENT = "unsent"  # not carried out, and nobody hears of it
    LOST = "answer lost"  # carried out, and nobody hears of it
    LATE = "carried out late"  # nobody hears of it, and it lands some time later
    REPEATED = "repeated"  # carried out, and again by the SDK, whose first answer was lost
    KILLED_BEFORE = "killed before the call"
    KILLED_AFTER = "killed after the call"
    STALLED = "stalled"  # a long pause before it: the lease may go meanwhile


@dataclass(frozen=True, slots=True)
class Rates:
    """Probabilities per call, and sizes; zero everywhere is a quiet day."""

    throttled: float = 0.0
    conflict: float = 0.0
    unsent: float = 0.0
    lost: float = 0.0
    late: float = 0.0
    repeated: float = 0.0
    killed: float = 0.0
    stalled: float = 0.0
    torn: float = 0.0
    unprocessed: float = 0.0
    stall_s: float = 2.0
    page: int = 100

    def thresholds(self) -> list[tuple[float, Fault]]:
        """The faults, each with the number below which a draw between 0 and 1 means it."""
        likely = [
            (self.throttled, Fault.THROTTLED),
            (self.conflict, Fault.CONFLICT),
            (self.unsent, Fault.UNSENT),
            (self.lost, Fault.LOST),
            (self.late, Fault.LATE),
            (self.repeated, Fault.REPEATED),
            (self.killed / 2, Fault.KILLED_BEFORE),
            (self.killed / 2, Fault.KILLED_AFTER),
            (self.stalled, Fault.STALLED),
        ]
        return list(zip(accumulate(rate for rate, _ in likely), (fault for _, fault in likely), strict=True))


Draw = Callable[[str, str], Fault | None]
"""(kind of actor, operation) -> what the call meets."""

WRITES = frozenset({"put_item", "update_item", "delete_item", "transact_write_items"})
NEED_A_WRITE = frozenset({Fault.CONFLICT, Fault.LATE, Fault.REPEATED})
_PEOPLE = frozenset({Fault.KILLED_BEFORE, Fault.KILLED_AFTER})
"""What people's programs do not meet: a person who is killed just does less."""


class Drawn:
    """Faults by rate."""

    def __init__(self, dice: Random, rates: Rates) -> None:
        self.met: Counter[str] = Counter()
        self._dice = dice
        self._thresholds = rates.thresholds()

    def __call__(self, kind: str, operation: str) -> Fault | None:
        """What this call meets."""
        draw = self._dice.random()
        if draw >= self._thresholds[-1][0]:
            return None
        fault = next(fault for below, fault in self._thresholds if draw < below)
        return self._if_possible(fault, kind, operation)

    def _if_possible(self, fault: Fault, kind: str, operation: str) -> Fault | None:
        if fault in NEED_A_WRITE and operation not in WRITES:
            return None
        if fault in _PEOPLE and kind != "worker":
            return None
        self.met[fault.value] += 1
        return fault


@dataclass(slots=True)
class Scripted:
    """One fault, at exactly the k-th call of a kind of actor; complete for single faults when k runs through them."""

    fault: Fault
    at: int
    whose: str = "worker"
    calls: int = 0
    met: Counter[str] = field(default_factory=Counter)

    def __call__(self, kind: str, operation: str) -> Fault | None:
        """What this call meets."""
        if kind != self.whose:
            return None
        self.calls += 1
        if self.calls != self.at or (self.fault in NEED_A_WRITE and operation not in WRITES):
            return None
        self.met[self.fault.value] += 1
        return self.fault
