"""One host of the fleet beside the native worker: the same kind of engine, the same messages, the same settings."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from os import getloadavg
from pathlib import Path
from statistics import quantiles
from time import perf_counter, time
from typing import Any

from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from shared import console
from shared.settings import Settings
from stream_worker.drivers.kcl.jar import daemon_jar, installed
from tests.acceptance.stack import Stack, Worker
from tests.acceptance.usage import most_memory_mb
from tests.bench.process import latencies
from tests.fleet.hosts import Fleet
from tests.fleet.report import percentiles
from tests.fleet.takeover import End, Times, takeovers
from tests.fleet.witness import Witness
from tests.places import settings_of

BEGIN, END = "<!-- fleet beside native -->", "<!-- end of fleet beside native -->"

BACKLOG = 1500  # messages
LONGEST_S = 600.0  # for whatever only a machine that is busy with something else makes slow
POLL_MS = "200"
LEASE_S = "10"


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one driver."""

    first_s: float
    """From the start of the process to the first record that is settled; new tables."""
    again_s: float
    """The same, on what a former process left."""
    latency_ms: Sequence[float]
    backlog: float
    """Records a second."""
    memory_mb: Mapping[str, float]


def side_by_side(rounds: int) -> list[str]:
    """Markdown: each driver's figures, one after the other."""
    installed("java", "Java 17")
    jar, program = daemon_jar(Settings.read(), console.NOTES.print), PROGRAMS[EngineName.DYNAMODB_LOCAL]
    program.prepare()
    began = perf_counter()
    with tempfile.TemporaryDirectory() as name:
        found = {driver: _on_its_own(Path(name), driver, jar) for driver in ("native", "kcl")}
        with Engine(Path(name), program=program) as engine:
            console.NOTES.print(f"take-overs, {rounds} of each kind")
            times = takeovers(engine, jar, Path(name) / "fleet", rounds) if rounds else {}
            native = _native_takeovers(engine, Path(name) / "pair", rounds) if rounds else {}
    took = f"in {(perf_counter() - began) / 60:.0f} minutes, load {getloadavg()[1]:.1f}"
    command = f"scripts/bench fleet --takeover {rounds}"
    made = f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}, {took}; DynamoDB Local, one shard."
    return [made, "", "| | native | kcl |", "|---|---:|---:|", *_rows(found), *_takeover_rows(native, times)]


def _rows(found: Mapping[str, Figures]) -> list[str]:
    wanted: Mapping[str, Callable[[Figures], str]] = {
        "start to first record, new tables, s": lambda one: f"{one.first_s:.1f}",
        "start to first record, existing ones, s": lambda one: f"{one.again_s:.1f}",
        "put to row, p50 / p95 / p99, ms": lambda one: " / ".join(f"{ms:.0f}" for ms in _cuts(one.latency_ms)),
        f"backlog of {BACKLOG:,} messages, records a second": lambda one: f"{one.backlog:,.0f}",
        "most memory, MB": lambda one: ", ".join(f"{name} {mb:.0f}" for name, mb in one.memory_mb.items()),
    }
    return [f"| {name} | {' | '.join(map(value, found.values()))} |" for name, value in wanted.items()]


def _takeover_rows(native: Times, fleet: Times) -> list[str]:
    """A native worker that reads holds the lease: it is what a leader is in the fleet."""
    rows = [(end, native.get(end, ()), fleet.get(end, ())) for end in End]
    title = "take-over, p50, p95, max s"
    return [f"| {title}: {end} | {_or_none(one)} | {_or_none(other)} |" for end, one, other in rows if one or other]


def _or_none(times: Sequence[float]) -> str:
    return f"{percentiles(times)} (n={len(times)})" if times else ""


def _cuts(times: Sequence[float]) -> tuple[float, float, float]:
    cuts = quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


def _on_its_own(folder: Path, driver: str, jar: Path) -> Figures:
    """An engine for each: it is slower for whoever comes second, as it keeps all tables in one place."""
    console.NOTES.print(f"{driver}: start, latency, backlog")
    (folder / driver).mkdir()
    with Engine(folder / driver, program=PROGRAMS[EngineName.DYNAMODB_LOCAL]) as engine:
        return _figures(engine, folder / driver, jar, driver)


def _figures(engine: Engine, folder: Path, jar: Path, driver: str) -> Figures:
    with ExitStack() as cleanup:
        stack = Stack(settings_of(engine), folder)
        cleanup.callback(stack.close)
        stack.do("producer", "schema-load")
        stack.do("producer", "traffic", "--total", "20", "--groups", "5", "--users", "5")
        fleet = Fleet(stack, folder, jar)
        cleanup.callback(fleet.close)

        def start() -> tuple[Worker, float]:
            settings = {"WORKER_POLL_MS": POLL_MS, "WORKER_LEASE_S": LEASE_S}
            began = time()
            worker = fleet.host(**settings) if driver == "kcl" else stack.worker(**settings)
            worker.wait_for("batch_settled")
            return worker, _moment(_batches(worker)[0]) - began

        worker, first_s = start()
        times = latencies(stack)
        assert worker.terminate() == 0
        written = stack.start("producer", "traffic", "--total", str(BACKLOG), "--groups", "100", "--users", "60")
        assert written.wait(LONGEST_S) == 0
        with Witness(fleet) as witness:
            there = sum(len(shard.records) for shard in witness.written().values())
        backlog = there - sum(line["records"] for line in _batches(worker))
        worker, again_s = start()
        assert stack.verify(100)["wrong"] == 0
        memory = _memory(worker)
        assert worker.terminate() == 0
        return Figures(first_s, again_s, times, _rate(_batches(worker), backlog), memory)


def _batches(worker: Worker) -> list[dict[str, Any]]:
    return [line for line in worker.lines if line["event"] == "batch_settled"]


def _moment(line: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(line["timestamp"]).timestamp()


def _rate(batches: Sequence[Mapping[str, Any]], backlog: int) -> float:
    """Records by the time from the begin of their first batch to the end of their last."""
    records = 0
    for line in batches:
        records += line["records"]
        if records >= backlog:
            return float(records / (_moment(line) - _moment(batches[0]) + batches[0]["duration_ms"] / 1000))
    raise AssertionError(f"{records} records of {backlog} were read")


def _memory(worker: Worker) -> dict[str, float]:
    found = {"worker": most_memory_mb(worker.process.pid)}
    for line in worker.lines:
        if line["event"] == "daemon_started":
            found["JVM"] = most_memory_mb(line["pid"])
        elif line["event"] == "shard_opened" and "JVM" in found:
            found["a child"] = most_memory_mb(line["pid"])
    return found


def _native_takeovers(engine: Engine, folder: Path, rounds: int) -> Times:
    """Two workers: the one that reads is asked to stop, or killed."""
    folder.mkdir()
    stack, times = Stack(settings_of(engine), folder), {End.TERM: list[float](), End.LEADER: list[float]()}
    try:
        stack.do("producer", "schema-load")
        stack.start("producer", "traffic", "--rate", "5", "--total", "1000000", "--groups", "10", "--users", "10")
        holder = stack.worker(WORKER_LEASE_S=LEASE_S, WORKER_POLL_MS=POLL_MS)
        for end in [*times] * rounds:
            holder.wait_for("batch_settled")
            heir = stack.worker(WORKER_LEASE_S=LEASE_S, WORKER_POLL_MS=POLL_MS)
            heir.wait_for("standby")
            began = time()
            (holder.process.terminate if end is End.TERM else holder.process.kill)()
            heir.wait_for("batch_settled")
            holder.process.wait()
            times[end].append(_moment(_batches(heir)[0]) - began)
            holder = heir
    finally:
        stack.close()
    return times
