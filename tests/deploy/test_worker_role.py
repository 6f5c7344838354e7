"""The worker as the role that the template makes: all that it needs, nothing that it does not use."""

import json
from pathlib import Path

import pytest

from shared import keys
from shared.settings import Settings
from tests.acceptance.stack import Stack
from tests.deploy.cast import Cast
from tests.deploy.forbidden import Attempts, is_denied, kinds_let_through, let_through
from tests.deploy.life import live
from tests.deploy.stacks import Cloud

pytestmark = [pytest.mark.engine, pytest.mark.only_on("ministack", reason="DynamoDB Local has no IAM")]


@pytest.mark.slow
def test_every_right_is_used_and_nothing_is_denied(everybody: Cast, played: Stack, account: Cloud) -> None:
    """What the documents give is what the worker uses, by action and by kind of key."""
    live(played, played.worker, account.client("dynamodb"))
    everybody.worker.assert_nothing_was_denied()
    assert everybody.worker.idle == set()


def test_the_engine_denies_it_all_else(everybody: Cast, account: Cloud) -> None:
    """Rows outside of a transaction, the whole table, other tables, the tables themselves, more rights."""
    attempts = Attempts(everybody.worker.settings.model_copy(update={"endpoint": account.settings.endpoint}))
    assert len(let_through(attempts.allowed())) == 2
    forbidden = (attempts.on_messages, attempts.on_others, attempts.on_state, attempts.scans, attempts.lone_writes)
    assert [let_through(calls()) for calls in forbidden] == [[]] * len(forbidden)


def test_rows_are_written_and_messages_are_not(everybody: Cast) -> None:
    """By the document, as the engine does not look at keys; no other table's stream is read, either."""
    attempts = Attempts(everybody.worker.settings)
    assert kinds_let_through(attempts) == {
        "Put": {keys.ROW, keys.ROSTER},
        "Update": {keys.ROW},
        "Delete": {keys.ROW},
        "ConditionCheck": {keys.MESSAGE, keys.ROW},
    }
    assert let_through(attempts.streams_elsewhere()) == []


def test_the_doctor_says_that_the_role_is_enough(everybody: Cast, tmp_path: Path) -> None:
    """All that the worker calls is tried, with its keys; what only people may do is left out with a word."""
    stack = Stack(everybody.root, tmp_path, lambda _: everybody.worker.settings)
    _, out, err = stack.run("stream-worker", "doctor", "--json")
    assert out, err
    said = {line["check"]: line["status"] for line in json.loads(out)}
    assert [said[name] for name in said if name.startswith("may ")] == ["ok"] * 4
    assert "FAIL" not in said.values(), said


def test_nobody_but_ecs_takes_the_role(account: Cloud, tables: Settings) -> None:
    """Not even the account's root; tests give themselves that right, and no other."""
    role = account.worker_stack(tables).resources["WorkerTaskRole"]
    arn = account.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    assert is_denied(lambda: account.client("sts").assume_role(RoleArn=arn, RoleSessionName="task"))
