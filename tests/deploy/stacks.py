"""The templates as stacks of an engine that asks IAM before it answers, and the identities that come of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from pydantic import SecretStr

from devstack.ministack import MiniStack
from shared.settings import Settings
from tests.acceptance.stack import wait_until
from tests.deploy.policy import Statement, statements
from tests.deploy.template import for_the_engine

ROOT = "embeddedEngineOnly"
_TRUST_ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
_FOR_THE_ENGINE = "for-the-engine"
_ANY_STREAM = {  # to this engine each call of DynamoDB Streams is about "*"; the gate knows whose stream it is
    "Effect": "Allow",
    "Action": ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"],
    "Resource": "*",
}


class Guarded(MiniStack):
    """The embedded engine, asking IAM before it answers; the keys of `Engine.environment` are the account's root."""

    def environment(self, port: int, data: Path) -> dict[str, str]:
        """As ever, with its guard on."""
        guard = {"AUTH": "true", "AWS_ACCESS_KEY_ID": ROOT, "AWS_SECRET_ACCESS_KEY": ROOT}
        return super().environment(port, data) | guard


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack that was made.

    Args:
        name: the stack's.
        resources: what CloudFormation calls each resource, by its name in the template.
    """

    name: str
    resources: Mapping[str, str]


class Cloud:
    """An engine's services, as its root."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """boto3's client of a service."""
        if service not in self._clients:
            self._clients[service] = session_of(self.settings).client(service, endpoint_url=self.settings.endpoint)
        return self._clients[service]

    def close(self) -> None:
        """Leave no connection open."""
        for client in self._clients.values():
            client.close()

    @cached_property
    def network(self) -> dict[str, str]:
        """A VPC with two subnets, as parameters."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
            for number, zone in enumerate("ab")
        ]
        return {"VpcId": vpc, "SubnetIds": ",".join(subnet["Subnet"]["SubnetId"] for subnet in subnets)}

    def worker_stack(self, settings: Settings, **parameters: str) -> Deployed:
        """The worker's stack for the tables of a test; it makes none of its own."""
        tables = {"MessageTableName": settings.message_table, "StateTableName": settings.state_table}
        return self.deploy("ecs.yaml", Tables="none", Endpoints="none", Image="worker", **tables, **parameters)

    def deploy(self, template: str, **parameters: str) -> Deployed:
        """Make a stack and wait for it."""
        cloudformation, name = self.client("cloudformation"), f"pattern-e-{uuid4().hex[:12]}"
        values = {**self.network, **parameters}
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=for_the_engine(template),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        wait_until(lambda: not self._status(name).endswith("IN_PROGRESS"), name)
        assert self._status(name) == "CREATE_COMPLETE", cloudformation.describe_stack_events(StackName=name)
        made = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        return Deployed(name, {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made})

    def policy_of(self, role: str) -> list[Statement]:
        """All that a role may do, as IAM keeps it."""
        iam = self.client("iam")
        names = set(iam.list_role_policies(RoleName=role)["PolicyNames"]) - {_FOR_THE_ENGINE}
        assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        return statements(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names)

    def managed_policy(self, arn: str) -> list[Statement]:
        """All that a managed policy allows."""
        iam = self.client("iam")
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return statements([iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]])

    def as_role(self, role: str, settings: Settings) -> Settings:
        """The settings with temporary keys of the role's own; who may have them is changed, what they may do is not."""
        iam = self.client("iam")
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=_document(_TRUST_ANYBODY))
        if any("dynamodb:GetRecords" in statement.actions for statement in self.policy_of(role)):
            iam.put_role_policy(RoleName=role, PolicyName=_FOR_THE_ENGINE, PolicyDocument=_document(_ANY_STREAM))
        arn = iam.get_role(RoleName=role)["Role"]["Arn"]
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="task")["Credentials"]
        return _with_keys(settings, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def as_user(self, policy: str, settings: Settings) -> Settings:
        """The settings with the keys of a user who has this managed policy, and nothing else."""
        iam, name = self.client("iam"), f"user-{uuid4().hex[:12]}"
        iam.create_user(UserName=name)
        iam.attach_user_policy(UserName=name, PolicyArn=policy)
        iam.put_user_policy(UserName=name, PolicyName=_FOR_THE_ENGINE, PolicyDocument=_document(_ANY_STREAM))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return _with_keys(settings, key["AccessKeyId"], key["SecretAccessKey"], None)

    def _status(self, name: str) -> str:
        status: str = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        return status


def session_of(settings: Settings) -> Any:
    """boto3's session with the keys of these settings."""
    secret, token = settings.secret_access_key, settings.session_token
    assert secret
    return boto3.Session(
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=secret.get_secret_value(),
        aws_session_token=token.get_secret_value() if token else None,
        region_name=settings.region,
    )


def _with_keys(settings: Settings, key: str, secret: str, token: str | None) -> Settings:
    given = {"access_key_id": key, "secret_access_key": SecretStr(secret)}
    return settings.model_copy(update={**given, "session_token": SecretStr(token) if token else None})


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
