"""The reconcile against a table in memory, with others acting between any two calls."""

from functools import partial
from threading import Event

import pytest

from shared.retry import Retry
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from tests.fakes.table import at
from tests.unit.reconcile.conftest import G, Scene


def test_a_message_moves_every_row_in_one_transaction(scene: Scene) -> None:
    """Pattern E: both rows show the new message, or neither."""
    scene.table.message(G, at(2), "new")
    assert scene.worker.reconcile(G).moved == 2
    assert scene.table.shown("ann") == scene.table.shown("bob") == [(G, "new")]
    assert len(scene.table.commits) == 1


def test_a_clean_group_is_not_written(scene: Scene) -> None:
    """Its own writes come back in the stream; they must not make new ones."""
    assert scene.worker.reconcile(G).clean == 2
    assert scene.table.commits == []


def test_rows_are_read_before_the_message(scene: Scene) -> None:
    """The other order leaves a row stale for ever with two workers and plain puts."""
    scene.worker.reconcile(G)
    assert scene.table.calls == ["roster", "hints", "rows_at", "newest"]


def test_a_second_reconcile_needs_no_index(scene: Scene) -> None:
    """The process remembers where rows stand; a hit is confirmed by a strong read all the same."""
    scene.worker.reconcile(G)
    scene.table.calls.clear()
    scene.worker.reconcile(G)
    assert scene.table.calls == ["roster", "rows_at", "newest"]


def test_a_row_that_the_index_hides_is_moved(scene: Scene) -> None:
    """The index never decides who is a member."""
    scene.table.index[G] = {"ann": at(1)}
    scene.table.message(G, at(2), "new")
    scene.worker.reconcile(G)
    assert scene.table.shown("bob") == [(G, "new")]


def test_a_hint_that_leads_to_another_group_is_no_hit(scene: Scene) -> None:
    """A position may be another group's by now."""
    scene.table.row("other", "bob", at(7))
    scene.table.index[G] = {"ann": at(1), "bob": at(7)}
    scene.table.message(G, at(2), "new")
    scene.worker.reconcile(G)
    assert scene.table.shown("bob") == [(G, "new"), ("other", "hi")]


def test_a_member_without_a_row_gets_none(scene: Scene) -> None:
    """Membership is the row: who left is not brought back."""
    scene.table.drop(scene.table.rows("bob")[0].item)
    scene.table.message(G, at(2))
    scene.worker.reconcile(G)
    assert scene.table.rows("bob") == []


def test_a_message_deleted_before_the_commit(scene: Scene) -> None:
    """The transaction rests on the message it shows; without it the reconcile reads again."""
    scene.table.message(G, at(2), "soon gone")
    scene.table.before("commit", partial(scene.table.unsend, G, at(2)))
    scene.worker.reconcile(G)
    assert scene.table.shown("ann") == scene.table.shown("bob") == [(G, "hi")]


def test_a_message_edited_before_the_commit(scene: Scene) -> None:
    """A text that is no longer the message's is never written."""
    scene.table.message(G, at(2), "first")
    scene.table.before("commit", partial(scene.table.message, G, at(2), "second"))
    scene.worker.reconcile(G)
    assert scene.table.shown("ann") == [(G, "second")]


def test_no_way_back_while_the_message_stands(scene: Scene) -> None:
    """Deleted, then put again: the row must not move away from it."""
    scene.table.message(G, at(2), "new")
    scene.worker.reconcile(G)
    scene.table.unsend(G, at(2))
    scene.table.before("commit", partial(scene.table.message, G, at(2), "new"))
    scene.worker.reconcile(G)
    assert scene.table.shown("ann") == [(G, "new")]


def test_rows_move_back_when_the_newest_is_deleted(scene: Scene) -> None:
    """The list shows the newest message there is."""
    scene.table.message(G, at(2), "new")
    scene.worker.reconcile(G)
    scene.table.unsend(G, at(2))
    scene.worker.reconcile(G)
    assert [row.sk for row in scene.table.rows("ann")] == [at(1)]


def test_the_last_message_deleted_blanks_the_rows(scene: Scene) -> None:
    """Deleted text is in no row; the place in the list stays; a new message is shown again."""
    scene.table.unsend(G, at(1))
    scene.worker.reconcile(G)
    assert scene.table.shown("ann") == [(G, "")]
    scene.table.message(G, at(3), "again")
    scene.worker.reconcile(G)
    assert scene.table.shown("ann") == [(G, "again")]


def test_a_row_changed_by_another_before_the_commit(scene: Scene) -> None:
    """An attribute written between read and move is kept: the condition is the whole row as read."""
    ann = scene.table.rows("ann")[0].item
    scene.table.message(G, at(2), "new")
    scene.table.before("commit", lambda: scene.table.put({**ann, "pinned": {"BOOL": True}, "message": {"S": "?"}}))
    scene.worker.reconcile(G)
    assert scene.table.rows("ann")[0].item["pinned"] == {"BOOL": True}


@pytest.mark.parametrize("others", [1, 2, 3, 40])
def test_another_group_on_the_same_time_stamp(scene: Scene, others: int) -> None:
    """However many groups share a time stamp, each keeps its row; what is compared is the message's own stamp."""
    for i in range(others):
        scene.table.row(f"other-{i}", "bob", at(2 + i))
    scene.table.message(G, at(2), "new")
    scene.worker.reconcile(G)
    ours = [row for row in scene.table.rows("bob") if row.group == G]
    assert [(row.sk, row.shown) for row in ours] == [(at(2 + others), at(2))]
    assert len(scene.table.rows("bob")) == others + 1


@pytest.mark.parametrize("count", [2, 20])
def test_duplicates_are_removed(scene: Scene, count: int) -> None:
    """What the original left in a list is one row again, in as many transactions as it takes."""
    for i in range(count):
        scene.table.row(G, "bob", at(100 + i))
    scene.table.index[G] = {"ann": at(1)}
    scene.worker.reconcile(G)
    assert [(row.group, row.sk) for row in scene.table.rows("bob")] == [(G, at(1))]


def test_a_duplicate_beside_a_clean_row_is_seen_when_looked_for(scene: Scene) -> None:
    """A hinted row may be clean while another stands beside it, so a row record reads the whole list."""
    scene.table.row(G, "bob", at(50))
    scene.table.index[G] = {"ann": at(1), "bob": at(1)}
    scene.worker.reconcile(G, look={"bob"})
    assert len(scene.table.rows("bob")) == 1


def test_the_new_key_taken_by_the_very_group(scene: Scene) -> None:
    """Another worker was faster: read again, nothing to do."""
    scene.table.message(G, at(2), "new")
    rival = Reconciler(scene.table, Memory(), Retry(Event(), sleep=lambda _: None))
    scene.table.before("commit", lambda: rival.reconcile(G))
    scene.worker.reconcile(G)
    assert scene.table.shown("ann") == scene.table.shown("bob") == [(G, "new")]


def test_a_large_group_is_settled_in_slices(scene: Scene) -> None:
    """150 members take four transactions of at most 100 actions."""
    for i in range(150):
        scene.table.member(G, f"user-{i:03}", at(1))
    scene.table.message(G, at(2), "new")
    assert scene.worker.reconcile(G).moved == 152
    assert [len(commit) for commit in scene.table.commits] == [99, 99, 99, 11]


def test_two_workers_that_keep_different_duplicates_leave_one(scene: Scene) -> None:
    """One keeps the row of message 3 and deletes the other; message 3 is deleted; then the first wakes up."""
    scene.table.message(G, at(2))
    scene.table.message(G, at(3))
    scene.table.drop(scene.table.rows("bob")[0].item)
    scene.table.member(G, "bob", at(2))
    scene.table.row(G, "bob", at(3), last_message_sk=at(3))
    rival = Reconciler(scene.table, Memory(), Retry(Event(), sleep=lambda _: None))

    def meanwhile() -> None:
        rival.reconcile(G, ["bob"])
        scene.table.unsend(G, at(3))

    scene.table.before("newest", meanwhile)
    scene.worker.reconcile(G, ["bob"])
    assert [(row.group, row.shown) for row in scene.table.rows("bob")] == [(G, at(2))]
