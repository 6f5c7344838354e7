"""What the long series did to the fleet and what came of it, as Markdown."""

from collections.abc import Sequence
from statistics import median, quantiles

from tests.fleet.deeds import KILLS, Deed
from tests.fleet.series import Series
from tests.fleet.takeover import Times

BEGIN, END = "<!-- series -->", "<!-- end of series -->"


def figures(made: str, series: Series | None, times: Times) -> list[str]:
    """A line that says how, a table of what was done, a table of take-overs."""
    return [made, *(_series(series) if series else ()), *takeover_table(times)]


def _series(series: Series) -> list[str]:
    found = series.reading
    rows: dict[str, object] = {
        "kills": f"{sum(series.done[deed] for deed in KILLS)}: "
        + ", ".join(f"{series.done[deed]} of a {deed}" for deed in KILLS),
        f"{Deed.SLEEP}; {Deed.TERM}": f"{series.done[Deed.SLEEP]}; {series.done[Deed.TERM]}",
        "minutes": f"{series.minutes:.1f}",
        "shards": series.shards,
        "messages, looks at lists": f"{series.messages:,}, {series.samples:,}",
        "records in the stream": f"{found.records:,}",
        "**records that were in no batch**": sum(found.missing.values()) + len(found.holes),
        "records that came again": f"{found.again:,}",
        "shards opened before their parent's end": len(found.too_early),
        "anything wrong": len(series.wrong),
    }
    return ["", "| | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows.items())]


def takeover_table(times: Times, names: str = "one shard, three hosts") -> list[str]:
    """Seconds until another host has settled a batch."""
    rows = [f"| {end} | {len(found)} | {percentiles(found)} |" for end, found in times.items() if found]
    return ["", f"| {names}: until another host has settled a batch | n | p50, p95, max s |", "|---|---:|---:|", *rows]


def percentiles(found: Sequence[float]) -> str:
    """Median, 95th percentile, worst."""
    high = quantiles(found, n=20, method="inclusive")[-1] if len(found) > 1 else found[0]
    return f"{median(found):.1f}, {high:.1f}, {max(found):.1f}"
