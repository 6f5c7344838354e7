"""The expressions that our code sends to DynamoDB, and no others: an unknown one is an error of the simulator."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from shared.models import Item

Request = Mapping[str, Any]
Change = Callable[[Item, Request], None]

_EXISTS = re.compile(r"attribute_(not_)?exists\(([#\w]+)\)")
_EQUALS = re.compile(r"([#\w]+) = (:\w+)")
_KEY = re.compile(r"(?:pk|message_group_uuid) = (:\w+)(?: AND sk >= (:\w+))?")
_SETS_IF_ABSENT = re.compile(r"([#\w]+) = if_not_exists\(([#\w]+), (:\w+)\)")


def holds(request: Request, item: Item | None, expression: str = "ConditionExpression") -> bool:
    """Whether the request's condition (or filter, or key condition) is true of an item."""
    text = request.get(expression)
    if text is None:
        return True
    condition, there = _condition(text), item or {}
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    for path, value in condition.equal:
        if there.get(names[path] if path[0] == "#" else path) != values[value]:
            return False
    return all(((names[path] if path[0] == "#" else path) in there) is wants for path, wants in condition.exist)


def updated(request: Request, item: Item) -> Item:
    """The item after the request's UpdateExpression."""
    after = dict(item)
    for change in _changes(request["UpdateExpression"]):
        change(after, request)
    return after


def projected(request: Request, item: Item) -> Item:
    """What the request wants to see of an item."""
    text = request.get("ProjectionExpression")
    return {name: item[name] for name in _names(text) if name in item} if text else item


def wanted(request: Request) -> tuple[str, str]:
    """What a key condition asks for: the partition, and the least sort key (nothing: any)."""
    partition, least = _key_condition(request["KeyConditionExpression"])
    values = request["ExpressionAttributeValues"]
    return values[partition]["S"], values[least]["S"] if least else ""


@lru_cache(maxsize=64)
def _key_condition(text: str) -> tuple[str, str]:
    """The names of the two values."""
    match = _KEY.fullmatch(text)
    assert match, f"the simulator does not know this key condition: {text}"
    return match[1], match[2] or ""


class _Condition(NamedTuple):
    """A condition, taken apart: every term of it must hold."""

    exist: tuple[tuple[str, bool], ...]
    """Attributes, and whether each must be there."""
    equal: tuple[tuple[str, str], ...]
    """Attributes, and the name of the value of each."""


@lru_cache(maxsize=4096)
def _condition(text: str) -> _Condition:
    terms = text.split(" AND ")
    exist = [match for term in terms if (match := _EXISTS.fullmatch(term))]
    equal = [match for term in terms if (match := _EQUALS.fullmatch(term))]
    assert len(exist) + len(equal) == len(terms), f"the simulator does not know this condition: {text}"
    return _Condition(
        tuple((match[2], match[1] is None) for match in exist), tuple((match[1], match[2]) for match in equal)
    )


@lru_cache(maxsize=4096)
def _changes(text: str) -> tuple[Change, ...]:
    assert text.startswith("SET "), f"the simulator does not know this update: {text}"
    return tuple(map(_change, re.split(r", (?![:\w]+\))", text.removeprefix("SET "))))


def _change(term: str) -> Change:
    if match := _SETS_IF_ABSENT.fullmatch(term):
        target, source, default = match.groups()

        def keep(item: Item, request: Request) -> None:
            value = item.get(_name(request, source), request["ExpressionAttributeValues"][default])
            item[_name(request, target)] = value

        return keep
    match = _EQUALS.fullmatch(term)
    assert match, f"the simulator does not know this assignment: {term}"
    path, value = match.groups()

    def put(item: Item, request: Request) -> None:
        item[_name(request, path)] = request["ExpressionAttributeValues"][value]

    return put


@lru_cache(maxsize=64)
def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


def _name(request: Request, path: str) -> str:
    return str(request["ExpressionAttributeNames"][path]) if path.startswith("#") else path
