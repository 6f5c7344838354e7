"""`scripts/prove --nemesis`: real processes on real engines, killed, stopped, lied to; a report of it."""

import os
import shlex
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from signal import SIGTERM, signal
from time import perf_counter
from typing import Annotated

import typer

from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from shared import console
from shared.errors import EngineMissing
from tests.nemesis import report
from tests.nemesis.idle import SHARDS, Idle, idle
from tests.nemesis.run import Goal, Result, run
from tests.nemesis.shards import Splits, splits_and_kills
from tests.places import settings_of
from tests.simulation.report import has_place, insert

SHOWN = 20  # of what is wrong; the history has all of it
TOLD_EVERY_S = 15.0

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def prove(
    *,
    engine: Annotated[
        list[EngineName] | None, typer.Option(help="On this engine; repeatable.", show_default="both")
    ] = None,
    kills: Annotated[int, typer.Option(min=0, help="Until so many workers were killed,")] = 200,
    lost: Annotated[int, typer.Option(min=0, help="and the answers to so many writes were lost, on each.")] = 200,
    seed: Annotated[int, typer.Option(help="Of what is done; what comes of it depends on the machine as well.")] = 1,
    shards: Annotated[bool, typer.Option(help="Also two minutes of splitting shards, and 150 idle ones.")] = True,
    keep: Annotated[Path | None, typer.Option(help="Keep histories and logs in this folder.", file_okay=False)] = None,
    write: Annotated[Path | None, typer.Option(help="Put the figures into this document, between its markers.")] = None,
) -> None:
    """Kill, stop and terminate real workers on real engines, lose their answers; exit status 1 if anything is wrong.

    Example: scripts/prove --nemesis --engine ministack --kills 20 --lost 20
    """
    if write and not has_place(write, report.BEGIN, report.END):
        raise typer.BadParameter(f"{write} must be there, with the lines {report.BEGIN} and {report.END}.")
    signal(SIGTERM, _stop)
    started, goal = perf_counter(), Goal(kills, lost, seed)
    names = installed(engine or list(EngineName))
    folder = keep or Path(tempfile.mkdtemp(prefix="nemesis-"))
    results = [_on(name, folder / name, goal) for name in names]
    splits = [_splits(names[0], folder / "shards")] if shards else []
    quiet = [_idle(names[0], folder / "idle")] if shards else []
    skipped = [
        f"{name} is not installed here: nothing is said of it." for name in engine or EngineName if name not in names
    ]
    command = shlex.join(["scripts/prove", "--nemesis", *sys.argv[1:]])
    made = f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}, in {(perf_counter() - started) / 60:.0f} minutes."
    lines = report.figures(made, results, splits, quiet, skipped)
    typer.echo("\n".join(lines))
    wrong = [line for result in results for line in report.complaints(result)]
    wrong += [f"splitting shards: {split}" for split in splits if split.wrong or not split.order.is_right]
    for line in wrong[:SHOWN]:
        typer.echo(line, err=True)
    if write:
        insert(write, lines, report.BEGIN, report.END)
    typer.echo(f"nemesis: {len(wrong)} wrong; histories and logs are in {folder}", err=True)
    raise typer.Exit(1 if wrong else 0)


def _stop(_signal: int, _frame: object) -> None:
    raise SystemExit(128 + SIGTERM)


def installed(names: list[EngineName]) -> list[EngineName]:
    """The engines that can be started here; where CI is set all must be.

    Raises:
        EngineMissing: one is not installed, in CI, or none is.
    """
    found: list[EngineName] = []
    for name in names:
        try:
            PROGRAMS[name].prepare()
        except EngineMissing as missing:
            if os.environ.get("CI") or len(names) == 1:  # noqa: TID251 - CI is no setting of ours
                raise
            console.NOTES.print(f"{name} is skipped: {missing}", soft_wrap=True)
        else:
            found.append(name)
    return found


def _on(name: EngineName, folder: Path, goal: Goal) -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    with Engine(folder, program=PROGRAMS[name]) as engine:
        return run(engine, name, folder, goal, _Progress(name, goal).tell)


def _splits(name: EngineName, folder: Path) -> Splits:
    console.NOTES.print(f"{name}: eight shards split under traffic and kills")
    folder.mkdir(parents=True, exist_ok=True)
    with Engine(folder, program=PROGRAMS[name]) as engine:
        return splits_and_kills(settings_of(engine), folder)


def _idle(name: EngineName, folder: Path) -> Idle:
    console.NOTES.print(f"{name}: {SHARDS} idle shards")
    folder.mkdir(parents=True, exist_ok=True)
    with Engine(folder, program=PROGRAMS[name]) as engine:
        return idle(settings_of(engine), folder)


class _Progress:
    """Says now and then how far it is."""

    def __init__(self, name: str, goal: Goal) -> None:
        self._name, self._goal = name, goal
        self._started = self._told = perf_counter()

    def tell(self, kills: int, lost: int, messages: int) -> None:
        now, goal = perf_counter(), self._goal
        if now - self._told >= TOLD_EVERY_S:
            self._told = now
            minutes = (now - self._started) / 60
            so_far = f"{kills} of {goal.kills} kills, {lost} of {goal.lost} lost answers, {messages:,} messages"
            console.NOTES.print(f"{self._name}: {so_far}, {minutes:.1f} minutes", soft_wrap=True)


if __name__ == "__main__":
    console.run(partial(app, prog_name="scripts/prove --nemesis"))
