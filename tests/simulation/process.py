"""One worker process: the production handler, chores and shard readers, put together as production does it."""

from collections.abc import Callable
from random import Random
from threading import Event

from shared.dynamo import Client, Clients
from shared.errors import AppError, LeaseLost, Stopping, Transient
from shared.retry import Retry
from stream_worker import assembly
from stream_worker.checkpoints import Checkpoints
from stream_worker.contract import Gap, Work
from stream_worker.drivers.native.driver import NativeDriver
from stream_worker.drivers.native.parts import Parts
from stream_worker.drivers.native.reader import Reading, ShardReader
from stream_worker.lease import Lease
from stream_worker.state import STREAMS, State
from stream_worker.streams import Shard
from tests.fakes.native import in_turn
from tests.simulation.cloud.streams import StreamsView
from tests.simulation.threads import SimEvent
from tests.simulation.world import World

LEASE_S = 3.0
BUSY_S, IDLE_S, QUIET_S = 0.02, 0.2, 60.0


class Process:
    """Something with a process id.

    Args:
        world: where it runs.
        name: unlike any other's, also of those that are dead.
    """

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.is_zombie: Callable[[], bool] = lambda: False
        self.opened = False
        self._world = world
        self._dice: Random = world.dice
        self._stop = Event()
        self._idle_s = max(IDLE_S, world.scenario.think_s / 10)
        connection = world.connection("worker", lambda: world.scheduler.kill(self))
        connection.is_zombie = self._has_no_right
        client = Client(connection)
        self._retry = Retry(self._stop, sleep=world.scheduler.sleep, monotonic=world.seconds)
        self.state = State(client, world.state, world.settings.worker_name)
        self._api = StreamsView(
            world.streams, world.dice, world.seconds, connection.ask, world.scenario.limits.listing_late_s
        )
        jobs = world.scheduler.run_all if world.dice.random() < 0.5 else in_turn
        around = assembly.Surroundings(world.now, world.seconds, groups=jobs, sweeps=jobs)
        clients = Clients(client, Client(connection, streams=True))
        self._limit = world.dice.choice([1, 2, 3, 8, 100])
        self.work: Work = world.contender(world, clients, self._retry, around)

    def spawn(self, what: str, function: Callable[[], object]) -> None:
        """A flow of control that dies with this process."""
        self._world.scheduler.spawn(f"{self.name} {what}", function, self)

    def stop(self) -> None:
        """SIGTERM."""
        self._stop.set()

    def keep_up(self) -> None:
        """Sweeps and dead letters, for ever."""
        while not self._stop.is_set():
            try:
                wait = self.work.upkeep.step()
            except Stopping:
                return
            except AppError:
                wait = BUSY_S
            self._sleep(max(wait, QUIET_S / 3) if wait and self._world.is_quiet else wait)

    def open_stream(self) -> None:
        """Owe the first sweep before anything is read, as the native driver does."""
        while not self.opened and not self._stop.is_set():
            try:
                if self.state.get(STREAMS, self._world.streams.arn) is None:
                    self.work.on_gap(self._world.streams.arn, Gap.FIRST_START)
                    self.state.replace(STREAMS, self._world.streams.arn, {}, None)
                self.opened = True
            except (Transient, LeaseLost):
                self._sleep(BUSY_S)

    def read(self, shard: Shard, may_go_on: Callable[[], bool]) -> None:
        """Read one shard by the production reader, until its end or until somebody else has it."""
        idle = BUSY_S
        self.work.forget()  # others may have read the shard meanwhile
        try:
            reader = self._reader(shard)
            while not reader.checkpoint.ended and may_go_on() and not self._stop.is_set():
                idle = (
                    BUSY_S if self._turn(reader) else min(idle * 2, QUIET_S if self._world.is_quiet else self._idle_s)
                )
                self._sleep(idle)
        except (LeaseLost, Stopping):
            self._world.diary.sometimes("shard given up")

    def run_native(self) -> None:
        """The production driver's whole life."""
        world, log = self._world, self._world.diary
        lease = Lease(self.state, self.name, LEASE_S, world.now, world.seconds, log)
        self.is_zombie = lambda: world.holder() != self.name
        stop = SimEvent(world.scheduler)
        self._stop = stop
        parts = Parts(
            api=self._api,
            state=self.state,
            lease=lease,
            retry=self._retry,
            run_all=world.scheduler.run_all,
            stop=stop,
            clock=world.now,
            monotonic=world.seconds,
            log=log,
            poll_s=self._idle_s,
            limit=self._limit,
            lease_s=LEASE_S,
        )
        NativeDriver(parts, self.work).run()

    def _has_no_right(self) -> bool:
        return self.is_zombie()

    def _reader(self, shard: Shard) -> ShardReader:
        world = self._world
        checkpoints = Checkpoints(self.state, world.streams.arn, self._retry, world.now)
        checkpoint = self._retry.call(lambda: checkpoints.start(shard.id, shard.parent, world.now()))
        reading = Reading(
            api=self._api,
            checkpoints=checkpoints,
            processor=self.work.processor,
            on_gap=self.work.on_gap,
            limit=self._limit,
            clock=world.now,
            monotonic=world.seconds,
            log=world.diary,
        )
        return ShardReader(reading, world.streams.arn, checkpoint)

    def _turn(self, reader: ShardReader) -> bool:
        try:
            return reader.turn()
        except Transient:
            return True

    def _sleep(self, seconds: float) -> None:
        self._world.scheduler.sleep(seconds)
