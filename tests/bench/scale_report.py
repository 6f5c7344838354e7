"""The tables of docs/scale.md and deploy/README.md, and where they stand."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stream_worker.assembly import GROUP_THREADS
from stream_worker.drivers.native.stream import MOST_POLLS_S
from tests.bench import scale_prices as aws
from tests.bench.scale import CALL_MS, HALF, Driver, Plan, Walk, full_shard, most_native, plan, sweep, verify
from tests.bench.scale_costs import NATIVE_TASKS, ZONES, Bill, alarm_metrics, metrics
from tests.bench.scale_given import Lines, dollars, figure, hours, limits, measured, prices
from tests.bench.scale_load import Load
from tests.bench.scale_measured import Measured
from tests.simulation.report import insert

ROOT = Path(__file__).parents[2]
SCALE, DEPLOY = ROOT / "docs/scale.md", ROOT / "deploy/README.md"

ROWS = 1e8
RATES = (10, 1_000, 100_000)
SIZES = (2, 10)
QUIET, BUSY = Load(1, 1e5), Load(1_000, 1e7)
SILENT = Load(1e-6, 1e5)  # nobody writes
PAUSES = (0.2, 1.0, 5.0, 30.0)
RATE = 1000


def blocks(found: Measured) -> Mapping[tuple[Path, str], Lines]:
    """What stands between which markers of which document."""
    return {
        (SCALE, "measured"): measured(found),
        (SCALE, "prices"): prices(),
        (SCALE, "limits"): limits(),
        **{(SCALE, f"{rate:,} a second"): loads(rate, found) for rate in RATES},
        (SCALE, "pauses"): pauses(found),
        (SCALE, "one process"): one_process(found),
        (SCALE, "walks"): walks(found),
        (DEPLOY, "costs"): costs(found),
    }


def markers(name: str) -> tuple[str, str]:
    """Around a block."""
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def write(found: Measured) -> None:
    """All of them."""
    for (document, name), lines in blocks(found).items():
        insert(document, lines, *markers(name))


def loads(rate: float, found: Measured) -> Lines:
    """So many messages a second: pairs, and groups of ten."""
    plans = [plan(Load(rate, ROWS, members), found) for members in SIZES]
    wanted: Mapping[str, Callable[[Plan], str]] = {
        "messages a move": lambda one: f"{one.load.messages / one.moves:.2f}",
        "records in the stream, a second": lambda one: figure(one.records),
        "write units a second: table, index": lambda one: f"{figure(one.table_writes)}, {figure(one.index_writes)}",
        "read units a second, the worker's": lambda one: figure(one.move_reads),
        "shards, at the least": lambda one: f"{one.shards:,}",
        "GetRecords a month": lambda one: figure(one.polls * aws.SECONDS),
        "driver": lambda one: one.driver.value,
        "cores, as this machine's": lambda one: figure(one.cores),
        "of a core: the process that reads; a child, in the mean": lambda one: f"{_one_process(one):.0%}",
        "tasks": lambda one: _tasks(Bill(one)),
        "kept: table, index, with a month of messages": lambda one: (
            f"{figure(one.table_gb)}, {figure(one.index_gb)} GB"
        ),
    }
    rows = [f"| {name} | {' | '.join(map(value, plans))} |" for name, value in wanted.items()]
    head = ["| | groups of 2 | groups of 10 |", "|---|---:|---:|"]
    return [*head, *rows, *_bills([Bill(one) for one in plans])]


def pauses(found: Measured) -> Lines:
    """What a longer WORKER_POLL_MS saves."""
    shown = [Load(1_000, 1e5), Load(1_000, ROWS), Load(100_000, ROWS)]
    head = "| | " + " | ".join(f"{pause:g} s" for pause in PAUSES) + " |"
    lines = [head, "|---|" + "---:|" * len(PAUSES)]
    for load in shown:
        plans = [plan(Load(load.messages, load.rows, poll_s=pause), found) for pause in PAUSES]
        name = f"{load.messages:,.0f} a second in {figure(load.groups)} pairs"
        lines.append(f"| {name}: messages a move | {' | '.join(f'{load.messages / p.moves:.2f}' for p in plans)} |")
        lines.append(f"| shards; cores | {' | '.join(f'{p.shards:,}; {figure(p.cores)}' for p in plans)} |")
        of_worker = [dollars(sum(Bill(p).of_the_worker().values())) for p in plans]
        lines.append(f"| the worker, a month | {' | '.join(of_worker)} |")
    return lines


def one_process(found: Measured) -> Lines:
    """Where one native process ends."""
    busiest = most_native(found)
    at_most = Plan(Load(busiest, 1e6), Driver.NATIVE, found)
    half = most_native(found, share=HALF)
    full, child = full_shard(found)
    by_calls = GROUP_THREADS * 1000 / (found.move_calls * CALL_MS)
    wanted = {
        "messages a second at which a core of this machine is full": figure(busiest),
        "of them to move rows; to poll, read, keep positions": _shares(at_most),
        "moves a second that its eight threads bear, were the processor free": figure(by_calls),
        "**messages a second from which on to take the fleet: half a core**": f"**{figure(half)}**",
        "shards that it polls every 200 ms; every second": f"{MOST_POLLS_S * 0.2:.0f}; {MOST_POLLS_S:.0f}",
        "of a core, only to poll so many": f"{MOST_POLLS_S * found.native_idle_ms / 1000:.0%}",
        "in the fleet: messages a second that fill a partition; of a core, its child": f"{full:.0f}; {child:.0%}",
    }
    return ["| | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in wanted.items())]


def walks(found: Measured) -> Lines:
    """A sweep; `verify`."""
    sizes = (QUIET, BUSY, Load(1_000, ROWS))
    head = "| | " + " | ".join(f"{figure(load.rows)} rows" for load in sizes) + " |"
    lines = [head, "|---|" + "---:|" * len(sizes)]
    short, long = ([sweep(load.rows, length, found) for load in sizes] for length in (10, 100))
    checks = [verify(load, RATE, found) for load in sizes]
    wanted: Mapping[str, Sequence[str]] = {
        "a sweep, by one process": [hours(walk.hours) for walk in short],
        "its read units: dollars, in lists of 10 rows": list(map(_units, short)),
        "in lists of 100": list(map(_units, long)),
        f"`verify --rate {RATE}`, with a month of messages": [hours(walk.hours) for walk in checks],
        "its read units: dollars, at most": list(map(_units, checks)),
    }
    return [*lines, *(f"| {name} | {' | '.join(values)} |" for name, values in wanted.items())]


def _units(walk: Walk) -> str:
    return f"{figure(walk.units)}: {dollars(walk.units * aws.READ_UNIT.dollars)}"


def costs(found: Measured) -> Lines:
    """A month of a quiet and a busy table."""
    quiet, busy = Bill(plan(QUIET, found)), Bill(plan(BUSY, found))
    more = dollars(3 * ZONES * aws.HOURS * aws.ENDPOINT.dollars)
    watched = [alarm_metrics(driver) for driver in Driver]
    bears = [figure(most_native(found, share=vcpu / 2)) for vcpu, _ in NATIVE_TASKS]
    silent = dollars(sum(Bill(plan(SILENT, found)).of_the_worker().values()))
    return [
        "Worked out by `scripts/bench scale` from the formulas of [docs/scale.md](../docs/scale.md): us-east-1,",
        "list prices of November 2026, no free tier, conversations of two; `Endpoints=dynamodb` in two zones, on ARM.",
        "",
        "| dollars a month | quiet: 1 message a second, 100,000 rows | busy: 1,000 a second, 10 million rows |",
        "|---|---:|---:|",
        *(f"| {name} | {a} | {b} |" for name, a, b in _counts(quiet, busy)),
        *_bills([quiet, busy]),
        "",
        f"`Endpoints=all` adds {more} for three more interface endpoints. All tasks write the same",
        f"metrics, up to {metrics()}, and they are billed once. Alarms look at {watched[0]} metrics,",
        f"with the fleet at {watched[1]}. Where nobody writes, the worker costs {silent}.",
        f"At half its power a task of the native driver bears {bears[0]} messages a second with `Cpu=256`,",
        f"{bears[1]} with 512, {bears[2]} with 1024, as this machine's cores go.",
    ]


def _counts(quiet: Bill, busy: Bill) -> list[tuple[str, str, str]]:
    names: Mapping[str, Callable[[Bill], str]] = {
        "driver, tasks": lambda bill: f"{bill.plan.driver}, {_tasks(bill)}",
        "shards, at the least": lambda bill: f"{bill.plan.shards:,}",
    }
    return [(name, value(quiet), value(busy)) for name, value in names.items()]


def _bills(bills: Sequence[Bill]) -> Lines:
    """Money by lines: what there is without a worker, what it adds."""
    lines: Lines = []
    for title, parts in (
        ("the chat without a worker", [bill.of_the_chat() for bill in bills]),
        ("**the worker**", [bill.of_the_worker() for bill in bills]),
    ):
        sums = [sum(part.values()) for part in parts]
        bold = "**" if "**" in title else ""
        lines.append(f"| {title} | {' | '.join(bold + dollars(one) + bold for one in sums)} |")
        lines += [f"| · {name} | {' | '.join(dollars(part[name]) for part in parts)} |" for name in parts[0]]
    return lines


def _tasks(bill: Bill) -> str:
    tasks = bill.tasks
    return f"{tasks.number:,} of {tasks.vcpu:g} vCPU, {tasks.gb:g} GB"


def _one_process(one: Plan) -> float:
    return one.cores if one.driver is Driver.NATIVE else one.cores / one.shards


def _shares(one: Plan) -> str:
    moving = one.moving_cores / one.cores
    return f"{moving:.0%}; {1 - moving:.0%}"
