"""What happened lately, for people: the last lines worth showing, and rates over the last minute."""

from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

SHOWN = 50
WINDOW_S = 60.0
TOLD = frozenset({"batch_settled", "batch_unsettled", "group_dead_lettered", "record_dead_lettered"}) | {
    "dead_letter_settled",
    "sweep_owed",
    "sweep_progress",
    "sweep_done",
    "sweep_repaired",
    "lease_taken",
    "lease_lost",
    "lease_released",
    "lease_doubtful",
    "standby",
    "shard_opened",
    "shard_ended",
    "records_trimmed",
    "shard_lost",
    "lineage_stalled",
    "reading_waits",
    "upkeep_waits",
    "lease_unreachable",
    "shard_waits",
    "stream_opened",
    "stream_drained",
    "daemon_started",
    "daemon_ended",
}
COUNTED = ("records", "groups", "rows_moved", "clean", "dead")


class Recent:
    """An `Ear` with a short memory; any thread may speak or ask.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._lines: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        self._batches: deque[tuple[float, Mapping[str, Any]]] = deque()
        self._totals = dict.fromkeys(COUNTED, 0)
        self._unsettled: dict[str, int] = {}
        self._seen = {"letters_seen": 0, "sweeps_seen": 0}

    def hear(self, event: str, facts: Mapping[str, Any]) -> None:
        """See `Ear`."""
        with self._lock:
            if event in TOLD:
                self._lines.appendleft({"at": self._monotonic(), "event": event, **facts})
            if event == "batch_settled":
                self._settled(facts)
            elif event == "batch_unsettled":
                self._unsettled[facts["shard"]] = facts["groups"]
            elif event in {"shard_ended", "shard_lost", "records_trimmed"}:
                self._unsettled.pop(facts["shard"], None)
            elif event == "standby":
                self._know_nothing()
            elif event in self._seen:
                self._seen[event] = facts["count"]

    def status(self) -> dict[str, Any]:
        """As JSON."""
        with self._lock:
            return self._status(self._monotonic())

    def _status(self, now: float) -> dict[str, Any]:
        lately = [facts for at, facts in self._batches if now - at <= WINDOW_S]
        return {
            "totals": dict(self._totals),
            "rates_per_s": {name: round(sum(facts[name] for facts in lately) / WINDOW_S, 3) for name in COUNTED},
            "lag_ms": lately[-1]["lag_ms"] if lately else None,
            "dirty_groups": sum(self._unsettled.values()),
            "dead_letters_open": self._seen["letters_seen"],
            "sweeps_owed": self._seen["sweeps_seen"],
            "recent": [{**line, "at": round(now - line["at"], 1)} for line in self._lines],
        }

    def _know_nothing(self) -> None:
        """Another process works: what did not settle here, and what waited, is its business now."""
        self._unsettled.clear()
        self._seen = dict.fromkeys(self._seen, 0)

    def _settled(self, facts: Mapping[str, Any]) -> None:
        now = self._monotonic()
        self._unsettled.pop(facts["shard"], None)
        self._batches.append((now, facts))
        while self._batches and now - self._batches[0][0] > WINDOW_S:
            self._batches.popleft()
        for name in COUNTED:
            self._totals[name] += facts[name]
