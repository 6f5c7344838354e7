"""`stream-worker`: keeps conversation rows right, and shows whether they are."""

from typing import Annotated

import typer

from shared import console
from stream_worker.commands import doctor, health, kcl, repair, run, tapes, verify
from stream_worker.commands import letters as letter_commands

app = typer.Typer(
    help="Pattern E: keeps every member's conversation row at the newest message. Settings: docs/settings.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",  # the other mode keeps the line breaks of docstrings
)
letters = typer.Typer(
    help="What could not be settled; it is retried by itself.\n\nExample: stream-worker dead-letters list",
    no_args_is_help=True,
)

app.command("run")(run.run)
app.command("record")(tapes.record)
app.command("replay")(tapes.replay)
app.command("verify")(verify.verify)
app.command("repair")(repair.repair)
letters.command("list")(letter_commands.list_letters)
letters.command("show")(letter_commands.show)
letters.command("redrive")(letter_commands.redrive)
app.add_typer(letters, name="dead-letters")
app.command("doctor")(doctor.doctor)
app.command("health")(health.health)
app.command("kcl-build")(kcl.build)


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=console.show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of `stream-worker` itself."""


def main() -> None:
    """Run `stream-worker`."""
    console.run(app)


if __name__ == "__main__":
    main()
