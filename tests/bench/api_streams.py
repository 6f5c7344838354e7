"""`scripts/bench api --streams 200`: what open streams of events cost, and how soon they tell of a change."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from os import cpu_count
from time import perf_counter
from urllib.request import urlopen
from uuid import uuid4

from shared import console
from shared.conversations import Conversations
from shared.dynamo import connect
from shared.models import User
from tests.acceptance.usage import cpu_s, most_memory_mb
from tests.bench.api_stage import Stage, set_up

BEGIN, END = "<!-- open streams -->", "<!-- end of open streams -->"

TABS = 10
_CHANGES = 20
_EVENT = b"event: conversations"
_LOOKS = re.compile(r'^chat_app_looks_total\{kind="(\w+)"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one crowd."""

    streams: int
    users: int
    memory_mb: float
    """The most that the process ever had."""
    calls_a_second: float
    app_cores: float
    engine_cores: float
    told_after_ms: Sequence[float]
    """From a row's change to the event at its user's stream, sorted."""


def measure(streams: int, seconds: float) -> list[str]:
    """Markdown: nobody connected, then as many users as streams, then each user with ten tabs."""
    with set_up(users=max(streams, 5)) as stage:
        crowds = [0, streams, max(1, streams // TABS)]
        found = [asyncio.run(_crowd(stage, users, streams if users else 0, seconds)) for users in crowds]
    made = f"Made by `scripts/bench api --streams {streams} --seconds {seconds:g}` on {datetime.now(UTC):%Y-%m-%d}"
    head = "| streams | users | calls of DynamoDB a second | cores: app, engine | most memory | told after, p50 / p95 |"
    return [f"{made}, {cpu_count()} cores.", "", head, "|---:|---:|---:|---|---:|---:|", *map(_line, found)]


async def _crowd(stage: Stage, users: int, streams: int, seconds: float) -> Figures:
    """So many streams, shared out among the first users."""
    console.NOTES.print(f"{streams} streams of {users} users")
    tokens = stage.tokens()
    people = list(stage.people)[:users]
    async with _open(stage.port, [tokens[person.handle] for person in islice(cycle(people), streams)]) as told:
        began, before, looks = perf_counter(), _used(stage), _looks(stage)
        await asyncio.sleep(seconds)
        took, after, calls = perf_counter() - began, _used(stage), _calls(looks, _looks(stage))
        changes = range(_CHANGES if users else 0)
        latest = sorted([await _told_after(stage, people[index % users], told, index) for index in changes])
    return Figures(
        streams=streams,
        users=users,
        memory_mb=most_memory_mb(stage.pids["app"]),
        calls_a_second=calls / took,
        app_cores=(after["app"] - before["app"]) / took,
        engine_cores=(after["engine"] - before["engine"]) / took,
        told_after_ms=latest,
    )


class _Told:
    """How many events each stream has been told."""

    def __init__(self, streams: int) -> None:
        self.counts = [0] * streams
        self.changed = asyncio.Condition()

    async def note(self, stream: int) -> None:
        async with self.changed:
            self.counts[stream] += 1
            self.changed.notify_all()

    async def beyond(self, stream: int, count: int) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.counts[stream] > count)


@asynccontextmanager
async def _open(port: int, tokens: Sequence[str]) -> AsyncIterator[_Told]:
    """The streams, when each has been told its list."""
    told = _Told(len(tokens))
    readers = [asyncio.create_task(_listen(port, token, told, number)) for number, token in enumerate(tokens)]
    for number in range(len(tokens)):
        await told.beyond(number, 0)
    try:
        yield told
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def _listen(port: int, token: str, told: _Told, number: int) -> None:
    """As a page does: the next stream when one ends."""
    request = f"GET /api/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        try:
            writer.write(request.encode())
            while line := await reader.readline():
                if line.startswith(_EVENT):
                    await told.note(number)
        finally:
            writer.close()


async def _told_after(stage: Stage, person: User, told: _Told, index: int) -> float:
    """Milliseconds from a change of the newest row of somebody, who has a stream, until that is told."""
    stream = index % len(told.counts)
    before = told.counts[stream]
    await asyncio.sleep(0.05 * (index % 20))  # at any moment between two looks
    await asyncio.to_thread(_change, stage, person, uuid4().hex)
    began = perf_counter()
    await told.beyond(stream, before)
    return 1000 * (perf_counter() - began)


def _change(stage: Stage, person: User, text: str) -> None:
    client = connect(stage.settings).dynamodb
    row = list(Conversations(client, stage.settings.message_table).partition(person.uuid))[-1]
    client.call(
        "update_item",
        TableName=stage.settings.message_table,
        Key={"pk": row["pk"], "sk": row["sk"]},
        UpdateExpression="SET message = :text",
        ExpressionAttributeValues={":text": {"S": text}},
    )


def _looks(stage: Stage) -> Mapping[str, float]:
    """So far, by kind."""
    with urlopen(f"http://127.0.0.1:{stage.monitor_port}/metrics") as answer:
        return {kind: float(count) for kind, count in _LOOKS.findall(answer.read().decode())}


def _calls(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """A glance is one Query; a whole page at least two more."""
    looked = {kind: after[kind] - before.get(kind, 0) for kind in after}
    return looked.get("same", 0) + 3 * looked.get("whole", 0)


def _used(stage: Stage) -> dict[str, float]:
    return {who: cpu_s(pid) for who, pid in stage.pids.items()}


def _line(found: Figures) -> str:
    times = found.told_after_ms
    told = f"{times[len(times) // 2]:.0f} / {times[int(len(times) * 0.95)]:.0f} ms" if times else ""
    cores = f"{found.app_cores:.2f}, {found.engine_cores:.2f}"
    memory, calls = f"{found.memory_mb:.0f} MB", f"{found.calls_a_second:.0f}"
    return f"| {found.streams} | {found.users} | {calls} | {cores} | {memory} | {told} |"
