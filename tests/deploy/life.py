"""A worker's life in short: all that it can meet, so that it uses all that it may do."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

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
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "unattended")
    free = occupy(dynamodb, stack.settings.message_table, json.loads(begun)["group"])
    start()
    wait_until(lambda: free in places(dynamodb, stack.settings.message_table), "the row beside those in its place")
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


def places(dynamodb: Any, table: str) -> set[str]:
    """Those taken in Andrew's list."""
    return {row["sk"]["S"] for row in rows(dynamodb, table)}


def occupy(dynamodb: Any, table: str, group: str) -> str:
    """Other groups' rows where a row must go now, and at the next two places: the worker asks for a free one.

    The answer is the one it finds.
    """
    values = {":pk": {"S": keys.MESSAGE + group}}
    asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": values, "ConsistentRead": True}
    [newest] = dynamodb.query(TableName=table, **asked, ScanIndexForward=False, Limit=1)["Items"]
    place = newest["sk"]["S"]
    for number in range(3):
        other = texts(message_group_uuid=str(UUID(int=number)), message="", user_uuid="u", user_handle="h")
        dynamodb.put_item(TableName=table, Item=keys.row_key(ANDREW, place) | other)
        place = keys.bump(place)
    return str(place)
