"""`devstack`: an embedded engine for this machine, no Docker, no account."""

import shlex
import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from devstack import keeping
from devstack.application import Application, refuse_without_cognito
from devstack.cognito_command import cognito
from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from devstack.streams.command import streams
from devstack.visit import token, visit
from shared.console import NOTES, emit_json, run, show_version

ROOT = Path(__file__).resolve().parent.parent

# They would outrank what `env` prints, and could lead elsewhere than to this machine.
_OUTRANKING = ("AWS_PROFILE", "AWS_SESSION_TOKEN")

Folder = Annotated[
    Path,
    typer.Option(help="Where data, log and record are kept.", show_default=".local of the project", file_okay=False),
]
DEFAULT_FOLDER = ROOT / ".local"

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def devstack(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run an embedded DynamoDB engine on this machine, and the application on top of it."""


@app.command(epilog="Example: devstack up --app --detach")
def up(
    *,
    engine: Annotated[
        EngineName,
        typer.Option(
            help="Which engine; dynamodb-local needs Java 17 and Maven, fetches itself once, "
            "and listens on all interfaces: it cannot be told otherwise."
        ),
    ] = EngineName.MINISTACK,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, show_default="the one used last, or a free one", help="Its port.")
    ] = None,
    with_app: Annotated[
        bool, typer.Option("--app", help="With the application: its API, its users in Postgres and in a Cognito pool.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it running and return.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say where it answers, not how to use it.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Start the engine, and stop it at Ctrl-C; what was stored in it stays for the next time."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    keeper = Engine(folder, port, program=PROGRAMS[engine])
    application = Application(folder, keeper)
    application.stop_unwanted()
    if with_app:
        refuse_without_cognito(engine)
    started = keeping.start([keeper, application] if with_app else [keeper], detach=detach)
    if started and not quiet:
        where = "" if folder == DEFAULT_FOLDER else f" --folder {shlex.quote(str(folder))}"
        notes = [f'Point a shell at it: eval "$(devstack env{where})"', PROGRAMS[engine].note]
        url = application.url if with_app else ""
        told = [application.sign_ins, f"The chat: {url}/ (its API, to read and try: {url}/docs)"] if with_app else []
        for note in filter(None, [*notes, *told]):
            NOTES.print(note, soft_wrap=True, markup=False)
    if started and not detach:
        keeping.watch(started, stop)


@app.command(epilog='Example: eval "$(devstack env)"')
def env(
    *,
    json: Annotated[bool, typer.Option("--json", help="The variables for programs.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Print the shell commands that point our commands, boto3 and the AWS CLI at the running engine."""
    keeper = Engine(folder)
    variables = keeper.environment() | Application(folder, keeper).environment()
    if json:
        emit_json(variables)
        return
    typer.echo(f"unset {' '.join(_OUTRANKING)}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command(epilog="Example: devstack down")
def down(*, folder: Folder = DEFAULT_FOLDER) -> None:
    """Stop the application, its Postgres and the engine; what was stored in them stays."""
    keeper = Engine(folder)
    application = Application(folder, keeper)
    served, record = application.running(), keeper.running()
    application.stop()
    keeper.stop()
    if served:
        typer.echo(f"{application.name} at {served.url} is stopped")
    typer.echo(f"{record.program} at {record.url} is stopped" if record else "no engine is running here")


app.command(epilog="Example: devstack streams --shards 8 --split-every 5")(streams)
app.command(epilog="Example: devstack cognito --write pool.env")(cognito)
app.command(epilog="Example: devstack visit")(visit)
app.command(epilog="Example: devstack token bayko")(token)


def main() -> None:
    """The entry point."""
    run(app)


if __name__ == "__main__":
    main()
