"""When a handler gives up on a group, and what it must not forget when it does."""

from functools import partial

import pytest

from shared.errors import RequestRefused, Throttled
from shared.models import Item
from stream_worker.contract import Record
from stream_worker.handler import PATIENCE_S
from tests.fakes.table import at, texts
from tests.unit.test_handler import Scene, fail, message, row, scene

__all__ = ["scene"]  # the fixture


def refused(scene: Scene, *records: Record) -> None:
    """A batch that does not settle."""
    with pytest.raises(Throttled):
        scene.deliver(*records)


def test_a_group_that_alone_does_not_settle_becomes_a_letter(scene: Scene) -> None:
    """After five minutes, and only because others settle: then it is the group, not the table."""
    scene.group("g")
    scene.group("h")
    scene.table.broken["g"] = Throttled()
    for scene.now in (1.0, 100.0, PATIENCE_S - 1):
        refused(scene, message("g"), message("h", "MODIFY"))
    scene.now = PATIENCE_S + 2
    scene.deliver(message("g"), message("h", "MODIFY"))
    assert scene.letters.put == [("g", "", "Throttled")]


def test_when_nothing_settles_nothing_is_given_up(scene: Scene) -> None:
    """An outage is no reason to dead-letter everything."""
    scene.group("g")
    scene.table.broken["g"] = Throttled()
    for scene.now in (0.0, 10 * PATIENCE_S):
        refused(scene, message("g"))
    assert scene.letters.put == []


def test_an_outage_is_not_counted_as_patience(scene: Scene) -> None:
    """Others settled before it and settle after it: the group's time begins anew."""
    scene.group("g")
    scene.group("h")
    scene.table.broken["g"] = Throttled()
    refused(scene, message("g"), message("h", "MODIFY"))
    scene.table.broken["h"] = Throttled()
    for scene.now in (10.0, 2 * PATIENCE_S):
        refused(scene, message("g"), message("h", "MODIFY"))
    del scene.table.broken["h"]
    refused(scene, message("g"), message("h", "MODIFY"))
    assert scene.letters.put == []


def skipped_beside_trouble(scene: Scene) -> None:
    """Group h was applied long ago and is skipped unread; group g does not settle."""
    scene.group("g")
    scene.group("h")
    scene.deliver(message("h"))
    scene.table.broken["g"] = Throttled()


def test_where_all_others_were_skipped_one_is_asked_for(scene: Scene) -> None:
    """The table answers, so it is the group: it must not hold up its shard until the stream is trimmed."""
    skipped_beside_trouble(scene)
    for scene.now in (1.0, 100.0):
        refused(scene, message("g"), message("h"))
    scene.now = 2 * PATIENCE_S
    scene.deliver(message("g"), message("h"))
    assert scene.letters.put == [("g", "", "Throttled")]


def test_what_was_skipped_unread_is_no_sign_that_the_table_works(scene: Scene) -> None:
    """It does not answer when it is asked: nothing is given up."""
    skipped_beside_trouble(scene)
    scene.table.before("newest", *(partial(fail, Throttled()) for _ in range(3)))
    for scene.now in (1.0, 100.0, 2 * PATIENCE_S):
        refused(scene, message("g"), message("h"))
    assert scene.letters.put == []


def test_patience_ends_with_the_lease(scene: Scene) -> None:
    """What failed an hour ago, under another lease, has not been failing since."""
    scene.group("g")
    scene.group("h")
    scene.table.broken["g"] = Throttled()
    refused(scene, message("g"), message("h", "MODIFY"))
    scene.handler.forget()
    scene.now = 2 * PATIENCE_S
    refused(scene, message("g"), message("h", "MODIFY"))
    assert scene.letters.put == []


def test_a_row_whose_roster_item_cannot_be_put_gets_a_letter_of_its_own(scene: Scene) -> None:
    """The retrier then puts the item: without it nobody would ever move the row."""
    scene.table.row("g", "cem", at(1))
    scene.table.before("ensure_roster", partial(fail, RequestRefused()))
    scene.deliver(row(scene, "cem"))
    assert scene.letters.put == [("g", "", "RequestRefused"), ("g", "cem", "RequestRefused")]


def test_a_row_of_ours_that_is_behind_has_its_roster_item_put(scene: Scene) -> None:
    """Another worker may have moved a row whose roster item was never written."""
    scene.table.message("g", at(2), "new")
    scene.table.row("g", "cem", at(1), worker_rev="r")
    scene.deliver(row(scene, "cem"))
    assert scene.table.roster("g") == ["cem"]


def test_a_copy_of_a_row_of_ours_is_no_second_row(scene: Scene) -> None:
    """It shows the newest message, but does not stand where this process put the row."""
    scene.group("g")
    scene.deliver(message("g"))
    copy = {**scene.table.rows("anng")[0].item, "sk": {"S": at(9)}}
    scene.table.put(copy)
    scene.deliver(Record("INSERT", texts(pk="GRP#anng", sk=at(9)), "9", 0.0, copy))
    assert [found.sk for found in scene.table.rows("anng")] == [at(2)]


def test_a_row_record_beside_a_message_reads_the_whole_list(scene: Scene) -> None:
    """The row it shows is right, and a duplicate stands beside it where the index does not lead."""
    scene.group("g")
    scene.deliver(message("g"))
    scene.table.row("g", "anng", at(0))
    scene.memory.clear()
    scene.deliver(message("g", "MODIFY"), Record("INSERT", *record_of_row(scene, "anng", at(2))))
    assert [found.sk for found in scene.table.rows("anng")] == [at(2)]


def record_of_row(scene: Scene, user: str, sk: str) -> tuple[Item, str, float, Item]:
    """Keys, sequence number, time and image of a row as it stands."""
    return texts(pk=f"GRP#{user}", sk=sk), "9", 0.0, scene.table.items[f"GRP#{user}", sk]
