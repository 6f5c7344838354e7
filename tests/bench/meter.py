"""Counts what a client asks for: calls, and capacity units as the engine bills them."""

from collections import Counter
from typing import Any

from shared.dynamo import Answer

_READS = frozenset({"Query", "Scan", "GetItem", "BatchGetItem"})
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})


class Meter:
    """Hooked into one boto3 client.

    The embedded engine bills as AWS does: a transaction costs twice on the table and once on the index (two rows
    moved and one check are 8 + 4 + 2 units); `tests/integration/test_bench.py` holds it to that.
    """

    def __init__(self, client: Any) -> None:
        self.calls: Counter[str] = Counter()
        self.read_units = 0.0
        self.write_units = 0.0
        client.meta.events.register("before-parameter-build.dynamodb", self._ask_for_the_bill)
        client.meta.events.register("after-call.dynamodb", self._note)

    def reset(self) -> None:
        """Start again from nothing."""
        self.calls.clear()
        self.read_units = self.write_units = 0.0

    def _ask_for_the_bill(self, params: Answer, model: Any, **_: object) -> None:
        if model.name in _READS | _WRITES:
            params["ReturnConsumedCapacity"] = "TOTAL"

    def _note(self, parsed: Answer, model: Any, **_: object) -> None:
        self.calls[model.name] += 1
        bills = parsed.get("ConsumedCapacity") or []
        units = sum(bill["CapacityUnits"] for bill in (bills if isinstance(bills, list) else [bills]))
        if model.name in _READS:
            self.read_units += units
        else:
            self.write_units += units
