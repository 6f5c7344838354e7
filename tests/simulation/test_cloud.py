"""The simulated DynamoDB answers as a real engine does: our own code sends every request to both.

The index of a local engine is never behind, so its answers are compared too; rows with equal sort keys may come in
any order there, and a scan of it in any order at all.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from random import Random
from threading import Event
from typing import Any

import pytest

from producer import actions, messages
from producer.chat import Chat
from shared import tables
from shared.dynamo import Answer, Client, Clients
from shared.errors import AppError, ConditionFailed, LeaseLost, MessageUnknown, TransactionCancelled
from shared.keys import MESSAGE, ROSTER, ROW, message_key, roster_key, row_key
from shared.models import Item, Message, User, string
from shared.retry import Retry
from shared.settings import Settings
from stream_worker.contract import Record
from stream_worker.drivers.native.api import DynamoStreams
from stream_worker.loader import parsed
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
from tests.simulation.cloud.connection import Cloud, Connection
from tests.simulation.cloud.database import Database, Key
from tests.simulation.cloud.expressions import Request
from tests.simulation.cloud.faults import Rates
from tests.simulation.cloud.index import Index
from tests.simulation.cloud.streams import StreamService
from tests.simulation.diary import Diary
from tests.simulation.scheduler import Scheduler

DEEDS = 500
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
GROUPS, USERS, DRAWERS, NAMES = "gh", ("ann", "bob", "cyd"), ("sweeps", "open"), ("x", "y")
PLACES = [at(number) for number in range(1, 5)]
WORDS = ("hi", "yes", "")
ODD: Sequence[Item] = (
    {},
    {"number": {"N": "1.5"}, "a name": {"SS": ["a", "b"]}},
    {"bytes": {"B": b"\x00\xff"}, "map": {"M": {"k.1": {"L": [{"NULL": True}, {"BOOL": True}]}}}},
)
"""What others may have put on an item."""
LEAST = {
    "query": 100,
    **dict.fromkeys(["transact_write_items", "transact_write_items: TransactionCancelled"], 40),
    **dict.fromkeys(["put_item", "update_item", "delete_item", "get_item", "batch_get_item"], 10),
    **dict.fromkeys([f"{kind}_item: ConditionFailed" for kind in ("put", "update", "delete")], 5),
}
"""How often each must be met: carried out or read, or else refused."""


class Simulated:
    """The simulator on a day when nothing goes wrong and nobody else acts."""

    def __init__(self, table: str) -> None:
        dice, scheduler = Random(0), Scheduler(Random(0))
        diary = Diary(lambda: 0.0, lambda: "test")
        self.database = Database()
        self.streams = StreamService(table, "arn", dice, lambda: 0.0)
        index = Index(table, dice, lambda: 0.0, lag_s=0)
        self.database.watchers += [index.watch, self.streams.watch]
        cloud = Cloud(self.database, index, scheduler, dice, Rates(), lambda _kind, _operation: None, Counter(), diary)
        self.client = Client(Connection(cloud, "person", lambda: None))

    def items(self, table: str) -> list[Item]:
        """Everything in a table."""
        partitions = (self.database.partition(table, pk) for pk in self.database.partitions(table, ""))
        return [item for partition in partitions for item in partition.values()]

    def records(self) -> list[Record]:
        """Every record, shard by shard."""
        return [record for shard in self.streams.shards.values() for _, _, record in shard.records]


class Both:
    """A raw client that asks the simulator and the engine, and demands the same answer."""

    def __init__(self, simulated: Client, real: Client) -> None:
        self.met: Counter[str] = Counter()
        self._simulated = simulated
        self._real = real

    def __getattr__(self, operation: str) -> Callable[..., Answer]:
        return partial(self._ask, operation)

    def _ask(self, operation: str, **request: Any) -> Answer:
        ours, answer = _said(self._simulated, operation, request), _said(self._real, operation, request)
        assert _essence(ours, request) == _essence(answer, request), f"{operation} {request}"
        if isinstance(answer, AppError):
            self.met[f"{operation}: {type(answer).__name__}"] += 1
            raise answer
        self.met[operation] += 1
        return answer


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
                actions.mark_left(group, user, place),
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


class Played:
    """A sequence of requests that was sent to both."""

    def __init__(self, clients: Clients, settings: Settings) -> None:
        for kind, name in _names(settings):
            clients.dynamodb.call("create_table", **tables.definition(kind, name))
        self.clients = clients
        self.settings = settings
        self.simulated = Simulated(settings.message_table)
        self.both = Both(self.simulated.client, clients.dynamodb)

    def play(self, seed: int) -> None:
        """Many deeds."""
        crowd = Crowd(self.both, self.settings, Random(seed))
        for _ in range(DEEDS):
            crowd.act()

    def real_records(self) -> list[Record]:
        """The engine's records, shard by shard; its stream is read until it has nothing more to say."""
        api = DynamoStreams(self.clients, self.settings.message_table)
        arn, found = api.latest_stream(), list[Record]()
        for shard in api.shards(arn):
            iterator: str | None = api.iterator(arn, shard.id, None)
            while iterator and (page := api.records(iterator, 1000)).records:
                found += page.records
                iterator = page.next_iterator
        return found


@pytest.fixture
def played(clients: Clients, settings: Settings) -> Played:
    """Both, with empty tables."""
    return Played(clients, settings)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_is_the_engines(played: Played, seed: int) -> None:
    """Items, pages, errors and the reasons of cancelled transactions at each request; then tables and index."""
    played.play(seed)
    ours, theirs = played.simulated, played.clients.dynamodb
    for _, name in _names(played.settings):
        real = theirs.items("scan", TableName=name, ConsistentRead=True)
        assert _ordered(ours.items(name)) == _ordered(real)
    index = _walk(theirs, played.settings.message_table)
    assert _ordered(_walk(ours.client, played.settings.message_table)) == _ordered(index)
    assert {string(item, "pk")[:4] for item in index} == {ROW}
    assert {what: played.both.met[what] for what, times in LEAST.items() if played.both.met[what] < times} == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_stream_says_the_same(played: Played, seed: int) -> None:
    """Each item's records: what happened, and the new image, in the order of the writes."""
    played.play(seed)
    real = _by_item(played.real_records())
    assert _by_item(played.simulated.records()) == real
    assert {pk[:4] for pk, _ in real} == {MESSAGE, ROW, ROSTER}
    assert {kind for records in real.values() for kind, _ in records} == {"INSERT", "MODIFY", "REMOVE"}


def test_a_difference_is_seen(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulator whose conditions always hold does not pass."""
    monkeypatch.setattr(database, "holds", lambda _request, _there: True)
    with pytest.raises(AssertionError, match=r"put_item|update_item|delete_item|transact_write_items"):
        played.play(0)


def _names(settings: Settings) -> list[tuple[str, str]]:
    return [(tables.MESSAGES, settings.message_table), (tables.WORKER_STATE, settings.state_table)]


def _said(client: Client, operation: str, request: Request) -> Answer | AppError:
    try:
        return client.call(operation, **request)
    except AppError as error:
        return error


def _essence(said: Answer | AppError, request: Request) -> object:
    """What must be equal; what no order is promised for is sorted."""
    if isinstance(said, TransactionCancelled):
        return [(reason.code, _plain(reason.item)) for reason in said.reasons]
    if isinstance(said, AppError):
        return type(said), _plain(getattr(said, "item", None))
    parts = [_plain(said.get(part) or None) for part in ("Item", "LastEvaluatedKey", "UnprocessedKeys")]
    batches = [_ordered(items) for items in said.get("Responses", {}).values() if items]
    items = said.get("Items", [])
    return parts, batches, _ordered(items) if "IndexName" in request else _plain(items)


def _ordered(items: Iterable[Item]) -> list[Any]:
    return sorted((_plain(item) for item in items), key=repr)


def _plain(value: Any) -> Any:
    """With attributes by name and sets sorted."""
    if isinstance(value, dict):
        return {
            name: sorted(inner) if name in {"SS", "NS", "BS"} and isinstance(inner, list) else _plain(inner)
            for name, inner in sorted(value.items())
        }
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _walk(client: Client, table: str) -> list[Item]:
    """The index in pages of two, as the sweep reads it."""
    store = DynamoStore(client, table, lambda: NOON)
    page, cursor = store.index_rows(None, 2)
    found = [row.item for row in page]
    while cursor:
        page, cursor = store.index_rows(cursor, 2)
        found += [row.item for row in page]
    return found


def _by_item(records: Iterable[Record]) -> dict[Key, list[tuple[str, Any]]]:
    found = defaultdict[Key, list[tuple[str, Any]]](list)
    for record in records:
        image = _plain(parsed(record.new_image)) if record.new_image else None
        found[string(record.keys, "pk"), string(record.keys, "sk")].append((record.kind, image))
    return dict(found)
