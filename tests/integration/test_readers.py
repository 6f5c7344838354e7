"""Patterns A and B on a real engine."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from producer import membership, messages
from shared import keys
from shared.cursors import encode_cursor
from shared.errors import CursorInvalid, Throttled
from shared.models import Conversation, Item, User
from tests.fakes.faulty import meanwhile
from tests.fakes.native import fine
from tests.integration.conftest import ANN, BEN, CAT, DAN, NOON, Scene

PAIR = keys.pair_group(ANN.uuid, BEN.uuid)


def write(scene: Scene, minute: int, sender: User, other: User) -> str:
    chat = replace(scene.chat, clock=lambda: NOON + timedelta(minutes=minute))
    return messages.start(chat, sender, [other], f"minute {minute}").group


def move(scene: Scene, user: User, group: str, sk: str) -> None:
    """Do as the worker does."""
    [row] = scene.chat.read.rows(group, user.uuid)
    scene.client.call("delete_item", TableName=scene.chat.table, Key={"pk": row["pk"], "sk": row["sk"]})
    scene.put({**row, "sk": {"S": sk}})


def row(user: User, sk: str, **values: str) -> Item:
    return {**keys.row_key(user.uuid, sk), **{name: {"S": value} for name, value in values.items()}}


def test_conversations_come_newest_first(scene: Scene) -> None:
    """With the newest text and the other member."""
    write(scene, 1, ANN, BEN)
    write(scene, 2, CAT, ANN)
    page = scene.chat.read.of_user(ANN.uuid)
    assert [(entry.text, entry.other) for entry in page.entries] == [("minute 2", CAT), ("minute 1", BEN)]
    assert page.cursor is None
    assert page.capacity > 0


def test_pages_join_without_a_gap(scene: Scene) -> None:
    """The cursor leads on; a full last page has none."""
    for minute, other in enumerate((BEN, CAT, DAN)):
        write(scene, minute, ANN, other)
    first = scene.chat.read.of_user(ANN.uuid, limit=2)
    rest = scene.chat.read.of_user(ANN.uuid, limit=2, cursor=first.cursor)
    assert [entry.other.handle for entry in [*first.entries, *rest.entries]] == ["dan", "cat", "ben"]
    assert rest.cursor is None
    assert scene.chat.read.of_user(ANN.uuid, limit=3).cursor is None


def test_a_cursor_opens_nobody_elses_list(scene: Scene) -> None:
    """It is a position only: the list is the caller's own."""
    write(scene, 1, BEN, CAT)
    cursor = encode_cursor("3000")
    assert scene.chat.read.of_user(ANN.uuid, cursor=cursor).entries == []


@pytest.mark.parametrize("cursor", ["", "?", "é", "a", "_w", encode_cursor("x" * 1025)])
def test_a_bad_cursor_is_bad_input(scene: Scene, cursor: str) -> None:
    """Whatever it is, it is one sentence (an empty one is none at all)."""
    if cursor:
        with pytest.raises(CursorInvalid):
            scene.chat.read.of_user(ANN.uuid, cursor=cursor)
    else:
        assert scene.chat.read.of_user(ANN.uuid, cursor=cursor).entries == []


def test_a_row_that_moves_while_the_page_is_read_is_there_once(scene: Scene) -> None:
    """The page is read until two reads agree; the row shows at its last place."""
    group = write(scene, 1, ANN, BEN)
    write(scene, 2, ANN, CAT)
    moved = "2026-11-22T13:00:00.000000+00:00"
    scene.client.calls.clear()
    scene.client.meet("query", lambda go: go(), meanwhile(lambda: move(scene, ANN, group, moved)))
    page = scene.chat.read.of_user(ANN.uuid)
    assert [entry.other for entry in page.entries] == [BEN, CAT]
    assert scene.client.calls.count("query") == 4  # three of the reader, one of the one who moved the row


def test_a_row_that_one_read_missed_is_still_shown(scene: Scene) -> None:
    """Reads that never agree end after four, and what an earlier one saw is added."""
    write(scene, 1, ANN, BEN)
    write(scene, 2, ANN, CAT)
    [old] = scene.chat.read.rows(PAIR, ANN.uuid)
    drop = meanwhile(
        lambda: scene.client.call("delete_item", TableName=scene.chat.table, Key={"pk": old["pk"], "sk": old["sk"]})
    )
    back = meanwhile(lambda: scene.put(old))
    scene.client.meet("query", lambda go: go(), drop, back, drop)
    assert {entry.other for entry in scene.chat.read.of_user(ANN.uuid).entries} == {BEN, CAT}


def test_duplicates_show_once(scene: Scene) -> None:
    """The original left two rows of one group: the larger sort key wins."""
    scene.put(row(ANN, "2023-01-01T00:00:00", message_group_uuid=PAIR, message="old"))
    scene.put(row(ANN, "2023-01-02T00:00:00", message_group_uuid=PAIR, message="new"))
    assert [entry.text for entry in scene.chat.read.of_user(ANN.uuid).entries] == ["new"]


def test_what_the_original_did_not_write_shows_as_empty(scene: Scene) -> None:
    """No text, no names, no `last_message_sk`: still a conversation, in any year."""
    scene.put(row(ANN, "2022-12-31T23:59:59", message_group_uuid=PAIR))
    scene.put(row(ANN, "2022-12-31T00:00:00", message="no group at all"))
    [entry] = scene.chat.read.of_user(ANN.uuid).entries
    assert entry == Conversation(PAIR, "2022-12-31T23:59:59", "", User("", "", ""))


def test_messages_read_oldest_to_newest_page_by_page(scene: Scene) -> None:
    """The newest page first; its cursor leads to older ones."""
    for minute in range(5):
        write(scene, minute, ANN, BEN)
    newest = scene.chat.read.messages(PAIR, limit=2)
    older = scene.chat.read.messages(PAIR, limit=2, cursor=newest.cursor)
    assert [entry.text for entry in newest.entries] == ["minute 3", "minute 4"]
    assert [entry.text for entry in older.entries] == ["minute 1", "minute 2"]
    assert older.entries[0].sender == ANN


def test_membership_is_the_row(scene: Scene) -> None:
    """Found by the index's hint or without it; the roster alone says nothing."""
    group = write(scene, 1, ANN, BEN)
    assert scene.chat.read.is_member(group, BEN.uuid)
    membership.leave(scene.chat, group, BEN)
    assert not scene.chat.read.is_member(group, BEN.uuid)
    assert not scene.chat.read.is_member(str(uuid4()), BEN.uuid)


def test_nobody_is_denied_after_a_single_look(scene: Scene) -> None:
    """A Query is torn by the move of the row it looks for, and the index has nothing yet: a second one finds it."""
    group = write(scene, 1, ANN, BEN)
    [row] = scene.chat.read.rows(group, BEN.uuid)
    place = {"pk": row["pk"], "sk": row["sk"]}
    take = partial(scene.client.raw.delete_item, TableName=scene.chat.table, Key=place)
    scene.client.meet("query", meanwhile(take), fine, meanwhile(lambda: scene.put(row)))
    assert scene.chat.read.is_member(group, BEN.uuid)


def test_a_stale_index_does_not_hide_a_member(scene: Scene) -> None:
    """The row has moved since the index saw it: the user's own list decides."""
    group = write(scene, 1, ANN, BEN)
    stale = scene.client.call(
        "query",
        TableName=scene.chat.table,
        IndexName=keys.INDEX,
        KeyConditionExpression="message_group_uuid = :g",
        ExpressionAttributeValues={":g": {"S": group}},
    )
    move(scene, BEN, group, "2026-11-22T14:00:00.000000+00:00")
    scene.client.meet("query", lambda _go: stale)
    assert scene.chat.read.is_member(group, BEN.uuid)


def test_what_an_answer_leaves_over_is_asked_for(scene: Scene) -> None:
    """An answer holds 16 MB at most; what was served is kept."""
    wanted = [keys.row_key(ANN.uuid, "1"), keys.row_key(ANN.uuid, "2")]
    for key in wanted:
        scene.client.call("put_item", TableName=scene.chat.table, Item=key)
    left = {scene.chat.table: {"Keys": wanted[1:], "ConsistentRead": True}}
    some = {"Responses": {scene.chat.table: wanted[:1]}, "UnprocessedKeys": left}
    scene.client.meet("batch_get_item", lambda _go: some)
    assert scene.chat.read.get_all(wanted) == wanted


def test_what_is_not_served_asks_for_patience(scene: Scene) -> None:
    """Unprocessed keys are no answer."""
    scene.client.meet("batch_get_item", lambda _go: {"Responses": {}, "UnprocessedKeys": {scene.chat.table: {}}})
    with pytest.raises(Throttled):
        scene.chat.read.get_all([keys.row_key(ANN.uuid, "x")])


def test_a_glance_is_a_quarter_of_the_price(scene: Scene) -> None:
    """It shows the same where nothing moves, by one eventually consistent read instead of two strong ones."""
    for minute, other in enumerate((BEN, CAT, DAN)):
        write(scene, minute, ANN, other)
    glance, page = scene.chat.read.glance(ANN.uuid, limit=2), scene.chat.read.of_user(ANN.uuid, limit=2)
    assert (glance.entries, glance.cursor) == (page.entries, page.cursor)
    assert glance.capacity == page.capacity / 4
