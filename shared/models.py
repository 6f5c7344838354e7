"""What the application talks about: users, messages, conversations; and DynamoDB's own item shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

AttributeValue: TypeAlias = dict[str, Any]
"""One value in DynamoDB JSON, such as {"S": "hello"}."""

Item: TypeAlias = dict[str, AttributeValue]
"""An item (or a key) in DynamoDB JSON: attribute name -> AttributeValue."""

MAX_TEXT = 1024  # characters of a message, and of its copy in a conversation row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can write messages."""

    uuid: str
    handle: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a group; `created_at` is its sort key, exactly as stored."""

    group: str
    created_at: str
    uuid: str
    text: str
    sender: User


@dataclass(frozen=True, slots=True)
class Conversation:
    """One line of a user's conversation list: a group, its newest message, the other member."""

    group: str
    last_message_at: str
    text: str
    other: User


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; `cursor` asks for the next one, None at the end; `capacity` in read units."""

    entries: Sequence[T]
    cursor: str | None
    capacity: float


def string(item: Item, name: str, default: str = "") -> str:
    """The string attribute `name` of an item, or `default` where it is absent or of another type."""
    value = item.get(name)
    text = value.get("S") if isinstance(value, dict) else None
    return text if isinstance(text, str) else default
