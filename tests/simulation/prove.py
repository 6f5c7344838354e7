"""`scripts/prove`: the model check, the simulator, the same for the original; a report of it all."""

import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from signal import SIGTERM, signal
from time import perf_counter
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared import console
from tests.simulation import report
from tests.simulation.campaign import Tally, campaign, processes, silent
from tests.simulation.cloud.faults import Fault
from tests.simulation.corpus import scripts, seeds
from tests.simulation.model.scope import IN_PROOF, IN_TESTS
from tests.simulation.model.search import check
from tests.simulation.play import play
from tests.simulation.run import run
from tests.simulation.scenario import Driver
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.single_fault import everywhere

ENOUGH = 100  # runs of each scenario, in which everything interesting must have happened

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def prove(
    *,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each scenario.")] = 150,
    original: Annotated[int, typer.Option(min=0, help="Runs of each scenario with the original's algorithm.")] = 50,
    scenario: Annotated[list[str] | None, typer.Option(help="Runs of this one and nothing else; repeatable.")] = None,
    model: Annotated[bool, typer.Option(help="Or only small worlds in the model check (seconds).")] = True,
    faults: Annotated[bool, typer.Option(help="Also one fault at every call (minutes).")] = True,
    write: Annotated[Path | None, typer.Option(help="Put the figures into this document, between its markers.")] = None,
) -> None:
    """Try to break the promise; exit status 1 if it breaks, or if something that ought to happen never did.

    Example: scripts/prove --seeds 2000 --write docs/proof.md
    """
    names = scenario or list(SCENARIOS)
    if unknown := set(names) - set(SCENARIOS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))} is none of {', '.join(SCENARIOS)}.")
    if write and not report.has_place(write):
        raise typer.BadParameter(f"{write} must be there, with the lines {report.BEGIN} and {report.END}.")
    signal(SIGTERM, _stop)
    started = perf_counter()
    failures = list(_what_failed_once())
    verdicts = [] if scenario else _model(large=model)
    days = _everywhere() if faults and not scenario else {}
    ours, theirs = _simulate("ours", names, seeds), _simulate("original", names, original)
    command = shlex.join(["scripts/prove", *sys.argv[1:]])
    made = f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}, in {(perf_counter() - started) / 60:.0f} minutes."
    lines = report.figures(made, verdicts, days, ours, theirs)
    typer.echo("\n".join(lines))
    complaints = [*failures, *report.complaints(verdicts, days, ours)]
    missing = silent(ours) if not scenario else []
    for line in [*complaints, *report.missed(missing, enough=seeds >= ENOUGH)]:
        typer.echo(line, err=True)
    if write:
        report.insert(write, lines)
    is_broken = bool(complaints) or (bool(missing) and seeds >= ENOUGH)
    typer.echo(f"proof: {len(complaints)} broken in {sum(tally.runs for tally in ours.values()):,} runs", err=True)
    raise typer.Exit(1 if is_broken else 0)


def _stop(_signal: int, _frame: object) -> None:
    raise SystemExit(128 + SIGTERM)


def _model(*, large: bool) -> report.Verdicts:
    verdicts = []
    for scope in IN_PROOF if large else IN_TESTS:
        console.NOTES.print(f"model check: {scope}")
        verdicts.append((scope, check(scope)))
    return verdicts


def _what_failed_once() -> Iterator[str]:
    """Every kept seed of ours and every kept script: what failed once must hold today."""
    console.NOTES.print("what failed once")
    for kept in seeds():
        if kept.algorithm == "ours" and (found := run(SCENARIOS[kept.scenario], kept.seed).violations):
            yield f"{kept}: {found[0]}"
    for script in scripts():
        if found_here := play(script.steps, script.driver):
            yield f"{script}: {found_here[0]}"


def _everywhere() -> report.Faults:
    """One fault at every call, of every kind, under both drivers."""
    days = [(driver, fault) for driver in Driver for fault in Fault]
    console.NOTES.print("one fault at every call")
    with processes() as pool:
        return dict(zip(days, pool.starmap(everywhere, days, chunksize=1), strict=True))


def _simulate(contender: str, names: list[str], seeds: int) -> dict[str, Tally]:
    columns = (TextColumn("{task.description:20}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console.NOTES) as progress:
        task = progress.add_task(f"runs of {contender}", total=seeds * len(names))
        return campaign(contender, names, seeds, tell=lambda runs: progress.advance(task, runs))


if __name__ == "__main__":
    console.run(partial(app, prog_name="scripts/prove"))
