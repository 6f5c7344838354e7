"""Whoever is on call, with the commands alone: docs/runbook.md as a test."""

import json

import pytest

from shared import keys
from shared.directory import JsonDirectory
from shared.dynamo import Clients
from shared.models import Item
from tests.acceptance.stack import Stack, wait_until
from tests.fakes.table import texts

ANDREW, BAYKO, LONDO = (JsonDirectory().by_handle(name).uuid for name in ("andrewbrown", "bayko", "londo"))


class Console:
    """Somebody with write access to the table and no idea of its rules."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._call = clients.dynamodb.call
        self._table = table

    def rows(self, user: str) -> list[Item]:
        """A user's rows."""
        values = {":pk": {"S": keys.ROW + user}}
        answer = self._call(
            "query", TableName=self._table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values
        )
        return list(answer["Items"])

    def put(self, item: Item) -> None:
        """Put an item, whatever stands there."""
        self._call("put_item", TableName=self._table, Item=item)

    def delete(self, item: Item) -> None:
        """Delete an item."""
        self._call("delete_item", TableName=self._table, Key={"pk": item["pk"], "sk": item["sk"]})


@pytest.fixture
def console(stack: Stack, clients: Clients) -> Console:
    """On the stack's table."""
    return Console(clients, stack.settings.message_table)


def say(stack: Stack, sender: str, other: str, text: str) -> None:
    """A message that the running worker has dealt with when this returns."""
    stack.do("producer", "send", "--wait", "60", "--from", sender, "--to", other, text)


def findings(stack: Stack, *options: str) -> list[tuple[str, str, str]]:
    """What verify finds at once, with these options."""
    _, out, err = stack.run("stream-worker", "verify", "--json", "--patience", "0", *options)
    assert out, err
    return sorted((found["grade"], found["what"], found["user"]) for found in json.loads(out)["findings"])


def repair(stack: Stack, *options: str) -> tuple[int, list[tuple[str, str]]]:
    """Exit status, and (result, what) of each repair."""
    status, out, err = stack.run("stream-worker", "repair", "--json", "--patience", "0", *options)
    assert out, err
    return status, sorted((done["result"], done["what"]) for done in json.loads(out)["repairs"])


def test_four_planted_rows(stack: Stack, console: Console) -> None:
    """Lost, stale, duplicate, ghost: what the worker hears of it mends itself, the rest is found and repaired."""
    worker = stack.worker()
    worker.wait_for("sweep_done")
    say(stack, "andrewbrown", "bayko", "one")
    say(stack, "bayko", "andrewbrown", "two")
    say(stack, "londo", "andrewbrown", "three")
    assert worker.terminate() == 0

    [andrew_londo] = [row for row in console.rows(ANDREW) if row["user_uuid"]["S"] == LONDO]
    [andrew_bayko] = [row for row in console.rows(ANDREW) if row["user_uuid"]["S"] == BAYKO]
    [bayko] = console.rows(BAYKO)
    [londo] = console.rows(LONDO)
    group = andrew_bayko["message_group_uuid"]["S"]
    stack.do("producer", "leave", "--group", group, "bayko")
    console.delete(londo)  # lost
    console.put(andrew_bayko | texts(message="one", last_message_sk="2026-01-01T00:00:00.000000+00:00"))  # stale
    console.put({**andrew_londo, "sk": {"S": keys.bump(andrew_londo["sk"]["S"])}})  # duplicate
    console.put(bayko)  # ghost
    assert findings(stack) == [
        ("wrong", "duplicate", ANDREW),
        ("wrong", "ghost", BAYKO),
        ("wrong", "missing", LONDO),
        ("wrong", "stale", ANDREW),
    ]

    stack.worker().wait_for("lease_taken")
    wait_until(lambda: len(findings(stack)) == 2, "the worker's repairs")
    assert findings(stack) == [("wrong", "ghost", BAYKO), ("wrong", "missing", LONDO)]
    assert repair(stack) == (1, [("left", "missing"), ("to do", "ghost")])
    assert repair(stack, "--restore-lost", "--apply") == (0, [("done", "ghost"), ("done", "missing")])
    assert findings(stack) == []
    assert "three" in stack.do("producer", "list-conversations", "londo")
    stack.assert_right()


def test_one_user_or_one_group(stack: Stack, console: Console) -> None:
    """The commands need no worker; what they look at can be restricted."""
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "one")
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "two")
    assert repair(stack, "--user", "bayko", "--rate", "1000", "--apply") == (0, [("done", "stale")])
    group = console.rows(ANDREW)[0]["message_group_uuid"]["S"]
    assert findings(stack, "--group", group) == [("wrong", "stale", ANDREW)]


def test_a_dead_letter(stack: Stack, console: Console) -> None:
    """A row of no group is nothing a worker understands: shown, repaired, acknowledged; the doctor knows of it."""
    stack.worker().wait_for("sweep_done")
    console.put({**keys.row_key(BAYKO, "2026-01-01T00:00:00.000000+00:00"), **texts(mood="glad")})
    wait_until(lambda: "1 open" in stack.do("stream-worker", "dead-letters", "list"), "the letter")
    [letter] = json.loads(stack.do("stream-worker", "dead-letters", "list", "--json"))
    assert "without a usable group" in stack.do("stream-worker", "dead-letters", "show", letter["sk"])
    lines = json.loads(stack.do("stream-worker", "doctor", "--json"))
    assert [line["check"] for line in lines if line["status"] != "ok"] == ["dead letters"]
    assert repair(stack, "--apply") == (0, [("done", "ghost")])
    assert "acknowledged" in stack.do("stream-worker", "dead-letters", "redrive", "--all")
    stack.assert_right()
