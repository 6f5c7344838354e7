"""The worker's own table: lease, checkpoints, dead letters, owed sweeps.

The consumer's name is part of every key, so that several consumers can share the table. Every item carries a
`schema` number; one this version does not know is refused rather than guessed at.
"""

from collections.abc import Iterator

from shared.dynamo import Client, unless_changed
from shared.errors import ConditionFailed, LeaseLost, SchemaUnknown, TransactionCancelled
from shared.models import Item, string

SCHEMA = 1

LEASE = "lease"
STREAMS = "streams"
KCL_STREAMS = "kcl-streams"
CHECKPOINTS = "checkpoints"
KCL_CHECKPOINTS = "kcl-checkpoints"
SWEEPS = "sweeps"
OPEN_LETTERS = "dead-letters#open"
SETTLED_LETTERS = "dead-letters#settled"


class State:
    """Items of one consumer, by drawer (`kind`) and `name`; values are DynamoDB JSON."""

    def __init__(self, client: Client, table: str, consumer: str) -> None:
        self._client = client
        self._table = table
        self._consumer = consumer

    def get(self, kind: str, name: str) -> Item | None:
        """The item, strongly read.

        Raises:
            SchemaUnknown: a newer version of the worker wrote it.
        """
        answer = self._client.call("get_item", TableName=self._table, Key=self._key(kind, name), ConsistentRead=True)
        return _known(answer["Item"]) if answer.get("Item") else None

    def all(self, kind: str) -> Iterator[Item]:
        """Every item of a drawer, strongly read, in the order of their names."""
        items = self._client.items(
            "query",
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"{self._consumer}#{kind}"}},
            ConsistentRead=True,
        )
        return map(_known, items)

    def put(self, kind: str, name: str, attributes: Item) -> None:
        """Write an item, whatever stands there."""
        self._client.call("put_item", TableName=self._table, Item=self._item(kind, name, attributes))

    def replace(self, kind: str, name: str, attributes: Item, as_read: Item | None) -> Item:
        """Write an item if what stands there is as it was read (None: nothing).

        boto3's own repetition of a write that was applied comes back as a failed condition; so after one the
        item is read, and if it is what we wrote the write has succeeded. The answer is the item as it stands now.

        Raises:
            LeaseLost: somebody else wrote it.
        """
        item = self._item(kind, name, attributes)
        try:
            self._client.call("put_item", TableName=self._table, Item=item, **unless_changed(as_read))
        except ConditionFailed:
            if self.get(kind, name) != item:
                raise LeaseLost(f"Another process wrote {kind} {name}.") from None
        return item

    def delete(self, kind: str, name: str, as_read: Item | None = None) -> bool:
        """Delete an item (with `as_read`: only if it still is as read); whether it is gone."""
        condition = unless_changed(as_read) if as_read else {}
        try:
            self._client.call("delete_item", TableName=self._table, Key=self._key(kind, name), **condition)
        except ConditionFailed:
            return self.get(kind, name) is None
        return True

    def move(self, item: Item, source: str, target: str, changes: Item) -> bool:
        """Move an item as read to another drawer, changed; False if it is no longer as read."""
        name = string(item, "sk")
        moved = self._item(target, name, {**attributes_of(item), **changes})
        delete = {"TableName": self._table, "Key": self._key(source, name), **unless_changed(item)}
        put = {"TableName": self._table, "Item": moved}
        try:
            self._client.call("transact_write_items", TransactItems=[{"Delete": delete}, {"Put": put}])
        except TransactionCancelled as error:
            if [reason.code for reason in error.reasons][:1] != ["ConditionalCheckFailed"]:
                raise
            return self.get(source, name) is None
        return True

    def _key(self, kind: str, name: str) -> Item:
        return {"pk": {"S": f"{self._consumer}#{kind}"}, "sk": {"S": name}}

    def _item(self, kind: str, name: str, attributes: Item) -> Item:
        return {**attributes, **self._key(kind, name), "schema": {"N": str(SCHEMA)}}


def attributes_of(item: Item) -> Item:
    """An item without what `State` adds to it."""
    return {name: value for name, value in item.items() if name not in {"pk", "sk", "schema"}}


def _known(item: Item) -> Item:
    written = item.get("schema", {}).get("N")
    if written != str(SCHEMA):
        raise SchemaUnknown(
            f"The state table holds items of schema {written}, this worker knows {SCHEMA}: "
            "run the version that wrote them."
        )
    return item
