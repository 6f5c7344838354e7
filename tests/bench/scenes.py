"""What is measured: messages that land one by one, in large batches, as a backlog; a new conversation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from resource import RUSAGE_SELF, getrusage
from threading import Event
from time import perf_counter
from typing import Any

from producer import messages
from producer.chat import Chat
from shared import keys, tables
from shared.dynamo import Clients, connect
from shared.models import User
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.contract import Record
from stream_worker.store import DynamoStore
from stream_worker.streams import DynamoStreams
from tests.bench.contenders import CONTENDERS, Contender

ZIPF = 1.1


@dataclass(frozen=True, slots=True)
class Scene:
    """`messages` in `groups` of two; `step` messages land before each delivery, records come `batch` at a time."""

    name: str
    messages: int
    groups: int
    step: int
    batch: int


SCENES = (
    Scene("live, one by one", messages=200, groups=50, step=1, batch=1000),
    Scene("live, 1,000 a batch", messages=2000, groups=100, step=1000, batch=1000),
    Scene("backlog of 2,000", messages=2000, groups=100, step=2000, batch=1000),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one contender needed for one scene; times are of the deliveries only."""

    messages: int
    wall_s: float
    cpu_s: float
    calls: int
    write_units: float
    read_units: float
    wrong: int


class Stream:
    """The table's stream, read to its tip; these calls are the driver's, and not counted."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._api = DynamoStreams(clients, table)
        stream = self._api.latest_stream()
        self._iterator: str | None = self._api.iterator(stream, self._api.shards(stream)[0].id, None)

    def rest(self) -> list[Record]:
        """All records that have come since."""
        found: list[Record] = []
        while self._iterator:
            page = self._api.records(self._iterator, 1000)
            self._iterator = page.next_iterator
            if not page.records:
                break
            found += page.records
        return found


def play(scene: Scene, contender: str, settings: Settings) -> Result:
    """One run on tables of its own."""
    clients = connect(settings)
    clients.dynamodb.call("create_table", **tables.definition(tables.MESSAGES, settings.message_table))
    clients.dynamodb.call("create_table", **tables.definition(tables.WORKER_STATE, settings.state_table))
    chat = Chat(clients.dynamodb, settings.message_table, Retry(Event()))
    groups = [_start(chat, number) for number in range(scene.groups)]
    stream = Stream(clients, settings.message_table)
    stream.rest()
    worker = CONTENDERS[contender](settings)
    wall = cpu = 0.0
    for landed in _steps(scene, groups):
        for item in landed:
            clients.dynamodb.call("put_item", TableName=settings.message_table, Item=item)
        began = perf_counter(), _cpu_s()
        _deliver_all(worker, stream, scene.batch)
        wall, cpu = wall + perf_counter() - began[0], cpu + _cpu_s() - began[1]
    meter = worker.meter
    wrong = _wrong(assembly.store_of(clients, settings), groups)
    return Result(scene.messages, wall, cpu, meter.calls.total(), meter.write_units, meter.read_units, wrong)


def row_writes_of_a_new_conversation(settings: Settings) -> float:
    """Write units of the handler for a conversation that was just created: its rows are right already."""
    clients = connect(settings)
    clients.dynamodb.call("create_table", **tables.definition(tables.MESSAGES, settings.message_table))
    clients.dynamodb.call("create_table", **tables.definition(tables.WORKER_STATE, settings.state_table))
    worker = CONTENDERS["ours"](settings)
    _start(Chat(clients.dynamodb, settings.message_table, Retry(Event())), 0)
    _deliver_all(worker, Stream(clients, settings.message_table), 1000)
    return worker.meter.write_units


def _deliver_all(worker: Contender, stream: Stream, batch: int) -> None:
    """What landed, and whatever the deliveries themselves write to the stream, until nothing comes any more."""
    while records := stream.rest():
        for start in range(0, len(records), batch):
            worker.deliver(records[start : start + batch])


def _start(chat: Chat, number: int) -> tuple[str, User]:
    one, other = (User(f"user-{number}-{side}", f"u{number}{side}", f"User {number}{side}") for side in "ab")
    return messages.start(chat, one, [other], "created").group, one


def _steps(scene: Scene, groups: list[tuple[str, User]]) -> Iterator[list[Any]]:
    """The messages of a scene as items, some at a time; a few groups get most of them (Zipf 1.1)."""
    draw = Random(4711)
    weights = list(accumulate((rank + 1) ** -ZIPF for rank in range(len(groups))))
    later = datetime.now(UTC) + timedelta(seconds=60)  # after the messages that created the groups
    items = []
    for number in range(scene.messages):
        group, sender = draw.choices(groups, cum_weights=weights)[0]
        sk = keys.stamp(later + timedelta(milliseconds=number))
        items.append({**keys.message_key(group, sk), **_said(number, sender)})
    yield from (items[start : start + scene.step] for start in range(0, len(items), scene.step))


def _said(number: int, sender: User) -> dict[str, Any]:
    text = {"message": f"message {number}", "message_uuid": str(number), "user_uuid": sender.uuid}
    return {name: {"S": value} for name, value in text.items()}


def _wrong(store: DynamoStore, groups: list[tuple[str, User]]) -> int:
    """How many members do not have exactly one row that shows their group's newest message."""
    wrong = 0
    for group, starter in groups:
        for user in (starter.uuid, starter.uuid[:-1] + "b"):
            rows = store.rows_of(group, user)
            wrong += len(rows) != 1 or not rows[0].shows(store.newest(group))
    return wrong


def _cpu_s() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
