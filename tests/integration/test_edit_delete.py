"""What a sender may do to their own message."""

import pytest

from producer import messages
from shared import keys
from shared.errors import (
    Conflict,
    MessageUnknown,
    NotTheSender,
    Reason,
    TransactionCancelled,
)
from shared.models import Item
from tests.fakes.faulty import Accident, lost, meanwhile, refused
from tests.integration.conftest import ANN, AT_NOON, BEN, Scene

PAIR = keys.pair_group(ANN.uuid, BEN.uuid)
BUSY = TransactionCancelled([Reason("TransactionConflict"), Reason("None"), Reason("None")])


def texts(**values: str) -> Item:
    return {name: {"S": value} for name, value in values.items()}


def test_edit_and_delete_take_the_newest_of_ones_own(scene: Scene) -> None:
    """Without a name it is the sender's newest, even if others wrote since."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    messages.send(scene.chat, PAIR, BEN, "hello")
    assert messages.edit(scene.chat, PAIR, ANN, "hey").created_at == AT_NOON
    messages.delete(scene.chat, PAIR, BEN)
    assert [item["message"]["S"] for item in scene.everything("MSG#")] == ["hey"]


def test_a_message_is_found_by_uuid_and_by_sort_key(scene: Scene) -> None:
    """Both name it; a third word names nothing."""
    sent = messages.start(scene.chat, ANN, [BEN], "hi")
    assert messages.edit(scene.chat, PAIR, ANN, "a", sent.uuid).text == "a"
    assert messages.edit(scene.chat, PAIR, ANN, "b", sent.created_at).text == "b"
    with pytest.raises(MessageUnknown):
        messages.edit(scene.chat, PAIR, ANN, "c", "yesterday")


def test_only_the_sender_changes_a_message(scene: Scene) -> None:
    """Neither edit nor delete touches somebody else's."""
    sent = messages.start(scene.chat, ANN, [BEN], "hi")
    with pytest.raises(NotTheSender):
        messages.edit(scene.chat, PAIR, BEN, "mine", sent.uuid)
    with pytest.raises(NotTheSender):
        messages.delete(scene.chat, PAIR, BEN, sent.uuid)


def test_an_edit_of_what_was_deleted_meanwhile_makes_no_stub(scene: Scene) -> None:
    """An update of a missing item would create it."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    scene.client.meet("update_item", meanwhile(lambda: messages.delete(scene.chat, PAIR, ANN)))
    with pytest.raises(MessageUnknown):
        messages.edit(scene.chat, PAIR, ANN, "hey")
    assert scene.everything("MSG#") == []


@pytest.mark.parametrize("accident", [lost, refused(Conflict())])
def test_edit_and_delete_have_patience(scene: Scene, accident: Accident) -> None:
    """A lost answer or the worker's transaction on the same message is no failure."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    scene.client.meet("update_item", accident)
    scene.client.meet("delete_item", accident)
    messages.edit(scene.chat, PAIR, ANN, "hey")
    messages.delete(scene.chat, PAIR, ANN)
    assert scene.everything("MSG#") == []
