"""What clients can do at any moment, in any order: a later message need not be put later, clocks are skewed."""

from collections.abc import Iterator

from tests.simulation.model.scope import Scope
from tests.simulation.model.world import Standing, World


def deeds(scope: Scope, world: World) -> Iterator[tuple[str, World, frozenset[int]]]:
    """Each thing that somebody can do next, in words; the world after it, and the rows that it changes."""
    for number, old in enumerate(world.messages, 1):
        for text in (*scope.texts, ""):
            if text != old:
                yield _said(number, old, text), _written(world, number, text), frozenset()
    if scope.others_write:
        for row in world.rows:
            position = row.line.position
            yield f"somebody changes the row at {position}", _pinned(world, row), frozenset({position})


def _written(world: World, number: int, text: str) -> World:
    messages = (*world.messages[: number - 1], text, *world.messages[number:])
    return world._replace(messages=messages, untold=True)


def _said(number: int, old: str, text: str) -> str:
    if not text:
        return f"a client deletes message {number}"
    return f"a client {'edits' if old else 'puts'} message {number}: {text!r}"


def _pinned(world: World, row: Standing) -> World:
    changed = Standing(row.line._replace(pinned="no" if row.line.pinned == "yes" else "yes"), untold=True)
    return world._replace(rows=tuple(changed if other is row else other for other in world.rows))
