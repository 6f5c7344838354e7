"""One small day, told deed by deed, in which exactly one call meets exactly one fault."""

from dataclasses import dataclass

from shared.keys import MESSAGE, ROW
from shared.models import string
from tests.simulation.cloud.faults import Fault, Scripted
from tests.simulation.play import STILL
from tests.simulation.puppet import Puppet
from tests.simulation.run import Run, determined
from tests.simulation.scenario import Driver, Scenario
from tests.simulation.world import Contender, World, ours

GRAIN_S = 0.5  # people's clocks collide
STALL_S = 5.0  # longer than a lease
STEP_S = 0.1
REST_S = 5.0  # of peace at the end: short, as there are thousands of days
MOST_STEPS = 10_000

DAY: tuple[tuple[str, ...], ...] = (
    ("start", "A", "hello", "user-0", "user-1", "user-2"),
    ("start", "B", "hallo", "user-1", "user-0", "user-2"),
    ("wait",),
    ("send", "A", "user-1", "one"),
    ("send", "B", "user-1", "eins"),
    ("pin", "A", "user-2", "red"),
    ("wait",),
    ("edit", "A", "user-1", "two"),
    ("delete", "B", "user-1"),
    ("leave", "A", "user-2"),
    ("wait",),
    ("put_again", "B"),
    ("join", "A", "user-3"),
    ("send", "A", "user-3", "three"),
    ("wait",),
)
"""Two groups and four people; stamps collide, so rows are bumped; each wait lasts until all is settled."""


@dataclass(frozen=True, slots=True)
class Day:
    """What one day showed."""

    calls: int
    """Of the kind of actor that was to meet the fault, until all was settled."""
    is_met: bool
    violations: tuple[str, ...]
    outcome: tuple[str, ...]
    """Which messages and which rows there are in the end, without their places."""


@dataclass(frozen=True, slots=True)
class Everywhere:
    """The same fault at one call after the other, each on a day of its own."""

    days: int
    met: int
    """Days on which the call met the fault: a conflict needs a write."""
    wrong: dict[int, tuple[str, ...]]
    """Number of the call -> what was broken, or ended otherwise than on the day without a fault."""


def everywhere(driver: Driver, fault: Fault, whose: str = "worker", stride: int = 1) -> Everywhere:
    """A day for every call of these actors (for each of `stride` one)."""
    peaceful = live(driver, whose=whose)
    first = 1 + list(Fault).index(fault) % stride
    days = {at: live(driver, fault, at, whose) for at in range(first, peaceful.calls + 1, stride)}
    wrong = {
        at: found
        for at, day in days.items()
        if (found := day.violations or tuple(sorted(set(day.outcome) ^ set(peaceful.outcome))))
    }
    return Everywhere(len(days), sum(day.is_met for day in days.values()), wrong)


def scenario(driver: Driver) -> Scenario:
    """A world in which nothing happens by itself."""
    return Scenario(
        "single-fault",
        "one fault, at every call",
        users=4,
        groups=0,
        people=0,
        workers=2,
        driver=driver,
        limits=STILL,
    )


def live(
    driver: Driver,
    fault: Fault = Fault.THROTTLED,
    at: int = 0,
    whose: str = "worker",
    contender: Contender = ours,
) -> Day:
    """The day with this fault at the call of this number; 0: none."""
    script = Scripted(fault, at, whose)
    world = World(scenario(driver), 1)
    world.contender = contender
    world.cloud.draw = _Zombies(world, script)
    with determined(world):
        course = Run(world)
        try:
            course.begin()
            _act(world)
            course.quiet(REST_S)
        finally:
            world.scheduler.end()
    return Day(script.calls, bool(script.met), tuple(world.diary.violations), _outcome(world))


@dataclass(frozen=True, slots=True)
class _Zombies:
    """A process that stalls stops as a whole; its lease runs out, and its shards are stolen meanwhile."""

    world: World
    script: Scripted

    def __call__(self, kind: str, operation: str) -> Fault | None:
        """See `Draw`."""
        fault = self.script(kind, operation)
        if fault is not Fault.STALLED:
            return fault
        scheduler = self.world.scheduler
        scheduler.pause(scheduler.owner, STALL_S)
        self.world.steal = 1.0
        scheduler.sleep(STALL_S)
        self.world.steal = 0.0
        return None


def _act(world: World) -> None:
    """All deeds, by one pair of hands."""
    task = world.scheduler.spawn("person", lambda: _deeds(world))
    while world.scheduler.is_busy(task.name):
        world.scheduler.step()
        if world.scheduler.steps > MOST_STEPS:
            world.diary.violated("I7", f"the day is not over after {MOST_STEPS} steps")
            return


def _deeds(world: World) -> None:
    puppet = Puppet(world, grain_s=GRAIN_S)
    for deed, *what in DAY:
        if deed != "wait":
            puppet.do(deed, *what)
        while deed == "wait" and not world.is_settled():
            world.scheduler.sleep(STEP_S)


def _outcome(world: World) -> tuple[str, ...]:
    items = [
        (pk.removeprefix(kind), string(item, "message_group_uuid"), string(item, "message"), string(item, "pinned"))
        for kind in (MESSAGE, ROW)
        for pk in world.database.partitions(world.messages, kind)
        for item in world.database.partition(world.messages, pk).values()
    ]
    return tuple(sorted(" ".join(item) for item in items))
