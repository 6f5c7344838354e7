"""One engine, some workers, people who write, and a nemesis; then quiet, and the judgement."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic

from devstack.engine import Engine
from producer import traffic
from producer.chat import Chat
from shared.models import Item
from shared.settings import Settings
from stream_worker.state import State
from tests.acceptance.stack import PATIENCE_S, Stack
from tests.nemesis import faults
from tests.nemesis.checker import Violation, check
from tests.nemesis.control import Proxied, times
from tests.nemesis.deeds import Facts, Nemesis, Often
from tests.nemesis.faults import ANY, Fault, Rates
from tests.nemesis.fleet import Fleet
from tests.nemesis.history import Event as Noted
from tests.nemesis.history import History, Room, Write
from tests.nemesis.people import People, chat_at
from tests.nemesis.sampler import Sampler, kept, look
from tests.nemesis.takeover import takeovers
from tests.places import settings_of

LEASE_S = 2.0
AWAY_S = 4.0  # an engine: so long that every client has noticed
LOOK_AGAIN_S = 1.0

PEOPLE_MEET: Rates = {
    ANY: {Fault.DELAY: 0.02, Fault.CUT: 0.01, Fault.LOST: 0.01, Fault.INTERNAL: 0.01, Fault.THROUGHPUT: 0.01},
    "TransactWriteItems": {Fault.LOST: 0.05, Fault.CONFLICT: 0.05},
    "Query": {Fault.STALE: 0.1},
}
WORKERS_MEET: Rates = {
    ANY: {
        Fault.DELAY: 0.02,
        Fault.STALL: 0.002,
        Fault.CUT: 0.01,
        Fault.LOST: 0.01,
        Fault.INTERNAL: 0.005,
        Fault.THROTTLING: 0.005,
        Fault.THROUGHPUT: 0.01,
        Fault.REQUEST_LIMIT: 0.005,
        Fault.LIMIT: 0.02,
    },
    "TransactWriteItems": {Fault.LOST: 0.15, Fault.CUT: 0.1, Fault.CONFLICT: 0.1, Fault.STALL: 0.01},
    "PutItem": {Fault.LOST: 0.05, Fault.STALL: 0.005},
    "Query": {Fault.STALE: 0.1},
    "Scan": {Fault.STALE: 0.1},
}
SQUALL: Rates = {"TransactWriteItems": {Fault.CUT: 0.7, Fault.THROUGHPUT: 0.2}}


@dataclass(frozen=True, slots=True)
class Goal:
    """How much must have happened at least; lost answers are those of writes."""

    kills: int
    lost: int
    seed: int = 1
    users: int = 36
    groups: int = 480
    rate: float = 10.0
    often: Often = field(default_factory=Often)


@dataclass(frozen=True, slots=True)
class Result:
    """What happened on one engine, and what was wrong."""

    engine: str
    minutes: float
    messages: int
    samples: int
    facts: Facts
    lost: int
    other_faults: int
    letters: int
    letters_put: int
    takeovers: tuple[float, ...]
    violations: tuple[Violation, ...]
    complaints: tuple[str, ...]

    @property
    def late_takeovers(self) -> int:
        """Those beyond the length of the lease and two seconds."""
        return sum(seconds > LEASE_S + 2 for seconds in self.takeovers)


Tell = Callable[[int, int, int], object]
"""Hears of kills, lost answers, messages so far."""


def run(engine: Engine, name: str, folder: Path, goal: Goal, tell: Tell) -> Result:
    """The whole of it, on a running engine of our own."""
    with ExitStack() as stack:
        return _Run(stack, engine, folder, goal).play(name, tell)


class _Run:
    def __init__(self, stack: ExitStack, engine: Engine, folder: Path, goal: Goal) -> None:
        settings = settings_of(engine)
        self._engine, self._goal, self._began = engine, goal, monotonic()
        self._workers = stack.enter_context(Proxied(engine.url, goal.seed))
        self._writers = stack.enter_context(Proxied(engine.url, goal.seed + 1))
        self._stack = Stack(settings.model_copy(update={"endpoint": self._workers.url}), folder)
        stack.callback(self._stack.close)
        self._stack.do("producer", "schema-load")
        self._direct = chat_at(settings)
        self._history = History(folder / "history.jsonl")
        stack.callback(self._history.close)
        dice = Random(goal.seed)
        self._fleet = Fleet(self._stack, _state(self._direct, settings), dice)
        self._nemesis = Nemesis(self._fleet, self, dice, goal.often)
        writing = settings.model_copy(update={"endpoint": self._writers.url})
        self._people = People(chat_at(writing), self._history, plan_of(goal))
        stack.callback(self._people.hush)
        self._sampler = Sampler(self._direct, self._history, self._people.users)

    def play(self, name: str, tell: Tell) -> Result:
        """Noise, quiet, judgement."""
        self._fleet.fill()
        self._people.start()
        self._sampler.start()
        self._workers.load(WORKERS_MEET)
        self._writers.load(PEOPLE_MEET)
        while not self._is_enough(tell):
            self._nemesis.step()
            self._people.look()
        self._workers.load({})
        self._writers.load({})
        self._nemesis.rest()
        self._people.stop()
        last = self._come_to_rest()
        self._sampler.stop()
        return self._result(name, last)

    def _is_enough(self, tell: Tell) -> bool:
        kills, lost = len(self._nemesis.facts.kills), self._lost()
        tell(kills, lost, self._people.acknowledged)
        return kills >= self._goal.kills and lost >= self._goal.lost

    def _lost(self) -> int:
        return sum(times(proxy.counts(), Fault.LOST, faults.WRITES) for proxy in (self._workers, self._writers))

    def squall(self, *, is_on: bool) -> None:
        """See `Ways`."""
        self._workers.load({**WORKERS_MEET, **SQUALL} if is_on else WORKERS_MEET)

    def restart(self) -> None:
        """In order: what was acknowledged must have been kept, or the engine would be judged, not the worker."""
        self._people.move_on()  # nothing but a sweep can mend what the stream now forgets of their groups
        for proxy in (self._workers, self._writers):
            proxy.close()
        self._engine.stop()
        Event().wait(AWAY_S)
        self._engine.start()
        for proxy in (self._workers, self._writers):
            proxy.open()

    def _come_to_rest(self) -> list[Noted]:
        """The last look: when nothing is wrong any more, or when patience has ended."""
        written = [event for event in self._history.so_far() if isinstance(event, Room | Write)]
        until = monotonic() + PATIENCE_S
        while True:
            last = self._last_look()
            if monotonic() > until or not (check([*written, *last]) or self._letters()):
                return last
            Event().wait(LOOK_AGAIN_S)

    def _last_look(self) -> list[Noted]:
        messages = [kept(self._direct, group) for group in self._people.groups]
        return [*(look(self._direct, user, last=True) for user in self._people.users), *messages]

    def _letters(self) -> list[Item]:
        letters: list[Item] = json.loads(self._stack.do("stream-worker", "dead-letters", "list", "--json"))
        return letters

    def _result(self, name: str, last: list[Noted]) -> Result:
        for event in last:
            self._history.add(event)
        events = self._history.so_far()
        facts, lines = self._nemesis.facts, [line for worker in self._fleet.everyone for line in worker.lines]
        letters, verified = self._letters(), self._stack.verify()
        complaints = [*facts.complaints, *self._fleet.complaints]
        complaints += (
            [f"{verified['wrong']} wrong, says verify: {verified['findings'][:3]}"] if verified["wrong"] else []
        )
        complaints += [f"{len(letters)} dead letters are open"] if letters else []
        faults_met = [*self._workers.counts().items(), *self._writers.counts().items()]
        other = sum(sum(met.values()) for fault, met in faults_met if fault not in {"none", Fault.LOST})
        return Result(
            engine=name,
            minutes=(monotonic() - self._began) / 60,
            messages=self._people.acknowledged,
            samples=self._sampler.samples,
            facts=facts,
            lost=self._lost(),
            other_faults=other,
            letters=len(letters),
            letters_put=sum(line["event"].endswith("dead_lettered") for line in lines),
            takeovers=tuple(takeovers(facts.kills, lines, facts.restarts)),
            violations=tuple(_from(self._began, violation) for violation in check(events)),
            complaints=tuple(complaints),
        )


def plan_of(goal: Goal) -> traffic.Plan:
    """What people do to reach it."""
    return traffic.Plan(
        users=goal.users,
        groups=goal.groups,
        total=None,
        rate=goal.rate,
        edits=0.15,
        deletes=0.1,
        churn=0.1,
        threads=1,
        seed=goal.seed,
    )


def _state(chat: Chat, settings: Settings) -> State:
    return State(chat.client, settings.state_table, settings.worker_name)


def _from(began: float, violation: Violation) -> Violation:
    return replace(violation, at=violation.at - began)
