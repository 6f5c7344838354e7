"""The production worker in every state that a small world can be in."""

import pytest

from tests.simulation.model.scope import Guard, Scope
from tests.simulation.model.search import check


@pytest.mark.parametrize("scope", [Scope(), Scope(others_write=True), Scope(texts="a", duplicates=True)])
def test_every_interleaving_keeps_the_promise(scope: Scope) -> None:
    """Two workers, two messages, clients without end: no row is lost, doubled, or wrong when all is quiet."""
    verdict = check(scope)
    print(f"{verdict.states:,} states, {verdict.transitions:,} transitions")  # noqa: T201 - the proof's figures
    assert verdict.counterexample == ()
    assert verdict.states > 1000


@pytest.mark.parametrize(
    ("guard", "scope", "broken"),
    [
        (Guard.MESSAGE_STANDS, Scope(), "does not say"),
        (Guard.MESSAGE_GONE, Scope(), "which stands"),
        (Guard.WHOLE_ROW, Scope(others_write=True), "somebody else's attribute"),
        (Guard.OWN_RECORDS, Scope(messages=3, texts="a"), "for ever"),
        (Guard.ROW_STANDS, Scope(duplicates=True), "last row is gone"),
        (Guard.GONE_OF_DUPLICATES, Scope(duplicates=True), "which stands"),
    ],
    ids=lambda value: value.value if isinstance(value, Guard) else "",
)
def test_without_a_guard_something_breaks(guard: Guard, scope: Scope, broken: str) -> None:
    """Each guard is there for a reason, and the search sees it: it is not blind."""
    *steps, wrong = check(scope, [guard]).counterexample
    print("\n".join([f"without {guard.value}:", *steps, wrong]))  # noqa: T201 - read it when something changes
    assert broken in wrong
