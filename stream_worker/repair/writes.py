"""The actions of a repair; all of them rest on what was read, and go through TransactWriteItems."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.dynamo import unless_changed
from shared.models import Item
from stream_worker.verify.table import Table

Action = Mapping[str, Mapping[str, Any]]
"""One action of TransactWriteItems, still without its table."""


def transact(table: Table, actions: Sequence[Action]) -> None:
    """Write all of it or nothing.

    Raises:
        TransactionCancelled: something was not as read.
    """
    located = [{kind: {"TableName": table.name, **action[kind]} for kind in action} for action in actions]
    table.client.call("transact_write_items", TransactItems=located)


def delete(as_read: Item) -> Action:
    """Delete an item if it is as read."""
    return {"Delete": {"Key": _key(as_read), **unless_changed(as_read, nor_given="row_rev")}}


def delete_stub(as_read: Item) -> Action:
    """The same of a row without a group, if it still has none."""
    return {"Delete": {"Key": _key(as_read), **unless_changed(as_read, nor_given="message_group_uuid")}}


def check(as_read: Item) -> Action:
    """Demand that an item is as read."""
    return {"ConditionCheck": {"Key": _key(as_read), **unless_changed(as_read)}}


def put(item: Item) -> Action:
    """Put an item where nothing stands."""
    return {"Put": {"Item": item, **unless_changed(None)}}


def put_entry(entry: Item, as_read: Item | None) -> Action:
    """Put a roster item if what stands there is as read (None: nothing), and nobody has left meanwhile."""
    return {"Put": {"Item": entry, **unless_changed(as_read, nor_given="left_at")}}


def _key(item: Item) -> Item:
    return {"pk": item["pk"], "sk": item["sk"]}
