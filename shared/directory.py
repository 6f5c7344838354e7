"""Who the users are, behind the seam `Directory`: a small JSON file, or the application's table in Postgres."""

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import HandleUnknown, SettingInvalid, clause
from shared.models import User
from shared.postgres import Database, Row, database_of
from shared.settings import Settings


class Directory(Protocol):
    """Finds users; a database can stand behind it as well as a file."""

    def by_handle(self, handle: str) -> User:
        """The user with exactly this handle.

        Raises:
            HandleUnknown: nobody has it.
        """

    def all(self) -> Sequence[User]:
        """Everybody, by handle."""


class Entry(BaseModel):
    """One user of the file; `email` is the database's, and nobody else's business."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uuid: UUID
    handle: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    display_name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None


_TOLD = 20  # handles in a sentence

_ENTRIES = TypeAdapter(list[Entry])


def directory_of(settings: Settings) -> Directory:
    """The users' table where a database is set, else their file."""
    if settings.database_url is not None:
        return PostgresDirectory(database_of(settings))
    return JsonDirectory(settings.users_file)


class JsonDirectory:
    """Users from a JSON file: a list of {uuid, handle, display_name}; without a path, the three that come with us."""

    def __init__(self, path: Path | None = None) -> None:
        self._users = {entry.handle: _user(entry) for entry in read_entries(path)}

    def by_handle(self, handle: str) -> User:
        """The user with exactly this handle.

        Raises:
            HandleUnknown: nobody has it; one that looks like it is suggested, else all are told.
        """
        if user := self._users.get(handle):
            return user
        raise HandleUnknown(f'Nobody has the handle "{handle}": {self._hint(handle)} Others come from USERS_FILE.')

    def all(self) -> Sequence[User]:
        """Everybody, by handle."""
        return [self._users[handle] for handle in sorted(self._users)]

    def _hint(self, handle: str) -> str:
        folded = {known.casefold(): known for known in self._users}
        if similar := get_close_matches(handle.casefold(), folded, n=1):
            return f'did you mean "{folded[similar[0]]}"?'
        known = ", ".join(sorted(self._users)[:_TOLD]) or "nobody"
        more = f" and {len(self._users) - _TOLD} more" if len(self._users) > _TOLD else ""
        return f"there are {known}{more}."


class PostgresDirectory:
    """Users from the table `users` (Cruddur's: uuid, display_name, handle, email, cognito_user_id, created_at)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_handle(self, handle: str) -> User:
        """The user with exactly this handle.

        Raises:
            HandleUnknown: nobody has it.
            Unreachable, UsersUnready: the database cannot be asked.
        """
        if found := self._found("handle = %s", handle):
            return found[0]
        raise HandleUnknown(f'Nobody has the handle "{handle}" in the table of users.')

    def by_cognito_id(self, sub: str) -> User | None:
        """Whose token names this subject; raises as `by_handle` does where the database cannot be asked."""
        return next(iter(self._found("cognito_user_id = %s", sub)), None)

    def all(self) -> Sequence[User]:
        """Everybody, by handle."""
        return self._found("true")

    def _found(self, condition: str, *values: str) -> list[User]:
        if any("\0" in value for value in values):
            return []  # Postgres has no such text, and would refuse the question
        query = f"SELECT uuid, handle, display_name FROM public.users WHERE {condition} ORDER BY handle"  # noqa: S608  # nosec B608 - ours
        return [_of_row(row) for row in self._database.rows(query, *values)]


def read_entries(path: Path | None) -> list[Entry]:
    """The users of a file, without a path of the one that comes with us.

    Raises:
        SettingInvalid: it cannot be read, or has somebody twice.
    """
    source = path or files("shared").joinpath("users.json")
    try:
        entries = _ENTRIES.validate_json(source.read_bytes())
    except OSError as error:
        raise SettingInvalid(f"The users file {source} cannot be read: {clause(error.strerror)}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SettingInvalid(f"The users file {source} cannot be used: {place}: {clause(first['msg'])}.") from error
    _refuse_twins([entry.handle for entry in entries], "handle", source)
    _refuse_twins([str(entry.uuid) for entry in entries], "uuid", source)
    return entries


def _user(entry: Entry) -> User:
    return User(str(entry.uuid), entry.handle, entry.display_name)


def _of_row(row: Row) -> User:
    uuid, handle, display_name = row
    return User(str(uuid), handle, display_name)


def _refuse_twins(values: Sequence[str], what: str, source: object) -> None:
    seen: dict[str, str] = {}
    for value in values:
        if twin := seen.get(value.casefold()):
            raise SettingInvalid(f'The users file {source} has the {what} "{twin}" twice ("{value}").')
        seen[value.casefold()] = value
