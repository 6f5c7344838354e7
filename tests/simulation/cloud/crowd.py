"""Everybody who writes or reads, at random and on few keys: the requests that a comparison of engines is made of."""

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from threading import Event
from typing import Any

from producer import actions, messages
from producer.chat import Chat
from shared.dynamo import Client
from shared.errors import ConditionFailed, LeaseLost, MessageUnknown, TransactionCancelled
from shared.keys import message_key, roster_key, row_key
from shared.models import Item, Message, User
from shared.retry import Retry
from shared.settings import Settings
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
from stream_worker.state import State
from stream_worker.store import DynamoStore
from tests.fakes.clock import NOON
from tests.fakes.table import at, texts
from tests.simulation.cloud import database
from tests.simulation.cloud.database import Key
from tests.simulation.cloud.expressions import Request

GROUPS, USERS, DRAWERS, NAMES = "gh", ("ann", "bob", "cyd"), ("sweeps", "open"), ("x", "y")
PLACES = [at(number) for number in range(1, 5)]
WORDS = ("hi", "yes", "")
ODD: Sequence[Item] = (
    {},
    {"number": {"N": "1.5"}, "a name": {"SS": ["a", "b"]}},
    {"bytes": {"B": b"\x00\xff"}, "map": {"M": {"k.1": {"L": [{"NULL": True}, {"BOOL": True}]}}}},
)
"""What others may have put on an item."""


class Crowd:
    """Everybody who writes or reads, in one person: does at random what our code does, on few keys."""

    def __init__(self, raw: Any, settings: Settings, dice: Random) -> None:
        client = Client(raw)
        self.chat = Chat(client, settings.message_table, Retry(Event()))
        self.store = DynamoStore(client, settings.message_table, lambda: NOON)
        self.state = State(client, settings.state_table, "us")
        self.dice = dice
        self.any = dice.choice
        self.rows, self.rosters, self.kept = (deque[Item](maxlen=5) for _ in range(3))
        """Items as read some time ago."""

    def act(self) -> None:
        """One deed; a refusal has been compared, and is forgotten."""
        try:
            self.do(self.write, self.write, self.write_one, self.write_one, self.keep, self.look, self.look_at_rows)
        except (ConditionFailed, TransactionCancelled, LeaseLost, MessageUnknown):
            return

    def do(self, *deeds: Callable[[], object]) -> None:
        """One of these."""
        self.any(deeds)()

    def write(self) -> None:
        """A transaction of up to six actions, each on an item of its own."""
        by_key: dict[Key, dict[str, Request]] = {}
        for _ in range(self.any([1, 1, 1, 1, 2, 3, 6])):
            ((kind, request),) = (self.workers_action() if self.any("wp") == "w" else self.persons_action()).items()
            request = {"TableName": self.chat.table, **request}
            by_key[database.key_of(request)] = {kind: request}
        self.chat.client.call("transact_write_items", TransactItems=list(by_key.values()))

    def workers_action(self) -> Request:
        """What the store sends."""
        row, place, group = Row(self.a_row()), self.any(PLACES), self.any(GROUPS)
        text = self.any([None, *({"S": word} for word in WORDS)])
        choice: list[Action] = [
            Create({**row.item, "sk": {"S": place}}),
            Rewrite(row, texts(message=self.any(WORDS), row_rev=self.any(NAMES))),
            Remove(row),
            RowStands(row),
            MessageStands(group, Newest(place, text)),
            MessageGone(group, place),
        ]
        request: Request = self.store._request(self.any(choice))
        return request

    def persons_action(self) -> Request:
        """What the producer sends."""
        group, user, place = self.any(GROUPS), self.any(USERS), self.any(PLACES)
        return self.any(
            [
                actions.put_new(actions.message_item(self.message())),
                actions.put_new(self.new_row(user, place, group)),
                actions.put_roster(group, user, place, None),
                actions.put_roster(group, user, place, self.any(self.rosters))
                if self.rosters
                else {"Put": self.bare()},
                actions.check_in_roster(group, user),
                actions.delete_row(self.a_row(), group),
                actions.mark_left(group, user, place, self.any([None, *self.rosters])),
            ]
        )

    def write_one(self) -> None:
        """Single writes of messages and rows."""
        message, call = self.message(), self.chat.client.call
        self.do(
            *[lambda: messages._edit(self.chat, message, self.any(WORDS))] * 3,
            lambda: messages._delete(self.chat, message),
            lambda: call("put_item", **self.table(), **actions.put_new(actions.message_item(message))["Put"]),
            lambda: call("put_item", **self.table(), Item=self.new_row(self.any(USERS), self.any(PLACES), "g")),
            lambda: call("delete_item", **self.table(), Key=row_key(self.any(USERS), self.any(PLACES))),
            lambda: self.store.ensure_roster(message.group, message.sender.uuid),
        )

    def keep(self) -> None:
        """What the worker does to its own table."""
        drawer, name, count = self.any(DRAWERS), self.any(NAMES), {"count": {"N": self.any("123")}}
        as_read = self.any([None, *self.kept])
        read = [item for item in [self.state.get(drawer, name)] if item]
        self.do(
            lambda: self.state.put(drawer, name, count),
            lambda: self.state.replace(drawer, name, count, as_read),
            lambda: self.state.delete(drawer, name, as_read),
            lambda: self.state.move(self.any([*self.kept, *read]), *DRAWERS, count) if self.kept or read else None,
            lambda: self.kept.extend(read),
            lambda: self.kept.extend(self.state.all(drawer)),
        )

    def look(self) -> None:
        """Messages and rosters."""
        group, user, chat = self.any(GROUPS), self.any(USERS), self.chat.read
        self.do(
            lambda: list(chat.history(group, newest_first=self.any([True, False]), page=self.any([1, 2, 3, 5]))),
            lambda: self.store.newest(group),
            lambda: self.store.roster(group),
            lambda: self.rosters.extend(item for item in [chat.get(roster_key(group, user))] if item),
            lambda: chat.get(message_key(group, self.any(PLACES))),
        )

    def look_at_rows(self) -> None:
        """Rows, by user and by the index."""
        group, user, chat = self.any(GROUPS), self.any(USERS), self.chat.read
        self.do(
            lambda: self.rows.extend(chat.partition(user)),
            lambda: self.rows.extend(row.item for row in self.store.rows_of(group, user)),
            lambda: self.rows.extend(chat.member_rows(group, USERS).values()),
            lambda: self.rows.extend(chat.get_all([row_key(name, self.any(PLACES)) for name in USERS])),
            lambda: self.store.rows_at(group, self.store.hints(group) or {user: self.any(PLACES)}),
            lambda: self.store.occupied(user, self.any(PLACES)),
            lambda: chat.of_user(user, limit=2, cursor=chat.of_user(user, limit=self.any([1, 2])).cursor),
        )

    def a_row(self) -> Item:
        """One that was read, or one that may never have been there."""
        return self.any([*self.rows, self.new_row(self.any(USERS), self.any(PLACES), self.any(GROUPS))])

    def new_row(self, user: str, place: str, group: str) -> Item:
        """A row, with or without what others put there."""
        return {**row_key(user, place), **texts(message_group_uuid=group, message=self.any(WORDS)), **self.any(ODD)}

    def bare(self) -> Request:
        """A roster item put over one that has nothing but its key, or over none."""
        key = message_key(self.any(GROUPS), self.any(PLACES))
        return {"Item": key, **self.any([{"ConditionExpression": "attribute_exists(pk)"}, {}])}

    def message(self) -> Message:
        """One of few; its place mostly tells whose it is."""
        place = self.any(PLACES)
        sender = self.any([*USERS, *[USERS[PLACES.index(place) % 3]] * 5])
        return Message(self.any(GROUPS), place, sender, self.any(WORDS), User(sender, sender, sender))

    def table(self) -> dict[str, str]:
        """The parameter that every call has."""
        return {"TableName": self.chat.table}
