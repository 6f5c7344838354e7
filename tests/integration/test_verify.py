"""The walk through a real table: what is planted is found, whatever it is restricted to, however it is paged."""

import pytest

from producer import membership, messages
from shared import keys
from shared.keys import bump
from stream_worker.verify import survey, verifier
from stream_worker.verify.survey import Scope
from tests.fakes.faulty import meanwhile
from tests.fakes.native import in_turn
from tests.fakes.table import texts
from tests.integration.conftest import ANN, BEN, CAT, DAN, Scene
from tests.integration.planted import Planted, plant


@pytest.fixture
def planted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Pages so small that every partition is torn; second looks of two at a time."""
    monkeypatch.setattr(survey, "PAGE", 2)
    monkeypatch.setattr(verifier, "AT_ONCE", 2)
    return plant(scene)


def test_nothing_to_find(planted: Planted) -> None:
    """And everything is counted."""
    planted.pair(ANN, BEN, "hi")
    messages.start(planted.scene.chat, ANN, [BEN, CAT], "hello")
    walk = survey.Survey(planted.table, Scope(), in_turn)
    assert list(walk.doubts()) == []
    assert (walk.tally.rows, walk.tally.groups, walk.tally.messages, walk.tally.items) == (5, 2, 2, 12)


def test_everything_that_is_planted(planted: Planted) -> None:
    """Stale, lost, duplicate, ghost, a stub, somebody who wrote and has neither row nor roster item."""
    planted.pair(ANN, BEN, "old", "new")
    trio = messages.start(planted.scene.chat, CAT, [DAN, ANN], "hi").group
    lost = planted.row(DAN)
    planted.drop(lost)
    planted.scene.put({**planted.row(CAT), "sk": {"S": bump(planted.row(CAT)["sk"]["S"])}})
    planted.scene.put({**keys.message_key(trio, "2020"), **texts(message="I was here", user_uuid="eve")})
    planted.scene.put({**keys.row_key("eve", "2020"), **texts(mood="none")})
    assert planted.findings() == [
        ("odd", "messages", ""),
        ("suspect", "missing", "eve"),
        ("wrong", "duplicate", CAT.uuid),
        ("wrong", "ghost", "eve"),
        ("wrong", "missing", DAN.uuid),
        ("wrong", "stale", ANN.uuid),
        ("wrong", "stale", BEN.uuid),
    ]


def test_a_row_of_somebody_who_left(planted: Planted) -> None:
    """They left by us, and a row came back by somebody else's hand."""
    group = planted.pair(ANN, BEN, "hi")
    row = planted.row(BEN)
    membership.leave(planted.scene.chat, group, BEN)
    assert planted.findings() == []
    planted.scene.put(row)
    assert planted.findings() == [("wrong", "ghost", BEN.uuid)]


def test_one_group(planted: Planted) -> None:
    """Only its partitions are read; a duplicate is found although the walk sees no list."""
    group = planted.pair(ANN, BEN, "old", "new")
    planted.pair(CAT, DAN, "old", "new")
    planted.scene.put({**planted.row(BEN), "sk": {"S": bump(planted.row(BEN)["sk"]["S"])}})
    planted.scene.client.calls.clear()
    found = planted.findings(Scope(group=group))
    assert [(what, user) for _, what, user in found] == [
        ("duplicate", BEN.uuid),
        ("stale", ANN.uuid),
        ("stale", BEN.uuid),
        ("stale", BEN.uuid),
    ]
    assert "scan" not in planted.scene.client.calls


def test_one_user(planted: Planted) -> None:
    """Whatever list it would be in: the lost row of Ben's is found, Ann's stale one is not told."""
    group = planted.pair(ANN, BEN, "old", "new")
    planted.drop(planted.row(BEN))
    assert planted.findings(Scope(user=BEN.uuid)) == [("wrong", "missing", BEN.uuid)]
    assert planted.findings(Scope(group=group, user=BEN.uuid)) == [("wrong", "missing", BEN.uuid)]


def test_somebody_who_never_wrote_nor_was_in_a_roster(planted: Planted) -> None:
    """The original lost the row before any of our software saw it: the other member's row tells of them."""
    group = planted.pair(ANN, BEN, "hi")
    planted.drop(keys.roster_key(group, BEN.uuid))
    planted.drop(planted.row(BEN))
    lost = [("suspect", "missing", BEN.uuid)]
    assert planted.findings() == planted.findings(Scope(group=group)) == planted.findings(Scope(user=BEN.uuid)) == lost


def test_what_becomes_right_is_not_told(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker was on its way: the row comes back after the second look, and the third one sees it."""
    monkeypatch.setattr(verifier, "LOOK_AGAIN_S", 0)
    planted.pair(ANN, BEN, "hi")
    row = planted.row(BEN)
    planted.drop(row)
    reads = [meanwhile(list), meanwhile(lambda: planted.scene.put(row))]  # of the roster, after the rows
    planted.scene.client.meet("batch_get_item", *reads)
    assert list(planted.verifier(Scope(user=BEN.uuid), patience_s=30).findings()) == []
    assert not planted.scene.client.accidents["batch_get_item"]


def test_a_missing_row_is_looked_for_twice(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look can miss a row that moves; that is no reason to accuse, even without patience."""
    monkeypatch.setattr(verifier, "LOOK_AGAIN_S", 0)
    planted.pair(ANN, BEN, "hi")
    row = planted.row(BEN)
    planted.drop(row)
    planted.scene.client.meet("batch_get_item", meanwhile(lambda: planted.scene.put(row)))
    assert list(planted.verifier(Scope(user=BEN.uuid)).findings()) == []
