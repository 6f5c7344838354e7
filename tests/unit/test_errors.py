"""The tree of errors: one branch for each leaf, a sentence for each, the drawing complete."""

from collections.abc import Iterator

import pytest

from chat_app import errors as app_errors
from producer import text
from shared import errors
from shared.errors import AppError, Fatal, Poison, Transient

BRANCHES = (Transient, Poison, Fatal)


def descendants(kind: type[AppError]) -> Iterator[type[AppError]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


LEAVES = [kind for kind in descendants(AppError) if not kind.__subclasses__()]


@pytest.mark.parametrize("leaf", LEAVES)
def test_each_leaf_has_exactly_one_branch(leaf: type[AppError]) -> None:
    """So that a worker always knows what to do."""
    assert sum(issubclass(leaf, branch) for branch in BRANCHES) == 1


@pytest.mark.parametrize("kind", list(descendants(AppError)))
def test_each_error_says_a_sentence_by_default(kind: type[AppError]) -> None:
    """Its docstring, unless it is given a message."""
    assert (kind.__doc__ or "").endswith((".", "?", ")."))
    if kind is not errors.TransactionCancelled:
        assert str(kind()) == kind.__doc__


@pytest.mark.parametrize("kind", list(descendants(AppError)))
def test_the_drawing_shows_every_error(kind: type[AppError]) -> None:
    """The tree on top of the module is what people read; a room's own leaves stand with the room."""
    rooms = {app_errors.__name__: app_errors.__doc__, text.__name__: text.__doc__}
    assert kind.__name__ in (rooms.get(kind.__module__, errors.__doc__) or "")
