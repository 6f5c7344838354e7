"""The measurements that docs/scale.md is worked out from, and the file that keeps them."""

import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from os import cpu_count, getloadavg
from pathlib import Path
from time import perf_counter

from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from shared import console
from shared.settings import Settings
from stream_worker.drivers.kcl.jar import daemon_jar, installed
from tests.bench import scale_items as items
from tests.bench import scale_measure as small
from tests.bench import scale_processes as large
from tests.places import settings_of

KEPT = Path(__file__).with_name("scale.json")
SIZES = (2, 10)  # members
FEW, MANY = 4, 16  # shards
NATIVE_MANY = 100
SWEPT = 10_000  # rows


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of a core unless it says otherwise; `_2` and `_10` are groups of so many."""

    made: str
    move_ms_2: float
    move_ms_10: float
    move_calls: float
    look_ms: float
    """At a group's own records, come back."""
    read_ms: float
    """A record of a full page."""
    wire_bytes: float
    """Of a record."""
    row_bytes: float
    message_bytes: float
    roster_bytes: float
    remembered_bytes: float
    """A row, and its half of a group of two."""
    sweep_rows_per_s: float
    sweep_ms: float
    sweep_calls: float
    sweep_units: float
    """Read units a row, in lists of ten."""
    verify_rows_per_s: float
    verify_units: float
    native_mb: float
    native_idle_ms: float
    """A poll of one of a hundred idle shards."""
    native_message_ms: float
    """A process, a message, at ten a second."""
    native_fast_ms: float
    """The same at forty."""
    native_batches: float
    log_bytes: float
    """The line of a batch."""
    emf_bytes: float
    """The line of a minute's metrics."""
    kcl_message_ms: float
    kcl_batches: float
    kcl_host_cores: float
    """An idle host without its shards."""
    kcl_shard_cores: float
    """An idle shard."""
    kcl_host_reads: float
    """Calls a second, an idle host."""
    kcl_host_writes: float
    kcl_shard_writes: float
    """Calls a second, an idle shard."""
    kcl_host_mb: float
    kcl_child_mb: float


def kept() -> Measured:
    """What was measured last."""
    return Measured(**json.loads(KEPT.read_text(encoding="utf-8")))


def keep(measured: Measured) -> None:
    """For the next time."""
    KEPT.write_text(json.dumps(asdict(measured), indent=1) + "\n", encoding="utf-8")


def measure() -> Measured:
    """All of it, in a quarter of an hour."""
    began = perf_counter()
    found = {**_small(), **_large()}
    minutes = (perf_counter() - began) / 60
    now = f"{datetime.now(UTC):%Y-%m-%d}, in {minutes:.0f} minutes, {cpu_count()} cores, load {getloadavg()[2]:.1f}"
    return Measured(made=now, **{name: float(f"{value:.4g}") for name, value in found.items()})


def _small() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder)) as engine:
        console.NOTES.print("moves, records")
        two, ten = (small.moves(settings_of(engine), members) for members in SIZES)
        page = small.reading(settings_of(engine))
        console.NOTES.print(f"a sweep of {SWEPT:,} rows")
        sweep = small.sweep(settings_of(engine), SWEPT)
    return {
        "move_ms_2": two.move.cpu_ms,
        "move_ms_10": ten.move.cpu_ms,
        "move_calls": two.move.calls,
        "look_ms": two.look.cpu_ms,
        "read_ms": page.read_ms + page.skip_ms,
        "wire_bytes": page.wire_bytes,
        **items.item_bytes(),
        "remembered_bytes": items.remembered_bytes(),
        "sweep_rows_per_s": sweep.rows_per_s,
        "sweep_ms": sweep.row.cpu_ms,
        "sweep_calls": sweep.row.calls,
        "sweep_units": sweep.row.read_units,
        "verify_rows_per_s": sweep.verify_rows_per_s,
        "verify_units": sweep.verify_units,
    }


def _large() -> dict[str, float]:
    installed("java", "Java 17")
    program = PROGRAMS[EngineName.DYNAMODB_LOCAL]
    program.prepare()
    jar = daemon_jar(Settings.read(), console.NOTES.print)
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder), program=program) as engine:
        return {**_native(engine, jar), **_kcl(engine, jar)}


def _native(engine: Engine, jar: Path) -> dict[str, float]:
    rest, writing = _run(engine, jar, "native", FEW)
    _, fast = _run(engine, jar, "native", FEW, pause_s=large.PAUSE_S / 4)
    many, _ = _run(engine, jar, "native", NATIVE_MANY)
    return {
        "native_mb": rest.memory_mb["worker"],
        "native_idle_ms": 1000 * sum(many.cores.values()) / many.polls,
        "native_message_ms": sum(writing.cpu_ms.values()),
        "native_fast_ms": sum(fast.cpu_ms.values()),
        "native_batches": writing.batches,
        "log_bytes": writing.log_bytes,
        "emf_bytes": writing.emf_bytes,
    }


def _kcl(engine: Engine, jar: Path) -> dict[str, float]:
    few, writing = _run(engine, jar, "kcl", FEW)
    many, _ = _run(engine, jar, "kcl", MANY)

    def split(of_few: float, of_many: float) -> tuple[float, float]:
        """What a host takes, and what each shard adds."""
        shard = max(0.0, (of_many - of_few) / (MANY - FEW))
        return max(0.0, of_few - FEW * shard), shard

    cores = split(sum(few.cores.values()), sum(many.cores.values()))
    writes = split(few.state_writes, many.state_writes)
    return {
        "kcl_message_ms": sum(writing.cpu_ms.values()),
        "kcl_batches": writing.batches,
        "kcl_host_cores": cores[0],
        "kcl_shard_cores": cores[1],
        "kcl_host_reads": few.state_reads,
        "kcl_host_writes": writes[0],
        "kcl_shard_writes": writes[1],
        "kcl_host_mb": few.memory_mb["worker"] + many.memory_mb["JVM"],
        "kcl_child_mb": many.memory_mb["children"],
    }


def _run(
    engine: Engine, jar: Path, driver: str, shards: int, pause_s: float = large.PAUSE_S
) -> tuple[large.Idle, large.Busy]:
    console.NOTES.print(f"{driver}, {shards} shards")
    with large.stage(engine, jar, shards) as on:
        worker = large.started(on, driver, shards)
        rest = large.idle(on, worker, shards)
        writing = large.busy(on, worker, rest, pause_s) if shards == FEW else large.Busy({}, 0, 0, 0, 0)
        return rest, writing
