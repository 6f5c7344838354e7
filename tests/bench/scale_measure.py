"""What a row, a record, a look and a sweep take, measured on an embedded engine: for docs/scale.md."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter
from typing import Any

from producer.actions import message_item
from producer.chat import Chat
from producer.messages import start
from shared import keys, tables
from shared.dynamo import Clients, connect
from shared.models import Item, Message
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.contract import Gap
from tests.acceptance.stack import Stack
from tests.bench.contenders import Ours
from tests.bench.meter import Meter
from tests.bench.scale_items import MESSAGE_ID, TEXT, filled, person
from tests.bench.scenes import Stream
from tests.fakes.outlets import Lines

GROUPS, ROUNDS, AGAIN = 100, 5, 9
BURST = 10  # messages a group in a full page
PAGE = 1000  # records


@dataclass(frozen=True, slots=True)
class Cost:
    """What some work took; read units as the engine says them, which says none of BatchGetItem."""

    cpu_ms: float
    calls: float
    read_units: float
    write_units: float

    def each(self, number: int) -> "Cost":
        """The share of one of so many."""
        return Cost(self.cpu_ms / number, self.calls / number, self.read_units / number, self.write_units / number)


@dataclass(frozen=True, slots=True)
class Moves:
    """Of groups of one size, each with a new message: per group that moves, and per own record that comes back."""

    move: Cost
    look: Cost
    """For the group's own records, come back in one batch: per group."""
    echoes: float
    """Own records a move."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Per record: reading a full page, and passing over it unread; and its bytes on the wire."""

    read_ms: float
    skip_ms: float
    wire_bytes: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """Of one sweep: rows a second, and per row."""

    rows_per_s: float
    row: Cost
    verify_rows_per_s: float
    """Of `stream-worker verify`, without a rate."""
    verify_units: float
    """Its read units, per row."""


class Place:
    """Fresh tables, people in groups, and the production handler."""

    def __init__(self, settings: Settings) -> None:
        self.clients: Clients = connect(settings)
        self.settings = settings
        for definition, name in (
            (tables.MESSAGES, settings.message_table),
            (tables.WORKER_STATE, settings.state_table),
        ):
            self.clients.dynamodb.call("create_table", **tables.definition(definition, name))
        self.worker = Ours(settings)
        self._said = datetime.now(UTC)

    @cached_property
    def stream(self) -> Stream:
        """From its beginning; some engines have none before the first record."""
        return Stream(self.clients, self.settings.message_table)

    def begin(self, groups: int, members: int) -> list[Message]:
        """Groups, each with its first message."""
        chat = Chat(self.clients.dynamodb, self.settings.message_table, Retry(Event()))
        people = [[person(number * members + seat) for seat in range(members)] for number in range(groups)]
        return [start(chat, one, others, TEXT) for one, *others in people]

    def say(self, begun: Sequence[Message], times: int = 1) -> None:
        """A message more in each group, `times` over."""
        for first in list(begun) * times:
            self._said = max(datetime.now(UTC), self._said + timedelta(microseconds=1))
            item = message_item(Message(first.group, keys.stamp(self._said), MESSAGE_ID, TEXT, first.sender))
            self.clients.dynamodb.call("put_item", TableName=self.settings.message_table, Item=item)

    def deliver_rest(self) -> None:
        """Whatever has come, and what comes of it."""
        while records := self.stream.rest():
            self.worker.deliver(records)


def moves(settings: Settings, members: int) -> Moves:
    """A message in each of some groups, again and again."""
    place = Place(settings)
    begun = place.begin(GROUPS, members)
    place.deliver_rest()
    meter = place.worker.meter
    moved, looked, echoes = [], [], 0
    for _ in range(ROUNDS):
        place.say(begun)
        records = place.stream.rest()
        moved.append(cost(meter, lambda records=records: place.worker.deliver(records)))  # type: ignore[misc]
        back = place.stream.rest()
        looked.append(cost(meter, lambda back=back: place.worker.deliver(back)))  # type: ignore[misc]
        echoes += len(back)
        assert not place.stream.rest()
    return Moves(_sum(moved).each(GROUPS * ROUNDS), _sum(looked).each(GROUPS * ROUNDS), echoes / GROUPS / ROUNDS)


def reading(settings: Settings) -> Reading:
    """A full page: read again and again; and settled again and again, without each group's newest message."""
    place = Place(settings)
    begun = place.begin(GROUPS, 2)
    place.deliver_rest()
    place.say(begun, BURST)
    sizes: list[int] = []
    events = place.clients.streams.raw.meta.events
    events.register("after-call.dynamodb-streams.GetRecords", lambda parsed, **_: sizes.append(_length(parsed)))
    records = place.stream.rest()
    place.worker.deliver(records)
    place.deliver_rest()
    old = records[: -len(begun)]
    skipped = [cost(place.worker.meter, lambda: place.worker.deliver(old)) for _ in range(AGAIN)]
    assert not any(one.calls for one in skipped)
    everything = Stream(place.clients, settings.message_table).rest()
    read = [cost(place.worker.meter, Stream(place.clients, settings.message_table).rest) for _ in range(AGAIN)]
    read_ms, skip_ms = (median(one.cpu_ms for one in some) for some in (read, skipped))
    return Reading(read_ms / len(everything), skip_ms / len(old), max(sizes) / PAGE)


def sweep(settings: Settings, rows: int) -> Sweep:
    """A sweep over rows that are right, in lists of ten."""
    place = Place(settings)
    for items in _by_25(filled(rows)):
        requests = [{"PutRequest": {"Item": item}} for item in items]
        answer = place.clients.dynamodb.raw.batch_write_item(RequestItems={settings.message_table: requests})
        assert not answer["UnprocessedItems"]
    clients = connect(settings, threads=assembly.CONNECTIONS)
    meter, log = Meter(clients.dynamodb.raw), Lines()
    work = assembly.work_of(clients, settings, Retry(Event()), log)
    work.on_gap("bench", Gap.CHECKPOINT_OLD)
    meter.reset()
    began = perf_counter()
    used = cost(meter, lambda: [None for _ in iter(work.upkeep.step, 2.0)])
    seconds = perf_counter() - began
    with TemporaryDirectory() as folder:
        verifying = Stack(settings, Path(folder)).start("stream-worker", "verify", "--json", "--patience", "0")
        report = json.loads(verifying.communicate()[0])
    verified = rows / (perf_counter() - began - seconds)
    assert (report["wrong"], report["rows"]) == (0, rows)
    return Sweep(rows / seconds, used.each(rows), verified, report["capacity_units"] / rows)


def _by_25(items: Iterator[Item]) -> Iterator[list[Item]]:
    while some := list(islice(items, 25)):
        yield some


def cost(meter: Meter, work: Callable[[], object]) -> Cost:
    """What some work takes."""
    before, began = (meter.calls.total(), meter.read_units, meter.write_units), _cpu_s()
    work()
    used = 1000 * (_cpu_s() - began)
    calls, reads, writes = meter.calls.total(), meter.read_units, meter.write_units
    return Cost(used, calls - before[0], reads - before[1], writes - before[2])


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(*(sum(getattr(one, name) for one in costs) for name in Cost.__slots__))


def _length(parsed: Any) -> int:
    return int(parsed["ResponseMetadata"]["HTTPHeaders"]["content-length"])


def _cpu_s() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
