"""Join and leave on a real engine."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from producer import membership, messages
from shared import keys
from shared.dynamo import Answer
from shared.errors import GroupUnknown, NotAMember, OutcomeUnknown, PairIsClosed, TransactionCancelled
from tests.fakes.faulty import Go, lost, meanwhile
from tests.integration.conftest import ANN, BEN, CAT, DAN, JUST_AFTER, NOON, Scene

PAIR = keys.pair_group(ANN.uuid, BEN.uuid)


@pytest.fixture
def group(scene: Scene) -> str:
    """Ann started a group with Ben and Cat; Ben answered."""
    group = messages.start(scene.chat, ANN, [BEN, CAT], "hi").group
    messages.send(scene.chat, group, BEN, "hello")
    return group


def test_who_joins_sees_the_newest_message(scene: Scene, group: str) -> None:
    """The row stands at the newest message with its text, and shows who started the group."""
    membership.join(scene.chat, group, DAN)
    [row] = scene.everything(f"GRP#{DAN.uuid}")
    assert (row["sk"]["S"], row["message"]["S"], row["user_handle"]["S"]) == (JUST_AFTER, "hello", "ann")
    assert DAN.uuid in scene.chat.read.roster(group)


def test_who_is_a_member_stays_as_they_are(scene: Scene, group: str) -> None:
    """A second join writes nothing."""
    before = scene.everything()
    membership.join(scene.chat, group, BEN)
    assert scene.everything() == before


def test_two_joins_at_once_make_one_row(scene: Scene, group: str) -> None:
    """Even when a message in between gives the second one another place."""

    def other_device() -> None:
        later = replace(scene.chat, clock=lambda: NOON + timedelta(seconds=1))
        messages.send(later, group, ANN, "newer")
        membership.join(later, group, DAN)

    scene.client.meet("transact_write_items", meanwhile(other_device))
    membership.join(scene.chat, group, DAN)
    assert len(scene.everything(f"GRP#{DAN.uuid}")) == 1


def test_a_lost_answer_to_join_makes_one_row(scene: Scene, group: str) -> None:
    """The second attempt finds the row."""
    scene.client.meet("transact_write_items", lost)
    membership.join(scene.chat, group, DAN)
    assert len(scene.everything(f"GRP#{DAN.uuid}")) == 1


def test_leave_takes_the_row_and_marks_the_roster(scene: Scene, group: str) -> None:
    """Both in one transaction; a rejoin clears the mark."""
    membership.leave(scene.chat, group, BEN)
    assert scene.everything(f"GRP#{BEN.uuid}") == []
    assert "left_at" in scene.chat.read.roster(group)[BEN.uuid]
    membership.join(scene.chat, group, BEN)
    assert "left_at" not in scene.chat.read.roster(group)[BEN.uuid]


def test_leave_follows_a_row_that_moves(scene: Scene, group: str) -> None:
    """The worker moves the row between read and delete: the delete fails, and is tried at the new place."""

    def move() -> None:
        [row] = scene.everything(f"GRP#{BEN.uuid}")
        scene.client.call("delete_item", TableName=scene.chat.table, Key=keys.row_key(BEN.uuid, row["sk"]["S"]))
        scene.put({**row, "sk": {"S": "2026-11-22T13:00:00.000000+00:00"}})

    scene.client.meet("transact_write_items", meanwhile(move))
    membership.leave(scene.chat, group, BEN)
    assert scene.everything(f"GRP#{BEN.uuid}") == []


def test_leave_takes_duplicates_too(scene: Scene, group: str) -> None:
    """What the original left behind goes as well."""
    [row] = scene.everything(f"GRP#{BEN.uuid}")
    scene.put({**row, "sk": {"S": "2023-01-01T00:00:00"}})
    membership.leave(scene.chat, group, BEN)
    assert scene.everything(f"GRP#{BEN.uuid}") == []


def test_a_lost_answer_to_leave_is_a_success(scene: Scene, group: str) -> None:
    """The roster says that it was this very leave."""
    scene.client.meet("transact_write_items", lost)
    membership.leave(scene.chat, group, BEN)
    later = replace(scene.chat, clock=lambda: NOON + timedelta(seconds=1))
    with pytest.raises(NotAMember, match=f'"ben" is not a member of {group}: nothing to do.'):
        membership.leave(later, group, BEN)


def test_a_leave_that_lands_late_takes_no_row_from_who_came_back(scene: Scene, group: str) -> None:
    """Its second attempt succeeded, others let Ben in again, then the first one arrives (simulator: seated 422)."""
    [row], attempts = scene.everything(f"GRP#{BEN.uuid}"), list[Go]()

    def on_its_way(go: Go) -> Answer:
        attempts.append(go)
        raise OutcomeUnknown

    scene.client.meet("transact_write_items", on_its_way)
    membership.leave(scene.chat, group, BEN)
    scene.put(row)
    with pytest.raises(TransactionCancelled):
        attempts[0]()
    assert scene.everything(f"GRP#{BEN.uuid}") == [row]


def test_a_leave_whose_answer_was_lost_is_not_done_twice(scene: Scene, group: str) -> None:
    """Other software has let Ben in again by the time of the second attempt: he left before that."""
    [row] = scene.everything(f"GRP#{BEN.uuid}")

    def answer_lost(go: Go) -> Answer:
        go()
        scene.put(row)
        raise OutcomeUnknown

    scene.client.meet("transact_write_items", answer_lost)
    membership.leave(scene.chat, group, BEN)
    assert scene.everything(f"GRP#{BEN.uuid}") == [row]


def test_a_member_of_the_original_can_leave(scene: Scene) -> None:
    """Without a roster item the mark creates it."""
    group = str(uuid4())
    row = {**keys.row_key(ANN.uuid, "2023"), "message_group_uuid": {"S": group}}
    scene.put(row)
    membership.leave(scene.chat, group, ANN)
    assert set(scene.chat.read.roster(group)[ANN.uuid]) == {"pk", "sk", "created_at", "created_by", "left_at"}


def test_a_pair_takes_no_third(scene: Scene) -> None:
    """But takes back one who has left; the name may come from outside if the other never wrote."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    with pytest.raises(PairIsClosed, match=r"producer start --from (ann --to HANDLE|HANDLE --to ann) --to cat "):
        membership.join(scene.chat, PAIR, CAT, [ANN])
    membership.leave(scene.chat, PAIR, ANN)
    membership.join(scene.chat, PAIR, ANN, [BEN])
    assert [row["user_handle"]["S"] for row in scene.everything(f"GRP#{ANN.uuid}")] == ["ben"]


def test_a_group_without_messages_can_be_joined(scene: Scene) -> None:
    """All was deleted: the row is blank, the next message fills it."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    messages.delete(scene.chat, PAIR, ANN)
    membership.leave(scene.chat, PAIR, BEN)
    membership.join(scene.chat, PAIR, BEN, [ANN])
    assert [row["message"]["S"] for row in scene.everything(f"GRP#{BEN.uuid}")] == [""]


def test_nobody_joins_or_leaves_an_unknown_group(scene: Scene) -> None:
    """Neither writes anything."""
    with pytest.raises(GroupUnknown):
        membership.join(scene.chat, str(uuid4()), ANN)
    with pytest.raises(GroupUnknown):
        membership.leave(scene.chat, str(uuid4()), ANN)
    assert scene.everything() == []
