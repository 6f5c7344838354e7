"""Tables and what can be done to them in one moment; who looks on is told of every change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.errors import ConditionFailed, Reason, TransactionCancelled
from shared.models import Item
from tests.simulation.cloud.expressions import Request, holds, updated

FINE = Reason("None")
FAILED = "ConditionalCheckFailed"
LARGEST_TRANSACTION = 100

Key = tuple[str, str]


class Change(NamedTuple):
    """One item, before and after a write; None: nothing stood, or stands, there."""

    table: str
    key: Key
    before: Item | None
    after: Item | None


Watcher = Callable[[Sequence[Change]], None]


class Database:
    """Items by table, partition and sort key. Items are never changed in place, so whoever has read one keeps it."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, dict[str, Item]]] = {}
        self.watchers: list[Watcher] = []

    def partition(self, table: str, pk: str) -> Mapping[str, Item]:
        """The items of a partition, by sort key."""
        return self._tables.get(table, {}).get(pk, {})

    def partitions(self, table: str, prefix: str) -> Iterator[str]:
        """The partition keys that begin so."""
        return (pk for pk, items in self._tables.get(table, {}).items() if items and pk.startswith(prefix))

    def get(self, table: str, key: Key) -> Item | None:
        """The item at a key."""
        return self._tables.get(table, {}).get(key[0], {}).get(key[1])

    def write(self, kind: str, request: Request) -> None:
        """One Put, Update or Delete.

        Raises:
            ConditionFailed: its condition does not hold.
        """
        table, key = request["TableName"], key_of(request)
        there = self.get(table, key)
        if not holds(request, there):
            raise ConditionFailed(item=_told(request, there))
        self._apply([Change(table, key, there, _after(kind, request, there))])

    def transact(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """TransactWriteItems: all conditions first, then all writes.

        Raises:
            TransactionCancelled: some condition does not hold.
        """
        pairs = [next(iter(action.items())) for action in actions]
        places = [(request["TableName"], key_of(request)) for _, request in pairs]
        assert len(set(places)) == len(places), "two actions of a transaction touch one item"
        assert 0 < len(pairs) <= LARGEST_TRANSACTION
        found = [self.get(table, key) for table, key in places]
        reasons = [_reason(request, there) for (_, request), there in zip(pairs, found, strict=True)]
        if any(reason is not FINE for reason in reasons):
            raise TransactionCancelled(reasons)
        wishes = zip(places, pairs, found, strict=True)
        self._apply([Change(*place, there, _after(*pair, there)) for place, pair, there in wishes])

    def put(self, table: str, item: Item) -> None:
        """Put an item, to set a scene."""
        self.write("Put", {"TableName": table, "Item": item})

    def _apply(self, changes: Sequence[Change]) -> None:
        real = [change for change in changes if change.before != change.after]  # else there is no stream record either
        for change in real:
            items = self._tables.setdefault(change.table, {}).setdefault(change.key[0], {})
            if change.after is None:
                del items[change.key[1]]
            else:
                items[change.key[1]] = change.after
        if real:
            for watcher in self.watchers:
                watcher(real)


def key_of(request: Request) -> Key:
    """The key of the item a request is about."""
    item = request.get("Item") or request["Key"]
    return item["pk"]["S"], item["sk"]["S"]


def _reason(request: Request, there: Item | None) -> Reason:
    return FINE if holds(request, there) else Reason(FAILED, _told(request, there))


def _told(request: Request, there: Item | None) -> Item | None:
    """What a refusal says of who is in the way."""
    return there if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else None


def _after(kind: str, request: Request, there: Item | None) -> Item | None:
    """The item after an action."""
    if kind == "Put":
        item: Item = request["Item"]
        return item
    if kind == "Update":
        return updated(request, there or request["Key"])
    if kind == "Delete":
        return None
    assert kind == "ConditionCheck", f"the simulator does not know {kind}"
    return there
