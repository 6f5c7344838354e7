"""Commands that write as one user: start, send, edit, delete, join, leave."""

from dataclasses import asdict
from functools import partial
from threading import Event
from time import monotonic
from typing import Annotated
from uuid import UUID

import typer

from producer import membership, messages
from producer.commands.session import AsJson, Group, Sender, Session, group_uuid, open_session
from shared.console import NOTES, emit_json
from shared.errors import BadInput, WorkerBehind
from shared.models import Message

_LOOK_AGAIN_S = 0.02

Text = Annotated[str, typer.Argument(help="1 to 1,024 characters.")]
Which = Annotated[str | None, typer.Option("--message", help="Its UUID or sort key; without it, your newest.")]
Author = Annotated[str, typer.Option("--from", metavar="HANDLE", help="Whose message it is.")]
Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="Who.")]


def start(
    text: Text,
    *,
    sender: Sender,
    to: Annotated[list[str], typer.Option(metavar="HANDLE", help="To whom; again for each further person.")],
    as_json: AsJson = False,
) -> None:
    """Write the first message to somebody, which creates the conversation.

    Example: producer start --from andrewbrown --to bayko --to londo "Shall we meet?"
    """
    session = open_session()
    others = [session.user(handle) for handle in to]
    _print(messages.start(session.chat, session.user(sender), others, text), as_json=as_json)


def send(
    text: Text,
    *,
    sender: Sender,
    to: Annotated[str | None, typer.Option(metavar="HANDLE", help="To whom.")] = None,
    group: Annotated[
        UUID | None, typer.Option(parser=group_uuid, metavar="UUID", help="Or into which group: its UUID.")
    ] = None,
    wait: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Wait until the worker has moved the sender's row.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send a message to somebody, or into a group.

    Example: producer send --from bayko --to andrewbrown "On my way."
    """
    if (to is None) == (group is None):
        raise BadInput("Say to whom: either --to HANDLE or --group UUID.")
    session = open_session()
    me = session.user(sender)
    if to is not None:
        message = messages.start(session.chat, me, [session.user(to)], text)
    else:
        message = messages.send(session.chat, str(group), me, text)
    _print(message, as_json=as_json)
    if wait is not None:
        _await_worker(session, message, wait)


def edit(text: Text, *, sender: Author, group: Group, message: Which = None, as_json: AsJson = False) -> None:
    """Give a message of yours another text.

    Example: producer edit --from bayko --group 6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11 "On my way!"
    """
    session = open_session()
    _print(messages.edit(session.chat, str(group), session.user(sender), text, message), as_json=as_json)


def delete(*, sender: Author, group: Group, message: Which = None, as_json: AsJson = False) -> None:
    """Delete a message of yours.

    Example: producer delete --from bayko --group 6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11
    """
    session = open_session()
    _print(messages.delete(session.chat, str(group), session.user(sender), message), as_json=as_json)


def join(handle: Handle, *, group: Group) -> None:
    """Make somebody a member of a group.

    Example: producer join --group 6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11 londo
    """
    session = open_session()
    membership.join(session.chat, str(group), session.user(handle), session.users.all())
    NOTES.print(f"{handle} is a member of {group}.", soft_wrap=True)


def leave(handle: Handle, *, group: Group) -> None:
    """Take somebody out of a group.

    Example: producer leave --group 6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11 londo
    """
    session = open_session()
    membership.leave(session.chat, str(group), session.user(handle))
    NOTES.print(f"{handle} has left {group}.", soft_wrap=True)


def _print(message: Message, *, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(message))
    else:
        typer.echo(f"{message.created_at}  message {message.uuid}  group {message.group}")


def _await_worker(session: Session, message: Message, seconds: float) -> None:
    """Look at the sender's row until it shows the message; how long it took, unless no worker was needed for it."""
    began = monotonic()
    while not session.read(partial(session.chat.read.shows, message)):
        if monotonic() - began > seconds:
            raise WorkerBehind(
                f'The message is written, but no row shows it after {seconds:g} s: see "stream-worker doctor".'
            )
        Event().wait(_LOOK_AGAIN_S)
    took_ms = 1000 * (monotonic() - began)
    rows = session.read(partial(session.chat.read.rows, message.group, message.sender.uuid))
    if any("worker_rev" in row for row in rows):
        NOTES.print(f"moved in {took_ms:.0f} ms")
    else:
        NOTES.print("a new conversation: its rows were written with the message")
