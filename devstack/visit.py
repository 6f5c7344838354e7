"""`devstack visit` and `devstack token`: people sign in and talk over HTTP, patterns A to E one after the other."""

import time
from collections.abc import Sequence
from contextlib import closing
from threading import Event
from typing import Annotated

import typer

from devstack.visitor import Json, Visitor
from shared.dynamo import connect_cognito
from shared.errors import SettingInvalid, WorkerBehind
from shared.settings import Settings

_LOOK_AGAIN_S = 0.02
_SHOWN = 3
_WIDTH = 36

Wait = Annotated[float, typer.Option("--wait", metavar="SECONDS", help="How long the worker may take to move a row.")]


def token(handle: Annotated[str, typer.Argument(metavar="HANDLE", help="Who signs in.")]) -> None:
    """Sign in as somebody, and print their access token, good for 15 minutes: for curl, or the page at /docs."""
    settings = Settings.read()
    cognito, client = connect_cognito(settings), _client_of(settings)
    with closing(cognito.raw):
        typer.echo(Visitor.sign_in(cognito, client, handle, settings.app_host, settings.app_port).token)


def visit(*, wait: Wait = 60.0) -> None:
    """Sign in as the users that come with us, and talk over HTTP: each of the patterns A to E once, shown.

    It needs the application (`devstack up --app`, or the compose file), both tables, and a worker.
    """
    settings = Settings.read()
    cognito, client = connect_cognito(settings), _client_of(settings)
    host, port = settings.app_host, settings.app_port
    with closing(cognito.raw):
        andrew, bayko, londo = (
            Visitor.sign_in(cognito, client, handle, host, port) for handle in ("andrewbrown", "bayko", "londo")
        )
    typer.echo("andrewbrown, bayko and londo sign in: each has an access token for 15 minutes")
    _start(londo, andrew, "Is the seat beside you free?")
    _show_list(andrew)
    group = _start(bayko, andrew, "I kept one for you.")
    _await_worker((andrew, bayko), group, bayko.messages(group)[-1], wait)
    _show_list(andrew)
    _show_messages(andrew, group)
    theirs = _conversation_with(andrew, "londo")["uuid"]
    typer.echo('C  londo to andrewbrown: "Never mind, I stand on the table."')
    _await_worker((andrew, londo), theirs, londo.send(theirs, "Never mind, I stand on the table."), wait)
    _show_list(andrew)


def _client_of(settings: Settings) -> str:
    if not settings.client_id:
        raise SettingInvalid('COGNITO_CLIENT_ID is not set: eval "$(devstack env)" after `devstack up --app`.')
    return settings.client_id


def _start(one: Visitor, other: Visitor, text: str) -> str:
    typer.echo(f'D  {one.handle} to {other.handle}: "{text}"')
    return one.start(other.handle, text)


def _await_worker(people: Sequence[Visitor], group: str, message: Json, wait_s: float) -> None:
    """Until everybody's newest conversation is this one, with this message."""
    began, pause = time.monotonic(), Event()
    while not all(_is_on_top(person, group, message) for person in people):
        if time.monotonic() - began > wait_s:
            raise WorkerBehind(f"The message is written, but no row shows it after {wait_s:g} s: is a worker running?")
        pause.wait(_LOOK_AGAIN_S)
    took_ms = 1000 * (time.monotonic() - began)
    handles = " and ".join(person.handle for person in people)
    typer.echo(f"E  on top of the lists of {handles} after {took_ms:.0f} ms, moved by the worker")


def _is_on_top(person: Visitor, group: str, message: Json) -> bool:
    top = person.conversations()[0]
    return bool(top["uuid"] == group and top["created_at"] == message["created_at"])


def _conversation_with(person: Visitor, handle: str) -> Json:
    return next(found for found in person.conversations() if found["handle"] == handle)


def _show_list(person: Visitor) -> None:
    typer.echo(f"B  {person.handle} sees:")
    for found in person.conversations()[:_SHOWN]:
        typer.echo(_line(found, found["uuid"][:8]))


def _show_messages(person: Visitor, group: str) -> None:
    typer.echo(f"A  the newest messages in {group[:8]}:")
    for found in person.messages(group)[-_SHOWN:]:
        typer.echo(_line(found))


def _line(found: Json, last: str = "") -> str:
    """Day, time, who, the text on one line."""
    when = found["created_at"][5:19].replace("T", " ")
    text = " ".join(found["message"].split())
    short = text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
    return f"   {when}  {found['display_name']:<13}  {short:<{_WIDTH}}  {last}".rstrip()
