"""The commands of `chat-app`."""

from typing import Annotated

import typer

from chat_app.commands import serve, users
from shared import console

app = typer.Typer(
    help="The chat's HTTP API, its users in Postgres, Cognito at the door. Settings: docs/settings.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",  # the other mode keeps the line breaks of docstrings
)

app.command("serve")(serve.serve)
app.command("migrate")(users.migrate)
app.command("seed-users")(users.seed)
app.command("update-cognito-ids")(users.update_cognito_ids)


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=console.show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of `chat-app` itself."""
