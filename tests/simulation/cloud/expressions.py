"""The expressions that our code sends to DynamoDB, and no others: an unknown one is an error of the simulator."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from shared.models import Item

Request = Mapping[str, Any]
Test = Callable[[Item | None, Request], bool]
Change = Callable[[Item, Request], None]

_EXISTS = re.compile(r"attribute_(not_)?exists\(([#\w]+)\)")
_COMPARES = re.compile(r"([#\w]+) (=|>=) (:\w+)")
_SETS = re.compile(r"([#\w]+) = (:\w+)")
_SETS_IF_ABSENT = re.compile(r"([#\w]+) = if_not_exists\(([#\w]+), (:\w+)\)")


def holds(request: Request, item: Item | None, expression: str = "ConditionExpression") -> bool:
    """Whether the request's condition (or filter, or key condition) is true of an item."""
    text = request.get(expression)
    return text is None or all(test(item, request) for test in _tests(text))


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


def wanted(request: Request, attribute: str) -> tuple[str, str]:
    """What a key condition demands of a string attribute: (operator, value); ("", "") if nothing."""
    operator, value = _comparisons(request["KeyConditionExpression"]).get(attribute, ("", ""))
    return operator, request["ExpressionAttributeValues"][value]["S"] if value else ""


@lru_cache(maxsize=64)
def _comparisons(text: str) -> Mapping[str, tuple[str, str]]:
    """Attribute -> operator and name of the value."""
    found = [match for term in text.split(" AND ") if (match := _COMPARES.fullmatch(term))]
    return {match[1]: (match[2], match[3]) for match in found}


@lru_cache(maxsize=4096)
def _tests(text: str) -> tuple[Test, ...]:
    return tuple(map(_test, text.split(" AND ")))


@lru_cache(maxsize=4096)
def _test(term: str) -> Test:
    if match := _EXISTS.fullmatch(term):
        name, wants = match[2], match[1] is None
        return lambda item, request: (item is not None and _name(request, name) in item) is wants
    match = _COMPARES.fullmatch(term)
    assert match, f"the simulator does not know this condition: {term}"
    path, value = match[1], match[3]
    assert match[2] == "=", "only key conditions compare otherwise"
    return lambda item, request: (
        item is not None and item.get(_name(request, path)) == request["ExpressionAttributeValues"][value]
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
    match = _SETS.fullmatch(term)
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
