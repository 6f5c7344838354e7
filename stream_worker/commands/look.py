"""Commands that look: verify, dead-letters list."""

import time
from dataclasses import asdict
from threading import Event
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from shared import console, logging
from shared.dynamo import connect
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.dead_letters import DeadLetters
from stream_worker.verify.findings import Grade
from stream_worker.verify.verifier import Report, Verifier

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def verify(
    *,
    patience: Annotated[float, typer.Option(help="Seconds that a row may take to become right.", min=0)] = 10,
    as_json: AsJson = False,
) -> None:
    """Recompute every row from messages and rosters; exit status 1 if one is wrong.

    Example: stream-worker verify --patience 30
    """
    settings = Settings.read()
    clients = connect(settings)
    store = assembly.store_of(clients, settings, Retry(Event()))
    verifier = Verifier(clients.dynamodb, settings.message_table, store, time.monotonic)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console.NOTES, transient=True) as progress:
        task = progress.add_task("verifying")
        report = verifier.verify(patience, lambda n: progress.update(task, description=f"verifying: {n} items seen"))
    if as_json:
        console.emit_json({**_counts(report), "findings": [asdict(finding) for finding in report.findings]})
    else:
        _print(report)
    if report.count(Grade.WRONG):
        raise typer.Exit(console.FINDING)


def list_letters(*, as_json: AsJson = False) -> None:
    """List the open dead letters.

    Example: stream-worker dead-letters list --json
    """
    settings = Settings.read()
    state = assembly.state_of(connect(settings), settings)
    letters = DeadLetters(state, assembly.now, logging.logger("worker")).open()
    facts = [{name: next(iter(value.values())) for name, value in letter.item.items()} for letter in letters]
    if as_json:
        console.emit_json(facts)
        return
    for fact in facts:
        typer.echo(f"{fact['sk']}  {fact['error']}  attempts {fact['attempts']}  next try {fact['next_try']}")
    typer.echo(f"dead letters: {len(facts)} open")


def _counts(report: Report) -> dict[str, int]:
    grades = {grade.value: report.count(grade) for grade in Grade}
    return {**grades, "messages": report.messages, "rows": report.rows, "groups": report.groups}


def _print(report: Report) -> None:
    for found in report.findings:
        typer.echo(
            f"{found.grade:<7}  {found.what:<9}  group {found.group or '-'}  user {found.user or '-'}  {found.detail}"
        )
    counts = _counts(report)
    typer.echo(
        f"verify: {counts['wrong']} wrong, {counts['suspect']} suspect, {counts['odd']} odd "
        f"({counts['rows']} rows, {counts['groups']} groups, {counts['messages']} messages)"
    )
