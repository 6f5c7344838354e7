"""A worker's life in short: all that it can meet, so that it uses all that it may do."""

import json
from collections.abc import Callable
from typing import Any

from shared import keys
from shared.models import Item
from tests.acceptance.stack import Stack, Worker, wait_until
from tests.acceptance.test_on_call import ANDREW, say
from tests.fakes.table import texts

OLD = "2026-01-01T00:00:00.000000+00:00"


def live(stack: Stack, start: Callable[[], Worker], dynamodb: Any) -> None:
    """Rows from before its time, news, an edit, what is taken back, what others did, an end, a second start."""
    begun = stack.do("producer", "start", "--from", "andrewbrown", "--to", "bayko", "--json", "before its time")
    group = ("--group", json.loads(begun)["group"])
    first = start()
    first.wait_for("sweep_done")
    say(stack, "bayko", "andrewbrown", "one")
    stack.do("producer", "edit", "--from", "bayko", *group, "more")
    say(stack, "andrewbrown", "bayko", "two")
    stack.do("producer", "delete", "--from", "andrewbrown", *group)
    stack.assert_right()
    plant(dynamodb, stack.settings.message_table)
    wait_until(lambda: len(rows(dynamodb, stack.settings.message_table)) == 2, "the row that stands there twice")
    assert first.terminate() == 0
    start()
    say(stack, "bayko", "andrewbrown", "three")
    stack.assert_right()


def rows(dynamodb: Any, table: str) -> list[Item]:
    """Andrew's."""
    values = {":pk": {"S": keys.ROW + ANDREW}}
    asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": values, "ConsistentRead": True}
    found: list[Item] = dynamodb.query(TableName=table, **asked)["Items"]
    return found


def plant(dynamodb: Any, table: str) -> None:
    """What others may leave in a table: a row twice, and a group that the original made."""
    [row] = rows(dynamodb, table)
    strange = {name: value for name, value in row.items() if name != "worker_rev"}
    group = "11111111-1111-4111-8111-111111111111"
    old = keys.row_key(ANDREW, OLD) | texts(message_group_uuid=group, message="old", user_uuid="u", user_handle="h")
    dynamodb.put_item(TableName=table, Item=old)
    dynamodb.put_item(TableName=table, Item={**strange, "sk": {"S": keys.bump(row["sk"]["S"])}})
