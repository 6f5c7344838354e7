"""What whole processes take: with many idle shards, and while people write; the native worker, a host of the fleet."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from time import perf_counter

from devstack.engine import Engine
from devstack.relay import Relay, RelayServer
from shared.settings import Settings
from tests.acceptance.stack import Stack, Worker
from tests.acceptance.usage import cpu_s, most_memory_mb
from tests.bench.scale_measure import Place
from tests.fleet.hosts import Fleet, Host
from tests.places import ManyShards, settings_of

IDLE_S = 40.0
GROUPS, MESSAGES, PAUSE_S = 100, 600, 0.1
QUIET_S, WARM_S = 5.0, 30.0
POLL_MS = 200
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_READS = frozenset({"GetItem", "Query", "Scan"})


@dataclass(frozen=True, slots=True)
class Idle:
    """A process and all that it has started, with nothing to do: a second of it."""

    shards: int
    cores: Mapping[str, float]
    polls: float
    state_reads: float
    """Calls, on the worker's table and KCL's."""
    state_writes: float
    memory_mb: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Busy:
    """While people write, each message in a group of its own turn: per message, beyond what idling takes."""

    cpu_ms: Mapping[str, float]
    batches: float
    state_writes: float
    """Calls."""
    log_bytes: float
    """The line of a batch."""
    emf_bytes: float
    """The line of a minute's metrics."""


class Tap(RelayServer):
    """In front of an endpoint: counts the calls that go through, by operation and table."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(0, endpoint, _Counting)
        self.calls: Counter[tuple[str, str]] = Counter()
        self.lock = Lock()
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its own."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def of_state(self, operations: frozenset[str], messages: str) -> int:
        """How many of these calls were about other tables than the messages'."""
        with self.lock:
            calls = self.calls.items()
            return sum(n for (operation, table), n in calls if operation in operations and table != messages)

    def of(self, operation: str) -> int:
        """How many of these calls."""
        with self.lock:
            return sum(n for (name, _), n in self.calls.items() if name == operation)


class _Counting(Relay):
    server: Tap

    def answer(self, body: bytes) -> None:
        """Count it, pass it on."""
        operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        table = json.loads(body or b"{}").get("TableName", "")
        with self.server.lock:
            self.server.calls[operation, table] += 1
        self.send(self.pass_on(body))


@dataclass(frozen=True, slots=True)
class Stage:
    """A stream of some shards, and what starts a worker of a driver on it."""

    settings: Settings
    """Through the tap."""
    tap: Tap
    shards: ManyShards
    place: Place
    stack: Stack
    fleet: Fleet


@contextmanager
def stage(engine: Engine, jar: Path, shards: int) -> Iterator[Stage]:
    """Everything but the worker."""
    settings = settings_of(engine)
    place = Place(settings)
    with (
        tempfile.TemporaryDirectory() as folder,
        ManyShards(settings, "--shards", str(shards), "--reads", "0", "--describes", "0") as dealer,
        Tap(dealer.url) as tap,
    ):
        through = settings.model_copy(update={"endpoint": tap.url})
        stack = Stack(through, Path(folder))
        fleet = Fleet(stack, Path(folder), jar)
        try:
            yield Stage(through, tap, dealer, place, stack, fleet)
        finally:
            fleet.close()
            stack.close()
            tap.shutdown()


def started(on: Stage, driver: str, shards: int) -> Worker:
    """A worker that reads all shards, and has nothing to do any more."""
    settings = {"WORKER_POLL_MS": str(POLL_MS), "WORKER_LEASE_S": "10", "METRICS": "emf"}
    worker = on.fleet.host(**settings) if driver == "kcl" else on.stack.worker(**settings)
    worker.wait_for("shard_opened", shards)
    worker.wait_for("sweep_done")
    Event().wait(WARM_S)
    return worker


def processes(worker: Worker) -> dict[str, list[int]]:
    """Of a worker, by what they are."""
    found = {"worker": [worker.process.pid]}
    if isinstance(worker, Host):
        found |= {"JVM": [worker.jvm], "children": list(worker.children.values())}
    return found


@dataclass(frozen=True, slots=True)
class _Count:
    """How far everything is; seconds of a core by what they went to."""

    at: float
    cpu: Mapping[str, float]
    polls: int
    reads: int
    writes: int
    lines: int


def _count(on: Stage, worker: Worker) -> _Count:
    cpu = {name: sum(map(cpu_s, pids)) for name, pids in processes(worker).items()}
    tap, messages = on.tap, on.settings.message_table
    settled = [line for line in worker.lines if line["event"] == "batch_settled"]
    reads, writes = tap.of_state(_READS, messages), tap.of_state(_WRITES, messages)
    return _Count(perf_counter(), cpu, tap.of("GetRecords"), reads, writes, len(settled))


def idle(on: Stage, worker: Worker, shards: int) -> Idle:
    """Nobody writes."""
    was = _count(on, worker)
    Event().wait(IDLE_S)
    now = _count(on, worker)
    seconds = now.at - was.at
    return Idle(
        shards=shards,
        cores={name: (used - was.cpu[name]) / seconds for name, used in now.cpu.items()},
        polls=(now.polls - was.polls) / seconds,
        state_reads=(now.reads - was.reads) / seconds,
        state_writes=(now.writes - was.writes) / seconds,
        memory_mb={name: max(map(most_memory_mb, pids)) for name, pids in processes(worker).items()},
    )


def busy(on: Stage, worker: Worker, at_rest: Idle, pause_s: float) -> Busy:
    """A message every now and then, in a hundred groups in turn."""
    begun = on.place.begin(GROUPS, 2)
    _until_quiet(worker)
    was = _count(on, worker)
    for number in range(MESSAGES):
        on.place.say([begun[number % GROUPS]])
        Event().wait(pause_s)
    _until_quiet(worker)
    now = _count(on, worker)
    seconds = now.at - was.at
    cores = {name: now.cpu[name] - was.cpu[name] - at_rest.cores[name] * seconds for name in now.cpu}
    assert on.stack.verify(0)["wrong"] == 0
    return Busy(
        cpu_ms={name: 1000 * used / MESSAGES for name, used in cores.items()},
        batches=(now.lines - was.lines) / MESSAGES,
        state_writes=(now.writes - was.writes - at_rest.state_writes * seconds) / MESSAGES,
        log_bytes=_length(worker, "batch_settled"),
        emf_bytes=_length(worker, "metrics"),
    )


def _until_quiet(worker: Worker) -> None:
    """Nothing was settled for a while."""
    before = -1
    while (now := len(worker.lines)) != before:
        before = now
        Event().wait(QUIET_S)


def _length(worker: Worker, event: str) -> float:
    """Of the longest line of an event; one that is being written ends early."""
    return max(len(line) for line in worker.text.splitlines() if f'"event": "{event}"' in line)
