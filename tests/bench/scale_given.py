"""What the arithmetic of docs/scale.md is given, as tables; and how figures are written."""

from tests.bench import scale_prices as aws
from tests.bench.scale import Driver, Plan
from tests.bench.scale_load import Load
from tests.bench.scale_measured import Measured

Lines = list[str]


def figure(value: float) -> str:
    """Three digits, as people write them."""
    for size, name in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
        if value >= size:
            return f"{value / size:.3g}{name}"
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def dollars(value: float) -> str:
    """Whole ones from ten on."""
    if value >= 1e6:
        return f"${value / 1e6:.3g} million"
    return f"${float(f'{value:.3g}'):,.0f}" if value >= 10 else f"${value:.2f}"


def measured(found: Measured) -> Lines:
    """What the arithmetic rests on, of this machine."""
    one = found
    formula = 1000 * Plan(Load(40, 200), Driver.NATIVE, found).work_cores / 40
    wanted = {
        "a group of 2 moved, of 10: ms; calls": f"{one.move_ms_2:.2f}, {one.move_ms_10:.2f}; {one.move_calls:g}",
        "a look at a group's own records, ms": f"{one.look_ms:.2f}",
        "a record read and passed over, ms": f"{one.read_ms:.3f}",
        "a poll of an idle shard, ms": f"{one.native_idle_ms:.2f}",
        "a message at 10 a second, ms; batches": f"{one.native_message_ms:.1f}; {one.native_batches:.2f}",
        "the same at 40 a second, ms; by the formula": f"{one.native_fast_ms:.1f}; {formula:.1f}",
        "in the fleet at 10 a second, ms; batches": f"{one.kcl_message_ms:.1f}; {one.kcl_batches:.2f}",
        "the fleet idle, cores: a host; each shard": f"{one.kcl_host_cores:.3f}; {one.kcl_shard_cores:.4f}",
        "its writes of leases a second: a host; each shard": f"{one.kcl_host_writes:.2f}; {one.kcl_shard_writes:.2f}",
        "memory, MB: native": f"{one.native_mb:.0f}",
        "memory, MB: a host of the fleet; each shard's child": f"{one.kcl_host_mb:.0f}; {one.kcl_child_mb:.0f}",
        "remembered of a row, and its half of a group, bytes": f"{one.remembered_bytes:.0f}",
        "a sweep: rows a second; ms and calls a row": (
            f"{one.sweep_rows_per_s:.0f}; {one.sweep_ms:.2f}, {one.sweep_calls:.2f}"
        ),
        "`verify`: rows a second": f"{one.verify_rows_per_s:.0f}",
        "bytes of a row, a message, a roster item": (
            f"{one.row_bytes:.0f}, {one.message_bytes:.0f}, {one.roster_bytes:.0f}"
        ),
        "bytes of a record on the wire": f"{one.wire_bytes:.0f}",
        "bytes of a line of the log: a batch; a minute's metrics": f"{one.log_bytes:.0f}; {one.emf_bytes:,.0f}",
    }
    rows = [f"| {name} | {value} |" for name, value in wanted.items()]
    return [f"Made by `scripts/bench scale --measure` on {one.made}.", "", "| | |", "|---|---:|", *rows]


def prices() -> Lines:
    """Of AWS."""
    rows = [f"| {one.unit} | {price_of(one)} | {one.source} |" for one in aws.PRICES]
    return ["| | price | where |", "|---|---:|---|", *rows]


def limits() -> Lines:
    """Of AWS."""
    rows = [f"| {one.value:,.0f} | {one.what} | {one.source} |" for one in aws.LIMITS]
    return ["| | | where |", "|---:|---|---|", *rows]


def hours(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.0f} minutes"
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def price_of(one: aws.Price) -> str:
    """As AWS writes it."""
    if one.dollars < 1e-4:
        return f"${one.dollars * 1e6:g} a million"
    return f"${one.dollars:.2f}" if one.dollars >= 0.1 else f"${one.dollars:g}"
