"""Numbers from the log's lines and from calls."""

from typing import Any
from unittest.mock import Mock

import pytest

from shared.dynamo import Client, Clients
from shared.errors import Reason, Throttled, TransactionCancelled
from stream_worker.contract import Gap
from stream_worker.monitor.calls import BILLED, CallEars, CallLines, CountedClient, counted
from stream_worker.monitor.ears import HeardLog
from stream_worker.monitor.emf import Emf
from stream_worker.monitor.metrics import Metrics
from tests.fakes.outlets import Lines
from tests.fakes.views import BATCH, shard, view, vitals


class Broken:
    """A boto3 client of which every call is refused."""

    def transact_write_items(self, **_: str) -> None:
        raise TransactionCancelled([Reason("None"), Reason("TransactionConflict")])

    def get_records(self) -> dict[str, Any]:
        return {"Records": []}


@pytest.fixture
def metrics() -> Metrics:
    """All at zero."""
    return Metrics()


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """One number, as Prometheus would read it."""
    return metrics.registry.get_sample_value(f"pattern_e_{name}", labels)


def test_a_call_of_another_process_is_counted_by_its_line(metrics: Metrics) -> None:
    """A child's log is heard by its supervisor: the same numbers as if it had been a call of its own."""
    lines = Lines()
    raw: Any = Broken()
    client = CountedClient(raw, counter=CallLines(lines))
    with pytest.raises(TransactionCancelled):
        client.call("transact_write_items")
    [(event, facts)] = lines.lines
    metrics.hear(event, facts)
    assert value(metrics, "transactions_cancelled_total", code="TransactionConflict") == 1
    assert value(metrics, "calls_total", operation="transact_write_items", result="TransactionCancelled") == 1


def test_a_settled_batch_is_counted(metrics: Metrics) -> None:
    """Records, groups, rows, and the time from the write to the row."""
    metrics.hear("batch_settled", {"shard": "a", **BATCH})
    assert [value(metrics, f"{name}_total") for name in ("records", "groups", "rows_moved", "rows_clean")] == [
        5,
        2,
        3,
        1,
    ]
    assert (value(metrics, "lag_seconds_sum"), value(metrics, "batch_seconds_sum")) == (0.25, 0.04)
    assert value(metrics, "batches_total", result="settled") == 1


@pytest.mark.parametrize(
    ("event", "facts", "name", "labels"),
    [
        ("batch_unsettled", {"shard": "a", "groups": 1}, "batches_total", {"result": "unsettled"}),
        ("group_dead_lettered", {"error": "NeverSettled"}, "dead_letters_total", {"error": "NeverSettled"}),
        ("record_dead_lettered", {}, "dead_letters_total", {"error": "RecordUnreadable"}),
        ("letters_seen", {"count": 1}, "dead_letters_open", {}),
        ("sweeps_seen", {"count": 1}, "sweeps_owed", {}),
        ("sweep_owed", {"reason": "shard lost"}, "gaps_total", {"reason": "shard lost"}),
        ("sweep_done", {"reason": "new stream"}, "sweeps_total", {"reason": "new stream"}),
        ("sweep_repaired", {"repaired": 1}, "sweep_repaired_rows_total", {}),
        ("lease_lost", {}, "lease_changes_total", {"what": "lost"}),
    ],
)
def test_an_event_is_a_number(
    metrics: Metrics, event: str, facts: dict[str, Any], name: str, labels: dict[str, str]
) -> None:
    """What an alert can rest on."""
    metrics.hear(event, facts)
    assert value(metrics, name, **labels) == 1


def test_calls_are_counted_by_what_came_of_them(metrics: Metrics) -> None:
    """A cancelled transaction also by each of its reasons."""
    broken = Broken()
    clients = counted(Clients(Client(broken), Client(broken, streams=True)), CallEars((metrics,)))
    clients.streams.call("get_records")
    with pytest.raises(TransactionCancelled):
        clients.dynamodb.call("transact_write_items")
    assert value(metrics, "calls_total", operation="get_records", result="ok") == 1
    assert value(metrics, "calls_total", operation="transact_write_items", result="TransactionCancelled") == 1
    assert value(metrics, "transactions_cancelled_total", code="TransactionConflict") == 1
    assert value(metrics, "transactions_cancelled_total", code="None") is None
    assert value(metrics, "call_seconds_count", operation="get_records") == 1


def test_a_counted_client_asks_what_it_was_asked(metrics: Metrics) -> None:
    """With the same words, of the same service; how long it took is counted by the clock that it was given."""
    echo, ticks, ears = Mock(), iter([100.0, 102.5]), CallEars((metrics,))
    clients = counted(Clients(Client(echo), Client(echo, streams=True)), ears)
    CountedClient(echo, counter=ears, monotonic=lambda: next(ticks)).call("describe_table", TableName="t")
    echo.describe_table.assert_called_once_with(TableName="t")
    assert value(metrics, "call_seconds_sum", operation="describe_table") == 2.5
    assert (clients.dynamodb.streams, clients.streams.streams) == (False, True)


@pytest.mark.parametrize("operation", sorted(BILLED))
@pytest.mark.parametrize(
    ("bill", "units"),
    [({"CapacityUnits": 2.5}, 2.5), ([{"CapacityUnits": 6}, {"CapacityUnits": 0.5}], 6.5), ({}, None), (None, None)],
    ids=["one table", "several", "not said", "no bill"],
)
def test_what_a_call_consumes_is_asked_for_and_counted(
    metrics: Metrics, operation: str, bill: object, units: float | None
) -> None:
    """Of every call that can say so; an engine that does not say it is believed to the rest."""
    raw = Mock()
    getattr(raw, operation).return_value = {"ConsumedCapacity": bill}
    CountedClient(raw, counter=CallEars((metrics,))).call(operation, TableName="t")
    getattr(raw, operation).assert_called_once_with(TableName="t", ReturnConsumedCapacity="TOTAL")
    assert value(metrics, "capacity_units_total", operation=operation) == units


def test_who_asks_for_the_bill_gets_the_one_asked_for() -> None:
    """Twice the same word would be no call at all."""
    raw = Mock()
    raw.query.return_value = {}
    CountedClient(raw, counter=CallEars(())).call("query", ReturnConsumedCapacity="INDEXES")
    raw.query.assert_called_once_with(ReturnConsumedCapacity="INDEXES")


def test_a_transaction_refused_for_want_of_capacity_counts_as_throttled(metrics: Metrics) -> None:
    """All writes are transactions: their throttles come as reasons, and an alert rests on them."""
    refused = TransactionCancelled([Reason("None"), Reason("ThrottlingError")])
    CallEars((metrics,)).called("transact_write_items", 0.1, 0.0, refused)
    assert value(metrics, "calls_total", operation="transact_write_items", result="Throttled") == 1


@pytest.mark.parametrize(
    ("name", "labels"),
    [("batches", {"result": "settled"}), ("batches", {"result": "unsettled"}), ("lease_changes", {"what": "lost"})]
    + [("gaps", {"reason": gap.value}) for gap in Gap],
)
def test_what_alerts_watch_grow_is_there_from_the_start(metrics: Metrics, name: str, labels: dict[str, str]) -> None:
    """A series that is born at 1 has not grown: the first loss of records would wake nobody."""
    assert value(metrics, f"{name}_total", **labels) == 0


def test_a_standby_knows_of_no_letters(metrics: Metrics) -> None:
    """What it saw while it worked would stay for ever."""
    for event in ("letters_seen", "sweeps_seen"):
        metrics.hear(event, {"count": 2})
    metrics.hear("standby", {})
    assert [value(metrics, name) for name in ("dead_letters_open", "sweeps_owed")] == [0, 0]


def test_when_the_lease_was_taken_is_told_by_the_clock(metrics: Metrics) -> None:
    """A counter begins anew with every process: a process that dies every minute would look like one take-over."""
    metrics.hear("lease_taken", {})
    assert (value(metrics, "lease_taken_timestamp_seconds") or 0) > 1.7e9


def test_gauges_are_asked_for_when_they_are_read(metrics: Metrics) -> None:
    """A shard that ended is gone from them at once."""
    shards = [shard(behind_s=70, failures=1), shard("b", failures=3), shard("c", polled_s_ago=9)]
    metrics.watch(vitals(view(*shards, turned_s_ago=5)))
    expected = {"iterator_age_seconds": 70, "poll_age_seconds": 9, "loop_age_seconds": 5, "active": 1}
    expected |= {"shards_read": 3, "shards_failing": 2, "shards_waiting": 1, "lineages_stalled": 1}
    assert {name: value(metrics, name) for name in expected} == pytest.approx(expected)


def test_a_log_that_is_heard_says_the_same(metrics: Metrics) -> None:
    """Every line goes on as it was; what was bound is heard with it."""
    lines = Lines()
    log = HeardLog(lines, (metrics,)).bind(error="Throttled").bind(user="ann")
    log.warning("group_dead_lettered", group="g")
    log.debug("letters_seen", count=4)
    assert lines.lines == [("group_dead_lettered", {"group": "g"}), ("letters_seen", {"count": 4})]
    assert value(metrics, "dead_letters_total", error="Throttled") == 1
    assert value(metrics, "dead_letters_open") == 4


def test_a_line_for_cloudwatch_says_what_was_new(metrics: Metrics) -> None:
    """Counters by how much they grew, times by their mean, in AWS's format."""
    emf = Emf(metrics.registry, "pattern-e")
    metrics.hear("batch_settled", BATCH)
    emf.line()
    metrics.hear("batch_settled", BATCH)
    CallEars((metrics,)).called("query", 0.5, 0.0, Throttled())
    CallEars((metrics,)).called("query", 1.5, 2.5, None)
    line = emf.line()
    assert (line["call_seconds"], line["call_seconds_count"], line["calls"]) == ([1.0], [2.0], [2.0])
    assert [name for name in line if name.endswith(("_bucket", "_created", "_total", "_sum"))] == []
    assert (line["records"], line["lag_seconds"], line["service"]) == ([5.0], [0.25], "pattern-e")
    assert line["capacity_units"] == [2.5]
    [described] = line["_aws"]["CloudWatchMetrics"]
    assert (described["Namespace"], described["Dimensions"]) == ("PatternE", [["service"]])
    assert {"Name": "call_seconds", "Unit": "Seconds"} in described["Metrics"]
