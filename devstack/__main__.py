"""`devstack`: an embedded engine for this machine, no Docker, no account."""

import shlex
import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from devstack.streams.command import streams
from shared.console import NOTES, emit_json, run, show_version
from shared.errors import EngineBusy, EngineFailed

ROOT = Path(__file__).resolve().parent.parent

# They would outrank what `env` prints, and could lead elsewhere than to this machine.
_OUTRANKING = ("AWS_PROFILE", "AWS_SESSION_TOKEN")

_ENDED_WHEN_ASKED = frozenset({0, -signal.SIGTERM, 128 + signal.SIGTERM})  # the last is a JVM's

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
    """Run an embedded DynamoDB engine on this machine."""


@app.command(epilog="Example: devstack up --detach")
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
    detach: Annotated[bool, typer.Option("--detach", help="Leave it running and return.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say where it answers, not how to use it.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Start the engine, and stop it at Ctrl-C; what was stored in it stays for the next time."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    keeper = Engine(folder, port, program=PROGRAMS[engine])
    try:
        keeper.start(detach=detach)
    except EngineBusy as busy:
        typer.echo(str(busy))
        return
    typer.echo(f"{engine} is ready at {keeper.url}")
    where = "" if folder == DEFAULT_FOLDER else f" --folder {shlex.quote(str(folder))}"
    if not quiet:
        NOTES.print(f'Point a shell at it: eval "$(devstack env{where})"', soft_wrap=True, markup=False)
    if (note := PROGRAMS[engine].note) and not quiet:
        NOTES.print(note, soft_wrap=True)
    if not detach:
        _keep(keeper, stop)


@app.command(epilog='Example: eval "$(devstack env)"')
def env(
    *,
    json: Annotated[bool, typer.Option("--json", help="The variables for programs.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Print the shell commands that point our commands, boto3 and the AWS CLI at the running engine."""
    variables = Engine(folder).environment()
    if json:
        emit_json(variables)
        return
    typer.echo(f"unset {' '.join(_OUTRANKING)}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command(epilog="Example: devstack down")
def down(*, folder: Folder = DEFAULT_FOLDER) -> None:
    """Stop the engine; what was stored in it stays."""
    keeper = Engine(folder)
    record = keeper.running()
    keeper.stop()
    typer.echo(f"{record.program} at {record.url} is stopped" if record else "no engine is running here")


app.command(epilog="Example: devstack streams --shards 8 --split-every 5")(streams)


def _keep(keeper: Engine, stop: Event) -> None:
    """Watch over the engine until we are asked to stop, or `devstack down` stops it."""
    try:
        while not stop.wait(0.5):
            status = keeper.exit_status()
            if status in _ENDED_WHEN_ASKED:
                return
            if status is not None:
                raise EngineFailed(f"The engine ended with status {status}; its last words: {keeper.last_words()}")
    finally:
        keeper.stop()


def main() -> None:
    """The entry point."""
    run(app)


if __name__ == "__main__":
    main()
