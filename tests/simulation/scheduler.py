"""Everything that happens, one thing at a time: who goes on is drawn, so one seed is one run.

Actors are greenlets. Production code inside them knows nothing of it: it runs until a call of the simulated cloud,
a wait or a pool hands control back. Killing an actor means that it never comes back from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")

NEVER = float("inf")


class Killed(BaseException):
    """The process is gone, in the middle of what it did; no handler of production code may catch it."""


@dataclass(slots=True, eq=False)
class Task:
    """One flow of control; `owner` is the process that it dies with."""

    name: str
    owner: object
    body: Any = field(repr=False)
    wake: float = 0.0
    is_dead: bool = False


class Scheduler:
    """Runs tasks in simulated time.

    Args:
        dice: decides everything.
        tick_s: the mean time between two steps.
        stay: how likely the same task goes on, if it can: long flights make races across many steps.
    """

    def __init__(self, dice: Random, *, tick_s: float = 0.002, stay: float = 0.3) -> None:
        self.now = 0.0
        self.steps = 0
        self._random = dice.random
        self._tick_s = tick_s
        self._stay = stay
        self._tasks: list[Task] = []
        self._current: Task | None = None
        self._last: Task | None = None
        self._hub = getcurrent()

    def spawn(self, name: str, function: Callable[[], object], owner: object = None) -> Task:
        """A new task; it begins when its turn comes."""
        task = Task(name, owner, greenlet(function, parent=self._hub), wake=self.now)
        self._tasks.append(task)
        return task

    @property
    def names(self) -> list[str]:
        """Of all tasks, in the order in which they began."""
        return [task.name for task in self._tasks]

    @property
    def actor(self) -> str:
        """Who is acting now."""
        return self._current.name if self._current else "god"

    @property
    def owner(self) -> object:
        """The process that is acting now."""
        return self._current.owner if self._current else None

    def sleep(self, seconds: float = 0.0) -> None:
        """Let others act for so long; meanwhile the process may be killed."""
        task = self._current
        if task is None:
            return
        if task.is_dead:
            raise Killed
        task.wake = self.now + seconds
        self._hub.switch()
        if task.is_dead:
            raise Killed

    point = sleep  # for no time: anything may happen here

    def run_all(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """`contract.RunAll`: every job a task of the same process."""
        parent = self._current
        if parent is None or len(jobs) == 1:
            return [job() for job in jobs]
        results: dict[int, T] = {}
        failures: dict[int, Exception] = {}

        def work(number: int) -> None:
            try:
                results[number] = jobs[number]()
            except Exception as error:  # noqa: BLE001 - handed to the parent, as a pool does
                failures[number] = error
            if len(results) + len(failures) == len(jobs):
                parent.wake = self.now

        for number in range(len(jobs)):
            self.spawn(f"{parent.name}/{number}", partial(work, number), parent.owner)
        while len(results) + len(failures) < len(jobs):
            self.sleep(NEVER)
        if failures:
            raise failures[min(failures)]
        return [results[number] for number in range(len(jobs))]

    def kill(self, owner: object) -> None:
        """End every task of a process, now and without a word."""
        for task in self._tasks:
            if task.owner is owner:
                task.is_dead = True
                task.wake = self.now
        if self._current and self._current.is_dead:
            raise Killed

    def pause(self, owner: object, seconds: float) -> None:
        """Stop a process for so long, as SIGSTOP does, or a long collection of garbage."""
        for task in self._tasks:
            if task.owner is owner and task.wake != NEVER:
                task.wake = max(task.wake, self.now + seconds)

    def wake(self, owner: object) -> None:
        """Let a paused process go on."""
        for task in self._tasks:
            if task.owner is owner and task.wake != NEVER:
                task.wake = min(task.wake, self.now)

    def skip(self, seconds: float) -> None:
        """Time passes, and nobody notices."""
        self.now += seconds

    def alive(self) -> set[object]:
        """The processes of which any task is left."""
        return {task.owner for task in self._tasks if not task.is_dead}

    def is_busy(self, name: str) -> bool:
        """Whether a task of this name, or one that ends in it, still goes on."""
        return any(task.name.endswith(name) for task in self._tasks)

    def step(self) -> bool:
        """Let one task act; False when none is left that ever will."""
        now = self.now
        able = [task for task in self._tasks if task.wake <= now]
        if not able:
            soonest = min([task.wake for task in self._tasks], default=NEVER)
            if soonest == NEVER:
                return False
            self.now = soonest
            able = [task for task in self._tasks if task.wake == soonest]
        task = self._last
        if task not in able or self._random() >= self._stay:
            task = able[int(self._random() * len(able))]
        self._act(task)
        self.steps += 1
        self.now += self._tick_s * 2 * self._random()
        return True

    def able(self, name: str) -> list[str]:
        """The tasks of this name, or of a process or pool so called, that will ever act again."""
        found = [task.name for task in self._tasks if task.wake != NEVER]
        return [other for other in found if other == name or other.startswith((f"{name} ", f"{name}/"))]

    def let(self, name: str) -> None:
        """Let the task of this name act; if it waits for a time, that time has come, and all others are late."""
        task = next(task for task in self._tasks if task.name == name and task.wake != NEVER)
        self.now = max(self.now, task.wake)
        self._act(task)
        self.steps += 1
        self.now += self._tick_s

    def end(self) -> None:
        """End everything."""
        for task in self._tasks:
            task.is_dead = True
        for task in list(self._tasks):
            self._act(task)

    def _act(self, task: Task) -> None:
        self._current = self._last = task
        try:
            if task.is_dead:
                if task.body:
                    task.body.throw(Killed)
            else:
                task.body.switch()
        except Killed:
            task.is_dead = True
        finally:
            self._current = None
            if task.body.dead or task.is_dead:
                self._tasks.remove(task)
