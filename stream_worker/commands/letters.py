"""`stream-worker dead-letters`: what could not be settled."""

import typer

from shared import console, logging
from shared.dynamo import connect
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.commands.walk import AsJson
from stream_worker.dead_letters import DeadLetters


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
