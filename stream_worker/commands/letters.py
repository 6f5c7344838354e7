"""`stream-worker dead-letters`: what could not be settled; list, show, redrive."""

from collections.abc import Mapping
from dataclasses import asdict
from threading import Event
from typing import Annotated

import typer

from shared import console, logging
from shared.dynamo import connect
from shared.errors import LetterUnknown
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.commands.walk import AsJson
from stream_worker.dead_letters import DeadLetters, Letter, Retrier
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.redrive import Redriver

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `list` shows it.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="As `list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="Every open letter.")]


def list_letters(*, as_json: AsJson = False) -> None:
    """List the open dead letters; the worker retries those that name a group, ever more slowly.

    Example: stream-worker dead-letters list --json
    """
    letters, _ = _open()
    facts = [_facts(letter) for letter in letters.open()]
    if as_json:
        console.emit_json(facts)
        return
    for fact in facts:
        when = f"next try {fact['next_try']}" if fact.get("group") else "waits for a person"
        typer.echo(f"{fact['sk']}  {fact['error']}  attempts {fact['attempts']}  {when}")
    typer.echo(f"dead letters: {len(facts)} open")


def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show one letter whole.

    Example: stream-worker dead-letters show "group#6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11#"
    """
    _, redriver = _open()
    [letter] = redriver.pick([name])
    facts = _facts(letter)
    if as_json:
        console.emit_json(facts)
        return
    for attribute, value in facts.items():
        typer.echo(f"{attribute:<16}  {value}")


def redrive(names: Names = None, *, every: All = False, as_json: AsJson = False) -> None:
    """Try letters again now, from the table as it is; exit status 1 if one stays open.

    A letter about a record that nobody could read has nothing to be reconciled: redriving it closes it.

    Example: stream-worker dead-letters redrive --all
    """
    if bool(names) == every:
        raise LetterUnknown("Name the dead letters to redrive, or say --all.")
    letters, redriver = _open()
    picked = letters.open() if every else redriver.pick(names or [])
    results = [redriver.redrive(letter) for letter in picked]
    still_open = [result for result in results if not result.settled]
    if as_json:
        console.emit_json([asdict(result) for result in results])
    else:
        for result in results:
            typer.echo(f"{'settled' if result.settled else 'open':<7}  {result.name}  {result.said}")
        typer.echo(f"dead letters: {len(results) - len(still_open)} settled, {len(still_open)} still open")
    if still_open:
        raise typer.Exit(console.FINDING)


def _open() -> tuple[DeadLetters, Redriver]:
    settings = Settings.read()
    logging.configure("WARNING", settings.log_format)
    log = logging.logger("worker")
    clients, retry = connect(settings), Retry(Event())
    letters = DeadLetters(assembly.state_of(clients, settings), assembly.now, log)
    store = assembly.store_of(clients, settings)
    reconciler = Reconciler(store, Memory(), retry)
    return letters, Redriver(letters, Retrier(letters, store, reconciler, assembly.now, log))


def _facts(letter: Letter) -> Mapping[str, object]:
    """The letter's attributes, without their types."""
    return {name: next(iter(value.values())) for name, value in sorted(letter.item.items())}
