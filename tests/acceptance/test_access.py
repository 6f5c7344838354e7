"""An identity that may do too little: the sentence names the action and the ARN; a right given later is enough."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from localstack_client.session import Session
from pydantic import SecretStr

from devstack.engine import Engine
from shared.settings import Settings
from tests.acceptance.stack import Stack
from tests.deploy.stacks import Guarded

pytestmark = [pytest.mark.engine, pytest.mark.only_on("ministack", reason="DynamoDB Local has no IAM")]


class Identity:
    """A user of the engine's IAM, a stack that runs as that user, and an administrator."""

    def __init__(self, admin: Any, stack: Stack) -> None:
        self._admin = admin
        self.stack = stack

    def may(self, *, not_even: str = "") -> None:
        """From now on the user may do everything, or everything but one action."""
        allowed = {"NotAction": [not_even]} if not_even else {"Action": ["dynamodb:*"]}
        statement = {"Effect": "Allow", "Resource": "*", **allowed}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._admin.put_user_policy(UserName="worker", PolicyName="it", PolicyDocument=document)


def iam(engine: Engine, monkeypatch: pytest.MonkeyPatch, **keys: str) -> Any:
    """An IAM client."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine.url)
    return Session(region_name="us-east-1", **keys).client("iam")


def new_user(client: Any, name: str) -> dict[str, str]:
    """A user who may do anything, and their keys."""
    client.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": "*"}]}
    client.put_user_policy(UserName=name, PolicyName="it", PolicyDocument=json.dumps(document))
    key = client.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


@pytest.fixture
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Identity]:
    """An engine of its own: users are made while its guard is off, then it is started again with its guard on."""
    with Engine(tmp_path) as open_engine:
        client = iam(open_engine, monkeypatch, aws_access_key_id="x", aws_secret_access_key="y")
        admin, worker = new_user(client, "admin"), new_user(client, "worker")
    with Engine(tmp_path, program=Guarded()) as engine:
        settings = Settings(
            region="us-east-1",
            endpoint=engine.url,
            access_key_id=worker["aws_access_key_id"],
            secret_access_key=SecretStr(worker["aws_secret_access_key"]),
        )
        stack = Stack(settings, tmp_path)
        stack.do("producer", "schema-load")
        yield Identity(iam(engine, monkeypatch, **admin), stack)
        stack.close()


def test_denied_at_the_start(identity: Identity) -> None:
    """One sentence, exit status 2."""
    identity.may(not_even="dynamodb:DescribeTable")
    status, _, err = identity.stack.run("stream-worker", "run")
    assert status == 2
    assert "allow dynamodb:DescribeTable on arn:aws:dynamodb:" in err


def test_denied_while_running(identity: Identity) -> None:
    """No checkpoint, no dead letter: it waits, says what is missing, and goes on when it is given."""
    worker = identity.stack.worker()
    worker.wait_for("shard_opened")
    identity.stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "one")
    identity.may(not_even="dynamodb:GetRecords")
    worker.wait_for("reading_waits")
    assert "dynamodb:GetRecords" in worker.text
    identity.may()
    identity.stack.do("producer", "send", "--wait", "60", "--from", "bayko", "--to", "andrewbrown", "two")
    identity.stack.assert_right()


def test_the_doctor_names_what_is_denied(identity: Identity) -> None:
    """Every right that the worker needs is tried; the one that is missing has its line, with action and ARN."""
    identity.may(not_even="dynamodb:DeleteItem")
    status, out, _ = identity.stack.run("stream-worker", "doctor", "--json")
    denied = [line for line in json.loads(out) if line["status"] == "FAIL"]
    assert (status, [line["check"] for line in denied]) == (1, ["may write rows", "may use state"])
    assert [
        line["text"] for line in denied if "allow dynamodb:DeleteItem on arn:aws:dynamodb:" not in line["text"]
    ] == []
