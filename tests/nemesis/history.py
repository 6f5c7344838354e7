"""What clients did and saw, in the order it ended: frozen values, kept as JSON lines.

Times are seconds of one monotonic clock. A write happened at some moment between `began` and `ended`; one without an
answer may have happened at any moment since it began, or never.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias


class Outcome(StrEnum):
    """How a write ended, as far as its client knows."""

    OK = "ok"
    REFUSED = "refused"  # nothing was written
    UNKNOWN = "unknown"


class What(StrEnum):
    """What a client wrote."""

    START = "start"
    SEND = "send"
    EDIT = "edit"
    DELETE = "delete"
    JOIN = "join"
    LEAVE = "leave"
    MARK = "mark"  # an attribute of other software on a row


@dataclass(frozen=True, slots=True)
class Room:
    """A group and everybody who may ever be in it: user -> the names that rows show."""

    group: str
    people: dict[str, str]


@dataclass(frozen=True, slots=True)
class Write:
    """One write of one client; the writes of one group never overlap."""

    began: float
    ended: float
    outcome: Outcome
    what: What
    group: str
    user: str
    seated: tuple[str, ...] = ()
    """Who is a member afterwards, if it succeeds."""
    message: str = ""
    """Its uuid."""
    text: str = ""
    """No other message or edit has the same; of a MARK the attribute's value."""


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation row as it was read."""

    group: str
    sk: str
    shows: str
    """The sort key of the message it shows."""
    text: str
    other: str
    """Whom it names: uuid."""
    names: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """One strongly consistent Query of a user's whole list; `last`: when everything had come to rest."""

    began: float
    ended: float
    user: str
    rows: tuple[Row, ...]
    last: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """The messages of a group in the end: (sort key, uuid, text)."""

    group: str
    messages: tuple[tuple[str, str, str], ...]


Event: TypeAlias = Room | Write | Read | Kept

_KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in (Room, Write, Read, Kept)}


class History:
    """Collects events and writes each to a file at once. Thread-safe."""

    def __init__(self, file: Path) -> None:
        self._lock = Lock()
        self._sink = file.open("w", encoding="utf-8")
        self.file = file

    def add(self, event: Event) -> None:
        """One more."""
        line = json.dumps({"kind": type(event).__name__, **asdict(event)}, ensure_ascii=False)
        with self._lock:
            self._sink.write(line + "\n")

    def so_far(self) -> list[Event]:
        """All of it, as it stands in the file."""
        with self._lock:
            if not self._sink.closed:
                self._sink.flush()
        return list(read(self.file.read_text(encoding="utf-8").splitlines()))

    def close(self) -> None:
        """Add no more."""
        self._sink.close()


def read(lines: Iterable[str]) -> Iterator[Event]:
    """Events from their lines."""
    for line in lines:
        values = json.loads(line)
        yield _KINDS[values.pop("kind")](**{name: _value(name, value) for name, value in values.items()})


def _value(name: str, value: Any) -> Any:
    match name:
        case "rows":
            return tuple(Row(**row) for row in value)
        case "messages":
            return tuple(tuple(message) for message in value)
        case "seated":
            return tuple(value)
        case "outcome":
            return Outcome(value)
        case "what":
            return What(value)
        case _:
            return value
