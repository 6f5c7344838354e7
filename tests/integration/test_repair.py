"""What is planted in a real table is made right, and nothing else is touched."""

from collections.abc import Iterable

import pytest

from producer import membership, messages
from shared import keys
from shared.keys import bump
from shared.models import Item
from stream_worker import assembly
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.repair.repairer import Repairer
from stream_worker.repair.restorer import Restorer
from tests.fakes.faulty import lost, meanwhile
from tests.fakes.table import texts
from tests.integration.conftest import ANN, BEN, CAT, DAN, Scene
from tests.integration.planted import Planted, plant


@pytest.fixture
def planted(scene: Scene) -> Planted:
    """An empty table."""
    return plant(scene)


def repaired(planted: Planted, *, apply: bool = True, restore_lost: bool = False) -> list[tuple[str, str]]:
    """(result, what was found) of a repair."""
    repairer = Repairer(
        planted.table,
        Reconciler(planted.table.store, Memory(), planted.table.retry),
        Restorer(planted.table, assembly.now),
        apply=apply,
        restore_lost=restore_lost,
    )
    found = planted.verifier().findings()
    return sorted((done.result.value, done.finding.what) for done in repairer.repairs(found))


def without(names: Iterable[str], item: Item) -> Item:
    """An item but for some attributes."""
    return {name: value for name, value in item.items() if name not in names}


def moved_on(item: Item) -> Item:
    """The same item 1 µs further on."""
    return {**item, "sk": {"S": bump(item["sk"]["S"])}}


def test_nothing_to_do(planted: Planted) -> None:
    """A right table is left as it is."""
    planted.pair(ANN, BEN, "hi")
    before = planted.scene.everything()
    assert repaired(planted, restore_lost=True) == []
    assert planted.scene.everything() == before


def test_a_dry_run_writes_nothing(planted: Planted) -> None:
    """It says what it would do; what is lost stays so unless one asks for it."""
    planted.pair(ANN, BEN, "old", "new")
    planted.drop(planted.row(BEN))
    before = planted.scene.everything()
    assert repaired(planted, apply=False) == [("left", "missing"), ("to do", "stale")]
    assert repaired(planted, apply=False, restore_lost=True) == [("to do", "missing"), ("to do", "stale")]
    assert planted.scene.everything() == before


def test_stale_double_and_otherwise_worded_rows(planted: Planted) -> None:
    """The worker's own reconcile; what is not the worker's comes through."""
    planted.pair(ANN, BEN, "old", "new")
    planted.pair(CAT, DAN, "hi")
    planted.scene.put(planted.row(ANN) | texts(mood="glad"))
    planted.scene.put(moved_on(planted.row(CAT)))
    planted.scene.put(planted.row(DAN) | texts(message="ho"))
    assert {result for result, _ in repaired(planted)} == {"done"}
    assert planted.findings() == []
    assert planted.row(ANN)["mood"] == {"S": "glad"}


def test_a_row_of_somebody_who_left(planted: Planted) -> None:
    """It is removed, and their roster item stays as it is."""
    group = planted.pair(ANN, BEN, "hi")
    row = planted.row(BEN)
    membership.leave(planted.scene.chat, group, BEN)
    planted.scene.put(row)
    assert repaired(planted) == [("done", "ghost")]
    assert planted.scene.everything(keys.ROW + BEN.uuid) == []
    assert planted.findings() == []


def test_somebody_who_is_coming_back_keeps_their_row(planted: Planted) -> None:
    """They write just before the row would be removed: the roster is no longer as read."""
    group = planted.pair(ANN, BEN, "hi")
    row = planted.row(BEN)
    membership.leave(planted.scene.chat, group, BEN)
    planted.scene.put(row)
    back = meanwhile(lambda: messages.send(planted.scene.chat, group, BEN, "I am back"))
    planted.scene.client.meet("transact_write_items", back)
    assert repaired(planted) == [("not needed", "ghost")]
    assert planted.row(BEN)["pk"] == row["pk"]


def test_a_row_without_a_group(planted: Planted) -> None:
    """What an unconditional update of a row that has moved leaves behind is removed."""
    planted.scene.put({**keys.row_key(ANN.uuid, "2026"), **texts(mood="glad")})
    assert repaired(planted) == [("done", "ghost")]
    assert planted.scene.everything() == []


def test_a_row_that_has_a_group_by_now(planted: Planted) -> None:
    """Somebody puts a whole row over it just before: it stays, although all that was read is unchanged."""
    planted.scene.put({**keys.row_key(ANN.uuid, "2026"), **texts(mood="glad")})
    whole = {**keys.row_key(ANN.uuid, "2026"), **texts(mood="glad", message_group_uuid="g", message="")}
    planted.scene.client.meet("transact_write_items", meanwhile(lambda: planted.scene.put(whole)))
    assert repaired(planted) == [("not needed", "ghost")]
    assert planted.scene.everything() == [whole]


def test_a_lost_row_is_rebuilt_from_messages(planted: Planted) -> None:
    """As it was, at the newest message; the roster item is a fresh one."""
    group = planted.pair(ANN, BEN, "old", "new")
    repaired(planted)
    was, entry = planted.row(BEN), planted.scene.chat.read.get(keys.roster_key(group, BEN.uuid))
    planted.drop(was)
    assert repaired(planted, restore_lost=True) == [("done", "missing")]
    assert without({"row_rev"}, planted.row(BEN)) == without({"row_rev", "worker_rev"}, was)
    assert planted.scene.chat.read.get(keys.roster_key(group, BEN.uuid)) != entry
    assert planted.findings() == []


def test_the_names_of_somebody_who_wrote_nothing(planted: Planted) -> None:
    """Others' rows carry them."""
    planted.pair(ANN, BEN, "hi")
    planted.drop(planted.row(ANN))
    planted.pair(CAT, BEN, "hello")
    assert repaired(planted, restore_lost=True) == [("done", "missing")]
    assert planted.row(ANN)["user_uuid"] == {"S": BEN.uuid}
    assert planted.row(ANN)["user_handle"] == {"S": "ben"}


def test_names_that_no_row_carries_any_more(planted: Planted) -> None:
    """They wrote elsewhere: their messages carry them, too."""
    planted.pair(BEN, CAT, "hello")
    planted.drop(planted.row(CAT))
    planted.pair(ANN, BEN, "hi")
    planted.drop(planted.row(ANN))
    repaired(planted, restore_lost=True)
    assert planted.row(ANN)["user_handle"] == {"S": "ben"}


def test_nobody_else_is_known(planted: Planted) -> None:
    """Said, and left."""
    planted.scene.put({**keys.message_key("g", "2026"), **texts(message="hello?", user_uuid="eve")})
    assert repaired(planted, restore_lost=True) == [("left", "missing")]


def test_who_left_does_not_come_back(planted: Planted) -> None:
    """Not even when they leave between the look and the deed."""
    group = planted.pair(ANN, BEN, "hi")
    row = planted.row(BEN)
    planted.drop(row)

    def leaves() -> None:
        planted.scene.put(row)
        membership.leave(planted.scene.chat, group, BEN)

    planted.scene.client.meet("transact_write_items", meanwhile(leaves))
    assert repaired(planted, restore_lost=True) == [("not needed", "missing")]
    assert planted.scene.everything(keys.ROW + BEN.uuid) == []


def test_two_repairs_at_once_make_one_row(planted: Planted) -> None:
    """They meet in the roster."""
    planted.pair(ANN, BEN, "hi")
    planted.drop(planted.row(BEN))
    planted.scene.client.meet("transact_write_items", meanwhile(lambda: repaired(planted, restore_lost=True)))
    assert repaired(planted, restore_lost=True) == [("not needed", "missing")]
    assert planted.row(BEN)


def test_a_lost_answer_makes_one_row(planted: Planted) -> None:
    """The second attempt finds the row of the first."""
    planted.pair(ANN, BEN, "hi")
    planted.drop(planted.row(BEN))
    planted.scene.client.meet("transact_write_items", lost)
    repaired(planted, restore_lost=True)
    assert planted.findings() == []


def test_the_place_may_be_taken(planted: Planted) -> None:
    """Another group's row stands there: 1 µs later, and it shows the message all the same."""
    planted.pair(ANN, BEN, "hi")
    planted.pair(CAT, BEN, "hello")
    ann, cat = planted.scene.everything(keys.ROW + BEN.uuid)
    planted.drop(ann)
    planted.drop(cat)
    assert repaired(planted, restore_lost=True) == [("done", "missing"), ("done", "missing")]
    assert planted.findings() == []
