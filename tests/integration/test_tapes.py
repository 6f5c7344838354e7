"""Tapes on a real engine: loaded and delivered by the parts the command uses."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from producer.schema import Builder
from shared import logging
from shared.dynamo import Clients
from shared.keys import row_key
from shared.models import Item, string
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.contract import Batch, Record
from stream_worker.loader import Loader
from stream_worker.reconcile.plan import Row
from tests.conftest import Tape
from tests.fakes.stage import TAPES, Shown, Stage, crashes
from tests.fakes.table import texts

NAMES = sorted(path.stem for path in TAPES.glob("*.jsonl"))


def nested(depth: int) -> Any:
    """A list in a list in a list, in DynamoDB JSON."""
    value: Any = {"S": "deep down"}
    for _ in range(depth):
        value = {"L": [value]}
    return value


class Scratch:
    """Empty tables on the engine; each `play` is a handler of its own."""

    def __init__(self, clients: Clients, settings: Settings) -> None:
        self.clients, self.settings = clients, settings
        Builder(clients.dynamodb, Retry(Event()), say=str).load(
            settings.message_table, settings.state_table, enable_stream=False
        )

    @property
    def loader(self) -> Loader:
        """As the command has it."""
        return assembly.loader_of(self.clients, self.settings, Retry(Event()))

    def play(self, batches: list[Batch]) -> None:
        """As the command does, with --load."""
        log, tell = logging.logger("test"), lambda *_: None
        assembly.replay_driver(self.clients, self.settings, batches, self.loader.load, tell, Event(), log).run()

    def items(self) -> Iterator[Item]:
        """Everything in the table."""
        return self.clients.dynamodb.items("scan", TableName=self.settings.message_table, ConsistentRead=True)

    def shown(self) -> Shown:
        """What each member sees."""
        stage = Stage()
        for item in self.items():
            stage.table.put(item)
        assert stage.shown() == stage.recomputed()
        return stage.shown()


@pytest.fixture
def scratch(clients: Clients, settings: Settings) -> Scratch:
    """Nothing in it."""
    return Scratch(clients, settings)


@pytest.mark.parametrize("name", NAMES)
def test_a_tape_ends_as_it_does_in_memory(scratch: Scratch, tape: Tape, name: str) -> None:
    """The table in memory that most tests replay on tells the truth; a process that dies in the middle is no matter."""
    stage = Stage()
    stage.play(tape(name))
    before, after = crashes(tape(name))[len(tape(name)[0].records) + 1]
    scratch.play(before)
    scratch.play(after)
    assert scratch.shown() == stage.shown()


def test_hostile_records_become_letters(scratch: Scratch, tape: Tape) -> None:
    """In the state table, as ever; attributes of others are on the row that moved."""
    scratch.play(tape("hostile"))
    state = assembly.state_of(scratch.clients, scratch.settings)
    assert len(list(state.all("dead-letters#open"))) == 8
    [row] = [item for item in scratch.items() if "avatar" in item]
    assert row["avatar"] == {"B": b"\xde\xad\xbe\xef"}
    assert row["deep"]["M"]["list"]["L"][0] == {"BS": [b"\x01", b"\x02"]}
    assert Row(row).shown == string(row, "sk")


@pytest.mark.parametrize(
    "change",
    [
        {"message_group_uuid": {"N": "1"}},
        {"message": {"B": "no base64!"}},
        {"message": {"BS": [7]}},
        {"message": {"S": 7}},
        {"message": {"X": "?"}},
        {"message": "plain"},
        {"message": nested(900)},
    ],
    ids=",".join,
)
def test_what_no_table_would_hold_is_counted(scratch: Scratch, change: Item) -> None:
    """The rest of the batch is in the table."""
    loader, good, bad = scratch.loader, row_key("ann", "1"), row_key("ann", "2")
    fine = Record("INSERT", good, "1", 0.0, {**good, **texts(message="hi")})
    loader.load(Batch("s", "a", (Record("INSERT", bad, "2", 0.0, {**bad, **change}), fine)))
    assert loader.refused == 1
    assert [item["sk"] for item in scratch.items()] == [{"S": "1"}]
