"""The production worker in every state that a small world can be in."""

import pytest

from tests.simulation.model.original import original
from tests.simulation.model.scope import Guard, Scope
from tests.simulation.model.search import Verdict, check, search

ORDER = (Guard.MESSAGE_STANDS, Guard.MESSAGE_GONE, Guard.OWN_RECORDS)


def told(verdict: Verdict) -> str:
    """What was wrong; the figures and the way there go to the captured output."""
    print(f"{verdict.states:,} states, {verdict.transitions:,} transitions")  # noqa: T201 - the proof's figures
    print("\n".join(verdict.counterexample))  # noqa: T201 - read when something changes
    return verdict.counterexample[-1] if verdict.counterexample else ""


def test_every_interleaving_keeps_the_promise() -> None:
    """Two workers, two messages, clients without end: no row is lost, doubled, or wrong when all is quiet.

    Larger worlds are searched by scripts/prove.
    """
    verdict = check(Scope())
    assert told(verdict) == ""
    assert verdict.states > 1000


@pytest.mark.parametrize(
    ("guard", "scope", "broken"),
    [
        (Guard.MESSAGE_STANDS, Scope(), "does not say"),
        (Guard.MESSAGE_GONE, Scope(), "which stands"),
        (Guard.WHOLE_ROW, Scope(others_write=True), "somebody else's attribute"),
        pytest.param(Guard.WHOLE_ROW, Scope(texts="a", duplicates=True), "which stands", marks=pytest.mark.slow),
        pytest.param(Guard.OWN_RECORDS, Scope(messages=3, texts="a"), "for ever", marks=pytest.mark.slow),
        pytest.param(Guard.ROW_STANDS, Scope(duplicates=True), "last row is gone", marks=pytest.mark.slow),
        pytest.param(Guard.GONE_OF_DUPLICATES, Scope(duplicates=True), "which stands", marks=pytest.mark.slow),
        pytest.param(
            Guard.GONE_OF_DUPLICATES,
            Scope(texts="a", duplicates=True, only_lasting=True),
            "for ever",
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Guard) else "",
)
def test_without_a_guard_something_breaks(guard: Guard, scope: Scope, broken: str) -> None:
    """Each of these is there for a reason, and the search finds it: it is not blind."""
    assert broken in told(check(scope, [guard]))


@pytest.mark.slow
@pytest.mark.parametrize("guard", [Guard.MESSAGE_STANDS, Guard.MESSAGE_GONE])
def test_a_wrong_transaction_lasts_only_if_its_own_records_are_not_looked_at(guard: Guard) -> None:
    """The checks of messages and the look at one's own records are two lines of defence against the same thing."""
    scope = Scope(only_lasting=True)
    assert told(check(scope, [guard])) == ""
    assert "for ever" in told(check(scope, [guard, Guard.OWN_RECORDS]))


def test_rows_first_is_what_keeps_plain_puts_in_order() -> None:
    """With it nothing else is needed while nobody edits or deletes; without it a row stays stale."""
    scope = Scope(messages=3, torn=False, only_puts=True, only_lasting=True)
    assert told(check(scope, ORDER)) == ""
    assert "for ever" in told(check(scope, [*ORDER, Guard.ROWS_FIRST]))


@pytest.mark.slow
def test_rows_first_has_a_second_line() -> None:
    """The other order alone breaks nothing here: what it lets through, the checks of messages refuse."""
    assert told(check(Scope(), [Guard.ROWS_FIRST])) == ""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_memory_beside_another_worker() -> None:
    """What the holder of the lease remembers stays true although a zombie is still writing."""
    assert told(check(Scope(texts="a", memories=1))) == ""


@pytest.mark.parametrize(
    ("guard", "scope"),
    [
        (Guard.UNAPPLY, Scope(workers=1, texts="a", memories=1)),
        (Guard.APPLIED_BELOW, Scope(texts="a", memories=1)),
        pytest.param(Guard.DOUBT, Scope(texts="a", memories=1), marks=pytest.mark.slow),
    ],
    ids=lambda value: value.value if isinstance(value, Guard) else "",
)
def test_a_memory_that_trusts_itself_leaves_a_row_wrong(guard: Guard, scope: Scope) -> None:
    """It skips an insertion that was news: each rule of the memory is missed."""
    assert "for ever" in told(check(scope, [guard]))


def test_the_original_loses_rows() -> None:
    """A search that found nothing wrong with it would be blind."""
    scope = Scope(workers=1, texts="a", torn=False, only_puts=True)
    assert "last row is gone" in told(search(scope, original(scope)))
