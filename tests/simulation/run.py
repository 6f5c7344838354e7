"""One run: people and workers under every fault, then a quiet time in which all must come right."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from unittest.mock import patch

from tests.simulation import stage
from tests.simulation.cloud.connection import IN_FLIGHT
from tests.simulation.cloud.faults import Draw
from tests.simulation.fleet import Fleet
from tests.simulation.nemesis import Nemesis
from tests.simulation.people import Person
from tests.simulation.scenario import Event, Scenario
from tests.simulation.threads import owned_by
from tests.simulation.world import Contender, World, ours

MOST_STEPS = 60_000  # of the loud part
QUIET_STEPS = 60_000  # in which everything must be settled: more is a livelock
LOOK_EVERY = 20  # steps between two looks at whether all is settled
HOUR_S = 3600.0  # only where time was skipped do runs last so long
NOTICE_S = 10.0  # in which workers notice what they owe: records trimmed unread are nobody's yet
REST_S = 20.0  # of peace at the end, in which nobody may write


@dataclass(frozen=True, slots=True)
class Result:
    """What one run showed."""

    scenario: str
    seed: int
    violations: tuple[str, ...]
    is_lasting: bool
    """Whether rows were wrong, doubled or lost in the end."""
    seen: Counter[str]
    faults: Counter[str]
    calls: int
    """Of the workers."""
    messages: int
    steps: int

    @property
    def replay(self) -> str:
        """The command that shows this run."""
        return f"python -m tests.simulation --scenario {self.scenario} --seed {self.seed} --trace"


class Run:
    """A world, set up and ready to go; `steps` can be taken one by one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fleet = Fleet(world)
        self._people = 0

    def begin(self) -> None:
        """Everybody enters."""
        world = self.world
        stage.set_up(world)
        world.scheduler.spawn("fleet", self.fleet.tend)
        for number in range(world.scenario.people):
            self._people += 1
            world.scheduler.spawn(f"person-{number}", partial(self._live, number))
        Nemesis(world, self.fleet).haunt()

    def chaos(self) -> None:
        """Until the people have done their deeds, and what was to happen to them all is over."""
        most = self.world.scheduler.steps + MOST_STEPS
        while (self._people or self._is_eventful()) and self.world.scheduler.steps < most:
            self.world.scheduler.step()
        if self._people:
            self.world.diary.violated("I7", f"the people are not done after {MOST_STEPS} steps")

    def _is_eventful(self) -> bool:
        return self.fleet.is_down or self.world.scheduler.is_busy(Event.SLUMBER.value)

    def quiet(self, rest_s: float = REST_S) -> None:
        """Nothing goes wrong any more: everything comes right, within a bounded number of steps."""
        world, scheduler = self.world, self.world.scheduler
        world.calm()
        self.fleet.is_down = False
        if scheduler.now > HOUR_S:
            self._pass(NOTICE_S)
        if self._comes_to_rest():
            self._rest(rest_s)

    def _live(self, number: int) -> None:
        try:
            Person(self.world, number).live()
        finally:
            self._people -= 1

    def _comes_to_rest(self) -> bool:
        """Until all is settled; whether that took a bounded number of steps."""
        scheduler = self.world.scheduler
        most = scheduler.steps + QUIET_STEPS
        while not self._is_at_rest():
            if scheduler.steps > most:
                self.world.diary.violated("I7", f"not settled after {QUIET_STEPS} quiet steps: {self._open()}")
                return False
            for _ in range(LOOK_EVERY):
                scheduler.step()
        return True

    def _is_at_rest(self) -> bool:
        world = self.world
        is_busy = any(map(world.scheduler.is_busy, (Event.ORIGINAL.value, IN_FLIGHT)))
        return world.is_settled() and not world.index.is_behind and not is_busy

    def _rest(self, seconds: float) -> None:
        world = self.world
        for wrong in world.watch.wrong():
            world.diary.violated("I3", wrong)
        for user, group in sorted(world.watch.rows.lost):
            world.diary.violated("I1", f"{user}'s row of {group} is lost for ever")
        writes = world.watch.writes
        self._pass(seconds)
        self._comes_to_rest()  # a sweep may have been owed late: it looks, and finds nothing
        if world.watch.writes != writes:
            world.diary.violated("I7", f"{world.watch.writes - writes} writes in peace")
        if lost := sorted(world.watch.ledger.lost):
            world.diary.violated("I5", f"records of {lost} were trimmed unread, and no sweep was ever owed for them")

    def _pass(self, seconds: float) -> None:
        until = self.world.scheduler.now + seconds
        while self.world.scheduler.now < until:
            self.world.scheduler.step()

    def _open(self) -> str:
        watch = self.world.watch
        left = {shard: count for shard in self.world.streams.shards if (count := watch.ledger.left(shard))}
        return f"records {left}, sweeps {watch.drawer('sweeps')}, letters {watch.drawer('dead-letters#open')}"

    def result(self, seed: int) -> Result:
        """What it showed."""
        world = self.world
        return Result(
            scenario=world.scenario.name,
            seed=seed,
            violations=tuple(world.diary.violations),
            is_lasting=bool(world.watch.rows.lost or world.watch.wrong()),
            seen=world.diary.seen,
            faults=world.faults.met,
            calls=world.cloud.calls["worker"],
            messages=world.diary.seen["message written"],
            steps=world.scheduler.steps,
        )


def run(
    scenario: Scenario, seed: int, *, contender: Contender = ours, draw: Draw | None = None, is_told: bool = False
) -> Result:
    """One seed of a scenario, from the beginning to the end."""
    world = World(scenario, seed, draw=draw, is_told=is_told)
    world.contender = contender
    with determined(world):
        course = Run(world)
        try:
            course.begin()
            course.chaos()
            course.quiet()
        except Exception as error:  # noqa: BLE001 - whatever it is, its seed must not be lost
            world.diary.violated("I7", f"a task ended with {error!r}")
        finally:
            world.scheduler.end()
    return course.result(seed)


@contextmanager
def determined(world: World) -> Iterator[None]:
    """Whatever is random in production, and its threads, are the world's meanwhile."""
    state = random.getstate()
    random.seed(world.dice.random())
    try:
        with patch.object(os, "urandom", world.dice.randbytes), owned_by(world.scheduler):
            yield
    finally:
        random.setstate(state)
