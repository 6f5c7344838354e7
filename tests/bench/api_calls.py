"""What the API's routes ask of DynamoDB: which calls, and how fast the engine alone would answer them."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from random import Random
from threading import Event
from time import perf_counter

from producer import messages
from producer.chat import Chat
from shared import logging
from shared.dynamo import connect
from shared.models import User
from shared.retry import Retry
from shared.settings import Settings
from tests.acceptance.usage import cpu_s
from tests.bench.api_stage import Stage
from tests.bench.meter import Meter
from tests.integration.app.stage import staged

LIST, GROUPS, SEND = "GET /api/messages/{group}", "GET /api/message_groups", "POST /api/messages"

MIX: Mapping[str, int] = {LIST: 60, GROUPS: 20, SEND: 20}
"""Of a hundred requests."""

TEXT = "Measured, not guessed"

_ASKED = 10  # of each route, to count its calls
_THREADS = 8


Calls = Mapping[str, float]
"""Of one request, by their names."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The mix without HTTP: what it comes to a second, and how much of a core the engine used."""

    calls: float
    requests: float
    engine_cores: float


def calls_by_route(stage: Stage) -> dict[str, Calls]:
    """What each route asks for, counted at the client of an application in this process."""
    logging.configure("ERROR", "json")
    me = stage.people[0]
    group = stage.groups[me.handle][0]
    with staged(stage.settings, stage.tokens()) as app:
        requests: Mapping[str, Callable[[], object]] = {
            LIST: lambda: app.messages(me.handle, group),
            GROUPS: lambda: app.groups(me.handle),
            SEND: lambda: app.say(me.handle, TEXT, group=group).raise_for_status(),
        }
        return {route: _counted(app.parts.chat, ask) for route, ask in requests.items()}


def ceiling(stage: Stage, seconds: float, routes: Mapping[str, Calls]) -> Ceiling:
    """Let some threads make the routes' calls as fast as they can.

    Args:
        stage: where.
        seconds: for how long.
        routes: what each route asks for; the calls made here must be the same.
    """
    me = stage.people[0]
    for route in MIX:
        chat = _chat(stage.settings)
        found = _counted(chat, partial(_do, chat, route, me, stage.groups[me.handle][0]))
        assert found == routes[route], f"{route}: {found} here, {routes[route]} there"
    began, used, chat = perf_counter(), cpu_s(stage.pids["engine"]), _chat(stage.settings)
    with ThreadPoolExecutor(_THREADS) as threads:
        counts = list(threads.map(lambda seed: _keep_on(chat, stage, Random(seed), began + seconds), range(_THREADS)))
    took = perf_counter() - began
    done = sum(counts, Counter[str]())
    calls = sum(sum(routes[route].values()) * count for route, count in done.items())
    return Ceiling(calls / took, done.total() / took, (cpu_s(stage.pids["engine"]) - used) / took)


def _keep_on(chat: Chat, stage: Stage, draw: Random, until: float) -> Counter[str]:
    """One thread's requests, by route."""
    done: Counter[str] = Counter()
    while perf_counter() < until:
        [route] = draw.choices(list(MIX), list(MIX.values()))
        me = draw.choice(stage.people)
        _do(chat, route, me, draw.choice(stage.groups[me.handle]))
        done[route] += 1
    return done


def _do(chat: Chat, route: str, me: User, group: str) -> object:
    """What the route does with the table, without the route."""
    if route == GROUPS:
        return chat.read.of_user(me.uuid)
    if route == SEND:
        return messages.send(chat, group, me, TEXT)
    assert chat.read.is_member(group, me.uuid)
    return chat.read.messages(group)


def _chat(settings: Settings) -> Chat:
    return Chat(connect(settings, threads=_THREADS).dynamodb, settings.message_table, Retry(Event()))


def _counted(chat: Chat, ask: Callable[[], object]) -> Calls:
    meter = Meter(chat.client.raw)
    for _ in range(_ASKED):
        ask()
    return {name: count / _ASKED for name, count in meter.calls.items()}
