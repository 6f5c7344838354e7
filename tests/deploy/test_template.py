"""The templates say what the code says: tables, settings, metrics, commands, keys, and what people read about them."""

import json
import re
from typing import Any

import pytest

from producer.schema import TTL
from shared import keys, tables
from shared.settings import Settings
from stream_worker.commands.run import DriverName
from tests.deploy.template import FOLDER, LONGEST, read, resources

ROOT = FOLDER.parent
DOCS = ROOT / "docs"
TEMPLATES = ("ecs.yaml", "app.yaml")
WORKER = read("ecs.yaml")
ALARM = "AWS::CloudWatch::Alarm"
ALARMS = resources(WORKER, ALARM)
ACCOUNT = "table/${MessageTableName}"


def environment(template: dict[str, Any]) -> dict[str, Any]:
    """The variables of the task's container; secrets have no value."""
    [task] = resources(template, "AWS::ECS::TaskDefinition").values()
    [container] = task["ContainerDefinitions"]
    plain = [item["Fn::If"][1] if "Fn::If" in item else item for item in container["Environment"]]
    secret = [{"Name": item["Name"], "Value": None} for item in container.get("Secrets", [])]
    return {item["Name"]: item["Value"] for item in plain + secret}


@pytest.mark.parametrize(("resource", "kind"), [("MessageTable", tables.MESSAGES), ("StateTable", tables.WORKER_STATE)])
def test_tables_are_those_that_the_code_makes(resource: str, kind: str) -> None:
    """Keys, index and stream; besides, what production wants: backups, no deletion, encryption."""
    made = dict(WORKER["Resources"][resource]["Properties"])
    ours = dict(tables.definition(kind, "name"))
    ours.get("StreamSpecification", {}).pop("StreamEnabled", None)  # CloudFormation switches it on by its view type
    assert {name: made[name] for name in ours if name != "TableName"} == {
        name: value for name, value in ours.items() if name != "TableName"
    }
    assert made["DeletionProtectionEnabled"]
    assert made["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert made["SSESpecification"] == {"SSEEnabled": True}
    assert WORKER["Resources"][resource]["DeletionPolicy"] == "Retain"


def test_what_expires_is_what_the_code_lets_expire() -> None:
    """Items of the state table by the attribute that `schema-load` switches on; messages never."""
    made = resources(WORKER, "AWS::DynamoDB::Table")
    assert made["StateTable"]["TimeToLiveSpecification"] == {"AttributeName": TTL, "Enabled": True}
    assert "TimeToLiveSpecification" not in made["MessageTable"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_settings_are_ours(name: str) -> None:
    """Each variable of a task is a setting; a misspelt one would be passed over without a word."""
    known = re.findall(r"`([A-Z][A-Z0-9_]+)`", (DOCS / "settings.md").read_text())
    assert set(environment(read(name))) <= set(known)


@pytest.mark.parametrize(
    ("parameter", "field"),
    [
        ("MessageTableName", "message_table"),
        ("StateTableName", "state_table"),
        ("WorkerName", "worker_name"),
        ("LeaseSeconds", "lease_s"),
        ("LogLevel", "log_level"),
    ],
)
def test_defaults_are_the_settings(parameter: str, field: str) -> None:
    """Who moves from a laptop to ECS finds the same names."""
    assert WORKER["Parameters"][parameter]["Default"] == Settings.model_fields[field].default


def test_commands_are_ours() -> None:
    """`run` with a driver that exists, and the health check that the port is for."""
    [task] = resources(WORKER, "AWS::ECS::TaskDefinition").values()
    [container] = task["ContainerDefinitions"]
    assert container["Command"] == ["stream-worker", "run", "--driver", {"Ref": "Driver"}]
    assert container["HealthCheck"]["Command"] == ["CMD", "stream-worker", "health"]
    assert WORKER["Parameters"]["Driver"]["AllowedValues"] == list(DriverName)
    assert environment(WORKER)["METRICS"] == "emf"


@pytest.mark.parametrize("name", TEMPLATES)
def test_security_groups_are_described_as_ec2_wants_it(name: str) -> None:
    """It refuses other characters, an apostrophe among them (AWS, "SecurityGroupRule")."""
    groups = json.dumps(resources(read(name), "AWS::EC2::SecurityGroup"))
    said = re.findall(r'"(?:Group)?Description": "([^"]*)"', groups)
    assert len(said) > 2
    assert [one for one in said if not re.fullmatch(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", one)] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_goes_as_it_is(name: str) -> None:
    """Short enough for the API, and without YAML's anchors and merges, which CloudFormation refuses."""
    text = (FOLDER / name).read_text()
    assert len(text.encode()) < LONGEST
    assert not re.search(r"(: [&*]\w|<<:)", text)


def statements(name: str) -> list[dict[str, Any]]:
    """What the tasks' roles of a template allow."""
    roles = [
        role for role_name, role in resources(read(name), "AWS::IAM::Role").items() if role_name.endswith("TaskRole")
    ]
    policies = [policy["Fn::If"][1] if "Fn::If" in policy else policy for role in roles for policy in role["Policies"]]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def actions(statement: dict[str, Any]) -> list[str]:
    """Always a list."""
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_task_may_nothing_in_general(name: str) -> None:
    """No action by a wildcard, and DynamoDB's only."""
    found = [action for statement in statements(name) for action in actions(statement)]
    assert [action for action in found if not re.fullmatch(r"dynamodb:[A-Z]\w+", action)] == []


def test_the_worker_writes_rows_in_transactions_only() -> None:
    """And by keys of rows and roster: no code path of ours could put a message, even by mistake."""
    for statement in statements("ecs.yaml"):
        if ACCOUNT not in json.dumps(statement["Resource"]) or not set(actions(statement)) & {
            f"dynamodb:{write}Item" for write in ("Put", "Update", "Delete")
        }:
            continue
        assert statement["Condition"]["ForAnyValue:StringEquals"] == {
            "dynamodb:EnclosingOperation": "TransactWriteItems"
        }
        leading = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        assert set(leading) <= {f"{keys.ROW}*", f"{keys.ROSTER}*"}


def test_a_deployment_keeps_the_fleet_as_large_as_it_is() -> None:
    """A number in the template would undo what scaling has done; the native worker has one."""
    service = WORKER["Resources"]["Service"]["Properties"]
    assert service["DesiredCount"] == {"Fn::If": ["IsFleet", {"Ref": "AWS::NoValue"}, {"Ref": "Tasks"}]}
