"""The store's calls against a real engine: conditions, pages, and every type of attribute untouched."""

from datetime import UTC, datetime
from threading import Event

import pytest

from producer.chat import Chat
from shared import tables
from shared.dynamo import Clients
from shared.errors import TransactionCancelled
from shared.keys import message_key, roster_key, row_key
from shared.models import Item
from shared.retry import Retry
from shared.settings import Settings
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
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
from stream_worker.store import DynamoStore
from tests.fakes.table import at, texts

EVERY_TYPE: Item = {
    "a_string": {"S": "é\x00"},
    "a_number": {"N": "12345678901234567890.123456789"},
    "some_bytes": {"B": b"\x00\xff"},
    "true": {"BOOL": True},
    "nothing": {"NULL": True},
    "strings": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "blobs": {"BS": [b"1", b"2"]},
    "a_list": {"L": [{"S": "x"}, {"N": "1"}, {"L": []}]},
    "a map": {"M": {"k.1": {"SS": ["z"]}, "empty": {"S": ""}}},
}


@pytest.fixture
def store(clients: Clients, settings: Settings) -> DynamoStore:
    """A store on a new table."""
    clients.dynamodb.call("create_table", **tables.definition(tables.MESSAGES, settings.message_table))
    return DynamoStore(clients.dynamodb, settings.message_table, lambda: datetime.now(UTC))


@pytest.fixture
def chat(clients: Clients, settings: Settings) -> Chat:
    """The same table, to look at it."""
    return Chat(clients.dynamodb, settings.message_table, Retry(Event()))


def row(user: str, sk: str, **more: str) -> Item:
    """A row of group g."""
    return {**row_key(user, sk), **texts(message_group_uuid="g", message="hi", **more)}


def message(sk: str, text: str = "hi") -> Item:
    """A message of group g."""
    return {**message_key("g", sk), **texts(message=text)}


def put(store: DynamoStore, *items: Item) -> None:
    """Set a scene."""
    store.commit([Create(item) for item in items])


def codes(store: DynamoStore, *actions: Action) -> list[str]:
    """Why each action was refused."""
    with pytest.raises(TransactionCancelled) as cancelled:
        store.commit(actions)
    return [reason.code for reason in cancelled.value.reasons]


def test_every_type_survives_a_move(store: DynamoStore, chat: Chat) -> None:
    """What the worker does not own is carried as it is: sets, binary values, large numbers, odd names."""
    put(store, row("ann", at(1)) | EVERY_TYPE, roster_key("g", "ann"), message(at(2), "new"))
    Reconciler(store, Memory(), Retry(Event())).reconcile("g")
    moved = chat.read.get(row_key("ann", at(2))) or {}
    assert {name: moved.get(name) for name in EVERY_TYPE} == EVERY_TYPE
    assert moved["message"] == {"S": "new"}


def test_a_row_is_rewritten_only_as_read(store: DynamoStore) -> None:
    """One attribute that changed since is enough to refuse."""
    put(store, row("ann", at(1), mood="calm"))
    [read] = store.rows_of("g", "ann")
    store.commit([Rewrite(read, texts(mood="cross"))])
    assert codes(store, Rewrite(read, texts(mood="glad"))) == ["ConditionalCheckFailed"]
    assert codes(store, Remove(read)) == ["ConditionalCheckFailed"]


def test_a_row_without_a_revision_is_as_read_only_while_it_has_none(store: DynamoStore, chat: Chat) -> None:
    """A row of the original: whoever adds attributes and a `row_rev`, as the rules ask, is seen all the same."""
    put(store, row("ann", at(1)))
    [read] = store.rows_of("g", "ann")
    added = {"UpdateExpression": "SET pinned = :x, row_rev = :x", "ExpressionAttributeValues": {":x": {"S": "x"}}}
    chat.client.call("update_item", TableName=chat.table, Key=row_key("ann", at(1)), **added)
    for action in (Rewrite(read, texts(mood="glad")), Remove(read), RowStands(read)):
        assert codes(store, action) == ["ConditionalCheckFailed"]


def test_who_stands_in_the_way_is_told(store: DynamoStore) -> None:
    """The item on the new key comes with the refusal."""
    put(store, row("ann", at(1)))
    with pytest.raises(TransactionCancelled) as cancelled:
        store.commit([MessageGone("g", at(9)), Create(row("ann", at(1)))])
    assert [reason.code for reason in cancelled.value.reasons] == ["None", "ConditionalCheckFailed"]
    assert Row(dict(cancelled.value.reasons[1].item or {})).group == "g"


def test_the_checks_on_messages(store: DynamoStore) -> None:
    """A message stands with the text as read, or with none; a message is gone."""
    put(store, message(at(1), "text"), message_key("g", at(2)))
    store.commit([MessageStands("g", Newest(at(1), {"S": "text"})), MessageStands("g", Newest(at(2), None))])
    store.commit([MessageGone("g", at(3))])
    assert codes(store, MessageStands("g", Newest(at(1), {"S": "other"}))) == ["ConditionalCheckFailed"]
    assert codes(store, MessageStands("g", Newest(at(1), None))) == ["ConditionalCheckFailed"]
    assert codes(store, MessageStands("g", Newest(at(3), None))) == ["ConditionalCheckFailed"]
    assert codes(store, MessageGone("g", at(1))) == ["ConditionalCheckFailed"]


def test_many_rows_are_read_in_pages(store: DynamoStore) -> None:
    """More positions than one BatchGetItem takes; those that are not there are not there."""
    for first in range(0, 120, 40):
        put(store, *(row(f"user-{n}", at(1)) for n in range(first, first + 40)))
    positions = {f"user-{n}": at(1) for n in range(120)} | {"nobody": at(1), "user-0": at(7)}
    assert len(store.rows_at("g", positions)) == 119
    assert len(store.hints("g")) == 120


def test_the_index_is_walked_with_a_cursor(store: DynamoStore) -> None:
    """Every row once, whatever the page size; nothing else is in the index."""
    put(store, *(row(f"user-{n}", at(1)) for n in range(7)), message(at(1)), roster_key("g", "user-1"))
    seen, cursor = store.index_rows(None, 3)
    while cursor:
        page, cursor = store.index_rows(cursor, 3)
        seen += page
    assert sorted(row.user for row in seen) == [f"user-{n}" for n in range(7)]


def test_a_roster_item_is_put_once(store: DynamoStore, chat: Chat) -> None:
    """Who left stays marked: the worker puts an item only if there is none."""
    left = {**roster_key("g", "ann"), **texts(left_at=at(1))}
    put(store, left)
    for user in ("ann", "bob", "bob"):
        store.ensure_roster("g", user)
    assert store.roster("g") == ["ann", "bob"]
    assert chat.read.get(roster_key("g", "ann")) == left


def test_taken_positions(store: DynamoStore) -> None:
    """From a position on, whatever group the rows belong to."""
    put(store, row("ann", at(1)), row("ann", at(2)), row("ann", at(3)), row("bob", at(3)))
    assert store.occupied("ann", at(2)) == {at(2), at(3)}


def test_two_rows_of_a_user_are_no_hint(store: DynamoStore, chat: Chat) -> None:
    """One of them may be as it should be, and would hide the other: a copy, made with all marks of ours, say."""
    for user, sk in (("u", at(1)), ("u", at(2)), ("v", at(1))):
        chat.client.call("put_item", TableName=chat.table, Item=row(user, sk))
    assert store.hints("g") == {"v": at(1)}
