"""What is done to the processes: killed, stopped and woken as zombies, terminated all at once; the engine restarted."""

from dataclasses import dataclass, field
from random import Random
from threading import Event
from time import monotonic, time
from typing import Protocol

from tests.nemesis.fleet import Fleet
from tests.nemesis.takeover import Kill

PAUSE_S = (0.7, 1.5)
LULL_S = (4.0, 8.0)  # time to catch up, so that the next kill meets fresh work and a fresh checkpoint
SLEEP_S = (3.0, 6.0)  # longer than the lease
TERM_S = 10.0
MOST_ASLEEP = 2


@dataclass(frozen=True, slots=True)
class Often:
    """One of so many deeds is this one; for the engine: after so many kills."""

    stop: int = 8
    lull: int = 12
    squall: int = 5
    storm: int = 40
    engine: int = 60


class Ways(Protocol):
    """What is done to more than the processes."""

    def restart(self) -> None:
        """Stop the engine and start it."""

    def squall(self, *, is_on: bool) -> None:
        """Let hardly any transaction of the workers through, so that batches stay unsettled."""


@dataclass(slots=True)
class Facts:
    """What was done."""

    kills: list[Kill] = field(default_factory=list)
    stops: int = 0
    zombies: int = 0
    """Of the stopped, those whose lease another worker had when they woke."""
    terms: int = 0
    slow_terms: int = 0
    restarts: list[tuple[float, float]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Nemesis:
    """One deed at a time."""

    def __init__(self, fleet: Fleet, ways: Ways, dice: Random, often: Often) -> None:
        self.facts = Facts()
        self._fleet, self._ways, self._dice, self._often = fleet, ways, dice, often
        self._pause = Event()

    def step(self) -> None:
        """Wait a little, wake who has slept enough, and do the next deed."""
        self._ways.squall(is_on=self._dice.randrange(self._often.squall) == 0)
        is_lull = self._dice.randrange(self._often.lull) == 0
        self._pause.wait(self._dice.uniform(*(LULL_S if is_lull else PAUSE_S)))
        self._wake(monotonic())
        self._fleet.fill()
        if len(self.facts.kills) >= self._often.engine * (len(self.facts.restarts) + 1):
            self._restart_engine()
        elif self._dice.randrange(self._often.storm) == 0:
            self._storm()
        elif self._dice.randrange(self._often.stop) == 0:
            self._stop()
        else:
            self._kill()
        self._fleet.fill()

    def rest(self) -> None:
        """Everybody is woken, and nothing is done any more."""
        self._wake(float("inf"))
        self._fleet.fill()

    def _wake(self, now: float) -> None:
        for sleeper in [sleeper for sleeper in self._fleet.asleep if sleeper.wakes_at <= now]:
            self.facts.zombies += self._fleet.owner() not in {"", sleeper.owner}
            self._fleet.wake(sleeper)

    def _kill(self) -> None:
        """The one that holds the lease, if another stands by; or else one of those.

        The oldest of those who stand by is spared: while nobody works it is the one that will notice.
        """
        fleet, owner = self._fleet, self._fleet.owner()
        holder = fleet.called(owner)
        heirs = [worker for worker in fleet.awake if worker is not holder and worker.has_said("standby")]
        if holder and heirs and self._dice.choice([True, False]):
            at = time()
            fleet.kill(holder)
            self.facts.kills.append(Kill(at, owner if fleet.owner() == owner else ""))
        elif heirs[1:]:
            fleet.kill(self._dice.choice(heirs[1:]))
            self.facts.kills.append(Kill(time(), ""))

    def _stop(self) -> None:
        """SIGSTOP to the holder, until its lease has run out and longer."""
        owner = self._fleet.owner()
        holder = self._fleet.called(owner)
        if holder and len(self._fleet.asleep) < MOST_ASLEEP:
            self._fleet.put_to_sleep(holder, owner, self._dice.uniform(*SLEEP_S))
            self.facts.stops += 1

    def _storm(self) -> None:
        """SIGTERM to all at once; not while one of them is about to take over, whose time is measured."""
        if not self._fleet.called(self._fleet.owner()):
            return
        ends = self._fleet.terminate()
        self.facts.terms += len(ends)
        self.facts.slow_terms += sum(seconds > TERM_S for _, seconds in ends)
        self.facts.complaints += [f"SIGTERM ended a worker with status {status}" for status, _ in ends if status]

    def _restart_engine(self) -> None:
        began = time()
        self._ways.restart()
        self.facts.restarts.append((began, time()))
