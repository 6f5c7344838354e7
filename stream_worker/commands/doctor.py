"""`stream-worker doctor`: what could keep the worker from working."""

from collections.abc import Iterable
from dataclasses import asdict

import typer

from shared import console
from stream_worker import assembly
from stream_worker.commands.walk import AsJson
from stream_worker.doctor.access import Access
from stream_worker.doctor.examination import Line, Status, examine
from stream_worker.doctor.surroundings import Surroundings
from stream_worker.doctor.worker import Traces


def doctor(*, as_json: AsJson = False) -> None:
    """Look at everything the worker needs, a line each with what mends it; exit status 1 if something fails.

    Nothing is changed: permissions to write are tried by writes whose conditions cannot hold.

    Example: stream-worker doctor --json
    """
    surroundings = Surroundings(assembly.now)
    checks = [*surroundings.checks(), *Access(surroundings).checks(), *Traces(surroundings).checks()]
    lines = list(examine(checks)) if as_json else _printed(examine(checks))
    if as_json:
        console.emit_json([asdict(line) for line in lines])
    if any(line.status is Status.FAIL for line in lines):
        raise typer.Exit(console.FINDING)


def _printed(lines: Iterable[Line]) -> list[Line]:
    """The same lines, each printed as it comes: a check may take a while."""
    printed = []
    for line in lines:
        typer.echo(f"{line.status:<11}  {line.check:<17}  {line.text}")
        printed.append(line)
    failed, warned = (sum(line.status is status for line in printed) for status in (Status.FAIL, Status.WARN))
    typer.echo(f"doctor: {failed} failed, {warned} to look at")
    return printed
