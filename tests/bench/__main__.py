"""`scripts/bench`: both contenders, interleaved, on one embedded engine; a table of ratios."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from os import environ  # noqa: TID251 - handed to processes of ours, not read
from pathlib import Path
from statistics import median
from typing import Annotated
from uuid import uuid4

import typer

from devstack.engine import Engine
from shared import console
from shared.settings import Settings
from tests.acceptance.stack import Stack
from tests.bench import api as http_api
from tests.bench import api_streams, scale_measured, scale_report
from tests.bench.contenders import CONTENDERS
from tests.bench.fleet import BEGIN, END, side_by_side
from tests.bench.process import Live, watch
from tests.bench.scenes import SCENES, Result, play, row_writes_of_a_new_conversation
from tests.places import settings_of
from tests.simulation.report import has_place, insert

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def compare(
    repetitions: Annotated[int, typer.Option(min=1, help="Of each scene and contender.")] = 3,
    write: Annotated[Path | None, typer.Option(help="Also write the report to this file.")] = None,
) -> None:
    """Count and time the original's loop and the worker.

    Example: scripts/bench --repetitions 1
    """
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder)) as engine:
        stack = Stack(settings_of(engine), Path(folder))
        results = {scene.name: _interleaved(engine, scene.name, repetitions) for scene in SCENES}
        fresh = row_writes_of_a_new_conversation(settings_of(engine))
        try:
            live = watch(stack)
        finally:
            stack.close()
    lines = list(_report(results, fresh, live))
    typer.echo("\n".join(lines))
    if write:
        write.write_text("\n".join(lines) + "\n", encoding="utf-8")


@app.command()
def fleet(
    takeover: Annotated[int, typer.Option(min=0, help="So many take-overs of each kind and driver.")] = 3,
    write: Annotated[Path | None, typer.Option(help="Put the figures into this document, between its markers.")] = None,
) -> None:
    """Time a host of the fleet beside the native driver, on DynamoDB Local.

    Example: scripts/bench fleet --takeover 0
    """
    if write and not has_place(write, BEGIN, END):
        raise typer.BadParameter(f"{write} must be there, with the lines {BEGIN} and {END}.")
    lines = side_by_side(takeover)
    typer.echo("\n".join(lines))
    if write:
        insert(write, lines, BEGIN, END)


@app.command()
def api(
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long each rate is kept up.")] = 10,
    write: Annotated[Path | None, typer.Option(help="Put the figures into this document, between its markers.")] = None,
    streams: Annotated[int, typer.Option(min=0, help="Instead: what so many open streams of events cost.")] = 0,
    most: Annotated[int, typer.Option(min=10, hidden=True)] = 100_000,
) -> None:
    """Find the highest rate at which the HTTP API answers in time, and what a request costs.

    Example: scripts/bench api --seconds 5
    """
    begin, end = (api_streams.BEGIN, api_streams.END) if streams else (http_api.BEGIN, http_api.END)
    if write and not has_place(write, begin, end):
        raise typer.BadParameter(f"{write} must be there, with the lines {begin} and {end}.")
    lines = api_streams.measure(streams, seconds) if streams else http_api.measure(seconds, most)
    typer.echo("\n".join(lines))
    if write:
        insert(write, lines, begin, end)


@app.command()
def scale(
    measure: Annotated[
        bool, typer.Option(help="First measure anew what it rests on, in a quarter of an hour.")
    ] = False,
    write: Annotated[bool, typer.Option(help="Put the tables into docs/scale.md and deploy/README.md.")] = False,
) -> None:
    """Work out what a load takes on AWS: shards, processes, capacity, money.

    Example: scripts/bench scale --write
    """
    if measure:
        scale_measured.keep(scale_measured.measure())
    found = scale_measured.kept()
    for (document, name), lines in scale_report.blocks(found).items():
        typer.echo("\n".join([f"{document.name}: {name}", *lines, ""]))
    if write:
        scale_report.write(found)


@app.command(hidden=True)
def one(scene: str, contender: str, table: str) -> None:
    """One run in a process of its own, so that its processor time is its own."""
    settings = Settings.read().model_copy(update={"message_table": f"m-{table}", "state_table": f"s-{table}"})
    typer.echo(json.dumps(asdict(play(next(s for s in SCENES if s.name == scene), contender, settings))))


def _interleaved(engine: Engine, scene: str, repetitions: int) -> dict[str, list[Result]]:
    """Reference, ours, reference, ours: whatever else the machine does falls on both."""
    results: dict[str, list[Result]] = {name: [] for name in CONTENDERS}
    for number in range(repetitions):
        for contender, runs in results.items():
            console.NOTES.print(f"{scene}: {contender}, run {number + 1} of {repetitions}")
            command = [sys.executable, "-m", "tests.bench", "one", scene, contender, uuid4().hex[:8]]
            done = subprocess.run(
                command, env={**environ, **engine.environment()}, stdout=subprocess.PIPE, check=True, text=True
            )
            runs.append(Result(**json.loads(done.stdout)))
    return results


def _report(results: dict[str, dict[str, list[Result]]], fresh: float, live: Live) -> list[str]:
    """Markdown: medians of the reference and ours, and ours as a share of the reference."""
    head = "| scene | | reference | ours | ours / reference |"
    rows = [row for scene, runs in results.items() for row in _rows(scene, runs)]
    return [
        head,
        "|---|---|---|---|---|",
        *rows,
        f"| new conversation | write units of the handler | | {fresh:g} | |",
        f"| worker, polling every 200 ms | put to row, p50 / p95 | | {live.p50_ms:.0f} / {live.p95_ms:.0f} ms | |",
        f"| | most memory | | {live.memory_mb:.0f} MB | |",
    ]


def _rows(scene: str, runs: dict[str, list[Result]]) -> list[str]:
    reference, ours = runs["reference"], runs["ours"]
    wanted = {
        "API calls a message": lambda r: r.calls / r.messages,
        "write units a message": lambda r: r.write_units / r.messages,
        "read units a message": lambda r: r.read_units / r.messages,
        "messages a second": lambda r: r.messages / r.wall_s,
        "processor ms a message": lambda r: 1000 * r.cpu_s / r.messages,
        "wrong rows in the end": lambda r: float(r.wrong),
    }
    lines = []
    for number, (name, value) in enumerate(wanted.items()):
        theirs, us = median(map(value, reference)), median(map(value, ours))
        ratio = f"{us / theirs:.2f}" if theirs else ""
        lines.append(f"| {scene if number == 0 else ''} | {name} | {_figure(theirs)} | {_figure(us)} | {ratio} |")
    return lines


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    console.run(app)
