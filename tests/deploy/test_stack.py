"""The templates on the embedded engine's CloudFormation: created, updated, deleted for real."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.schema import check_messages_table, check_state_table
from shared.settings import Settings
from tests.acceptance.stack import Stack, wait_until
from tests.deploy.stacks import Cloud, Deployed
from tests.deploy.template import for_the_engine

pytestmark = pytest.mark.only_on("ministack", reason="DynamoDB Local has no CloudFormation")
STREAMS = "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"


@pytest.fixture
def cloud(settings: Settings) -> Iterator[Cloud]:
    """All services of the session's engine."""
    cloud = Cloud(settings)
    yield cloud
    cloud.close()


@pytest.fixture
def names(settings: Settings) -> dict[str, str]:
    """Tables that no other test knows, as parameters."""
    return {"MessageTableName": settings.message_table, "StateTableName": settings.state_table}


def route_table(cloud: Cloud) -> str:
    """One of the VPC."""
    made = cloud.client("ec2").create_route_table(VpcId=cloud.network["VpcId"])
    identity: str = made["RouteTable"]["RouteTableId"]
    return identity


def described(cloud: Cloud, table: str) -> dict[str, Any]:
    """A table as its service describes it."""
    answer: dict[str, Any] = cloud.client("dynamodb").describe_table(TableName=table)["Table"]
    return answer


def container(cloud: Cloud, stack: Deployed) -> dict[str, Any]:
    """What the service runs now."""
    ecs = cloud.client("ecs")
    cluster = stack.resources.get("Cluster", "default")
    [service] = ecs.describe_services(cluster=cluster, services=[stack.resources["Service"]])["services"]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    one: dict[str, Any] = task["containerDefinitions"][0]
    return one


def environment(cloud: Cloud, stack: Deployed) -> dict[str, str]:
    """The variables of what runs."""
    return {item["name"]: item["value"] for item in container(cloud, stack)["environment"]}


def finish(cloud: Cloud, stack: Deployed, status: str) -> None:
    """Wait until CloudFormation has done with it."""
    summaries = cloud.client("cloudformation").get_paginator("list_stacks")
    wait_until(
        lambda: any(
            summary["StackName"] == stack.name and summary["StackStatus"] == status
            for page in summaries.paginate()
            for summary in page["StackSummaries"]
        ),
        f"{status} of {stack.name}",
    )


def update(cloud: Cloud, stack: Deployed, **parameters: str) -> None:
    """The same stack with other values."""
    values = {**cloud.network, **parameters}
    cloud.client("cloudformation").update_stack(
        StackName=stack.name,
        TemplateBody=for_the_engine("ecs.yaml"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    finish(cloud, stack, "UPDATE_COMPLETE")


def test_its_tables_are_ready_for_the_worker(cloud: Cloud, names: dict[str, str], settings: Settings) -> None:
    """Both checks that the worker makes at its start; and nobody deletes them by mistake."""
    cloud.deploy("ecs.yaml", Tables="both", Endpoints="none", Image="worker", **names)
    messages, state = (described(cloud, name) for name in (settings.message_table, settings.state_table))
    check_messages_table(messages)
    check_state_table(state)
    assert messages["DeletionProtectionEnabled"]
    assert state["DeletionProtectionEnabled"]


def test_people_talk_on_its_tables(cloud: Cloud, names: dict[str, str], settings: Settings, tmp_path: Any) -> None:
    """A real worker with the variables of the task definition, and a message through all of it."""
    made = cloud.deploy("ecs.yaml", Tables="both", Endpoints="none", Image="worker", **names)
    stack = Stack(settings, tmp_path)
    try:
        stack.worker(**environment(cloud, made) | {"WORKER_HTTP_PORT": "0"}).wait_for("lease_taken")
        stack.do("producer", "start", "--from", "andrewbrown", "--to", "bayko", "hello")
        stack.do("producer", "send", "--wait", "60", "--from", "bayko", "--to", "andrewbrown", "hello yourself")
        stack.assert_right()
    finally:
        stack.close()


@pytest.mark.parametrize(
    ("parameters", "made"),
    [
        ({"Endpoints": "none"}, set()),
        ({"Endpoints": "dynamodb"}, {"DynamoDBEndpoint", "StreamsEndpoint"}),
        ({"Endpoints": "dynamodb", "StreamsEndpointUrl": "https://there.example"}, {"DynamoDBEndpoint"}),
        (
            {"Endpoints": "all"},
            {f"{name}Endpoint" for name in ("DynamoDB", "Streams", "EcrApi", "EcrDkr", "Logs", "S3")},
        ),
    ],
)
def test_the_ways_that_were_asked_for(
    cloud: Cloud, names: dict[str, str], parameters: dict[str, str], made: set[str]
) -> None:
    """And the worker is told the streams' address where the public one cannot be reached."""
    stack = cloud.deploy("ecs.yaml", Tables="none", Image="w", RouteTableIds=route_table(cloud), **parameters, **names)
    assert {name for name in stack.resources if name.endswith("Endpoint")} == made
    told = environment(cloud, stack).get(STREAMS)
    if "StreamsEndpointUrl" in parameters:
        assert told == "https://there.example"
    else:
        assert (told is not None) == ("StreamsEndpoint" in made)


def test_a_gateway_without_route_tables_is_refused(cloud: Cloud, names: dict[str, str]) -> None:
    """Before anything is made: it would carry nothing, and the worker would not start."""
    with pytest.raises(ClientError, match="RouteTableIds must name"):
        cloud.deploy("ecs.yaml", Tables="none", Endpoints="dynamodb", Image="worker", **names)


def test_a_table_that_is_there_stays_as_it_is(cloud: Cloud, names: dict[str, str], settings: Settings) -> None:
    """`Tables=state`, the default: the state table is made, the messages table is only named."""
    cloud.deploy("ecs.yaml", Tables="both", Endpoints="none", Image="worker", **names)
    before = described(cloud, settings.message_table)
    other = {**names, "StateTableName": f"{settings.state_table}-2", "WorkerName": "second"}
    stack = cloud.deploy("ecs.yaml", Endpoints="none", Image="worker", **other)
    assert described(cloud, settings.message_table) == before
    assert "MessageTable" not in stack.resources
    assert "StateTable" in stack.resources


def test_the_fleet_is_the_same_stack(cloud: Cloud, names: dict[str, str]) -> None:
    """Another driver, more to do in IAM, a folder to write in; nothing about lineages, which KCL looks after."""
    stack = cloud.deploy("ecs.yaml", Driver="kcl", Tables="none", Endpoints="none", Image="worker", **names)
    runs = container(cloud, stack)
    assert runs["command"] == ["stream-worker", "run", "--driver", "kcl"]
    assert [mount["containerPath"] for mount in runs["mountPoints"]] == ["/tmp"]
    assert "LineageStalled" not in stack.resources
    allowed = [entry.actions for entry in cloud.policy_of(stack.resources["WorkerTaskRole"])]
    assert any("dynamodb:CreateTable" in actions for actions in allowed)


def test_an_update_is_a_new_task_definition(cloud: Cloud, names: dict[str, str], settings: Settings) -> None:
    """A new image: the service runs it, and the tables are not touched."""
    common = {"Tables": "both", "Endpoints": "none", **names}
    stack = cloud.deploy("ecs.yaml", Image="worker:1", **common)
    before = described(cloud, settings.message_table)
    update(cloud, stack, Image="worker:2", LogRetentionDays="7", **common)
    assert container(cloud, stack)["image"] == "worker:2"
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=f"/pattern-e/{stack.name}")["logGroups"]
    assert [group["retentionInDays"] for group in groups] == [7]
    assert described(cloud, settings.message_table) == before


def test_deleted_it_leaves_the_tables(cloud: Cloud, names: dict[str, str], settings: Settings) -> None:
    """Conversations outlive whoever reads them; roles, service and alarms go."""
    stack = cloud.deploy("ecs.yaml", Tables="both", Endpoints="none", Image="worker", **names)
    cloud.client("cloudformation").delete_stack(StackName=stack.name)
    finish(cloud, stack, "DELETE_COMPLETE")
    assert described(cloud, settings.message_table)["TableStatus"] == "ACTIVE"
    assert described(cloud, settings.state_table)["TableStatus"] == "ACTIVE"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        cloud.client("iam").get_role(RoleName=stack.resources["WorkerTaskRole"])
    left = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=stack.name)
    assert left["MetricAlarms"] == []


def test_the_application_is_a_stack_beside_it(cloud: Cloud, settings: Settings) -> None:
    """Its secret is no variable, and its role knows no table but the messages'."""
    group = cloud.client("ec2").create_security_group(
        GroupName=settings.message_table, Description="a balancer", VpcId=cloud.network["VpcId"]
    )
    stack = cloud.deploy(
        "app.yaml",
        ClusterName="default",
        LoadBalancerSecurityGroupId=group["GroupId"],
        DatabaseUrlSecretArn="arn:aws:secretsmanager:us-east-1:000000000000:secret:x",
        UserPoolId="us-east-1_x",
        UserPoolClientId="y",
        Image="app",
        MessageTableName=settings.message_table,
    )
    told = environment(cloud, stack)
    assert told["DDB_MESSAGE_TABLE"] == settings.message_table
    assert "DATABASE_URL" not in told
    policy = json.dumps([entry.resources for entry in cloud.policy_of(stack.resources["AppTaskRole"])])
    assert policy.count("table/") == policy.count(f"table/{settings.message_table}")
