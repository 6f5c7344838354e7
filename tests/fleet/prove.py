"""`scripts/prove --fleet`: hosts of the fleet killed in every way, for long; a report of it."""

import shlex
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from os import getloadavg
from pathlib import Path
from signal import SIGTERM, signal
from time import perf_counter
from typing import Annotated

import typer

from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from devstack.program import Program
from shared import console
from shared.settings import Settings
from stream_worker.drivers.kcl.jar import daemon_jar, installed
from tests.fleet import report
from tests.fleet.series import Series, series
from tests.fleet.takeover import Times, takeovers
from tests.nemesis.run import Goal
from tests.simulation.report import has_place, insert

SHOWN = 20  # of what is wrong; the logs have all of it
TOLD_EVERY_S = 15.0

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def prove(
    *,
    kills: Annotated[int, typer.Option(min=0, help="Until so many processes were killed.")] = 60,
    takeover: Annotated[int, typer.Option(min=0, help="Then so many take-overs of each kind are timed.")] = 8,
    seed: Annotated[int, typer.Option(help="Of what is done; what comes of it depends on the machine as well.")] = 1,
    keep: Annotated[Path | None, typer.Option(help="Keep histories and logs in this folder.", file_okay=False)] = None,
    write: Annotated[Path | None, typer.Option(help="Put the figures into this document, between its markers.")] = None,
) -> None:
    """Kill hosts, JVMs, children and supervisors of a fleet; exit status 1 if anything is lost or wrong.

    Example: scripts/prove --fleet --kills 12 --takeover 0
    """
    if write and not has_place(write, report.BEGIN, report.END):
        raise typer.BadParameter(f"{write} must be there, with the lines {report.BEGIN} and {report.END}.")
    signal(SIGTERM, _stop)
    installed("java", "Java 17")
    jar, started = daemon_jar(Settings.read(), console.NOTES.print), perf_counter()
    folder = keep or Path(tempfile.mkdtemp(prefix="fleet-"))
    goal = Goal(kills, 0, seed, users=24, groups=240, rate=6)
    found = _series(jar, folder / "series", goal) if kills else None
    times = _takeovers(jar, folder / "takeovers", takeover) if takeover else {}
    command = shlex.join(["scripts/prove", "--fleet", *sys.argv[1:]])
    took = f"in {(perf_counter() - started) / 60:.0f} minutes, load {getloadavg()[2]:.1f} on the last 15 of them"
    lines = report.figures(f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}, {took}.", found, times)
    typer.echo("\n".join(lines))
    wrong = found.wrong if found else ()
    for line in wrong[:SHOWN]:
        typer.echo(line, err=True)
    if write:
        insert(write, lines, report.BEGIN, report.END)
    typer.echo(f"fleet: {len(wrong)} wrong; histories and logs are in {folder}", err=True)
    raise typer.Exit(1 if wrong else 0)


def _stop(_signal: int, _frame: object) -> None:
    raise SystemExit(128 + SIGTERM)


def _series(jar: Path, folder: Path, goal: Goal) -> Series:
    folder.mkdir(parents=True, exist_ok=True)
    with Engine(folder, program=_local()) as engine:
        return series(engine, jar, folder, goal, _Progress(goal).tell)


def _takeovers(jar: Path, folder: Path, rounds: int) -> Times:
    console.NOTES.print(f"one shard, three hosts: {rounds} take-overs of each kind")
    folder.mkdir(parents=True, exist_ok=True)
    with Engine(folder, program=_local()) as engine:
        return takeovers(engine, jar, folder, rounds)


def _local() -> Program:
    PROGRAMS[EngineName.DYNAMODB_LOCAL].prepare()
    return PROGRAMS[EngineName.DYNAMODB_LOCAL]


class _Progress:
    """Says now and then how far it is."""

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._started = self._told = perf_counter()

    def tell(self, kills: int, messages: int) -> None:
        now = perf_counter()
        if now - self._told >= TOLD_EVERY_S:
            self._told = now
            minutes = (now - self._started) / 60
            console.NOTES.print(f"{kills} of {self._goal.kills} kills, {messages:,} messages, {minutes:.1f} minutes")


if __name__ == "__main__":
    console.run(partial(app, prog_name="scripts/prove --fleet"))
