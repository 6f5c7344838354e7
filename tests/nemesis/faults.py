"""What may happen to a request on its way, and how often."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import accumulate
from random import Random
from threading import Lock

WRITES = frozenset({"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"})
STREAMS = frozenset({"ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"})
INDEXED = frozenset({"Query", "Scan"})
ANY = "*"

Rates = Mapping[str, Mapping[str, float]]
"""Operation (or `*`: every one) -> fault -> how often; an operation's own rate outranks that of all."""


class Fault(StrEnum):
    """One accident."""

    DELAY = "delay"
    STALL = "stall"  # for longer than a lease lasts; it is carried out then
    CUT = "cut"  # the connection breaks before anything is done
    LOST = "lost"  # it is done, and the connection breaks
    INTERNAL = "internal"  # a 500, nothing is done
    THROTTLING = "throttling"
    THROUGHPUT = "throughput"
    REQUEST_LIMIT = "request-limit"
    LIMIT = "limit"  # GetRecords only
    CONFLICT = "conflict"  # with another transaction
    STALE = "stale"  # an index as it was some time ago


REFUSALS = frozenset(
    {Fault.INTERNAL, Fault.THROTTLING, Fault.THROUGHPUT, Fault.REQUEST_LIMIT, Fault.LIMIT, Fault.CONFLICT}
)


def may_meet(fault: Fault, operation: str) -> bool:
    """Whether AWS would do this to this operation."""
    match fault:
        case Fault.THROUGHPUT | Fault.REQUEST_LIMIT:
            return operation not in STREAMS
        case Fault.LIMIT:
            return operation == "GetRecords"
        case Fault.CONFLICT:
            return operation in WRITES
        case Fault.STALE:
            return operation in INDEXED
        case _:
            return True


class Dice:
    """Which fault the next request meets; each operation has lots of its own, the same for a seed. Thread-safe."""

    def __init__(self, seed: int, rates: Rates) -> None:
        self._seed = seed
        self._rates = rates
        self._lots: dict[str, Random] = {}
        self._lock = Lock()

    def load(self, rates: Rates) -> None:
        """From now on these rates; none is peace."""
        with self._lock:
            self._rates = rates

    def throw(self, operation: str) -> Fault | None:
        """The fault of the next request of this operation."""
        with self._lock:
            lot = self._lot(operation).random()
            faults, bounds = self._bounds(operation)
        return next((fault for fault, bound in zip(faults, bounds, strict=True) if lot < bound), None)

    def between(self, operation: str, low: float, high: float) -> float:
        """A number that goes with it, such as seconds."""
        with self._lock:
            return self._lot(operation).uniform(low, high)

    def choice(self, operation: str, among: Sequence[int]) -> int:
        """One of these."""
        with self._lock:
            return self._lot(operation).choice(among)

    def _lot(self, operation: str) -> Random:
        return self._lots.setdefault(operation, Random(f"{self._seed}/{operation}"))

    def _bounds(self, operation: str) -> tuple[list[Fault], list[float]]:
        merged = {**self._rates.get(ANY, {}), **self._rates.get(operation, {})}
        rates = {fault: merged[fault] for fault in Fault if fault in merged and may_meet(fault, operation)}
        return list(rates), list(accumulate(rates.values()))


class Tally:
    """How often each fault came to each operation. Thread-safe."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._lock = Lock()

    def add(self, what: str, operation: str) -> None:
        """One more."""
        with self._lock:
            self._counts.setdefault(what, Counter())[operation] += 1

    def as_values(self) -> dict[str, dict[str, int]]:
        """All of them."""
        with self._lock:
            return {what: dict(counter) for what, counter in self._counts.items()}
