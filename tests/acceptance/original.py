"""The bootcamp's Pattern E: its algorithm, and a Lambda that runs it behind the table's stream."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from threading import Event, Thread
from typing import Any, Self

from shared.dynamo import Clients
from shared.keys import INDEX, MESSAGE, message_key, row_key
from shared.models import Item, string
from stream_worker.contract import Record
from stream_worker.streams import DynamoStreams
from tests.fakes.table import texts

BATCH = 10  # records of one invocation, at most
REPEATED_EVERY = 7  # a batch that was settled comes again: its answer was lost
POLL_S = 0.05


class Killed(Exception):
    """The Lambda ended between its two calls: the row it was about is lost."""


class Original:
    """Pattern E as the bootcamp's Lambda does it, with the crashes that a Lambda meets.

    Args:
        clients: whom to call.
        table: the messages table.
        groups: the two members of each group.
        killed_every: every so many moves of a row it is killed between delete and put.
    """

    def __init__(
        self, clients: Clients, table: str, groups: Mapping[str, tuple[str, str]], *, killed_every: int = 50
    ) -> None:
        self._call = clients.dynamodb.call
        self._table = table
        self._groups = groups
        self._moves = count(1)
        self._killed_every = killed_every

    def create(self, group: str, sk: str) -> None:
        """One row per member, without conditions; no roster."""
        one, other = self._groups[group]
        for user, peer in ((one, other), (other, one)):
            self._put(row_key(user, sk) | self._attributes(group, "created", peer))

    def send(self, group: str, sk: str) -> None:
        """A message, then the Lambda's work on it."""
        self.write(group, sk)
        with suppress(Killed):
            self._work(group, sk, text_of(group, sk))

    def race(self, group: str, *stamps: str) -> None:
        """Two messages at once: both Lambdas have read the rows before either moves them."""
        rows = self.rows(group)
        for sk in stamps:
            self.write(group, sk)
            for row in rows:
                with suppress(Killed):
                    self.move(row, group, sk, text_of(group, sk))

    def write(self, group: str, sk: str, sender: str = "") -> None:
        """A message as the bootcamp's API stores it."""
        user = sender or self._groups[group][0]
        self._put({**message_key(group, sk), **texts(message=text_of(group, sk), user_uuid=user)})

    def apply(self, record: Record) -> None:
        """The Lambda's function: whatever is no deletion, and about a message, moves the rows to it.

        Raises:
            Killed: it ended in the middle.
        """
        pk = string(record.keys, "pk")
        if record.kind != "REMOVE" and pk.startswith(MESSAGE) and record.new_image:
            text = string(record.new_image, "message")
            self._work(pk.removeprefix(MESSAGE), string(record.keys, "sk"), text)

    def rows(self, group: str) -> list[Item]:
        """The group's rows, as the index shows them."""
        condition: dict[str, Any] = {
            "KeyConditionExpression": "message_group_uuid = :g",
            "ExpressionAttributeValues": {":g": {"S": group}},
        }
        return list(self._call("query", TableName=self._table, IndexName=INDEX, **condition)["Items"])

    def move(self, row: Item, group: str, sk: str, text: str) -> None:
        """Two calls, and a chance to end between them."""
        self._call("delete_item", TableName=self._table, Key={"pk": row["pk"], "sk": row["sk"]})
        if next(self._moves) % self._killed_every == 0:
            raise Killed
        user = row["pk"]["S"].removeprefix("GRP#")
        self._put(row_key(user, sk) | self._attributes(group, text, row["user_uuid"]["S"]))

    def _work(self, group: str, sk: str, text: str) -> None:
        for row in self.rows(group):
            self.move(row, group, sk, text)

    def _attributes(self, group: str, text: str, peer: str) -> Item:
        return texts(message_group_uuid=group, message=text, user_uuid=peer, user_handle=peer, user_display_name=peer)

    def _put(self, item: Item) -> None:
        self._call("put_item", TableName=self._table, Item=item)


class EventSourceMapping:
    """Hands the stream's records to a function as AWS does: in order, at least once, from where it stopped.

    A batch comes again whole if the function failed, and now and then if it did not: then its answer was lost.
    """

    def __init__(self, clients: Clients, table: str, function: Callable[[Record], None]) -> None:
        self.failures = 0
        self.seen: set[tuple[str, str]] = set()  # keys of items
        self._api = DynamoStreams(clients, table)
        self._function = function
        self._settled: dict[str, str] = {}
        self._invocations = count(1)
        self._off = Event()
        self._thread = Thread()

    def __enter__(self) -> Self:
        self._off.clear()
        self._thread = Thread(target=self._poll, name="lambda")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Switched off: the invocation in hand ends, as on AWS."""
        self._off.set()
        self._thread.join()

    def _poll(self) -> None:
        stream = self._api.latest_stream()
        while not self._off.wait(POLL_S):
            for shard in self._api.shards(stream):
                while not self._off.is_set() and self._invoke(stream, shard.id):
                    pass

    def _invoke(self, stream: str, shard: str) -> bool:
        """The next batch, if there is one."""
        records = self._api.records(self._api.iterator(stream, shard, self._settled.get(shard)), BATCH).records
        try:
            for record in records:
                self._function(record)
        except Killed:
            self.failures += 1
            return True
        if records and next(self._invocations) % REPEATED_EVERY:
            self._settled[shard] = records[-1].sequence_number
            self.seen |= {(string(record.keys, "pk"), string(record.keys, "sk")) for record in records}
        return bool(records)


def text_of(group: str, sk: str) -> str:
    """What the message says that was written at this moment."""
    return f"{group} at {sk}"
