"""The figures of a proof, as Markdown; and where they stand in a document."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.simulation.campaign import EVENTS, Tally
from tests.simulation.cloud.faults import Fault
from tests.simulation.model.scope import Scope
from tests.simulation.model.search import Verdict
from tests.simulation.scenario import Driver
from tests.simulation.single_fault import Everywhere

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"

Verdicts = Sequence[tuple[Scope, Verdict]]
Faults = Mapping[tuple[Driver, Fault], Everywhere]
Tallies = Mapping[str, Tally]


def figures(made: str, verdicts: Verdicts, faults: Faults, ours: Tallies, theirs: Tallies) -> list[str]:
    """Everything that was counted, under a line that says how."""
    return [
        made,
        "",
        "### The model check: every interleaving",
        "",
        *_model(verdicts),
        "",
        "### One fault at every call of the workers",
        "",
        *_faults(faults),
        "",
        "### The simulator",
        "",
        *_runs(ours, theirs),
        "",
        "### What happened in these runs",
        "",
        *_events(ours),
    ]


def complaints(verdicts: Verdicts, faults: Faults, ours: Tallies) -> Iterator[str]:
    """What broke, each with the command that shows it."""
    for scope, verdict in verdicts:
        if verdict.counterexample:
            yield f"model check, {scope}: " + "; ".join(verdict.counterexample)
    for (driver, fault), found in faults.items():
        if found.wrong:
            yield f"{fault.value}, {driver.value} driver: at calls {sorted(found.wrong)}"
    for tally in ours.values():
        for result in tally.worst:
            yield f"{result.violations[0]}\n    {result.replay}"


def missed(events: Sequence[str], *, enough: bool) -> Iterator[str]:
    """What never happened, and whether that says anything."""
    if events:
        what = "a scenario has lost a tooth" if enough else "so few runs cannot show everything: take 150 or more"
        yield f"{len(events)} events never happened ({what}): {', '.join(events)}"


def has_place(document: Path, begin: str = BEGIN, end: str = END) -> bool:
    """Whether figures can be put into this document: it is there, with both markers."""
    if not document.is_file():
        return False
    _, found, rest = document.read_text(encoding="utf-8").partition(begin)
    return bool(found) and end in rest


def insert(document: Path, lines: Sequence[str], begin: str = BEGIN, end: str = END) -> None:
    """Put the figures between the document's markers, where `has_place`."""
    head, _, rest = document.read_text(encoding="utf-8").partition(begin)
    _, _, tail = rest.partition(end)
    document.write_text("\n".join([head + begin, *lines, end]) + tail, encoding="utf-8")


def _model(verdicts: Verdicts) -> Iterator[str]:
    yield "| world | states | transitions | seconds | result |"
    yield "|---|---:|---:|---:|---|"
    for scope, verdict in verdicts:
        result = "**wrong**" if verdict.counterexample else "right"
        yield f"| {scope} | {verdict.states:,} | {verdict.transitions:,} | {verdict.seconds:.0f} | {result} |"


def _faults(faults: Faults) -> Iterator[str]:
    yield "| fault | " + " | ".join(f"{driver.value} driver: days, fault met, wrong" for driver in Driver) + " |"
    yield "|---|" + "---:|" * len(Driver)
    for fault in Fault:
        found = [faults[driver, fault] for driver in Driver if (driver, fault) in faults]
        cells = [f"{days.days:,}, {days.met:,}, {len(days.wrong)}" for days in found]
        yield f"| {fault.value} | {' | '.join(cells)} |"


def _runs(ours: Tallies, theirs: Tallies) -> Iterator[str]:
    yield "| scenario | runs | violations | faults | zombie commits refused | calls a message | the original: broken |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, tally in ours.items():
        yield _row(name, tally, theirs[name])
    yield _row("**all**", _sum(ours), _sum(theirs))


def _row(name: str, ours: Tally, theirs: Tally) -> str:
    calls = f"{ours.calls / ours.messages:.0f}" if ours.messages else ""
    cells = [
        name,
        f"{ours.runs:,}",
        f"{ours.bad:,}",
        f"{ours.faults.total():,}",
        f"{ours.seen['zombie commit refused']:,}",
        calls,
        f"{theirs.bad} of {theirs.runs}, {theirs.lasting} for ever",
    ]
    return f"| {' | '.join(cells)} |"


def _events(ours: Tallies) -> Iterator[str]:
    whole = _sum(ours)
    seen: Counter[str] = whole.seen + whole.faults
    yield "; ".join(f"{event.replace('_', ' ')} {seen[event]:,}" for event in EVENTS) + "."


def _sum(tallies: Tallies) -> Tally:
    total = Tally()
    for tally in tallies.values():
        total.join(tally)
    return total
