"""What happens to the whole cloud: shards split, the index freezes, workers are out for a day, others meddle."""

from collections.abc import Callable
from functools import partial

from producer.actions import Seat, row_item
from shared.errors import Reason
from shared.keys import ROW
from shared.models import AttributeValue, Item, Message
from stream_worker.state import OPEN_LETTERS
from tests.simulation.cloud.expressions import Request
from tests.simulation.fleet import Fleet
from tests.simulation.original import haunt
from tests.simulation.people import Person
from tests.simulation.scenario import Deed, Event
from tests.simulation.world import World

MOST_SHARDS = 9
DAY_S = 24 * 3600.0


class Nemesis:
    """Spoils the run, until it is quiet."""

    def __init__(self, world: World, fleet: Fleet) -> None:
        self._world = world
        self._fleet = fleet
        self._events = {
            Event.OUTAGE: self._outage,
            Event.SILENCE: self._fall_silent,
            Event.SLUMBER: self._slumber,
            Event.ORIGINAL: lambda: haunt(world, 1 + 4 * world.dice.random()),
            Event.DUPLICATES: self._duplicate,
            Event.SEATED: self._seat,
            Event.STUBBORN: lambda: self._refuse(
                "GRP#" + world.dice.choice(world.users).uuid, world.dice.choice([0.5, 1])
            ),
            Event.MOODY: self._be_moody,
        }

    def haunt(self) -> None:
        """Everything that may go wrong, each as a task."""
        world, limits = self._world, self._world.scenario.limits
        self._repeat("splits", limits.split_every_s, self._split)
        self._repeat("freezes", limits.freeze_every_s, self._freeze)
        self._repeat("terminations", limits.terminated_every_s, self._terminate)
        for event in world.scenario.events:
            if event in self._events:
                world.scheduler.spawn(event.value, partial(self._in_the_middle, event))

    def _repeat(self, name: str, every_s: float, deed: Callable[[], object]) -> None:
        world = self._world
        if not every_s or world.dice.random() < 1 / 3:
            return

        def task() -> None:
            while True:
                world.scheduler.sleep(world.dice.expovariate(1 / every_s))
                if world.is_quiet:
                    return
                deed()

        world.scheduler.spawn(name, task)

    def _in_the_middle(self, event: Event) -> None:
        world = self._world
        while world.deeds_left > world.scenario.deeds * 0.6:
            world.scheduler.sleep(0.1)
        world.diary.sometimes(event.value)
        self._events[event]()

    def _split(self) -> None:
        streams = self._world.streams
        if len(streams.shards) < MOST_SHARDS:
            streams.split(self._world.dice.choice(streams.open_shards()))
            self._world.diary.sometimes("shard split")

    def _freeze(self) -> None:
        self._world.index.freeze(self._world.dice.random() * 2)
        self._world.diary.sometimes("index frozen")

    def _terminate(self) -> None:
        """SIGTERM: a process finishes what it has in hand."""
        for process in self._fleet.processes[:1]:
            process.stop()
            self._world.diary.sometimes("process terminated")

    def _outage(self) -> None:
        """The workers are gone; some hours later more messages come, and in the end the workers."""
        self._fleet.is_down = True
        self._fleet.kill()
        self._let_a_day_pass()
        self._fleet.is_down = False

    def _fall_silent(self) -> None:
        """The workers are gone, people say some last words, and for a day nothing happens."""
        self._fleet.is_down = True
        self._fleet.kill()
        self._world.scheduler.sleep(1)
        self._world.deeds_left = 0
        self._world.scheduler.sleep(5)
        self._skip(25)
        self._fleet.is_down = False

    def _slumber(self) -> None:
        """The machine sleeps: every process stops where it is, and goes on a day later."""
        for process in self._fleet.processes:
            self._world.scheduler.pause(process, DAY_S * 2)
        self._let_a_day_pass()
        for process in self._fleet.processes:
            self._world.scheduler.wake(process)

    def _let_a_day_pass(self) -> None:
        world = self._world
        world.scheduler.sleep(1)
        for hours in (world.dice.choice([1, 19, 21, 25]), world.dice.choice([0, 1, 6])):
            self._skip(hours)
            world.scheduler.sleep(1)

    def _skip(self, hours: float) -> None:
        world = self._world
        world.scheduler.skip(hours * 3600.0)
        if world.streams.trim():
            world.diary.sometimes("records trimmed")
        world.watch.ledger.gone()
        world.streams.drop_trimmed()

    def _duplicate(self) -> None:
        """Rows stand twice, as a join that was tried again by other software leaves them."""
        world = self._world
        for group in world.groups():
            for user in world.members(group):
                if world.dice.random() < 0.5:
                    row = next(iter(world.watch.rows.by_member[user.uuid, group].values()))
                    self.copy(row)
            world.scheduler.point()

    def _seat(self) -> None:
        """Other software gives people a row of a group they are not in, and enters nobody in the roster."""
        world = self._world
        for group in world.groups():
            for user in world.users:
                if user not in world.members(group) and world.dice.random() < 0.7:
                    newest = Message(group, world.stamp(), "", "somebody else's", world.users[0])
                    self._write(row_item(Seat(user.uuid, world.users[0]), newest.created_at, newest))
                    world.diary.sometimes("somebody was seated")
            world.scheduler.point()

    def _write(self, row: Item, **more: AttributeValue) -> None:
        """Somebody puts a row, if nothing stands there; what is only ours is not in it."""
        world = self._world
        ours = {"worker_rev", "row_rev", "last_message_sk"}
        theirs = {name: value for name, value in row.items() if name not in ours} | more
        if world.database.get(world.messages, (row["pk"]["S"], row["sk"]["S"])) is None:
            world.cloud.kind = "other"
            world.database.put(world.messages, theirs)

    def copy(self, row: Item) -> None:
        """Let a row stand a second time, with or without what it was compared by."""
        world = self._world
        sk = "2026-11-22T11:00:00.000000+00:00" if world.dice.random() < 0.5 else world.stamp()
        shown = {"last_message_sk": row["last_message_sk"]} if "last_message_sk" in row else {}
        self._write({**row, "sk": {"S": sk}}, **(shown if world.dice.random() < 0.5 else {}))
        world.diary.sometimes("duplicate made")

    def _refuse(self, whose: str, share: float) -> None:
        """DynamoDB refuses rows: they are too large, or not valid."""
        world = self._world
        code = world.dice.choice(["ValidationError", "ItemCollectionSizeLimitExceeded"])

        def spoil(action: Request) -> Reason | None:
            pk = str((action.get("Item") or action["Key"])["pk"]["S"])
            refused = pk.startswith(whose) and not world.is_quiet and world.dice.random() < share
            return Reason(code) if refused else None

        world.cloud.spoil = spoil

    def _be_moody(self) -> None:
        """The same, at random; and whenever a letter is about to be closed, its group fails anew."""
        world = self._world
        self._refuse(ROW, 1 / 3)

        def moment(request: Request) -> None:
            closes = OPEN_LETTERS in str(request.get("Key", request.get("TransactItems")))
            if closes and "ConsistentRead" not in request and not world.is_quiet:
                world.diary.sometimes("a new failure while a letter is closed")
                world.scheduler.spawn("latecomer", lambda: Person(world, world.scenario.people).do(Deed.SEND))
                world.scheduler.sleep(world.dice.random() * 3)

        world.cloud.moment = moment
