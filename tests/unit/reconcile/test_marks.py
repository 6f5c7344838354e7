"""What a process may remember of a group: only what is still true can be skipped."""

from functools import partial
from threading import Event

from shared.retry import Retry
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from tests.fakes.table import at
from tests.unit.reconcile.conftest import G, Scene


def test_an_applied_message_is_remembered(scene: Scene) -> None:
    """The insertion of something older than what every row shows needs no look; its own may be a second one."""
    scene.worker.reconcile(G)
    assert scene.memory.has_applied(G, at(0))
    assert not scene.memory.has_applied(G, at(1))


def test_nothing_is_remembered_of_rows_not_seen(scene: Scene) -> None:
    """A member without a visible row may have one that a torn Query hid."""
    scene.table.drop(scene.table.rows("bob")[0].item)
    scene.worker.reconcile(G)
    assert not scene.memory.has_applied(G, at(0))


def test_some_members_do_not_vouch_for_all(scene: Scene) -> None:
    """A reconcile of one row says nothing of the others."""
    scene.worker.reconcile(G, ["ann"])
    assert not scene.memory.has_applied(G, at(0))


def test_a_group_without_a_roster_is_not_known_to_be_applied(scene: Scene) -> None:
    """Rows of the original have no roster items before the first sweep."""
    scene.table.message("legacy", at(1))
    scene.worker.reconcile("legacy")
    assert not scene.memory.has_applied("legacy", at(0))


def test_moving_back_forgets(scene: Scene) -> None:
    """After a deletion the same message may be put again; its insertion must be looked at."""
    scene.table.message(G, at(2), "new")
    scene.worker.reconcile(G)
    scene.table.unsend(G, at(2))
    scene.worker.reconcile(G)
    assert not scene.memory.has_applied(G, at(0))


def test_a_message_that_was_gone_at_the_commit_is_not_applied(scene: Scene) -> None:
    """The rounds after a lost race have seen another newest message than the first look."""
    scene.table.message(G, at(5), "soon gone")
    scene.table.before("commit", partial(scene.table.unsend, G, at(5)))
    scene.worker.reconcile(G)
    assert not scene.memory.has_applied(G, at(4))


def test_rows_that_another_process_blanked_are_not_applied(scene: Scene) -> None:
    """Nothing is left to do, and a message below the deleted one may still come."""
    scene.worker.reconcile(G)
    scene.table.unsend(G, at(1))
    for user in ("ann", "bob"):
        scene.table.member(G, user, at(1), text="")
    scene.worker.reconcile(G)
    assert not scene.memory.has_applied(G, at(0))


def test_rows_moved_back_by_another_process_are_not_applied(scene: Scene) -> None:
    """What this process applied above the newest message is no longer so, whoever is looked at."""
    scene.table.message(G, at(0))
    scene.worker.reconcile(G)
    scene.table.unsend(G, at(1))
    scene.worker.reconcile(G, ["ann"])
    assert not scene.memory.has_applied(G, at(0))


def test_rows_moved_back_in_the_middle_of_a_look_are_not_applied(scene: Scene) -> None:
    """Another process answers two deletions before our commit: nothing is left to do, and what was applied is gone."""
    scene.table.message(G, at(3))
    scene.worker.reconcile(G)
    rival = Reconciler(scene.table, Memory(), Retry(Event(), sleep=lambda _: None))
    scene.table.message(G, at(4))

    def meanwhile() -> None:
        for sk in (at(4), at(3)):
            scene.table.unsend(G, sk)
        rival.reconcile(G)

    scene.table.before("commit", meanwhile)
    scene.worker.reconcile(G)
    assert not scene.memory.has_applied(G, at(2))


def test_a_group_that_everybody_left_is_not_applied(scene: Scene) -> None:
    """Who joins again may get a row below what was applied once."""
    scene.worker.reconcile(G)
    for user in ("ann", "bob"):
        scene.table.drop(scene.table.rows(user)[0].item)
    scene.table.unsend(G, at(1))
    scene.worker.reconcile(G)
    assert not scene.memory.has_applied(G, at(0))


def test_overlapping_visits_remember_nothing(scene: Scene) -> None:
    """Two threads on one group may have read different messages; neither may vouch for it."""
    first = scene.memory.begin(G)
    second = scene.memory.begin(G)
    scene.memory.applied(G, at(1), second)
    scene.memory.applied(G, at(5), first)
    assert not scene.memory.has_applied(G, at(0))
