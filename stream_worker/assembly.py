"""Where everything is put together: the one place where a driver meets the handler."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event

from shared.dynamo import Clients
from shared.logging import Log
from shared.retry import Retry
from shared.settings import Settings
from stream_worker.checkpoints import Checkpoints
from stream_worker.contract import Batch, Processor, RunAll, Work
from stream_worker.dead_letters import DeadLetters, Retrier
from stream_worker.drivers.kcl.checkpointer import Checkpointer
from stream_worker.drivers.kcl.course import Course, begun_at
from stream_worker.drivers.kcl.leases import LeaseTables
from stream_worker.drivers.kcl.position import Ledger, Position
from stream_worker.drivers.kcl.processor import End, ShardProcessor
from stream_worker.drivers.kcl.processor import Parts as ChildParts
from stream_worker.drivers.kcl.properties import application_of
from stream_worker.drivers.kcl.supervisor import Parts as SupervisorParts
from stream_worker.drivers.kcl.supervisor import Program, Supervisor
from stream_worker.drivers.native.driver import NativeDriver
from stream_worker.drivers.native.listener import Listener
from stream_worker.drivers.native.parts import Parts
from stream_worker.drivers.replay import ReplayDriver, Told
from stream_worker.handler import PATIENCE_S, Handler
from stream_worker.handler import Parts as HandlerParts
from stream_worker.lease import Lease
from stream_worker.loader import Loader
from stream_worker.pool import Pool
from stream_worker.reconcile.decision import told_to
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.state import KCL_CHECKPOINTS, State
from stream_worker.store import DynamoStore
from stream_worker.streams import DynamoStreams, StreamsApi
from stream_worker.sweep import Sweeps
from stream_worker.upkeep import Chores

SHARD_THREADS = 16
GROUP_THREADS = 8
SWEEP_THREADS = 4  # of its own: a page of a sweep must not stand in front of a batch
CHILD_CONNECTIONS = GROUP_THREADS + 2  # and the main thread, and one to spare
REPLAY_PATIENCE_S = 2 * PATIENCE_S  # so that a replay, too, sets a hopeless group aside rather than fail
CONNECTIONS = SHARD_THREADS + GROUP_THREADS + SWEEP_THREADS + 4  # and the lease, the upkeep, the main thread


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Clocks, and how several things are done at once; a simulator brings its own."""

    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    groups: RunAll
    sweeps: RunAll


@dataclass(frozen=True, slots=True)
class Life:
    """What a child of KCL's daemon is told once."""

    stream: str
    leases: str
    """KCL's lease table."""
    stop: Event
    end: End


def native_driver(clients: Clients, settings: Settings, stop: Event, owner: str, log: Log) -> NativeDriver:
    """Everything put together."""

    def turn() -> None:
        driver.turn()  # a round of many shards and large batches may take many minutes, and is no loop that hangs

    retry = Retry(stop)
    state = State(clients.dynamodb, settings.state_table, settings.worker_name)
    parts = Parts(
        api=DynamoStreams(clients, settings.message_table),
        state=state,
        lease=Lease(state, owner, settings.lease_s, now, time.monotonic, log, table=settings.message_table),
        retry=retry,
        run_all=Pool(SHARD_THREADS, "shard", turn),
        stop=stop,
        clock=now,
        monotonic=time.monotonic,
        log=log,
        poll_s=settings.poll_ms / 1000,
        limit=settings.batch,
        lease_s=settings.lease_s,
    )
    driver = NativeDriver(parts, work_of(clients, settings, retry, log, _threads(turn)))
    return driver


def supervisor(clients: Clients, settings: Settings, stop: Event, owner: str, log: Log, program: Program) -> Supervisor:
    """One host of a fleet; the handler itself is in the children that KCL's daemon starts (`kcl_child`)."""
    retry, state = Retry(stop), state_of(clients, settings)
    work = work_of(clients, settings, retry, log)
    leases = LeaseTables(clients.dynamodb, partial(application_of, settings))

    def forget(stream: str) -> None:
        Checkpoints(state, stream, retry, now, drawer=KCL_CHECKPOINTS).forget_all()

    streams = DynamoStreams(clients, settings.message_table)
    course = Course(streams, leases, state, work.on_gap, forget, now, log)
    lease = Lease(state, owner, settings.lease_s, now, time.monotonic, log, table=settings.message_table)
    parts = SupervisorParts(
        settings=settings,
        program=program,
        course=course,
        lease=lease,
        stop=stop,
        clock=now,
        monotonic=time.monotonic,
        log=log,
    )
    return Supervisor(parts, work)


def kcl_child(clients: Clients, settings: Settings, life: Life, shard: str, log: Log) -> ShardProcessor:
    """One shard of a fleet, in a process of its own."""

    def turn() -> None:
        shard_processor.turn()

    retry, state = Retry(life.stop), state_of(clients, settings)
    work = work_of(clients, settings, retry, log, _threads(turn))
    ledger = Ledger(
        api=streams_of(clients, settings),
        checkpoints=Checkpoints(state, life.stream, retry, now, drawer=KCL_CHECKPOINTS),
        leases=LeaseTables(clients.dynamodb, lambda _: life.leases),
        begun=partial(begun_at, state),
        on_gap=work.on_gap,
        clock=now,
        monotonic=time.monotonic,
        log=log,
    )
    parts = ChildParts(
        stream=life.stream,
        shard=shard,
        processor=work.processor,
        position=Position(ledger, life.stream, shard),
        checkpointer=Checkpointer(life.stop, time.monotonic, log),
        stop=life.stop,
        monotonic=time.monotonic,
        log=log,
        end=life.end,
    )
    shard_processor = ShardProcessor(parts)
    return shard_processor


def replay_driver(
    clients: Clients,
    settings: Settings,
    batches: Iterable[Batch],
    before_batch: Callable[[Batch], object],
    before_wait: Told,
    stop: Event,
    log: Log,
) -> ReplayDriver:
    """The same handler at the end of a tape."""
    retry = Retry(stop)
    work = work_of(clients, settings, retry, log)
    patient = Retry(stop, total_s=REPLAY_PATIENCE_S)
    return ReplayDriver(batches, work.processor, patient, before_batch=before_batch, before_wait=before_wait)


def listener(
    api: StreamsApi, stream: str, settings: Settings, processor: Processor, on_loss: Callable[[str], object]
) -> Listener:
    """Somebody who only listens to a stream."""
    poll_s = settings.poll_ms / 1000
    return Listener(api, stream, processor, time.monotonic, limit=settings.batch, poll_s=poll_s, on_loss=on_loss)


def streams_of(clients: Clients, settings: Settings) -> StreamsApi:
    """The streams of the messages table."""
    return DynamoStreams(clients, settings.message_table)


def loader_of(clients: Clients, settings: Settings, retry: Retry) -> Loader:
    """What fills a scratch table from a tape."""
    return Loader(clients.dynamodb, settings.message_table, retry, Pool(GROUP_THREADS, "load"))


def work_of(clients: Clients, settings: Settings, retry: Retry, log: Log, around: Surroundings | None = None) -> Work:
    """The handler's side: what a driver is given."""
    around = around or _threads()
    state, memory = state_of(clients, settings), Memory()
    store = DynamoStore(clients.dynamodb, settings.message_table, around.clock)
    reconciler = Reconciler(store, memory, retry, told_to(log))
    letters = DeadLetters(state, around.clock, log)
    sweeps = Sweeps(state, store, reconciler, letters, around.sweeps, around.clock, log)
    handler = Handler(
        HandlerParts(
            store=store,
            reconciler=reconciler,
            memory=memory,
            letters=letters,
            run_all=around.groups,
            stopped=retry.stop.is_set,
            clock=around.clock,
            monotonic=around.monotonic,
            log=log,
        )
    )
    chores = Chores(sweeps, Retrier(letters, store, reconciler, around.clock, log), around.monotonic)
    return Work(processor=handler, on_gap=sweeps.owe, upkeep=chores, forget=handler.forget)


def store_of(clients: Clients, settings: Settings) -> DynamoStore:
    """The messages table, as the reconcile needs it."""
    return DynamoStore(clients.dynamodb, settings.message_table, now)


def state_of(clients: Clients, settings: Settings) -> State:
    """The worker's own table, as this consumer sees it."""
    return State(clients.dynamodb, settings.state_table, settings.worker_name)


def now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def _threads(after_each_group: Callable[[], object] = lambda: None) -> Surroundings:
    groups, sweeps = Pool(GROUP_THREADS, "group", after_each_group), Pool(SWEEP_THREADS, "sweep")
    return Surroundings(now, time.monotonic, groups=groups, sweeps=sweeps)
