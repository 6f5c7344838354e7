"""The stream at work, for people who learn the pattern: the last records, what was decided of rows, and the calls.

Keys, ids, kinds and numbers only: who looks at it is shown nobody's words.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from stream_worker.monitor.calls import CALLED
from stream_worker.views import SHOWN

WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class _Second:
    """The calls of one second, by operation."""

    number: int
    calls: Counter[str] = field(default_factory=Counter)
    capacity: Counter[str] = field(default_factory=Counter)


class Hood:
    """An `Ear` with a short memory; any thread may speak or ask.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._records: dict[tuple[str, str], dict[str, Any]] = {}
        """By shard and sequence number: a batch that did not settle comes again."""
        self._decisions: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        self._seconds: deque[_Second] = deque(maxlen=WINDOW_S)
        self._answers: dict[str, Callable[[float, Mapping[str, Any]], None]] = {
            "records_came": self._came,
            "rows_decided": self._decided,
            CALLED: self._called,
        }

    def hear(self, event: str, facts: Mapping[str, Any]) -> None:
        """See `Ear`."""
        if answer := self._answers.get(event):
            with self._lock:
                answer(self._monotonic(), facts)

    def status(self) -> dict[str, Any]:
        """As JSON; the newest first."""
        with self._lock:
            now = self._monotonic()
            return {
                "records": [_ago(now, record) for record in reversed(self._records.values())],
                "decisions": [_ago(now, decision) for decision in self._decisions],
                "calls": self._calls(now),
            }

    def _came(self, now: float, facts: Mapping[str, Any]) -> None:
        for record in facts["records"]:
            place = facts["shard"], record["sequence"]
            self._records.setdefault(place, {"at": now, "shard": facts["shard"], **record})
        while len(self._records) > SHOWN:
            del self._records[next(iter(self._records))]

    def _decided(self, now: float, facts: Mapping[str, Any]) -> None:
        for row in facts["rows"]:
            self._decisions.appendleft({"at": now, "group": facts["group"], **row})

    def _called(self, now: float, facts: Mapping[str, Any]) -> None:
        if not self._seconds or self._seconds[-1].number != int(now):
            self._seconds.append(_Second(int(now)))
        self._seconds[-1].calls[facts["operation"]] += 1
        self._seconds[-1].capacity[facts["operation"]] += facts["capacity"]

    def _calls(self, now: float) -> dict[str, Any]:
        calls: Counter[str] = Counter()
        capacity: Counter[str] = Counter()
        for second in self._seconds:
            if now - second.number <= WINDOW_S:
                calls.update(second.calls)
                capacity.update(second.capacity)
        return {_name(one): {"calls": calls[one], "capacity": round(capacity[one], 1)} for one in sorted(calls)}


def _ago(now: float, fact: Mapping[str, Any]) -> dict[str, Any]:
    return {**fact, "at": round(now - fact["at"], 1)}


def _name(operation: str) -> str:
    """As AWS names it: `transact_write_items` is TransactWriteItems."""
    return operation.title().replace("_", "")
