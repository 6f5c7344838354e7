"""What every command needs: settings, the table, the users; and the options that several commands have."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from producer.chat import Chat
from shared.console import say_once
from shared.directory import Directory, directory_of
from shared.dynamo import connect
from shared.errors import BadInput
from shared.models import User
from shared.retry import Retry
from shared.settings import Settings

PATIENCE_S = 10.0  # of a command that somebody waits for

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Cursor = Annotated[str | None, typer.Option(help="Go on where another page ended.")]
Capacity = Annotated[bool, typer.Option("--capacity", help="Say what the page has cost in read units.")]


def group_uuid(text: str) -> UUID:
    """A group's UUID as it is typed.

    Raises:
        BadInput: it is none.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise BadInput(f'"{text}" is no group UUID.') from error


Group = Annotated[UUID, typer.Option("--group", parser=group_uuid, metavar="UUID", help="The group's UUID.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="How many, at most.")]
Sender = Annotated[str, typer.Option("--from", metavar="HANDLE", help="Who writes.")]
YesTable = Annotated[str | None, typer.Option(metavar="NAME", help="Repeat the table's name if it is not local.")]


@dataclass(frozen=True, slots=True)
class Session:
    """One command's run."""

    settings: Settings
    chat: Chat
    users: Directory

    def user(self, handle: str) -> User:
        """The user with this handle."""
        return self.users.by_handle(handle)

    def read(self, look: Callable[[], T]) -> T:
        """What `look` sees, as soon as the engine can be reached."""
        return self.chat.patiently(look)


def open_session(*, patience_s: float | None = None, stop: Event | None = None, threads: int = 4) -> Session:
    """Settings from the environment, a connection, the users."""
    settings = Settings.read()
    users = directory_of(settings)
    patience_s = patience_s or PATIENCE_S
    retry = Retry(stop or Event(), total_s=patience_s)
    client = connect(settings, threads=threads).dynamodb
    return Session(settings, Chat(client, settings.message_table, retry, tell=say_once(patience_s)), users)
