"""What the reconcile tells of its decisions: one a row, of keys and kinds."""

from functools import partial
from typing import Any

import pytest

from shared.errors import Reason, TransactionCancelled
from shared.retry import Retry
from stream_worker.reconcile.decision import told_to
from stream_worker.reconcile.loop import Reconciler
from stream_worker.views import SHOWN
from tests.fakes.native import fail
from tests.fakes.outlets import Lines
from tests.fakes.table import FINE, at
from tests.unit.reconcile.conftest import G, Scene


@pytest.fixture
def log(scene: Scene) -> Lines:
    """Where the scene's worker tells it."""
    log = Lines()
    scene.worker = Reconciler(scene.table, scene.memory, Retry(scene.stop, sleep=lambda _: None), told_to(log))
    return log


def told(log: Lines, user: str = "ann") -> list[dict[str, Any]]:
    """What was decided about a user's row, in order; the user left out."""
    assert {event for event, _ in log.lines} == {"rows_decided"}
    assert {facts["group"] for _, facts in log.lines} == {G}
    rows = [row for _, facts in log.lines for row in facts["rows"] if row["user"] == user]
    return [{name: value for name, value in row.items() if name != "user"} for row in rows]


def decided(decision: str, old: int, new: int | None, shows: int | None, actions: int) -> dict[str, Any]:
    """As `told` has it."""
    stands, newest = at(new) if new is not None else None, at(shows) if shows is not None else None
    return {"decision": decision, "old_sk": at(old), "new_sk": stands, "shows": newest, "actions": actions}


def test_a_row_that_moves(scene: Scene, log: Lines) -> None:
    """From where to where, and how large the transaction was: a check, and two writes for each of two rows."""
    scene.table.message(G, at(2), "new")
    scene.worker.reconcile(G)
    assert told(log, "ann") == told(log, "bob") == [decided("moved", 1, 2, 2, 5)]
    assert len(log.lines) == 1


def test_a_row_whose_text_was_edited(scene: Scene, log: Lines) -> None:
    """It stays where it is."""
    scene.table.message(G, at(1), "edited")
    scene.worker.reconcile(G)
    assert told(log) == [decided("rewritten", 1, 1, 1, 3)]


def test_a_row_that_is_right(scene: Scene, log: Lines) -> None:
    """Nothing is written, and there is no transaction."""
    scene.worker.reconcile(G)
    assert told(log) == told(log, "bob") == [decided("clean", 1, 1, 1, 0)]


def test_a_row_beside_one_that_moves_is_clean(scene: Scene, log: Lines) -> None:
    """Each row has a decision of its own."""
    scene.table.row(G, "bob", at(1), "stale", last_message_sk=at(1))
    scene.worker.reconcile(G)
    assert (told(log, "bob"), told(log, "ann")) == ([decided("rewritten", 1, 1, 1, 2)], [decided("clean", 1, 1, 1, 0)])


def test_a_group_without_a_message(scene: Scene, log: Lines) -> None:
    """Its rows show nothing any more, and say so."""
    scene.table.unsend(G, at(1))
    scene.worker.reconcile(G)
    assert told(log) == [decided("blanked", 1, 1, None, 3)]


def test_a_row_that_stood_twice(scene: Scene, log: Lines) -> None:
    """The right one is checked, the other one deleted; the whole list of a user is read where asked for."""
    scene.table.row(G, "ann", at(0), "double")
    scene.worker.reconcile(G, ["ann"])
    assert told(log) == [decided("deduplicated", 1, 1, 1, 3)]


def test_a_member_without_a_row_is_not_told_of(scene: Scene, log: Lines) -> None:
    """Who left has none."""
    scene.table.drop(scene.table.rows("bob")[0].item)
    scene.worker.reconcile(G)
    assert told(log, "bob") == []


def test_a_lost_race_is_told_before_what_was_done_after_it(scene: Scene, log: Lines) -> None:
    """Each try: the transaction that was cancelled has left the row where it was."""
    scene.table.message(G, at(2), "new")
    scene.table.before("commit", partial(scene.table.message, G, at(2), "edited"))
    scene.worker.reconcile(G)
    assert told(log) == [decided("lost_race", 1, None, 2, 5), decided("moved", 1, 2, 2, 3)]


def test_a_place_where_another_groups_row_stands(scene: Scene, log: Lines) -> None:
    """It is no lost race: the next place is taken, and the message shown is the same."""
    scene.table.message(G, at(2), "new")
    scene.table.row("other", "ann", at(2))
    scene.worker.reconcile(G, ["ann"])
    occupied = decided("occupied", 1, None, 2, 3)
    assert told(log) == [occupied, occupied, decided("moved", 1, 3, 2, 3)]


@pytest.mark.parametrize(
    ("code", "decision"),
    [
        ("TransactionConflict", "lost_race"),
        ("ThrottlingError", "refused"),
        ("ValidationError", "refused"),
    ],
)
def test_a_transaction_that_was_cancelled_is_told_by_its_reasons(
    scene: Scene, log: Lines, code: str, decision: str
) -> None:
    """Nobody was faster where there was no capacity."""
    scene.table.message(G, at(2), "new")
    scene.table.before("commit", partial(fail, TransactionCancelled([FINE, Reason(code)])))
    scene.worker.reconcile(G)
    assert [one["decision"] for one in told(log)] == [decision, "moved"]


def test_a_line_has_an_end(scene: Scene, log: Lines) -> None:
    """A group of thousands is as many rows, of which the last ones are told."""
    for number in range(SHOWN):
        scene.table.member(G, f"c{number:02}", at(1))
    scene.worker.reconcile(G)
    [(_, facts)] = log.lines
    assert len(facts["rows"]) == SHOWN
    assert facts["rows"][-1]["user"] == f"c{SHOWN - 1:02}"


def test_what_is_told_holds_no_words(scene: Scene, log: Lines) -> None:
    """Keys and kinds: the pane is open to whoever may look at a worker."""
    scene.table.message(G, at(2), "at the old pier")
    scene.table.before("commit", partial(scene.table.row, G, "ann", at(1), "at the stone", last_message_sk=at(1)))
    scene.worker.reconcile(G)
    assert len(told(log)) == 2
    assert "at the" not in repr(log.lines)
