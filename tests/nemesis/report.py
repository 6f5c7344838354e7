"""What the nemesis did and what came of it, as Markdown."""

from collections.abc import Iterator, Sequence
from statistics import median

from tests.nemesis.idle import Idle
from tests.nemesis.run import LEASE_S, Result
from tests.nemesis.shards import Splits

BEGIN, END = "<!-- nemesis -->", "<!-- end of nemesis -->"

_COLUMNS = (
    "engine",
    "minutes",
    "messages",
    "kills",
    "zombies (of stops)",
    "terms",
    "engine restarts",
    "lost answers of writes",
    "other faults",
    "samples",
    "wrong at a moment",
    "wrong in the end",
    "dead letters (put, open)",
    f"take-overs: p50, max s; over {LEASE_S + 2:g} s",
)


_OF_SHARDS = ("shards", "messages", "kills", "wrong rows", "never read", "read before their parent's end", "read twice")


def figures(
    made: str, results: Sequence[Result], splits: Sequence[Splits], quiet: Sequence[Idle], skipped: Sequence[str]
) -> list[str]:
    """A line that says how, a row an engine, a row for the shards that split, a line for those that are idle."""
    lines = [made, "", *_head(_COLUMNS), *map(_row, results), *(f"\n{reason}" for reason in skipped)]
    if splits:
        lines += ["", "Eight shards that split every three seconds, for two minutes, while the holder is killed:", ""]
        lines += [*_head(_OF_SHARDS), *map(_split, splits)]
    lines += [
        f"\n{one.shards} idle shards cost the worker {one.core:.0%} of a core, {one.memory_mb:.0f} MB." for one in quiet
    ]
    return lines


def _head(columns: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|---" + "|---:" * (len(columns) - 1) + "|"]


def _split(splits: Splits) -> str:
    order = splits.order
    bad = map(len, (order.unread, order.too_early, order.twice))
    counts = (order.shards, splits.messages, splits.kills, splits.wrong, *bad)
    return f"| {' | '.join(f'{count:,}' for count in counts)} |"


def complaints(result: Result) -> Iterator[str]:
    """What was wrong, a line each."""
    yield from (f"{result.engine}: {violation}" for violation in result.violations)
    yield from (f"{result.engine}: {complaint}" for complaint in result.complaints)


def _row(result: Result) -> str:
    facts = result.facts
    in_the_end = sum(violation.last for violation in result.violations)
    cells = [
        result.engine,
        f"{result.minutes:.1f}",
        f"{result.messages:,}",
        f"{len(facts.kills):,}",
        f"{facts.zombies} ({facts.stops})",
        f"{facts.terms} ({facts.slow_terms} slow)" if facts.slow_terms else f"{facts.terms}",
        f"{len(facts.restarts)}",
        f"{result.lost:,}",
        f"{result.other_faults:,}",
        f"{result.samples:,}",
        f"{len(result.violations) - in_the_end}",
        f"{in_the_end + len(result.complaints)}",
        f"{result.letters_put}, {result.letters}",
        _takeovers(result),
    ]
    return f"| {' | '.join(cells)} |"


def _takeovers(result: Result) -> str:
    times = result.takeovers
    if not times:
        return "none"
    return f"{len(times)}: {median(times):.1f}, {max(times):.1f}; {result.late_takeovers}"
