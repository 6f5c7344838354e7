"""What IAM would answer, from the documents alone: a second judge beside the engine, and the only one of leading keys.

It knows the two conditions that the templates use and refuses to judge anything else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Right = tuple[str, str, str]
"""A statement, an action, a kind of leading key (empty: any)."""

ENCLOSING, LEADING_KEYS = "dynamodb:EnclosingOperation", "dynamodb:LeadingKeys"
KNOWN = frozenset({("ForAnyValue:StringEquals", ENCLOSING), ("ForAllValues:StringLike", LEADING_KEYS)})


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that somebody wants to do.

    Args:
        action: such as `dynamodb:PutItem`.
        resource: the ARN that it is done to.
        keys: the partition keys of the items.
        enclosing: the transaction's operation, for what is done inside of one.
    """

    action: str
    resource: str
    keys: tuple[str, ...] = ()
    enclosing: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that allows something."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def allows(self, request: Request) -> bool:
        """Whether this statement does; `*` in a resource or a key stands for anything."""
        return (
            request.action in self.actions
            and any(fnmatchcase(request.resource, pattern) for pattern in self.resources)
            and all(self._is_met(request, *condition) for condition in self._flat())
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The leading keys that it is restricted to, as patterns; an empty one if it is not."""
        return next((values for name, values in self._flat() if name == LEADING_KEYS), ("",))

    def _flat(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        for operator, named in self.conditions.items():
            for name, values in named.items():
                assert (operator, name) in KNOWN, f"{self.sid} has a condition that nobody here understands: {name}"
                yield name, listed(values)

    def _is_met(self, request: Request, name: str, values: tuple[str, ...]) -> bool:
        if name == ENCLOSING:
            return request.enclosing in values
        return all(any(fnmatchcase(key, pattern) for pattern in values) for key in request.keys)


def statements(documents: Iterable[Mapping[str, Any]]) -> list[Statement]:
    """All statements of some policies; each must allow something, by name."""
    found = [one for document in documents for one in document["Statement"]]
    assert all(one["Effect"] == "Allow" and {"Sid", "Action", "Resource"} <= set(one) for one in found), found
    return [
        Statement(one["Sid"], listed(one["Action"]), listed(one["Resource"]), one.get("Condition", {})) for one in found
    ]


def allowing(policy: Iterable[Statement], request: Request) -> set[str]:
    """The statements that allow it, by name."""
    return {statement.sid for statement in policy if statement.allows(request)}


def rights(policy: Iterable[Statement]) -> set[Right]:
    """Each action that each statement gives, for each kind of key."""
    return {(one.sid, action, kind) for one in policy for action in one.actions for kind in one.kinds}


def used(policy: Sequence[Statement], requests: Iterable[Request]) -> set[Right]:
    """The rights that these requests needed."""
    return {
        (statement.sid, request.action, kind)
        for request in set(requests)
        for statement in policy
        if statement.allows(request)
        for kind in statement.kinds
        if not kind or _alike(request.keys, kind)
    }


def _alike(keys: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(key, pattern) for key in keys)


def listed(values: object) -> tuple[str, ...]:
    """One value, or many."""
    assert isinstance(values, str | list), json.dumps(values)
    return (values,) if isinstance(values, str) else tuple(values)
