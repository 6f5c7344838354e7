"""The tasks: who they are, what they are told, how they are kept; what nobody sees until it is missing."""

import re
from typing import Any

import pytest

from stream_worker.commands.run import GRACE_S
from tests.deploy.template import read, resources

TEMPLATES = ("ecs.yaml", "app.yaml")
BY_ECS = {
    "Effect": "Allow",
    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*"}},
    },
}
TABLE = r"arn:\$\{AWS::Partition\}:dynamodb:\$\{AWS::Region\}:\$\{AWS::AccountId\}:table/"
MESSAGES = r"\$\{MessageTableName\}(/stream/\*|/index/message-group-sk-index)?"
STATE = r"\$\{StateTableName\}(-\$\{WorkerName\}-2\*)?"
START = {
    "WriteLog": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "PullImage": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    "SignInToEcr": "ecr:GetAuthorizationToken",
}


def task(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A template's task definition, and its container."""
    [definition] = resources(read(name), "AWS::ECS::TaskDefinition").values()
    [container] = definition["ContainerDefinitions"]
    return definition, container


def told(name: str) -> dict[str, Any]:
    """Its variables."""
    return {one["Name"]: one["Value"] for one in task(name)[1]["Environment"] if "Name" in one}


@pytest.mark.parametrize("name", TEMPLATES)
def test_ecs_takes_the_roles_and_nobody_else(name: str) -> None:
    """This account's tasks only, by AWS's advice against the confused deputy."""
    for role in resources(read(name), "AWS::IAM::Role").values():
        assert role["AssumeRolePolicyDocument"]["Statement"] == [BY_ECS]


@pytest.mark.parametrize(("name", "role"), [("ecs.yaml", "WorkerTaskRole"), ("app.yaml", "AppTaskRole")])
def test_a_task_is_who_it_should_be(name: str, role: str) -> None:
    """The role that the tests try is the one that the task has."""
    definition, _ = task(name)
    assert definition["TaskRoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
    assert definition["ExecutionRoleArn"] == {"Fn::GetAtt": ["ExecutionRole", "Arn"]}


@pytest.mark.parametrize(
    ("name", "more"), [("ecs.yaml", {}), ("app.yaml", {"ReadDatabaseUrl": "secretsmanager:GetSecretValue"})]
)
def test_ecs_can_start_a_task(name: str, more: dict[str, str]) -> None:
    """The image, the log, the secret: no engine here asks for these rights, and no task starts without."""
    [policy] = resources(read(name), "AWS::IAM::Role")["ExecutionRole"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    assert {one["Sid"]: one["Action"] for one in statements} == START | more
    assert [one["Sid"] for one in statements if one["Resource"] == "*"] == ["SignInToEcr"]


def test_roles_know_our_tables_by_their_whole_names() -> None:
    """The state table's name begins with the messages table's: a star behind that would be both."""
    roles = [
        *resources(read("ecs.yaml"), "AWS::IAM::Role").values(),
        *resources(read("app.yaml"), "AWS::IAM::Role").values(),
    ]
    found = re.findall(r"arn:[^']*:dynamodb:[^']*", str(roles))
    assert len(found) > 10
    assert [arn for arn in found if not re.fullmatch(f"{TABLE}({MESSAGES}|{STATE})", arn)] == []


def test_people_read_one_log() -> None:
    """This stack's, not every team's."""
    [policy] = resources(read("ecs.yaml"), "AWS::IAM::ManagedPolicy").values()
    [logs] = [one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == "ReadLogs"]
    assert logs["Resource"] == {"Fn::GetAtt": ["LogGroup", "Arn"]}


def test_the_worker_is_told_all_that_it_needs() -> None:
    """Without the port its health check fails for ever; without JSON every filter is blind."""
    said = told("ecs.yaml")
    constants = {"WORKER_HTTP_PORT": "9400", "METRICS": "emf", "LOG_FORMAT": "json"}
    parameters = {"WORKER_NAME": "WorkerName", "WORKER_LEASE_S": "LeaseSeconds", "LOG_LEVEL": "LogLevel"}
    assert said == {
        "AWS_REGION": {"Ref": "AWS::Region"},
        "DDB_MESSAGE_TABLE": made_or_named("MakesMessages", "MessageTable"),
        "WORKER_STATE_TABLE": made_or_named("MakesState", "StateTable"),
        **constants,
        **{name: {"Ref": parameter} for name, parameter in parameters.items()},
    }


def test_the_worker_is_told_where_streams_are() -> None:
    """The address that was given, or the made endpoint's own name; neither, where the public one will do."""
    [told_if] = [one["Fn::If"] for one in task("ecs.yaml")[1]["Environment"] if "Fn::If" in one]
    assert told_if[0] == "NamesStreamsUrl"
    assert told_if[1]["Name"] == "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"
    condition, given, made = told_if[1]["Value"]["Fn::If"]
    assert (condition, given) == ("HasStreamsUrl", {"Ref": "StreamsEndpointUrl"})
    first = {"Fn::Select": [0, {"Fn::GetAtt": ["StreamsEndpoint", "DnsEntries"]}]}
    name = {"Fn::Select": [1, {"Fn::Split": [":", first]}]}
    assert made == {"Fn::Sub": ["https://${Name}", {"Name": name}]}


def made_or_named(condition: str, table: str) -> dict[str, Any]:
    """The same name either way."""
    return {"Fn::If": [condition, {"Ref": table}, {"Ref": f"{table}Name"}]}


def test_the_application_listens_where_it_is_asked() -> None:
    """One port: its own, the container's, the health check's, and the security group's."""
    _, container = task("app.yaml")
    said = told("app.yaml")
    port = said["APP_PORT"]
    assert (said["APP_HOST"], said["LOG_FORMAT"]) == ("0.0.0.0", "json")
    assert said["COGNITO_USER_POOL_ID"] == {"Ref": "UserPoolId"}
    assert said["COGNITO_CLIENT_ID"] == {"Ref": "UserPoolClientId"}
    assert said["APP_CORS_ORIGINS"] == {"Ref": "CorsOrigins"}
    assert container["Command"] == ["chat-app", "serve"]
    assert [mapping["ContainerPort"] for mapping in container["PortMappings"]] == [int(port)]
    assert f"http://127.0.0.1:{port}/healthz" in container["HealthCheck"]["Command"][-1]
    [rule] = resources(read("app.yaml"), "AWS::EC2::SecurityGroup")["AppSecurityGroup"]["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["ToPort"]) == (int(port), int(port))
    assert [secret["Name"] for secret in container["Secrets"]] == ["DATABASE_URL"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_task_may_do_little_and_has_time_to_end(name: str) -> None:
    """Not root, nothing to write on, no capabilities; SIGTERM long before SIGKILL; a log that stops nobody."""
    definition, container = task(name)
    assert definition["RuntimePlatform"]["CpuArchitecture"] == {"Ref": "Architecture"}
    assert container["User"] == "10001"
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"] == {"InitProcessEnabled": True, "Capabilities": {"Drop": ["ALL"]}}
    assert container["StopTimeout"] > 2 * GRACE_S
    log = container["LogConfiguration"]
    assert (log["LogDriver"], log["Options"]["mode"]) == ("awslogs", "non-blocking")
    assert log["Options"]["awslogs-group"] == {"Ref": "LogGroup"}
    assert resources(read(name), "AWS::Logs::LogGroup")["LogGroup"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    check = container["HealthCheck"]
    assert check["Interval"] * check["Retries"] <= 120
    assert (check["Timeout"] >= 10, check["Retries"] >= 3, check["StartPeriod"] >= 60) == (True, True, True)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_deployment_that_fails_is_taken_back(name: str) -> None:
    """And meanwhile the old tasks go on."""
    [service] = resources(read(name), "AWS::ECS::Service").values()
    assert service["DeploymentConfiguration"] == {
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
        "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
    }
    assert service["EnableExecuteCommand"] is False
    assert read(name)["Parameters"]["Tasks"]["Default"] == 2


def test_the_fleets_daemon_has_a_place_to_write() -> None:
    """Nobody else has one."""
    definition, container = task("ecs.yaml")
    assert definition["Volumes"] == {"Fn::If": ["IsFleet", [{"Name": "tmp"}], {"Ref": "AWS::NoValue"}]}
    [mount] = container["MountPoints"]
    assert mount["Fn::If"][:2] == ["IsFleet", {"SourceVolume": "tmp", "ContainerPath": "/tmp", "ReadOnly": False}]


def test_the_service_waits_for_its_ways() -> None:
    """Whoever refers to a resource is made after it: an image that cannot be pulled is a deployment that failed."""
    [service] = resources(read("ecs.yaml"), "AWS::ECS::Service").values()
    named = set(re.findall(r"(\w+Endpoint)\b", str(service["Tags"])))
    assert named == {f"{name}Endpoint" for name in ("DynamoDB", "EcrApi", "EcrDkr", "Logs", "S3")}
    assert "StreamsEndpoint" in str(resources(read("ecs.yaml"), "AWS::ECS::TaskDefinition"))


@pytest.mark.parametrize("table", ["MessageTable", "StateTable"])
def test_tables_outlive_every_change_of_the_stack(table: str) -> None:
    """A name that is changed, a table that is taken out, a stack that is deleted."""
    made = read("ecs.yaml")["Resources"][table]
    assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("Retain", "Retain")
