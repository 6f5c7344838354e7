"""Three hosts on shards that split, people who write, and kills; then quiet, and the judgement."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic

from devstack.engine import Engine
from shared.models import Item
from tests.acceptance.stack import PATIENCE_S, Stack
from tests.fleet.deeds import KILLS, Deed, Deeds
from tests.fleet.hosts import Fleet
from tests.fleet.reading import Reading
from tests.fleet.witness import Witness
from tests.nemesis.checker import check
from tests.nemesis.history import Event as Noted
from tests.nemesis.history import History, Room, Write
from tests.nemesis.people import People, chat_at
from tests.nemesis.run import Goal, plan_of
from tests.nemesis.sampler import Sampler, kept, look
from tests.places import ManyShards, settings_of

SHARDS = ("--shards", "8", "--split-every", "10", "--roll-every", "23", "--most-open", "12", "--seed", "4")
LISTINGS = ("--children-late", "0.5", "--listing-lacks", "0.1", "--empty-pages", "0.1")
PAUSE_S = (0.5, 5.0)
LOOK_AGAIN_S = 1.0
ROUND = (Deed.SLEEP, *KILLS, Deed.TERM, *KILLS, *KILLS)


@dataclass(frozen=True, slots=True)
class Series:
    """What was done, and what was wrong."""

    minutes: float
    done: Counter[Deed]
    messages: int
    samples: int
    shards: int
    reading: Reading
    wrong: tuple[str, ...]


Tell = Callable[[int, int], object]
"""Hears of kills and messages so far."""


def series(engine: Engine, jar: Path, folder: Path, goal: Goal, tell: Tell) -> Series:
    """The whole of it, on a running engine of our own."""
    with ExitStack() as stack:
        return _Run(stack, engine, jar, folder, goal).play(tell)


class _Run:
    def __init__(self, stack: ExitStack, engine: Engine, jar: Path, folder: Path, goal: Goal) -> None:
        self._goal, self._began = goal, monotonic()
        settings = settings_of(engine)
        self._control = stack.enter_context(ManyShards(settings, *SHARDS, *LISTINGS))
        self._stack = Stack(self._control.settings, folder)
        stack.callback(self._stack.close)
        self._stack.do("producer", "schema-load")
        self._fleet = Fleet(self._stack, folder, jar)
        stack.callback(self._fleet.close)
        self._witness = stack.enter_context(Witness(self._fleet, self._control))
        self._dice = Random(goal.seed)
        self._deeds = Deeds(self._fleet, self._dice)
        self._direct = chat_at(settings)
        self._history = History(folder / "history.jsonl")
        stack.callback(self._history.close)
        self._people = People(chat_at(settings), self._history, plan_of(goal))
        stack.callback(self._people.hush)
        self._sampler = Sampler(self._direct, self._history, self._people.users)

    def play(self, tell: Tell) -> Series:
        """Noise, quiet, judgement."""
        self._people.start()
        self._sampler.start()
        for deed in cycle(ROUND):
            if self._deeds.kills >= self._goal.kills:
                break
            Event().wait(self._dice.uniform(*PAUSE_S))
            self._deeds.do(deed)
            self._people.look()
            tell(self._deeds.kills, self._people.acknowledged)
        self._people.stop()
        last = self._come_to_rest()
        self._sampler.stop()
        return self._result(last, self._witness.wait_for_all())

    def _come_to_rest(self) -> list[Noted]:
        """The last look: when nothing is wrong any more, or when patience has ended."""
        written = [event for event in self._history.so_far() if isinstance(event, Room | Write)]
        until = monotonic() + PATIENCE_S
        while True:
            last = self._last_look()
            if monotonic() > until or not check([*written, *last]):
                return last
            Event().wait(LOOK_AGAIN_S)

    def _last_look(self) -> list[Noted]:
        messages = [kept(self._direct, group) for group in self._people.groups]
        return [*(look(self._direct, user, last=True) for user in self._people.users), *messages]

    def _result(self, last: list[Noted], found: Reading) -> Series:
        for event in last:
            self._history.add(event)
        return Series(
            minutes=(monotonic() - self._began) / 60,
            done=self._deeds.done,
            messages=self._people.acknowledged,
            samples=self._sampler.samples,
            shards=len(self._control.shards()),
            reading=found,
            wrong=tuple(self._wrong(found)),
        )

    def _wrong(self, found: Reading) -> Iterator[str]:
        yield from map(str, check(self._history.so_far()))
        yield from self._deeds.complaints
        yield from (f"{lost} records of {shard} were in no batch" for shard, lost in found.missing.items())
        yield from found.holes
        yield from (f"{shard} was opened before its parent's end" for shard in found.too_early)
        verified = self._stack.verify()
        if verified["wrong"]:
            yield f"{verified['wrong']} wrong, says verify: {verified['findings'][:3]}"
        letters: list[Item] = json.loads(self._stack.do("stream-worker", "dead-letters", "list", "--json"))
        yield from (f"a dead letter is open: {letter}" for letter in letters)
        yield from (f"SIGTERM ended a host with {status}" for host in self._fleet.up if (status := host.terminate()))
