"""A client for walks through a table: it counts what it consumes, keeps to a rate, and is patient with reads."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from shared.dynamo import Answer, Client
from shared.retry import Retry

_READS = frozenset({"scan", "query", "get_item", "batch_get_item"})
_WRITES = frozenset({"transact_write_items"})


@dataclass(slots=True)
class Meter:
    """Capacity units consumed so far, and the pause that keeps them below `rate` units a second (None: no limit)."""

    rate: float | None
    wait: Callable[[float], object]
    monotonic: Callable[[], float]
    units: float = 0.0
    _free_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def pause(self) -> None:
        """Wait until what was consumed is paid for."""
        due = self._free_at - self.monotonic()
        if due > 0:
            self.wait(due)

    def add(self, units: float) -> None:
        """Count what a call consumed."""
        with self._lock:
            self.units += units
            if self.rate:
                self._free_at = max(self._free_at, self.monotonic()) + units / self.rate


@dataclass(frozen=True, slots=True)
class Paced(Client):
    """A `Client` with a meter. A read that meets trouble is repeated; a write is its caller's to judge.

    `tell` hears of each wait (the error, the seconds).
    """

    meter: Meter = field(kw_only=True)
    retry: Retry = field(kw_only=True)
    tell: Callable[[BaseException, float], object] | None = field(default=None, kw_only=True)

    def call(self, operation: str, **params: Any) -> Answer:
        """See `Client`."""
        if operation not in _READS | _WRITES:
            return Client.call(self, operation, **params)
        if operation in _WRITES:
            return self._metered(operation, params)
        return self.retry.call(lambda: self._metered(operation, params), before_wait=self.tell)

    def _metered(self, operation: str, params: dict[str, Any]) -> Answer:
        self.meter.pause()
        answer = Client.call(self, operation, **params, ReturnConsumedCapacity="TOTAL")
        self.meter.add(units(answer.get("ConsumedCapacity")) or 1.0)  # an engine that does not say is not free
        return answer


def units(consumed: object) -> float:
    """What a call consumed, of all tables, as it says itself; 0 where the engine does not say."""
    tables = consumed if isinstance(consumed, list) else [consumed]
    said = [table.get("CapacityUnits") for table in tables if isinstance(table, dict)]
    return float(sum(one for one in said if isinstance(one, int | float)))
