"""Tables that the original's algorithm has worked on: right from the first start on."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.dynamo import Clients
from shared.keys import INDEX, message_key, row_key
from shared.models import Item
from tests.acceptance.stack import Stack
from tests.fakes.table import at, texts

USERS = [f"user-{n}" for n in range(8)]
GROUPS = {f"group-{n}": (USERS[n % 8], USERS[(n * 3 + 1) % 8]) for n in range(16) if n % 8 != (n * 3 + 1) % 8}


def when(group: str, number: int) -> str:
    """The time stamp of a group's message; some groups share theirs."""
    return at(100 * number + list(GROUPS).index(group) // 2)


class Original:
    """Pattern E as the bootcamp's Lambda does it, with the crashes and repetitions a Lambda meets."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._call = clients.dynamodb.call
        self._table = table
        self._dice = random.Random(4711)

    def create(self, group: str) -> None:
        """One row per member, without conditions; no roster."""
        one, other = GROUPS[group]
        for user, peer in ((one, other), (other, one)):
            self._put(row_key(user, when(group, 0)) | self._attributes(group, "created", peer))

    def send(self, group: str, sk: str) -> None:
        """A message, then the Lambda's work on it."""
        self._message(group, sk)
        for row in self._rows(group):
            self._move(row, group, sk)

    def race(self, group: str, *stamps: str) -> None:
        """Two messages at once: both Lambdas have read the rows before either moves them."""
        rows = self._rows(group)
        for sk in stamps:
            self._message(group, sk)
            for row in rows:
                self._move(row, group, sk)

    def _message(self, group: str, sk: str) -> None:
        self._put({**message_key(group, sk), **texts(message=f"{group} at {sk}", user_uuid=GROUPS[group][0])})

    def _move(self, row: Item, group: str, sk: str) -> None:
        self._call("delete_item", TableName=self._table, Key={"pk": row["pk"], "sk": row["sk"]})
        if self._dice.random() < 0.02:
            return  # killed between the two calls: the row is lost
        user = row["pk"]["S"].removeprefix("GRP#")
        self._put(row_key(user, sk) | self._attributes(group, f"{group} at {sk}", row["user_uuid"]["S"]))

    def _rows(self, group: str) -> list[Item]:
        condition: dict[str, Any] = {
            "KeyConditionExpression": "message_group_uuid = :g",
            "ExpressionAttributeValues": {":g": {"S": group}},
        }
        return list(self._call("query", TableName=self._table, IndexName=INDEX, **condition)["Items"])

    def _attributes(self, group: str, text: str, peer: str) -> Item:
        return texts(message_group_uuid=group, message=text, user_uuid=peer, user_handle=peer, user_display_name=peer)

    def _put(self, item: Item) -> None:
        self._call("put_item", TableName=self._table, Item=item)


@pytest.fixture
def corrupted(stack: Stack, clients: Clients) -> Stack:
    """Two Lambdas at a time, out of order, twice now and then; many groups on the same time stamps."""
    lambdas = Original(clients, stack.settings.message_table)
    for group in GROUPS:
        lambdas.create(group)
    events = [(group, when(group, stamp)) for group in GROUPS for stamp in range(1, 9)]
    random.Random(7).shuffle(events)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda event: lambdas.send(*event), events + events[::5]))
    for group in list(GROUPS)[:5]:
        lambdas.race(group, when(group, 20), when(group, 21))
    return stack


def test_a_corrupted_table_ends_right(corrupted: Stack) -> None:
    """Stale, doubled and overwritten rows are right after the first sweep; what is lost is named suspect."""
    before = corrupted.verify(patience_s=0)
    assert before["wrong"] > 0
    assert {"stale", "duplicate"} <= {finding["what"] for finding in before["findings"]}
    corrupted.worker().wait_for("sweep_done")
    corrupted.assert_right()
    lost = [finding for finding in corrupted.verify()["findings"] if finding["grade"] == "suspect"]
    assert lost
