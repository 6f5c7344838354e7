"""The worker as the role that the template makes: all that it needs, nothing that it does not use."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared import keys
from tests.acceptance.stack import Stack
from tests.acceptance.test_on_call import ANDREW, say
from tests.deploy.cast import Cast
from tests.deploy.forbidden import Attempts, kinds_let_through, let_through
from tests.deploy.stacks import Cloud
from tests.fakes.table import texts

pytestmark = [pytest.mark.engine, pytest.mark.only_on("ministack", reason="DynamoDB Local has no IAM")]
OLD = "2026-01-01T00:00:00.000000+00:00"


def plant(dynamodb: Any, table: str) -> None:
    """What others may leave in a table: a row twice, and a group that the original made."""
    rows = dynamodb.scan(TableName=table, IndexName=keys.INDEX)["Items"]
    [row] = [row for row in rows if row["pk"]["S"] == keys.ROW + ANDREW]
    strange = {name: value for name, value in row.items() if name != "worker_rev"}
    dynamodb.put_item(TableName=table, Item={**strange, "sk": {"S": keys.bump(row["sk"]["S"])}})
    group = "11111111-1111-4111-8111-111111111111"
    row = keys.row_key(ANDREW, OLD) | texts(message_group_uuid=group, message="old", user_uuid="u", user_handle="h")
    dynamodb.put_item(TableName=table, Item=row)


def live(stack: Stack, dynamodb: Any) -> None:
    """All that a worker meets: rows from before its time, news, edits, what others did, an end, a second start."""
    begun = stack.do("producer", "start", "--from", "andrewbrown", "--to", "bayko", "--json", "before its time")
    group = ("--group", json.loads(begun)["group"])
    first = stack.worker()
    first.wait_for("sweep_done")
    say(stack, "bayko", "andrewbrown", "one")
    stack.do("producer", "edit", "--from", "bayko", *group, "more")
    say(stack, "andrewbrown", "bayko", "two")
    stack.do("producer", "delete", "--from", "andrewbrown", *group)
    plant(dynamodb, stack.settings.message_table)
    assert first.terminate() == 0
    stack.worker().wait_for("lease_taken")
    say(stack, "bayko", "andrewbrown", "three")
    stack.assert_right()


@pytest.mark.slow
def test_every_right_is_used_and_nothing_is_denied(everybody: Cast, played: Stack, account: Cloud) -> None:
    """What the documents give is what the worker uses, by action and by kind of key."""
    live(played, account.client("dynamodb"))
    everybody.worker.assert_nothing_was_denied()
    assert everybody.worker.idle == set()


def test_the_engine_denies_it_all_else(everybody: Cast, account: Cloud) -> None:
    """Rows outside of a transaction, the whole table, other tables, the tables themselves, more rights."""
    attempts = Attempts(everybody.worker.settings.model_copy(update={"endpoint": account.settings.endpoint}))
    assert len(let_through(attempts.allowed())) == 2
    forbidden = (attempts.on_messages, attempts.on_others, attempts.scans, attempts.lone_writes)
    assert [let_through(calls()) for calls in forbidden] == [[]] * 4


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
