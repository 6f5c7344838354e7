"""A table on the embedded engine, and people who write to it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

import pytest

from producer.chat import Chat
from producer.schema import Builder
from shared.dynamo import Clients
from shared.models import Item, User
from shared.retry import Retry
from shared.settings import Settings
from tests.fakes.faulty import Faulty

ANN = User("11111111-1111-4111-8111-111111111111", "ann", "Ann")
BEN = User("22222222-2222-4222-8222-222222222222", "ben", "Ben")
CAT = User("33333333-3333-4333-8333-333333333333", "cat", "Cat")
DAN = User("44444444-4444-4444-8444-444444444444", "dan", "Dan")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT_NOON = "2026-11-22T12:00:00.000000+00:00"
JUST_AFTER = "2026-11-22T12:00:00.000001+00:00"


@dataclass(frozen=True, slots=True)
class Scene:
    """A chat whose clock stands still and whose client may meet accidents."""

    chat: Chat
    client: Faulty

    def put(self, item: Item) -> None:
        """Store an item as somebody else's software would."""
        self.client.call("put_item", TableName=self.chat.table, Item=item)

    def everything(self, prefix: str = "") -> list[Item]:
        """All items of the table whose partition begins so, in order."""
        items = self.client.items("scan", TableName=self.chat.table)
        found = [item for item in items if item["pk"]["S"].startswith(prefix)]
        return sorted(found, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


@pytest.fixture
def scene(clients: Clients, settings: Settings) -> Scene:
    """Empty tables, and a chat at noon."""
    retry = Retry(Event(), total_s=10)
    Builder(clients.dynamodb, retry, say=str).load(settings.message_table, settings.state_table, enable_stream=False)
    client = Faulty(clients.dynamodb.raw)
    return Scene(Chat(client, settings.message_table, retry, clock=lambda: NOON), client)
