"""Everything there is in one run, and how its parts hold together."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, partial
from operator import attrgetter
from random import Random

from shared.dynamo import Clients
from shared.keys import MESSAGE, stamp
from shared.models import User, string
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.contract import Work
from stream_worker.state import LEASE, OPEN_LETTERS, SWEEPS
from tests.fakes.clock import NOON
from tests.simulation.cloud.cloud import Cloud
from tests.simulation.cloud.connection import Connection
from tests.simulation.cloud.database import Database
from tests.simulation.cloud.faults import Draw, Drawn, Rates
from tests.simulation.cloud.index import Index
from tests.simulation.cloud.streams import StreamService
from tests.simulation.diary import Diary
from tests.simulation.scenario import Limits, Scenario
from tests.simulation.scheduler import Scheduler
from tests.simulation.watch import Watch

MESSAGES, STATE = "messages", "state"


Contender = Callable[["World", Clients, Retry, assembly.Surroundings], Work]
"""Who is to do Pattern E, given a way into the cloud."""


def ours(world: "World", clients: Clients, retry: Retry, around: assembly.Surroundings) -> Work:
    """The production handler, put together by production."""
    return assembly.work_of(clients, world.settings, retry, world.diary, around)


class World:
    """One run: a cloud, who acts in it, and who looks on.

    Args:
        scenario: what kind of run.
        seed: which of them.
        draw: decides about the faults; by rates that the seed draws if not given.
        is_told: print every step.
    """

    messages, state = MESSAGES, STATE

    def __init__(self, scenario: Scenario, seed: int, *, draw: Draw | None = None, is_told: bool = False) -> None:
        self.scenario = scenario
        self.dice = Random(f"{scenario.name} {seed}")
        dice = self.dice
        self.scheduler = Scheduler(dice, stay=dice.random() * 0.8)
        self.seconds: Callable[[], float] = partial(attrgetter("now"), self.scheduler)
        """Simulated time since the beginning; everybody asks, all the time."""
        self.diary = Diary(self.seconds, lambda: self.scheduler.actor, is_told=is_told)
        self.rates = _rates(scenario.limits, dice)
        self.faults = Drawn(dice, self.rates)
        self.database = Database()
        limits = scenario.limits
        self.index = Index(MESSAGES, dice, self.seconds, dice.random() * limits.index_lag_s)
        born = NOON - timedelta(days=3) if scenario.starts_old else NOON
        arn = f"arn:aws:dynamodb:sim:000000000000:table/{MESSAGES}/stream/{born:%Y-%m-%dT%H:%M:%S}.000"
        self.streams = StreamService(MESSAGES, arn, dice, self.seconds)
        self.cloud = Cloud(
            self.database,
            self.index,
            self.scheduler,
            dice,
            self.rates,
            draw or self.faults,
            Counter(),
            self.diary,
        )
        self.watch = Watch(self.database, self.streams, self.diary, self)
        self.streams.delivered = self.watch.delivered
        self.database.watchers += [self.index.watch, self.streams.watch, self.watch.watch]
        self.users = [User(f"user-{n}", f"handle{n}", f"User {n}") for n in range(scenario.users)]
        self.settings = _settings()
        self.contender: Contender = ours
        self.steal = limits.steal * dice.random()
        self.is_quiet = False
        self.deeds_left = scenario.deeds

    @property
    def kind(self) -> str:
        """Of the actor that writes now."""
        return self.cloud.kind

    def now(self) -> datetime:
        """The true time of day."""
        return NOON + timedelta(seconds=self.scheduler.now)

    def stamp(self) -> str:
        """The true time, as a sort key."""
        return stamp(self.now())

    def connection(self, kind: str, die: Callable[[], object] = lambda: None) -> Connection:
        """A way into the cloud for one actor."""
        return Connection(self.cloud, kind, die)

    def groups(self) -> list[str]:
        """Every group that has ever had a row or a message, in a fixed order."""
        groups = {group for _, group in self.watch.rows.by_member if group}
        groups |= {pk.removeprefix(MESSAGE) for pk in self.database.partitions(MESSAGES, MESSAGE)}
        return sorted(groups)

    def members(self, group: str) -> list[User]:
        """Who has a row of a group now."""
        return [user for user in self.users if self.watch.rows.by_member.get((user.uuid, group))]

    def holder(self) -> str:
        """Who holds the native driver's lease."""
        return next((string(item, "owner") for item in self.watch.drawer(LEASE)), "")

    def is_settled(self) -> bool:
        """Whether every record is settled and nothing is owed."""
        return (
            not self.watch.ledger.is_behind() and not self.watch.drawer(SWEEPS) and not self.watch.drawer(OPEN_LETTERS)
        )

    def calm(self) -> None:
        """From now on nothing goes wrong."""
        self.is_quiet = True
        self.cloud.rates = Rates()
        self.cloud.draw = lambda _kind, _operation: None
        self.index.lag_s = 0.01
        self.index.freeze(0)


@cache
def _settings() -> Settings:
    return Settings(message_table=MESSAGES, state_table=STATE)


def _rates(limits: Limits, dice: Random) -> Rates:
    """Rates of this seed: each fault is absent in a third of the seeds, else up to its limit."""

    def some(most: float) -> float:
        return 0.0 if dice.random() < 1 / 3 else most * dice.random()

    return Rates(
        throttled=some(limits.throttled),
        conflict=some(limits.conflict),
        unsent=some(limits.unsent),
        lost=some(limits.lost),
        late=some(limits.late),
        repeated=some(limits.repeated),
        killed=some(limits.killed),
        stalled=some(limits.stalled),
        torn=some(limits.torn),
        unprocessed=some(limits.unprocessed),
        stall_s=0.1 + 4 * dice.random(),
        page=dice.choice([2, 5, 100, 100]),
    )
