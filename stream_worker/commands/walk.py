"""What the commands that walk through the table share: options, a metered table, progress, findings as they come."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task
from rich.text import Text

from shared import console
from shared.directory import JsonDirectory
from shared.dynamo import Clients, connect
from shared.errors import BadInput, GroupUnknown
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.pace import Meter, Paced
from stream_worker.pool import Pool
from stream_worker.verify.survey import Scope, Survey
from stream_worker.verify.table import Table
from stream_worker.verify.verifier import Verifier

ENGINE_PATIENCE_S = 30.0  # of a walk whose engine is away

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Patience = Annotated[float, typer.Option(help="Seconds that a row may take to become right.", min=0)]
Rate = Annotated[float | None, typer.Option(help="Capacity units a second, at most; no limit without it.", min=1)]
Group = Annotated[str | None, typer.Option(metavar="ID", help="Only this message group; mostly a UUID.")]
User = Annotated[str | None, typer.Option(metavar="UUID|HANDLE", help="Only this user's rows.")]


@dataclass(frozen=True, slots=True)
class Walk:
    """A table to walk through, the walk, and what it has consumed."""

    table: Table
    survey: Survey
    verifier: Verifier
    meter: Meter
    user: str

    def refuse_nobody(self) -> None:
        """After the walk: "nothing is wrong" would be a lie about a user of whom there is no sign.

        Raises:
            BadInput: nothing in the table tells of the user who was asked for.
        """
        if self.user and not self.survey.tally.asked_for:
            raise BadInput(f"Nobody knows the user {self.user}: no row, roster or message tells of them.")

    def counts(self) -> dict[str, object]:
        """How much was seen, for programs."""
        tally = self.survey.tally
        seen = {"messages": tally.messages, "rows": tally.rows, "groups": tally.groups}
        return {**seen, "capacity_units": round(self.meter.units, 1)}


def open_walk(group: str | None, user: str | None, rate: float | None, patience_s: float) -> Walk:
    """Everything put together, from the settings.

    Raises:
        GroupUnknown: there is no sign of the group (no id is refused for its form: the original's may have any).
    """
    settings = Settings.read()
    retry = Retry(Event(), total_s=ENGINE_PATIENCE_S)
    meter = Meter(rate, retry.stop.wait, time.monotonic)
    clients = connect(settings)
    client = Paced(clients.dynamodb.raw, meter=meter, retry=retry, tell=console.say_once(ENGINE_PATIENCE_S))
    store = assembly.store_of(Clients(client, clients.streams), settings)
    table = Table(client, settings.message_table, store, retry)
    scope = Scope(group or "", _user_uuid(settings, user) if user is not None else "")
    if group is not None and not (group and table.read.knows(group)):
        raise GroupUnknown(f'Nobody knows the group "{group}": `producer list-conversations` shows those of a user.')
    survey = Survey(table, scope, Pool(assembly.GROUP_THREADS, "walk"))
    return Walk(table, survey, Verifier(table, survey, patience_s, time.monotonic), meter, scope.user)


@contextmanager
def progress(walk: Walk, what: str, *, as_json: bool) -> Iterator[Callable[[str], None]]:
    """Show how far the walk is, on stderr, where that is a terminal; what is given prints a line beside it.

    rich would print what it is beside to stderr as well (`redirect_stdout`), where no pipe gets it.
    """
    columns = (SpinnerColumn(), _Seen(walk))
    is_hidden = not console.NOTES.is_terminal or (as_json and sys.stdout.isatty())  # JSON is printed in pieces
    with Progress(*columns, console=console.NOTES, transient=True, redirect_stdout=False, disable=is_hidden) as shown:
        shown.add_task(what)

        def say(line: str) -> None:
            shown.stop()
            typer.echo(line)
            shown.start()

        yield say


def emit_json(name: str, entries: Iterable[Mapping[str, object]], closing: Callable[[], Mapping[str, object]]) -> None:
    """Print one JSON object: a list whose entries are printed as they come, then what is known at the end."""
    typer.echo(f"{{{json.dumps(name)}: [", nl=False)
    for number, entry in enumerate(entries):
        typer.echo(("," if number else "") + "\n  " + json.dumps(entry, ensure_ascii=False, default=str), nl=False)
    typer.echo("\n], " + json.dumps(closing(), default=str)[1:])


def _user_uuid(settings: Settings, user: str) -> str:
    """A UUID as it is; anything else is a handle.

    Raises:
        HandleUnknown: nobody has it.
    """
    try:
        return str(UUID(user))
    except ValueError:
        return JsonDirectory(settings.users_file).by_handle(user).uuid


class _Seen(ProgressColumn):
    """What was seen so far: it is asked whenever the line is drawn."""

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self._walk = walk

    def render(self, task: Task) -> Text:
        seen, units = self._walk.survey.tally.items, self._walk.meter.units
        return Text(f"{task.description}: {seen:,} items seen, {units:,.0f} capacity units")
