"""The worker's own table in memory: a raw client behind `shared.dynamo.Client`, with its conditions."""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from shared.dynamo import Answer
from shared.errors import ConditionFailed, Reason, TransactionCancelled
from shared.models import Item, string
from tests.fakes.faulty import Faulty

Key = tuple[str, str]
FAILED = "ConditionalCheckFailed"


class StateTable:
    """As much of DynamoDB as `State` uses; a condition it does not know is an error of the test."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}
        self.page = 3  # items a Query answers with, so that nobody forgets the next page

    def get_item(self, *, Key: Item, ConsistentRead: bool, **_: Any) -> Answer:  # noqa: N803
        assert ConsistentRead, "state is read strongly"
        item = self.items.get(_key(Key))
        return {"Item": deepcopy(item)} if item else {}

    def query(self, *, ExpressionAttributeValues: Item, ConsistentRead: bool, **more: Any) -> Answer:  # noqa: N803
        assert ConsistentRead, "state is read strongly"
        pk, start = string(ExpressionAttributeValues, ":pk"), more.get("ExclusiveStartKey", {})
        found = sorted(key for key in self.items if key[0] == pk and key[1] > string(start, "sk"))
        page = [deepcopy(self.items[key]) for key in found[: self.page]]
        last = {"LastEvaluatedKey": {"pk": page[-1]["pk"], "sk": page[-1]["sk"]}} if len(found) > len(page) else {}
        return {"Items": page, **last}

    def put_item(self, *, Item: Item, **more: Any) -> Answer:  # noqa: N803
        self._demand(_key(Item), more)
        self.items[_key(Item)] = deepcopy(Item)
        return {}

    def delete_item(self, *, Key: Item, **more: Any) -> Answer:  # noqa: N803
        self._demand(_key(Key), more)
        self.items.pop(_key(Key), None)
        return {}

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]]) -> Answer:  # noqa: N803
        actions = [next(iter(action.items())) for action in TransactItems]
        reasons = [Reason("None" if self._holds(_target(action), action) else FAILED) for _, action in actions]
        if any(reason.code == FAILED for reason in reasons):
            raise TransactionCancelled(reasons)
        for kind, action in actions:
            unconditional = {name: action[name] for name in ("Item", "Key") if name in action}
            self.put_item(**unconditional) if kind == "Put" else self.delete_item(**unconditional)
        return {}

    def drawer(self, kind: str) -> dict[str, Item]:
        """What stands in a drawer, by name; for a test to look at."""
        return {sk: item for (pk, sk), item in sorted(self.items.items()) if pk == f"pattern-e#{kind}"}

    def _demand(self, key: Key, request: Mapping[str, Any]) -> None:
        if not self._holds(key, request):
            raise ConditionFailed

    def _holds(self, key: Key, request: Mapping[str, Any]) -> bool:
        item, condition = self.items.get(key), request.get("ConditionExpression")
        if condition in {None, "attribute_not_exists(pk)"}:
            return condition is None or item is None
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        for term in condition.split(" AND "):
            match = re.fullmatch(r"(#r\d+) = (:r\d+)", term)
            assert match, f"unknown condition: {condition}"
            if item is None or item.get(names[match[1]]) != values[match[2]]:
                return False
        return True


def state_client() -> tuple[StateTable, Faulty]:
    """An empty table, and the client to it, which can meet accidents."""
    table = StateTable()
    return table, Faulty(table)


def _target(action: Mapping[str, Any]) -> Key:
    return _key(action.get("Item") or action["Key"])


def _key(item: Item) -> Key:
    return string(item, "pk"), string(item, "sk")
