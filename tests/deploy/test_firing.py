"""Each alarm, in minutes as they would be written: red for its own trouble, and quiet otherwise."""

import json
from collections.abc import Mapping

import pytest

from shared.keys import INDEX
from tests.deploy.cloudwatch import Minutes, red
from tests.deploy.template import FOLDER, read, resources

HOURS = 240  # minutes that are played
OURS, STACK, DYNAMO = (
    "PatternE",
    "PatternE/${AWS::StackName}",
    "AWS/DynamoDB WriteThrottleEvents TableName=MessageTableName",
)
# what the worker that works writes each minute; its standby writes zeros
WELL = {
    "active": 1,
    "iterator_age_seconds": 0.4,
    "poll_age_seconds": 0.2,
    "shards_read": 4,
    "shards_failing": 0,
    "lineages_stalled": 0,
    "sweep_repaired_rows": 0,
    "dead_letters_open": 0,
    "sweeps_owed": 0,
}


def pair(**changes: float) -> dict[str, Minutes]:
    """A worker and its standby, for hours; now and then a line comes in the next minute."""
    written: dict[str, Minutes] = {}
    for name, value in (WELL | changes).items():
        minutes = [[float(value), 0.0] for _ in range(HOURS)]
        minutes[-3], minutes[-2] = [0.0], [float(value), float(value), 0.0]
        written[f"{OURS} {name} service=WorkerName"] = minutes
    return written


def once(name: str, value: float) -> dict[str, Minutes]:
    """All is well, and this was written in the last minute only."""
    return pair() | {f"{OURS} {name} service=WorkerName": [[0.0, 0.0]] * (HOURS - 1) + [[value, 0.0]]}


def alone() -> dict[str, Minutes]:
    """The one that works, without a standby."""
    return {f"{OURS} {name} service=WorkerName": [[float(value)]] * HOURS for name, value in WELL.items()}


def beside(metric: str, minutes: int) -> dict[str, Minutes]:
    """All is well with the worker's numbers; another metric was counted for so long."""
    return pair() | {metric: [[]] * (HOURS - minutes) + [[5.0]] * minutes}


@pytest.mark.parametrize(
    ("written", "alarms"),
    [
        (pair(), set()),
        ({}, {"NobodyWorks", "StandbyMissing"}),
        (alone(), {"StandbyMissing"}),
        (pair(active=0, shards_read=0), {"NobodyWorks", "NothingIsRead"}),
        (pair(shards_read=0), {"NothingIsRead"}),
        (pair(iterator_age_seconds=100), set()),
        (pair(iterator_age_seconds=200), {"WorkerBehind"}),
        (once("iterator_age_seconds", 900), set()),
        (pair(poll_age_seconds=70), {"ShardNotPolled"}),
        (pair(shards_failing=1), {"ShardsFail"}),
        (once("shards_failing", 1), set()),
        (pair(lineages_stalled=1), {"LineageStalled"}),
        (once("sweep_repaired_rows", 1), {"SweepRepairedRows"}),
        (pair(dead_letters_open=1), {"DeadLetters"}),
        (pair(sweeps_owed=1), {"SweepDoesNotEnd"}),
        (once("sweeps_owed", 1), set()),
        (beside(f"{STACK} stream_unknown", 3), {"StreamMissing"}),
        (beside(f"{STACK} records_lost", 1), {"RecordsLost"}),
        (beside(f"{DYNAMO} GlobalSecondaryIndexName={INDEX}", 6), {"IndexThrottled"}),
        (beside(DYNAMO, 6), {"TableThrottled"}),
        (beside(DYNAMO, 2), set()),
    ],
)
def test_an_alarm_is_red_for_its_own_trouble(written: Mapping[str, Minutes], alarms: set[str]) -> None:
    """And none is red for another's, or where all is well."""
    assert red("ecs.yaml", written, beside="IsFleet") == alarms


@pytest.mark.parametrize(("failed", "alarms"), [(5, {"RequestsFail"}), (1, set())])
def test_requests_that_fail_are_told(failed: int, alarms: set[str]) -> None:
    """Some minutes of them, not one."""
    metric = f"{STACK} failed_requests"
    assert red("app.yaml", {metric: [[]] * 60 + [[9.0]] * failed}, beside="") == alarms


def test_pages_and_tickets_go_to_whom_they_are_for() -> None:
    """The marks in the runbook, and where each alarm is sent; nobody is told that an incident is over by itself."""
    runbook = (FOLDER.parent / "docs" / "runbook.md").read_text()
    for name, alarm in resources(read("ecs.yaml"), "AWS::CloudWatch::Alarm").items():
        if name.startswith("Fleet"):
            continue
        topic = "PageTopicArn" if f"### {name}\n\n*page.*" in runbook else "TicketTopicArn"
        assert alarm["AlarmActions"]["Fn::If"][1] == [{"Ref": topic}], name
        incident = name in {"SweepRepairedRows", "RecordsLost"}
        assert alarm.get("OKActions") == (None if incident else alarm["AlarmActions"]), name


def test_a_topic_that_is_given_is_told() -> None:
    """And one that is not, is not."""
    for name, parameter in (("HasPage", "PageTopicArn"), ("HasTicket", "TicketTopicArn")):
        given = {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}
        assert read("ecs.yaml")["Conditions"][name] == given
    two = [{"Fn::Not": [{"Fn::Equals": [{"Ref": "Tasks"}, number]}]} for number in (0, 1)]
    assert read("ecs.yaml")["Conditions"]["HasStandby"] == {"Fn::And": [{"Condition": "IsNative"}, *two]}


def test_filters_count_what_they_find() -> None:
    """One a line, of the lines that they are for, in the stack's own place."""
    found = {
        name: (
            one["FilterPattern"],
            [(made["MetricValue"], made["MetricName"]) for made in one["MetricTransformations"]],
        )
        for template in ("ecs.yaml", "app.yaml")
        for name, one in resources(read(template), "AWS::Logs::MetricFilter").items()
    }
    assert "DefaultValue" not in json.dumps(found)
    assert found == {
        "LostFilter": (
            '{ ($.event = "sweep_owed") && ($.reason != "first start") && ($.reason != "new stream") }',
            [("1", "records_lost")],
        ),
        "StreamFilter": ('{ $.event = "stream_unknown" }', [("1", "stream_unknown")]),
        "ErrorFilter": ('{ ($.event = "request_answered") && ($.status >= 500) }', [("1", "failed_requests")]),
    }
