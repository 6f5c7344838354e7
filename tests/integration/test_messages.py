"""Patterns C and D on a real engine, with the accidents it does not have by itself."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from producer import membership, messages
from shared import keys
from shared.dynamo import Answer
from shared.errors import (
    Conflict,
    GroupTooLarge,
    GroupUnknown,
    MessageToOneself,
    NotAMember,
    OutcomeUnknown,
    Reason,
    TextInvalid,
    Throttled,
    TransactionCancelled,
)
from shared.models import Item, User
from tests.fakes.faulty import Accident, Go, lost, meanwhile, refused
from tests.integration.conftest import ANN, AT_NOON, BEN, CAT, DAN, JUST_AFTER, NOON, Scene

PAIR = keys.pair_group(ANN.uuid, BEN.uuid)
BUSY = TransactionCancelled([Reason("TransactionConflict"), Reason("None"), Reason("None")])


def texts(**values: str) -> Item:
    return {name: {"S": value} for name, value in values.items()}


def legacy_row(user: str, group: str, other: User, sk: str = "2023-04-01T10:00:00") -> Item:
    return {**keys.row_key(user, sk), **texts(message_group_uuid=group, message="old", user_uuid=other.uuid)}


def test_the_first_message_makes_a_row_and_a_roster_item_for_each(scene: Scene) -> None:
    """Pattern D writes the message, and for both a row that shows it and the other."""
    sent = messages.start(scene.chat, ANN, [BEN], " hi ")
    rows = scene.everything("GRP#")
    assert sent.group == PAIR
    assert [(row["sk"]["S"], row["message"]["S"], row["user_handle"]["S"]) for row in rows] == [
        (AT_NOON, "hi", "ben"),
        (AT_NOON, "hi", "ann"),
    ]
    assert all(row["last_message_sk"]["S"] == AT_NOON and row["row_rev"]["S"] for row in rows)
    assert all("worker_rev" not in row for row in rows)
    assert [item["created_by"]["S"] for item in scene.everything("ROS#")] == ["producer", "producer"]


def test_only_rows_are_in_the_index(scene: Scene) -> None:
    """Neither messages nor roster items carry `message_group_uuid`."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    assert not any("message_group_uuid" in item for item in scene.everything("MSG#") + scene.everything("ROS#"))


def test_a_pair_has_one_group_whoever_starts(scene: Scene) -> None:
    """The answer of the second one goes into the same group and makes no further row."""
    first = messages.start(scene.chat, ANN, [BEN], "hi")
    second = messages.start(scene.chat, BEN, [ANN], "hello")
    assert second.group == first.group
    assert len(scene.everything("GRP#")) == 2


def test_two_who_start_at_once_make_one_row_each(scene: Scene) -> None:
    """Between one's reads and write the other does it all, at another time: the roster tells."""
    later = replace(scene.chat, clock=lambda: NOON + timedelta(seconds=1))
    scene.client.meet("transact_write_items", meanwhile(lambda: messages.start(later, BEN, [ANN], "me too")))
    messages.start(scene.chat, ANN, [BEN], "hi")
    assert len(scene.everything("GRP#")) == 2
    assert [item["message"]["S"] for item in scene.everything("MSG#")] == ["hi", "me too"]


def test_three_show_the_one_who_started(scene: Scene) -> None:
    """In a larger group each row's other is the starter, the starter's is the first of the others."""
    sent = messages.start(scene.chat, CAT, [ANN, BEN], "hi")
    shown = {row["pk"]["S"]: row["user_handle"]["S"] for row in scene.everything("GRP#")}
    assert shown == {f"GRP#{ANN.uuid}": "cat", f"GRP#{BEN.uuid}": "cat", f"GRP#{CAT.uuid}": "ann"}
    assert sent.group != messages.start(scene.chat, CAT, [ANN, BEN], "again").group


def test_a_group_of_the_original_is_used(scene: Scene) -> None:
    """A pair that met in the original goes on in its group; the roster items are made as they write."""
    old = str(uuid4())
    scene.put(legacy_row(ANN.uuid, old, BEN))
    scene.put(legacy_row(BEN.uuid, old, ANN))
    assert messages.start(scene.chat, ANN, [BEN], "hi").group == old
    assert [item["sk"]["S"] for item in scene.everything("ROS#")] == [ANN.uuid]
    assert len(scene.everything("GRP#")) == 2


def test_a_larger_group_is_not_taken_for_a_pair(scene: Scene) -> None:
    """A row that shows the other is not enough: there may be a third, even one who left."""
    old = str(uuid4())
    scene.put(legacy_row(ANN.uuid, old, BEN))
    scene.put({**keys.roster_key(old, CAT.uuid), **texts(created_at=AT_NOON, left_at=AT_NOON)})
    assert messages.start(scene.chat, ANN, [BEN], "hi").group == PAIR


@pytest.mark.parametrize(
    "unclear", [lost, refused(OutcomeUnknown()), refused(Conflict()), refused(BUSY), refused(Throttled())]
)
def test_an_attempt_is_repeated_under_the_same_name(scene: Scene, unclear: Accident) -> None:
    """Whether the first attempt was carried out or not: one message, one row each."""
    scene.client.meet("transact_write_items", unclear)
    sent = messages.start(scene.chat, ANN, [BEN], "hi")
    assert [item["message_uuid"]["S"] for item in scene.everything("MSG#")] == [sent.uuid]
    assert len(scene.everything("GRP#")) == 2


def test_a_lost_answer_to_send_is_no_second_message(scene: Scene) -> None:
    """The message that stands there is ours: done."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    scene.client.meet("transact_write_items", lost)
    sent = messages.send(scene.chat, PAIR, BEN, "yes?")
    assert sent.created_at == JUST_AFTER
    assert len(scene.everything("MSG#")) == 2


def test_a_lost_answer_of_one_who_left_meanwhile_is_still_a_success(scene: Scene) -> None:
    """Membership is asked again at each attempt, but the message was stored."""
    messages.start(scene.chat, ANN, [BEN], "hi")

    def lost_and_left(go: Go) -> Answer:
        go()
        membership.leave(scene.chat, PAIR, BEN)
        raise OutcomeUnknown

    scene.client.meet("transact_write_items", lost_and_left)
    later = replace(scene.chat, clock=lambda: NOON + timedelta(seconds=1))
    assert messages.send(later, PAIR, BEN, "bye").text == "bye"
    assert len(scene.everything("MSG#")) == 2


def test_a_taken_place_moves_the_message_on(scene: Scene) -> None:
    """Somebody else's message of the same microsecond is not overwritten."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    assert messages.send(scene.chat, PAIR, BEN, "hi too").created_at == JUST_AFTER
    assert [item["sk"]["S"] for item in scene.everything("MSG#")] == [AT_NOON, JUST_AFTER]


def test_a_row_moves_behind_another_groups(scene: Scene) -> None:
    """Two groups of one user at one microsecond: the second row stands 1 µs later and names its message exactly."""
    messages.start(scene.chat, ANN, [BEN], "to ben")
    messages.start(scene.chat, ANN, [CAT], "to cat")
    rows = scene.everything(f"GRP#{ANN.uuid}")
    assert [(row["sk"]["S"], row["last_message_sk"]["S"]) for row in rows] == [
        (AT_NOON, AT_NOON),
        (JUST_AFTER, AT_NOON),
    ]


def test_a_row_place_that_is_taken_at_the_last_moment(scene: Scene) -> None:
    """The transaction is cancelled, the attempt starts over, nobody's row is overwritten."""
    scene.client.meet("transact_write_items", meanwhile(lambda: messages.start(scene.chat, CAT, [ANN], "first")))
    messages.start(scene.chat, ANN, [BEN], "hi")
    assert [row["sk"]["S"] for row in scene.everything(f"GRP#{ANN.uuid}")] == [AT_NOON, JUST_AFTER]


def test_the_side_that_left_gets_a_row_again(scene: Scene) -> None:
    """Writing to somebody who has left a pair takes them in again."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    membership.leave(scene.chat, PAIR, BEN)
    messages.send(scene.chat, PAIR, ANN, "still there?")
    [row] = scene.everything(f"GRP#{BEN.uuid}")
    assert row["message"]["S"] == "still there?"
    assert not any("left_at" in item for item in scene.everything("ROS#"))


def test_who_has_left_cannot_send(scene: Scene) -> None:
    """Membership is the row; nothing is written."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    membership.leave(scene.chat, PAIR, BEN)
    with pytest.raises(NotAMember, match="ben"):
        messages.send(scene.chat, PAIR, BEN, "me again")
    assert len(scene.everything("MSG#")) == 1


def test_who_leaves_at_the_last_moment_does_not_send(scene: Scene) -> None:
    """The membership is part of the write, not only of the read before it."""
    group = messages.start(scene.chat, ANN, [BEN, CAT], "hi").group
    scene.client.meet("transact_write_items", meanwhile(lambda: membership.leave(scene.chat, group, BEN)))
    with pytest.raises(NotAMember):
        messages.send(scene.chat, group, BEN, "one more thing")
    assert len(scene.everything("MSG#")) == 1


def test_a_member_with_an_old_left_at_is_a_member(scene: Scene) -> None:
    """Other software took them in again; the row counts, and the roster is put right."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    [row] = scene.everything(f"GRP#{BEN.uuid}")
    membership.leave(scene.chat, PAIR, BEN)
    scene.put(row)
    messages.send(scene.chat, PAIR, BEN, "back")
    assert not any("left_at" in item for item in scene.everything("ROS#"))


def test_nobody_sends_to_an_unknown_group(scene: Scene) -> None:
    """A group without any sign of life is unknown."""
    with pytest.raises(GroupUnknown):
        messages.send(scene.chat, str(uuid4()), ANN, "hello?")
    assert scene.everything() == []


@pytest.mark.parametrize(
    ("others", "text", "error"),
    [
        ([ANN], "hi", MessageToOneself),
        ([BEN], " ", TextInvalid),
        ([replace(BEN, uuid=str(uuid4())) for _ in range(49)], "hi", GroupTooLarge),
    ],
)
def test_mistakes_write_nothing(scene: Scene, others: list[User], text: str, error: type[Exception]) -> None:
    """One sentence, an empty table."""
    with pytest.raises(error):
        messages.start(scene.chat, ANN, others, text)
    assert scene.everything() == []


def test_a_group_of_49_fits_in_one_transaction(scene: Scene) -> None:
    """The message, and a row and a roster item for each."""
    others = [replace(BEN, uuid=str(uuid4())) for _ in range(48)]
    messages.start(scene.chat, ANN, others, "hi all")
    assert len(scene.everything("GRP#")) == 49


def test_a_normal_send_takes_five_calls(scene: Scene) -> None:
    """Two looks at the index, one at the rows, one at the roster, one transaction: whatever the lists' lengths."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    messages.start(scene.chat, ANN, [DAN], "hi")
    scene.client.calls.clear()
    messages.send(replace(scene.chat, clock=lambda: NOON + timedelta(seconds=1)), PAIR, ANN, "lean")
    assert scene.client.calls == ["query", "query", "batch_get_item", "get_item", "transact_write_items"]
