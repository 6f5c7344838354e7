"""A run told step by step, each step a line: what Hypothesis draws, and what is kept of what it found.

    deed send group-0 user-1 text   somebody begins to do something: it is done when they are let act
    act worker-1 5 0                a task, or all tasks of a process, act five times
    everyone 30 0                   whoever is drawn acts, thirty times
    lull 0                          until everything is settled, if it ever is
    fault worker throttled          what the next call of this kind of actor meets
    hold transact_write_items       the next such call of a worker waits until `release`
    crash 0, pause 0 5, steal 0     a process dies; stops for five seconds; shards are dealt out anew
    split 0 0, freeze 2, skip 3600  a shard splits; the index stands for two seconds; time passes, records are trimmed
    reads 1 2                       reads take time from item to item (0: none), and have pages of two items
    copy group-0 user-1             somebody leaves a row twice

The number at the end of some is what the dice are thrown anew with: a step that is left out changes no other's dice,
so what is found can be shortened.
"""

import os
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from itertools import count
from typing import TypeVar
from unittest.mock import patch

from shared.models import Item
from tests.simulation.cloud.faults import WRITES, Fault
from tests.simulation.nemesis import Nemesis
from tests.simulation.puppet import Puppet
from tests.simulation.run import Run, determined
from tests.simulation.scenario import Driver, Limits, Scenario
from tests.simulation.world import Contender, World, ours

T = TypeVar("T")

GRAIN_S = 1.0
LATE_S = (0.0, 1.0, -1.0, 0.0)  # the clocks of the people
LULL_STEPS = 400
MOST_STEPS = 5_000  # for people to be done in
HELD_S = 0.1  # between two looks at whether to go on
REST_S = 10.0

STILL = Limits(**{limit.name: 0 for limit in fields(Limits)})
"""Nothing happens by itself."""


class Play:
    """A world that does what it is told.

    Args:
        driver: who hands the batches out.
        contender: who does the work.
        shift: added to whatever the dice are thrown anew with.
        is_told: print every step.
    """

    def __init__(self, driver: Driver, contender: Contender = ours, *, shift: int = 0, is_told: bool = False) -> None:
        scenario = Scenario("play", "step by step", users=4, groups=2, members=3, people=0, driver=driver, limits=STILL)
        self.world = world = World(scenario, 0, is_told=is_told)
        world.contender = contender
        self._shift = shift
        world.cloud.draw = self._draw
        self.script = [f"driver {driver.value}"]
        self._ends = ExitStack()
        self._ends.enter_context(determined(world))
        self._ends.callback(world.scheduler.end)
        numbers = count(1)
        self._ends.enter_context(patch.object(os, "urandom", lambda size: next(numbers).to_bytes(size)))
        self._held, self._is_held = "", False
        self._faults: dict[str, Fault] = {}
        deleted: list[Item] = []
        self._puppets = [Puppet(world, grain_s=GRAIN_S, late_s=late, deleted=deleted) for late in LATE_S]
        self._people = count(1)
        self._run = Run(world)
        self._run.begin()

    @property
    def violations(self) -> list[str]:
        """What has been broken so far."""
        return self.world.diary.violations

    @property
    def names(self) -> list[str]:
        """Of everybody who can be let act: processes first."""
        return [process.name for process in self._run.fleet.processes] + self.world.scheduler.names

    def step(self, line: str) -> None:
        """One line of a script; what makes no sense now does nothing."""
        self.script.append(line)
        self.world.diary.trace(f"--- {line}")
        name, *words = line.split()
        getattr(self, f"_{name}")(*words)

    def finish(self) -> None:
        """The people get done, nothing goes wrong any more, and everything comes right."""
        self._faults.clear()
        self._release()
        self._until(lambda: not self._persons(), MOST_STEPS)
        if self._persons():
            self.world.diary.violated("I7", f"{self._persons()} are not done after {MOST_STEPS} steps")
        for process in self._run.fleet.processes:
            self.world.scheduler.wake(process)
        self._run.quiet(REST_S)

    def close(self) -> None:
        """The curtain."""
        self._ends.close()

    def _draw(self, kind: str, operation: str) -> Fault | None:
        if kind == "worker" and operation == self._held:
            self._wait_for_release()
        fault = self._faults.get(kind)
        if fault is Fault.CONFLICT and operation not in WRITES:
            return None
        return self._faults.pop(kind, None)

    def _wait_for_release(self) -> None:
        self._held, self._is_held = "", True
        while self._is_held:
            self.world.scheduler.sleep(HELD_S)

    def _throw(self, number: str) -> None:
        self.world.dice.seed(int(number) + self._shift)
        random.seed(int(number) + self._shift)

    def _deed(self, deed: str, group: str, user: str, *more: str) -> None:
        puppet = self._puppets[int(user[-1])]
        what = (deed, group) if deed == "put_again" else (deed, group, user, *more)
        if deed == "start":
            others = [other.uuid for other in self.world.users if other.uuid != user]
            what = (deed, group, *more, user, *others[:2])
        self.world.scheduler.spawn(f"person-{next(self._people)}", lambda: puppet.do(*what))

    def _act(self, *words: str) -> None:
        *name, times, number = words
        self._throw(number)
        for _ in range(int(times)):
            able = self.world.scheduler.able(" ".join(name))
            if not able:
                return
            self.world.scheduler.let(self.world.dice.choice(able))

    def _everyone(self, times: str, number: str) -> None:
        self._throw(number)
        self._until(lambda: False, int(times))

    def _lull(self, number: str) -> None:
        self._throw(number)
        self._until(lambda: self.world.is_settled() and not self._persons(), LULL_STEPS)

    def _until(self, is_over: Callable[[], bool], most: int) -> None:
        for _ in range(most):
            if is_over():
                return
            self.world.scheduler.step()

    def _persons(self) -> list[str]:
        return [name for name in self.world.scheduler.names if name.startswith("person-")]

    def _fault(self, kind: str, *fault: str) -> None:
        self._faults[kind] = Fault(" ".join(fault))

    def _hold(self, operation: str) -> None:
        self._held, self._is_held = operation, False

    def _release(self) -> None:
        self._held, self._is_held = "", False

    def _crash(self, which: str) -> None:
        if process := _one(self._run.fleet.processes, which):
            self.world.scheduler.kill(process)

    def _pause(self, which: str, seconds: str) -> None:
        if process := _one(self._run.fleet.processes, which):
            self.world.scheduler.pause(process, float(seconds))

    def _steal(self, number: str) -> None:
        self._throw(number)
        self.world.steal = 1.0
        self.world.scheduler.let("fleet")
        self.world.steal = 0.0

    def _split(self, which: str, number: str) -> None:
        self._throw(number)
        if shard := _one(self.world.streams.open_shards(), which):
            self.world.streams.split(shard)

    def _freeze(self, seconds: str) -> None:
        self.world.index.freeze(float(seconds))

    def _skip(self, seconds: str) -> None:
        world = self.world
        world.scheduler.skip(float(seconds))
        world.streams.trim()
        world.watch.ledger.gone()
        world.streams.drop_trimmed()

    def _reads(self, torn: str, page: str) -> None:
        self.world.cloud.rates = replace(self.world.cloud.rates, torn=float(torn), page=int(page))

    def _copy(self, group: str, user: str) -> None:
        rows = self.world.watch.rows.by_member.get((user, group), {})
        if len(rows) == 1:
            Nemesis(self.world, self._run.fleet).copy(next(iter(rows.values())))


def _one(things: Sequence[T], which: str) -> T | None:
    return things[int(which) % len(things)] if things else None


def play(
    script: Sequence[str], driver: Driver, contender: Contender = ours, *, shift: int = 0, is_told: bool = False
) -> list[str]:
    """What is broken in the end."""
    course = Play(driver, contender, shift=shift, is_told=is_told)
    try:
        for line in script:
            course.step(line)
        course.finish()
    finally:
        course.close()
    return course.violations
