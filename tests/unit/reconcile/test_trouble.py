"""Members in trouble, answers that are lost, a process that is asked to stop."""

from collections.abc import Sequence
from functools import partial
from threading import Event
from typing import NoReturn

import pytest

from shared.errors import OutcomeUnknown, Reason, Stopping, Throttled, TransactionCancelled
from shared.models import string
from shared.retry import Retry
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.reconcile.plan import Action, Create
from tests.fakes.table import FINE, MemoryTable, at
from tests.unit.reconcile.conftest import G, Scene


class Stubborn(MemoryTable):
    """A table on which one user's row cannot be written."""

    def __init__(self, user: str, code: str) -> None:
        super().__init__()
        self.user, self.code = user, code

    def commit(self, actions: Sequence[Action]) -> None:
        """Cancelled whenever that user's row would be created."""
        reasons = [Reason(self.code) if self._is_theirs(action) else FINE for action in actions]
        if any(reason is not FINE for reason in reasons):
            self.calls.append("commit")
            raise TransactionCancelled(reasons)
        super().commit(actions)

    def _is_theirs(self, action: Action) -> bool:
        return isinstance(action, Create) and string(action.item, "pk") == f"GRP#{self.user}"


def stubborn_scene(code: str) -> Scene:
    """Ann's row can be moved, Bob's never."""
    scene = Scene()
    scene.table = Stubborn("bob", code)
    scene.worker = Reconciler(scene.table, scene.memory, Retry(scene.stop, sleep=lambda _: None))
    scene.table.message(G, at(2), "new")
    for user in ("ann", "bob"):
        scene.table.member(G, user, at(1))
    return scene


@pytest.mark.parametrize("code", ["TransactionConflict", "ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_one_member_in_trouble_stops_nobody_else(code: str) -> None:
    """The others are settled; the one is named, for a dead letter."""
    scene = stubborn_scene(code)
    outcome = scene.worker.reconcile(G)
    assert list(outcome.failed) == ["bob"]
    assert scene.table.shown("ann") == [(G, "new")]


def test_rounds_are_bounded() -> None:
    """24 lost races of one member are enough; a refusal is not tried again."""
    conflict, refusal = stubborn_scene("TransactionConflict"), stubborn_scene("ValidationError")
    for scene in (conflict, refusal):
        scene.worker.reconcile(G)
    assert conflict.table.calls.count("commit") == 1 + 1 + 24  # together, Ann alone, Bob's rounds
    assert refusal.table.calls.count("commit") == 3


def fail(error: Exception) -> NoReturn:
    """Raise, as a deed."""
    raise error


@pytest.mark.parametrize("call", ["roster", "hints", "rows_at", "newest", "commit"])
def test_an_error_that_may_pass_is_handed_on(scene: Scene, call: str) -> None:
    """A throttle or a lost answer raises: the batch comes again, and then all is right."""
    scene.table.message(G, at(2), "new")
    scene.table.before(call, partial(fail, Throttled()))
    with pytest.raises(Throttled):
        scene.worker.reconcile(G)
    scene.worker.reconcile(G)
    assert scene.table.shown("ann") == scene.table.shown("bob") == [(G, "new")]


def test_a_lost_answer_is_not_believed_either_way(scene: Scene) -> None:
    """The commit was applied and its answer lost: the next reconcile finds the rows right and writes nothing."""
    scene.table.message(G, at(2), "new")
    rival = Reconciler(scene.table, Memory(), Retry(Event(), sleep=lambda _: None))
    scene.table.before("commit", lambda: (rival.reconcile(G), fail(OutcomeUnknown())))
    with pytest.raises(OutcomeUnknown):
        scene.worker.reconcile(G)
    commits = len(scene.table.commits)
    assert scene.worker.reconcile(G).clean == 2
    assert len(scene.table.commits) == commits


@pytest.mark.parametrize("place", range(3), ids=["message", "old row", "new row"])
@pytest.mark.parametrize(
    "code",
    [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "ConditionalCheckFailed",
        "DuplicateItem",
    ],
)
def test_whatever_cancels_a_transaction_wherever_it_is_read_again(scene: Scene, place: int, code: str) -> None:
    """F27: one reason among many says nothing of the rest; only what is read next counts, and then all is right."""
    scene.table.message(G, at(2), "new")
    reasons = [Reason(code) if number == place else FINE for number in range(5)]
    scene.table.before("commit", *[partial(fail, TransactionCancelled(reasons))] * 3)
    outcome = scene.worker.reconcile(G)
    assert (outcome.failed, outcome.moved) == ({}, 2)
    assert scene.table.shown("ann") == scene.table.shown("bob") == [(G, "new")]


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
@pytest.mark.parametrize("place", range(3), ids=["message", "old row", "new row"])
def test_what_will_never_be_accepted_is_not_asked_for_24_times(scene: Scene, place: int, code: str) -> None:
    """F27, F33: wherever it stands; the member is named at once, the other one is settled."""
    scene.table.message(G, at(2), "new")
    reasons = [Reason(code) if number == place else FINE for number in range(3)]
    scene.table.before("commit", *[partial(fail, TransactionCancelled(reasons))] * 2)
    assert list(scene.worker.reconcile(G).failed) == ["ann"]
    assert scene.table.shown("bob") == [(G, "new")]


def test_a_transaction_that_is_still_in_progress_is_believed_neither_way(scene: Scene) -> None:
    """F31: each attempt raises and the batch comes again; once it is through, nothing is written a second time."""
    scene.table.message(G, at(2), "new")
    scene.table.before("commit", *[partial(fail, OutcomeUnknown())] * 4)
    for _ in range(4):
        with pytest.raises(OutcomeUnknown):
            scene.worker.reconcile(G)
    assert (scene.worker.reconcile(G).moved, scene.worker.reconcile(G).clean) == (2, 2)
    assert len(scene.table.commits) == 1


def test_one_member_who_must_wait_does_not_pass_for_settled(scene: Scene) -> None:
    """Ann is throttled when each is settled alone: Bob's row is right, and the batch comes again for hers."""
    scene.table.message(G, at(2), "new")
    scene.table.before("commit", partial(scene.table.row, G, "ann", at(1), pinned="now"), partial(fail, Throttled()))
    with pytest.raises(Throttled):
        scene.worker.reconcile(G)
    assert scene.table.shown("bob") == [(G, "new")]
    assert scene.table.shown("ann") == [(G, "hi")]


def test_a_row_of_this_very_group_in_the_way_is_no_reason_to_step_aside(scene: Scene) -> None:
    """Somebody has put Ann's row on the new place, beside the old one: it is read again, and one of the two goes."""
    scene.table.message(G, at(2), "new")
    lost_race = partial(scene.table.row, G, "bob", at(1), pinned="now")
    scene.table.before("commit", lost_race, partial(scene.table.row, G, "ann", at(2), "new"))
    scene.worker.reconcile(G)
    assert scene.table.shown("ann") == scene.table.shown("bob") == [(G, "new")]


def test_stopping_begins_no_new_transaction(scene: Scene) -> None:
    """After SIGTERM the transaction in hand is the last one."""
    scene.table.message(G, at(2), "new")
    scene.stop.set()
    with pytest.raises(Stopping):
        scene.worker.reconcile(G)
    assert scene.table.commits == []
