"""`producer`: makes the tables, writes messages, looks at what is there."""

from typing import Annotated

import typer

from producer.commands import canary, load, look, talk
from shared import console

app = typer.Typer(
    help="Writes messages and looks at the table. Settings come from the environment; see docs/settings.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",  # the other mode keeps the line breaks of docstrings
)

app.command("schema-load")(load.schema_load)
app.command("seed")(load.seed)
app.command("scan")(look.scan)
app.command("start")(talk.start)
app.command("send")(talk.send)
app.command("edit")(talk.edit)
app.command("delete")(talk.delete)
app.command("join")(talk.join)
app.command("leave")(talk.leave)
app.command("list-conversations")(look.list_conversations)
app.command("get-conversation")(look.get_conversation)
app.command("traffic")(load.traffic)
app.command("canary")(canary.canary)


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=console.show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of `producer` itself."""


def main() -> None:
    """Run `producer`."""
    console.run(app)


if __name__ == "__main__":
    main()
