"""The simulated DynamoDB answers as a real engine does: our own code sends every request to both."""

from collections import defaultdict
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from shared import tables
from shared.dynamo import Client, Clients
from shared.keys import MESSAGE, ROSTER, ROW
from shared.models import Item, string
from shared.settings import Settings
from stream_worker.contract import Record
from stream_worker.loader import parsed
from stream_worker.store import DynamoStore
from stream_worker.streams import DynamoStreams
from tests.fakes.clock import NOON
from tests.simulation.cloud import database
from tests.simulation.cloud.both import Both, Simulated, ordered, plain
from tests.simulation.cloud.crowd import Crowd
from tests.simulation.cloud.database import Key

DEEDS = 500
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
LEAST = {
    "query": 100,
    **dict.fromkeys(["transact_write_items", "transact_write_items: TransactionCancelled"], 40),
    **dict.fromkeys(["put_item", "update_item", "delete_item", "get_item", "batch_get_item"], 10),
    **dict.fromkeys([f"{kind}_item: ConditionFailed" for kind in ("put", "update", "delete")], 5),
}
"""How often each must be met: carried out or read, or else refused."""


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
        assert ordered(ours.items(name)) == ordered(real)
    index = _walk(theirs, played.settings.message_table)
    assert ordered(_walk(ours.client, played.settings.message_table)) == ordered(index)
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
        image = plain(parsed(record.new_image)) if record.new_image else None
        found[string(record.keys, "pk"), string(record.keys, "sk")].append((record.kind, image))
    return dict(found)
