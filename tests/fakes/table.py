"""The messages table in memory: strong reads, one transaction with its conditions, room for others in between."""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence

from shared.errors import Reason, TransactionCancelled
from shared.keys import MESSAGE, ROSTER, ROW, message_key, roster_key, row_key
from shared.models import Item, string
from stream_worker.reconcile.plan import (
    Action,
    Create,
    MessageGone,
    MessageStands,
    Newest,
    Remove,
    Rewrite,
    Row,
    RowStands,
)

FINE = Reason("None")
FAILED = "ConditionalCheckFailed"


def at(microsecond: int) -> str:
    """A time stamp of ours; a larger number is later."""
    return f"2026-11-22T10:00:00.{microsecond:06d}+00:00"


def texts(**values: str) -> Item:
    """String attributes in DynamoDB JSON."""
    return {name: {"S": value} for name, value in values.items()}


class MemoryTable:
    """`reconcile.ports.Store`, and what a test needs to set a scene and to look at it."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.calls: list[str] = []
        self.commits: list[list[Action]] = []
        self.index: dict[str, dict[str, str]] = {}  # what a stale index says of a group; else it is up to date
        self.broken: dict[str, Exception] = {}  # groups whose roster cannot be read, and why
        self._before: dict[str, deque[Callable[[], object]]] = {}

    def before(self, call: str, *deeds: Callable[[], object]) -> None:
        """Let somebody else act just before the next calls of this name, one deed a call."""
        self._before.setdefault(call, deque()).extend(deeds)

    def put(self, item: Item) -> Item:
        """Put an item, whatever stands there."""
        self.items[string(item, "pk"), string(item, "sk")] = item
        return item

    def drop(self, key: Item) -> None:
        """Delete an item."""
        self.items.pop((string(key, "pk"), string(key, "sk")), None)

    def message(self, group: str, sk: str, text: str = "hi") -> None:
        """Put a message."""
        self.put({**message_key(group, sk), **texts(message=text, user_uuid="ann")})

    def unsend(self, group: str, sk: str) -> None:
        """Delete a message."""
        self.drop(message_key(group, sk))

    def member(self, group: str, user: str, sk: str, text: str = "hi", **more: str) -> Item:
        """Put a row that shows the message at `sk`, and its roster item."""
        self.put({**roster_key(group, user), **texts(created_at=at(0))})
        return self.row(group, user, sk, text, **({"last_message_sk": sk} | more))

    def row(self, group: str, user: str, sk: str, text: str = "hi", **more: str) -> Item:
        """Put a row only."""
        return self.put({**row_key(user, sk), **texts(message_group_uuid=group, message=text, **more)})

    def rows(self, user: str) -> list[Row]:
        """A user's rows as they stand."""
        return [Row(item) for (pk, _), item in sorted(self.items.items()) if pk == ROW + user]

    def shown(self, user: str) -> list[tuple[str, str]]:
        """A user's list: (group, text) of each row, oldest first."""
        return [(row.group, string(row.item, "message")) for row in self.rows(user)]

    def roster(self, group: str) -> list[str]:
        """See `Store`."""
        self._called("roster")
        if group in self.broken:
            raise self.broken[group]
        return sorted(sk for pk, sk in self.items if pk == ROSTER + group)

    def ensure_roster(self, group: str, user: str) -> None:
        """See `Store`."""
        self._called("ensure_roster")
        self.items.setdefault((ROSTER + group, user), {**roster_key(group, user), **texts(created_at=at(0))})

    def hints(self, group: str) -> Mapping[str, str]:
        """See `Store`."""
        self._called("hints")
        if group in self.index:
            return self.index[group]
        return {row.user: row.sk for row in self._all_rows() if row.group == group}

    def rows_at(self, group: str, positions: Mapping[str, str]) -> Mapping[str, Row]:
        """See `Store`."""
        self._called("rows_at")
        found = [self.items.get((ROW + user, sk)) for user, sk in positions.items()]
        return {row.user: row for row in map(Row, filter(None, found)) if row.group == group}

    def rows_of(self, group: str, user: str) -> list[Row]:
        """See `Store`."""
        self._called("rows_of")
        return [row for row in self.rows(user) if row.group == group]

    def newest(self, group: str) -> Newest | None:
        """See `Store`."""
        self._called("newest")
        stamps = [sk for pk, sk in self.items if pk == MESSAGE + group]
        return Newest(max(stamps), self.items[MESSAGE + group, max(stamps)].get("message")) if stamps else None

    def occupied(self, user: str, from_sk: str) -> Collection[str]:
        """See `Store`."""
        self._called("occupied")
        return {row.sk for row in self.rows(user) if row.sk >= from_sk}

    def index_rows(self, start: Item | None, limit: int) -> tuple[list[Row], Item | None]:
        """See `sweep.Index`."""
        self._called("index_rows")
        rows = [row for row in self._all_rows() if start is None or (row.user, row.sk) > _place(start)]
        page = rows[:limit]
        return page, row_key(page[-1].user, page[-1].sk) if len(rows) > limit else None

    def commit(self, actions: Sequence[Action]) -> None:
        """See `Store`: all or nothing; two actions on one item are refused as AWS does."""
        self._called("commit")
        touched = [_touches(action) for action in actions]
        assert len(set(touched)) == len(touched), "two actions of a transaction touch one item"
        assert len(actions) <= 100
        self.commits.append(list(actions))
        reasons = [self._reason(action) for action in actions]
        if any(reason is not FINE for reason in reasons):
            raise TransactionCancelled(reasons)
        for action in actions:
            self._apply(action)

    def _reason(self, action: Action) -> Reason:
        there = self.items.get(_touches(action))
        match action:
            case Rewrite(row) | Remove(row) | RowStands(row):
                holds = there is not None and all(there.get(name) == value for name, value in row.item.items())
            case Create() | MessageGone():
                holds = there is None
            case MessageStands(_, newest):
                holds = there is not None and there.get("message") == newest.message
        return FINE if holds else Reason(FAILED, there if isinstance(action, Create) else None)

    def _apply(self, action: Action) -> None:
        match action:
            case Rewrite(row, attributes):
                self.put({**self.items[_touches(action)], **attributes})
            case Remove(row):
                self.drop(row.item)
            case Create(item):
                self.put(item)

    def _all_rows(self) -> list[Row]:
        return [Row(item) for (pk, _), item in sorted(self.items.items()) if pk.startswith(ROW)]

    def _called(self, call: str) -> None:
        deeds = self._before.get(call)
        if deeds:
            deeds.popleft()()
        self.calls.append(call)


def _touches(action: Action) -> tuple[str, str]:
    match action:
        case Rewrite(row) | Remove(row) | RowStands(row):
            return string(row.item, "pk"), string(row.item, "sk")
        case Create(item):
            return string(item, "pk"), string(item, "sk")
        case MessageStands(group, newest):
            return MESSAGE + group, newest.sk
        case MessageGone(group, sk):
            return MESSAGE + group, sk


def _place(key: Item) -> tuple[str, str]:
    return string(key, "pk").removeprefix(ROW), string(key, "sk")
