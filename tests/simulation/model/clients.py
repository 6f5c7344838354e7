"""What clients can do at any moment, in any order: a later message need not be put later, clocks are skewed."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.simulation.model.scope import Scope
from tests.simulation.model.world import LOOK, NONE, Standing, World


class Effect(NamedTuple):
    """What a step is to the workers under way."""

    messages: frozenset[int] = NONE
    """Records of messages: there are new ones like these, or they are acknowledged."""
    changed: frozenset[int] = NONE
    """Rows that are not as they were."""
    told: frozenset[int] = NONE
    """Rows whose records are acknowledged."""
    foreign: bool = False
    """The records of rows that somebody else wrote are acknowledged."""


class Deed(NamedTuple):
    """Something that somebody does who is no worker."""

    said: str
    world: World
    effect: Effect


def deeds(scope: Scope, world: World) -> Iterator[Deed]:
    """Each thing that can be done next."""
    for number, old in enumerate(world.messages, 1):
        for text in scope.texts if scope.only_puts else (*scope.texts, ""):
            if text != old and not (old and scope.only_puts):
                yield _written(scope, world, number, text)
    if scope.others_write:
        for row in world.rows:
            yield _pinned(world, row)


def _written(scope: Scope, world: World, number: int, text: str) -> Deed:
    """A message put, edited or deleted; without a memory every record asks for a look."""
    old = world.messages[number - 1]
    record = number if scope.memories and not old else LOOK
    messages = (*world.messages[: number - 1], text, *world.messages[number:])
    untold = (*(other for other in world.untold if other != record), record)
    after = world._replace(messages=messages, untold=untold)
    return Deed(_said(number, old, text), after, Effect(messages=frozenset({record})))


def _said(number: int, old: str, text: str) -> str:
    if not text:
        return f"a client deletes message {number}"
    return f"a client {'edits' if old else 'puts'} message {number}: {text!r}"


def _pinned(world: World, row: Standing) -> Deed:
    changed = Standing(row.line._replace(pinned="no" if row.line.pinned == "yes" else "yes"), untold=True)
    rows = tuple(changed if other is row else other for other in world.rows)
    position = row.line.position
    return Deed(
        f"somebody changes the row at {position}", world._replace(rows=rows), Effect(changed=frozenset({position}))
    )
