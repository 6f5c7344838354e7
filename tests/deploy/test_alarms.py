"""Alarms, filters, dashboard and scaling look at what the code writes, and fire when they should."""

import json
import re
from math import ceil
from typing import Any

import pytest

from shared.errors import Reason, TransactionCancelled
from stream_worker.contract import Gap
from stream_worker.monitor.calls import CallEars
from stream_worker.monitor.emf import EVERY_S, NAMESPACE, Emf
from stream_worker.monitor.metrics import Metrics
from tests.deploy.template import FOLDER, read, resources
from tests.fakes.views import BATCH, shard, view, vitals

ROOT = FOLDER.parent
WORKER = read("ecs.yaml")
ALARM = "AWS::CloudWatch::Alarm"
ALARMS = resources(WORKER, ALARM)
FLEET = ("FleetIsBehind", "FleetIsLarge")


def metrics_written() -> set[str]:
    """What a worker that reads, settles and calls writes with METRICS=emf."""
    metrics = Metrics()
    metrics.watch(vitals(view(shard())))
    emf = Emf(metrics.registry, "pattern-e")
    emf.line()
    metrics.hear("batch_settled", BATCH)
    cancelled = TransactionCancelled([Reason("ConditionalCheckFailed")])
    CallEars((metrics,)).called("transact_write_items", 0.5, 2.5, cancelled)
    return {metric["Name"] for metric in emf.line()["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def metrics_looked_at() -> set[tuple[str, Any]]:
    """Name and dimensions of each metric of the worker's that an alarm or the dashboard looks at."""
    plain = [alarm for alarm in ALARMS.values() if alarm.get("Namespace") == NAMESPACE]
    computed = [
        metric["MetricStat"]["Metric"]
        for alarm in ALARMS.values()
        for metric in alarm.get("Metrics", [])
        if metric.get("MetricStat", {}).get("Metric", {}).get("Namespace") == NAMESPACE
    ]
    shown = re.findall(rf'\["{NAMESPACE}", "(\w+)", "(\w+)", "\$\{{WorkerName\}}"', dashboard())
    looked_at = {(alarm["MetricName"], json.dumps(alarm["Dimensions"])) for alarm in plain + computed}
    return looked_at | {(name, json.dumps([{"Name": by, "Value": {"Ref": "WorkerName"}}])) for name, by in shown}


def dashboard() -> str:
    """The dashboard's text, before CloudFormation puts names in."""
    [made] = resources(WORKER, "AWS::CloudWatch::Dashboard").values()
    text: str = made["DashboardBody"]["Fn::Sub"]
    return text


def test_alarms_look_at_numbers_that_are_written() -> None:
    """An alarm on a name that nobody writes stays silent for ever."""
    looked_at = metrics_looked_at()
    assert len(looked_at) > 15
    assert {name for name, _ in looked_at} <= metrics_written()
    assert {by for _, by in looked_at} == {json.dumps([{"Name": "service", "Value": {"Ref": "WorkerName"}}])}


def test_the_fleet_is_counted_as_often_as_it_tells() -> None:
    """Its alarms divide by the lines that a task writes in their period."""
    for alarm in (ALARMS["FleetIsBehind"], ALARMS["FleetIsLarge"]):
        lines = {metric["MetricStat"]["Period"] / EVERY_S for metric in alarm["Metrics"] if "MetricStat" in metric}
        [said] = {int(n) for n in re.findall(r"/ (\d+)", alarm["Metrics"][0]["Expression"])}
        assert lines == {said}


def test_no_alarm_on_dynamodb_waits_for_what_is_not_said() -> None:
    """Alarms on its metrics ignore missing data, whatever they say: once red, they would stay red."""
    assert [name for name, alarm in ALARMS.items() if alarm.get("Namespace") == "AWS/DynamoDB"] == []
    for name in ("IndexThrottled", "TableThrottled"):
        assert ALARMS[name]["Metrics"][0]["Expression"] == "FILL(events, 0)"


def test_what_is_lost_is_told_from_what_is_new() -> None:
    """The filter knows the reasons to owe a sweep that lose nothing, by the words of the code."""
    lost = resources(WORKER, "AWS::Logs::MetricFilter")["LostFilter"]
    harmless = re.findall(r'reason != "([^"]+)"', lost["FilterPattern"])
    assert {Gap(reason) for reason in harmless} == {Gap.FIRST_START, Gap.NEW_STREAM}


@pytest.mark.parametrize(("name", "room"), [("ecs.yaml", "stream_worker"), ("app.yaml", "chat_app")])
def test_filters_look_for_lines_that_are_logged(name: str, room: str) -> None:
    """As warnings, which each level that can be chosen lets through; and an alarm looks at each of their numbers."""
    assert "ERROR" not in read(name)["Parameters"]["LogLevel"]["AllowedValues"]
    code = "".join(file.read_text() for file in (ROOT / room).rglob("*.py"))
    alarms = {(a.get("MetricName"), json.dumps(a.get("Namespace"))) for a in resources(read(name), ALARM).values()}
    for log_filter in resources(read(name), "AWS::Logs::MetricFilter").values():
        [event] = re.findall(r'event = "(\w+)"', log_filter["FilterPattern"])
        assert re.search(rf'(warning|tell)\(\s*"{event}"', code)
        [made] = log_filter["MetricTransformations"]
        assert (made["MetricName"], json.dumps(made["MetricNamespace"])) in alarms


def test_the_dashboard_is_json() -> None:
    """With every name that it wants put in; its alarms are in every stack."""
    text = re.sub(r"\$\{[\w:.]+\}", "x", dashboard())
    assert {widget["type"] for widget in json.loads(text)["widgets"]} == {"alarm", "metric", "log"}
    for alarm in re.findall(r"\$\{(\w+)\.Arn\}", dashboard()):
        assert "Condition" not in WORKER["Resources"][alarm]


def test_a_stack_that_rests_or_is_being_made_pages_nobody() -> None:
    """No numbers are right then: `Tasks=0`, and the minutes before the first task has told of itself."""
    nobody = WORKER["Resources"]["NobodyWorks"]
    assert nobody["Properties"]["ActionsEnabled"] == {"Fn::If": ["IsRunning", True, False]}
    for name, alarm in ALARMS.items():
        if alarm.get("TreatMissingData") == "breaching":
            assert WORKER["Resources"][name]["DependsOn"] == "Service"


@pytest.mark.parametrize(
    ("lag", "tasks", "reading", "waiting", "more"),
    [(61, 3, 4, 0, 1), (61, 3.2, 4, 0, 0), (61, 4, 4, 0, 0), (61, 4, 4, 1, 1), (60, 1, 4, 0, 0)],
)
def test_one_more_only_where_a_shard_is_left(lag: float, tasks: float, reading: int, waiting: int, more: int) -> None:
    """A task that is just beginning has not told five times yet, and counts as one."""
    known = {"lag": lag, "telling": 5 * tasks, "reading": 5 * reading, "waiting": waiting}
    assert computed("FleetIsBehind", known) == more


@pytest.mark.parametrize(
    ("lag", "busy_s", "tasks", "reading", "less"),
    [(8, 10, 2, 4, 1), (8, 100, 2, 4, 0), (16, 0, 2, 4, 0), (100, 999, 5, 4, 1), (100, 999, 4, 4, 0)],
)
def test_one_less_where_there_is_little_to_do(lag: float, busy_s: float, tasks: int, reading: int, less: int) -> None:
    """A tenth of the time of five minutes, or more tasks than shards; an idle shard looks some seconds old."""
    known = {"lag": lag, "telling": 5 * tasks, "reading": 5 * reading, "waiting": 0, "took": busy_s / 40, "batches": 40}
    assert computed("FleetIsLarge", known) == less


def computed(alarm: str, known: dict[str, float]) -> int:
    """CloudWatch's expression, by Python: IF, CEIL, FILL; AND and OR are Python's own in lower case."""
    text = ALARMS[alarm]["Metrics"][0]["Expression"].replace(" AND ", " and ").replace(" OR ", " or ")
    names = {"IF": lambda so, one, other: one if so else other, "CEIL": ceil, "FILL": lambda value, _: value}
    assert set(known) == {metric["Id"] for metric in ALARMS[alarm]["Metrics"] if "MetricStat" in metric}
    return int(eval(text, {"__builtins__": {}}, {**names, **known}))


def test_scaling_does_what_its_alarms_say() -> None:
    """One more, one less, within its bounds; and it is the service's."""
    every = WORKER["Resources"]
    steps = {
        name: one["StepScalingPolicyConfiguration"]
        for name, one in resources(WORKER, "AWS::ApplicationAutoScaling::ScalingPolicy").items()
    }
    changes = {name: [step["ScalingAdjustment"] for step in one["StepAdjustments"]] for name, one in steps.items()}
    assert changes == {"OneMore": [1], "OneLess": [-1]}
    assert {ALARMS[alarm]["AlarmActions"][0]["Ref"]: alarm for alarm in ("FleetIsBehind", "FleetIsLarge")} == {
        "OneMore": "FleetIsBehind",
        "OneLess": "FleetIsLarge",
    }
    [target] = resources(WORKER, "AWS::ApplicationAutoScaling::ScalableTarget").values()
    assert (target["MinCapacity"], target["MaxCapacity"]) == ({"Ref": "Tasks"}, {"Ref": "MaxTasks"})
    assert target["ResourceId"] == {"Fn::Sub": "service/${Cluster}/${Service.Name}"}
    assert {every[name]["Condition"] for name in ("ScalableTarget", "OneMore", "OneLess", *FLEET)} == {"IsFleet"}


@pytest.mark.parametrize(("name", "periods"), [("FleetIsBehind", 1), ("FleetIsLarge", 6)])
def test_scaling_looks_at_the_right_numbers(name: str, periods: int) -> None:
    """The furthest shard behind, what all tasks read together, and how often they have told."""
    alarm = ALARMS[name]
    looks = {one["Id"]: one["MetricStat"] for one in alarm["Metrics"] if "MetricStat" in one}
    known = {
        "lag": ("iterator_age_seconds", "Maximum"),
        "reading": ("shards_read", "Sum"),
        "waiting": ("shards_waiting", "Maximum"),
        "telling": ("active", "SampleCount"),
        "took": ("batch_seconds", "Average"),
        "batches": ("batch_seconds_count", "Sum"),
    }
    assert {key: (one["Metric"]["MetricName"], one["Stat"]) for key, one in looks.items()} == {
        key: known[key] for key in looks
    }
    assert [one["ReturnData"] for one in alarm["Metrics"]] == [True] + [False] * len(looks)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (periods, "notBreaching")


def test_the_dashboard_shows_every_alarm_that_every_stack_has() -> None:
    """Those of one variant only could not be named in the other."""
    shown = set(re.findall(r"\$\{(\w+)\.Arn\}", dashboard()))
    assert shown == {name for name in ALARMS if "Condition" not in WORKER["Resources"][name]}
