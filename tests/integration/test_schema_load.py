"""Making and checking tables on a real engine."""

from threading import Event

import pytest

from producer.schema import Builder
from shared import tables
from shared.dynamo import Clients
from shared.errors import StreamMissing, TableDiffers, TableMissing
from shared.retry import Retry
from shared.settings import Settings
from tests.fakes.faulty import Faulty, meanwhile


class Loader:
    """`schema-load` on this test's tables."""

    def __init__(self, clients: Clients, settings: Settings) -> None:
        self.said: list[str] = []
        self.client = Faulty(clients.dynamodb.raw)
        self.messages, self.state = settings.message_table, settings.state_table
        self.builder = Builder(self.client, Retry(Event(), total_s=10), say=self.said.append)

    def load(self, *, enable_stream: bool = False) -> None:
        self.builder.load(self.messages, self.state, enable_stream=enable_stream)

    def create(self, **changes: object) -> None:
        """A messages table that differs."""
        wanted = {**tables.definition(tables.MESSAGES, self.messages), **changes}
        self.client.call("create_table", **{name: value for name, value in wanted.items() if value is not None})

    def view(self) -> str | None:
        stream = self.client.call("describe_table", TableName=self.messages)["Table"].get("StreamSpecification") or {}
        return stream.get("StreamViewType") if stream.get("StreamEnabled") else None


@pytest.fixture
def loader(clients: Clients, settings: Settings) -> Loader:
    return Loader(clients, settings)


def test_both_tables_are_made_once(loader: Loader) -> None:
    """The second time finds them; state items expire."""
    loader.load()
    loader.load()
    assert [line.rsplit(": ")[-1] for line in loader.said] == [
        "created", "created", "items expire by expires_at", "exists", "exists",
    ]  # fmt: skip
    assert loader.view() == "NEW_IMAGE"


def test_two_loads_at_once_do_not_fall_over_each_other(loader: Loader) -> None:
    """Another one creates the table between our look and our call."""
    loader.client.meet("create_table", meanwhile(loader.create))
    loader.load()
    assert loader.view() == "NEW_IMAGE"


def test_a_table_without_a_stream_is_named_and_mended(loader: Loader) -> None:
    """One sentence with the option; the option does it."""
    loader.create(StreamSpecification=None)
    with pytest.raises(StreamMissing, match="--enable-stream"):
        loader.load()
    loader.load(enable_stream=True)
    assert loader.view() == "NEW_IMAGE"


@pytest.mark.parametrize("view", ["KEYS_ONLY", "OLD_IMAGE"])
def test_a_stream_of_the_wrong_view_is_switched_off_and_on(loader: Loader, view: str) -> None:
    """A view type cannot be changed in place; the worker is told to expect a sweep."""
    loader.create(StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    with pytest.raises(TableDiffers, match="--enable-stream"):
        loader.load()
    loader.load(enable_stream=True)
    assert loader.view() == "NEW_IMAGE"
    assert any("sweep" in line for line in loader.said)


def test_new_and_old_images_are_fine(loader: Loader) -> None:
    """`--enable-stream` leaves such a stream alone."""
    loader.create(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    loader.load(enable_stream=True)
    assert loader.view() == "NEW_AND_OLD_IMAGES"


def test_a_table_without_the_index_is_refused_unchanged(loader: Loader) -> None:
    """The sentence has the whole command; the stream is not touched before."""
    attributes = tables.definition(tables.WORKER_STATE, "x")["AttributeDefinitions"]
    loader.create(GlobalSecondaryIndexes=None, AttributeDefinitions=attributes, StreamSpecification=None)
    with pytest.raises(TableDiffers, match="aws dynamodb update-table"):
        loader.load(enable_stream=True)
    assert loader.view() is None


def test_drop_makes_them_anew(loader: Loader) -> None:
    """All items are gone; dropping what is not there is fine."""
    loader.load()
    loader.builder.drop(loader.messages)
    loader.builder.drop(loader.messages)
    with pytest.raises(TableMissing):
        loader.view()
    loader.load()
    assert loader.view() == "NEW_IMAGE"
