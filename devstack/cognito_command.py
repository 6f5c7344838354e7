"""`devstack cognito`: the command."""

from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Annotated
from urllib.parse import urlsplit

import typer

from devstack.cognito import PASSWORD, make_pool
from shared.console import NOTES, emit_json
from shared.directory import read_entries
from shared.dynamo import connect_cognito
from shared.errors import BadInput, NotAllowed
from shared.retry import Retry
from shared.settings import Settings

_PATIENCE_S = 60.0  # a container that has just been started
_AMAZON = ("amazonaws.com", "amazonaws.com.cn", "api.aws")


def cognito(
    *,
    write: Annotated[
        Path | None, typer.Option(help="Write the variables to this file, as a .env has them.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The variables for programs.")] = False,
) -> None:
    """Make a user pool, its app client and the users of USERS_FILE in the emulator of AWS_ENDPOINT_URL.

    What is there already stays as it is. Everybody knows the users' password: Amazon's own Cognito is refused.
    """
    settings = Settings.read()
    endpoint, users = _emulator(settings), read_entries(settings.users_file)
    client = connect_cognito(settings)
    with closing(client.raw):
        pool = Retry(Event(), total_s=_PATIENCE_S).call(lambda: make_pool(client, users))
    variables = {
        "COGNITO_USER_POOL_ID": pool.pool_id,
        "COGNITO_CLIENT_ID": pool.client_id,
        "COGNITO_JWKS_URL": f"{endpoint}/{pool.pool_id}/.well-known/jwks.json",
    }
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    if write:
        _replace(write, lines)
    if as_json:
        emit_json(variables)
    elif not write:
        typer.echo(lines, nl=False)
    NOTES.print(f"Sign in as {', '.join(user.handle for user in users)}; the password is {PASSWORD}", soft_wrap=True)


def _emulator(settings: Settings) -> str:
    """Where the emulator is.

    Raises:
        NotAllowed: it is none.
    """
    endpoint = (settings.cognito_endpoint or settings.endpoint or "").rstrip("/")
    if not endpoint or (urlsplit(endpoint).hostname or "").endswith(_AMAZON):
        raise NotAllowed(
            "This makes users whose password everybody knows, so it does in an emulator only: "
            "set AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER to one."
        )
    return endpoint


def _replace(file: Path, text: str) -> None:
    """Write it whole or not at all: somebody may be waiting for it.

    Raises:
        BadInput: it cannot be written.
    """
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.write_text(text)
        fresh.replace(file)
    except OSError as error:
        raise BadInput(f"The file {file} cannot be written: {error.strerror or error}.") from error
