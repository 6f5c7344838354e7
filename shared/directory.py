"""Who the users are: a small JSON file behind the seam `Directory`."""

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import HandleUnknown, SettingInvalid, clause
from shared.models import User


class Directory(Protocol):
    """Finds users; a database can stand behind it as well as a file."""

    def by_handle(self, handle: str) -> User:
        """The user with exactly this handle.

        Raises:
            HandleUnknown: nobody has it.
        """

    def all(self) -> Sequence[User]:
        """Everybody, by handle."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    uuid: UUID
    handle: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    display_name: Annotated[str, Field(min_length=1, max_length=200)]


_TOLD = 20  # handles in a sentence

_ENTRIES = TypeAdapter(list[_Entry])


class JsonDirectory:
    """Users from a JSON file: a list of {uuid, handle, display_name}; without a path, the three that come with us."""

    def __init__(self, path: Path | None = None) -> None:
        self._users = {user.handle: user for user in _read(path)}

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


def _read(path: Path | None) -> list[User]:
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
    return [User(str(entry.uuid), entry.handle, entry.display_name) for entry in entries]


def _refuse_twins(values: Sequence[str], what: str, source: object) -> None:
    seen: dict[str, str] = {}
    for value in values:
        if twin := seen.get(value.casefold()):
            raise SettingInvalid(f'The users file {source} has the {what} "{twin}" twice ("{value}").')
        seen[value.casefold()] = value
