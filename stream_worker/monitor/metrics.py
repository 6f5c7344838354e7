"""Numbers for Prometheus: counters from the log's lines and the client's calls, gauges from the driver's view."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stream_worker.contract import Gap
from stream_worker.monitor.calls import CALLED
from stream_worker.monitor.status import Vitals

LAG_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86400)
CALL_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
LEASE_EVENTS = {
    "lease_taken": "taken",
    "lease_lost": "lost",
    "lease_released": "released",
    "lease_doubtful": "doubtful",
}


class Metrics:
    """All metrics of one process, in a registry of their own; an `Ear`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._batches = self._counter("batches", "Batches delivered to the handler.", "result")
        self._records = self._counter("records", "Stream records settled.")
        self._groups = self._counter("groups", "Message groups looked at.")
        self._moved = self._counter("rows_moved", "Conversation rows written.")
        self._clean = self._counter("rows_clean", "Conversation rows that needed nothing.")
        self._letters = self._counter("dead_letters", "Dead letters put.", "error")
        self._lease = self._counter("lease_changes", "What happened to this process's lease.", "what")
        self._swept = self._counter("sweeps", "Sweeps done.", "reason")
        self._repaired = self._counter("sweep_repaired_rows", "Wrong rows found in a table that was being kept.")
        self._gaps = self._counter("gaps", "Records that may never have reached us: a sweep was owed.", "reason")
        self._calls = self._counter("calls", "Calls of DynamoDB and its streams.", "operation", "result")
        self._capacity = self._counter("capacity_units", "Capacity units that calls consumed.", "operation")
        self._cancelled = self._counter("transactions_cancelled", "Reasons of cancelled transactions.", "code")
        self._lag = self._histogram("lag_seconds", "From the newest write of a batch to its rows moved.", LAG_BUCKETS)
        self._took = self._histogram("batch_seconds", "Time the handler took for a batch.", LAG_BUCKETS)
        self._seconds = self._histogram("call_seconds", "Time a call took.", CALL_BUCKETS, "operation")
        self._open = self._gauge("dead_letters_open", "Dead letters that wait.")
        self._owed = self._gauge("sweeps_owed", "Sweeps that are owed.")
        self._taken_at = self._gauge(
            "lease_taken_timestamp_seconds", "When this process last took the lease; 0: never."
        )
        self._begin_at_zero()
        self._answers: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "batch_settled": self._batch,
            "batch_unsettled": lambda _: self._batches.labels("unsettled").inc(),
            "group_dead_lettered": lambda facts: self._letters.labels(facts["error"]).inc(),
            "record_dead_lettered": lambda _: self._letters.labels("RecordUnreadable").inc(),
            "letters_seen": lambda facts: self._open.set(facts["count"]),
            "sweeps_seen": lambda facts: self._owed.set(facts["count"]),
            "sweep_owed": lambda facts: self._gaps.labels(facts["reason"]).inc(),
            "sweep_done": lambda facts: self._swept.labels(facts["reason"]).inc(),
            "sweep_repaired": lambda facts: self._repaired.inc(facts["repaired"]),
            "lease_taken": lambda _: self._taken_at.set_to_current_time(),
            "standby": lambda _: self._know_nothing(),
            CALLED: self._call,
        }

    def watch(self, vitals: Vitals) -> None:
        """Show what the driver shows of itself."""
        self.registry.register(_Views(vitals))

    def hear(self, event: str, facts: Mapping[str, Any]) -> None:
        """See `Ear`."""
        if event in LEASE_EVENTS:
            self._lease.labels(LEASE_EVENTS[event]).inc()
        if answer := self._answers.get(event):
            answer(facts)

    def text(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self.registry)

    def _begin_at_zero(self) -> None:
        """Prometheus sees growth only in a series that was there before: one that is born at 1 has not grown."""
        for counter, values in (
            (self._batches, ("settled", "unsettled")),
            (self._gaps, [gap.value for gap in Gap]),
            (self._lease, LEASE_EVENTS.values()),
        ):
            for value in values:
                counter.labels(value)

    def _know_nothing(self) -> None:
        """What waits is looked at by the process that works; a standby's numbers would stay for ever."""
        self._open.set(0)
        self._owed.set(0)

    def _call(self, facts: Mapping[str, Any]) -> None:
        self._calls.labels(facts["operation"], facts["result"]).inc()
        self._seconds.labels(facts["operation"]).observe(facts["seconds"])
        if facts["capacity"]:
            self._capacity.labels(facts["operation"]).inc(facts["capacity"])
        for code in facts["codes"]:
            self._cancelled.labels(code).inc()

    def _batch(self, facts: Mapping[str, Any]) -> None:
        self._batches.labels("settled").inc()
        self._records.inc(facts["records"])
        self._groups.inc(facts["groups"])
        self._moved.inc(facts["rows_moved"])
        self._clean.inc(facts["clean"])
        self._lag.observe(facts["lag_ms"] / 1000)
        self._took.observe(facts["duration_ms"] / 1000)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"pattern_e_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"pattern_e_{name}", what, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"pattern_e_{name}", what, labels, buckets=buckets, registry=self.registry)


class _Views(Collector):
    """Gauges that are true at the moment they are asked for: shards come and go, an idle one is not late."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        signs = self._vitals.signs()
        yield _gauge("active", "Whether this process is the one that works.", signs.is_active)
        yield _gauge("loop_age_seconds", "Since its loop last turned.", signs.loop_age_s)
        yield _gauge("iterator_age_seconds", "How far the furthest shard behind is behind.", signs.iterator_age_s)
        yield _gauge("poll_age_seconds", "Since the shard polled longest ago was polled.", signs.poll_age_s)
        yield _gauge("shards_read", "Shards that are being read.", signs.shards)
        yield _gauge("shards_waiting", "Shards that wait for their parent.", signs.waiting)
        yield _gauge("shards_failing", "Shards whose last turn did not work.", signs.failing)
        yield _gauge("lineages_stalled", "Closed shards that have no child.", signs.stalled)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"pattern_e_{name}", what, float(value))
