"""The handler: which groups are settled, which set aside, what a driver is told."""

from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Any, NoReturn

import pytest

from shared.errors import AccessDenied, AppError, RequestRefused, Stopping, Throttled
from shared.models import string
from shared.retry import Retry
from stream_worker.contract import Batch, Record
from stream_worker.handler import Handler, Parts
from stream_worker.pool import Pool
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from tests.fakes.outlets import Letters, Lines
from tests.fakes.table import MemoryTable, at, texts


class Scene:
    """A handler on a table in memory."""

    def __init__(self) -> None:
        self.table, self.memory, self.letters, self.log = MemoryTable(), Memory(), Letters(), Lines()
        self.stop, self.now = Event(), 0.0
        retry = Retry(self.stop, sleep=lambda _: None)
        self.handler = Handler(
            Parts(
                store=self.table,
                reconciler=Reconciler(self.table, self.memory, retry),
                memory=self.memory,
                letters=self.letters,
                run_all=Pool(1, "test"),
                stopped=self.stop.is_set,
                clock=lambda: datetime(2026, 11, 22, 10, 0, 5, tzinfo=UTC),
                monotonic=lambda: self.now,
                log=self.log,
            )
        )

    def group(self, group: str) -> None:
        """Two members whose rows are behind the newest message."""
        self.table.message(group, at(1))
        for user in ("ann", "bob"):
            self.table.member(group, user + group, at(1))
        self.table.message(group, at(2), "new")

    def deliver(self, *records: Record) -> None:
        """One batch."""
        self.handler.process(Batch("stream", "shard", records))

    def said(self, event: str) -> list[dict[str, Any]]:
        """The facts of each such line."""
        return [facts for line, facts in self.log.lines if line == event]


@pytest.fixture
def scene() -> Scene:
    """Nothing yet."""
    return Scene()


def message(group: str, kind: str = "INSERT", sk: str = at(2)) -> Record:
    """A record of a message."""
    return Record(kind, texts(pk=f"MSG#{group}", sk=sk), "100", 1795341600.0)


def row(scene: Scene, user: str, kind: str = "INSERT") -> Record:
    """A record of a user's only row, as it stands."""
    item = scene.table.rows(user)[0].item
    return Record(kind, {"pk": item["pk"], "sk": item["sk"]}, "101", 0.0, item)


def fail(error: Exception) -> NoReturn:
    """Raise, as a deed."""
    raise error


def test_a_batch_settles_every_group(scene: Scene) -> None:
    """One canonical line says what a batch did."""
    scene.group("g")
    scene.group("h")
    scene.deliver(message("g"), message("h"), message("g"))
    assert scene.table.shown("anng") == scene.table.shown("bobg") == [("g", "new")]
    [facts] = scene.said("batch_settled")
    assert (facts["records"], facts["groups"], facts["rows_moved"], facts["dead"]) == (3, 2, 4, 0)


def test_what_came_is_said_before_it_is_settled(scene: Scene) -> None:
    """Once a batch, and then what was decided of each row is."""
    scene.group("g")
    scene.deliver(message("g"))
    assert [event for event, _ in scene.log.lines] == ["records_came", "batch_settled"]
    [facts] = scene.said("records_came")
    assert (facts["shard"], [record["pk"] for record in facts["records"]]) == ("shard", ["MSG#g"])


def test_no_message_text_is_logged(scene: Scene) -> None:
    """Conversations are private."""
    scene.group("g")
    scene.deliver(message("g"), row(scene, "anng"))
    assert "new" not in str(scene.log.lines)


def test_an_insert_already_applied_is_no_read(scene: Scene) -> None:
    """What is older than what this process has applied needs no second look."""
    scene.group("g")
    scene.deliver(message("g"))
    scene.table.calls.clear()
    scene.deliver(message("g", sk=at(0)), message("g", sk=at(1)))
    assert scene.table.calls == []


def test_a_message_put_again_in_the_middle_of_a_look_is_looked_at(scene: Scene) -> None:
    """Another process has blanked the rows between our two reads; they and the message seemed to agree."""

    def meanwhile() -> None:
        for user in ("anng", "bobg"):
            scene.table.row("g", user, at(2), "", last_message_sk=at(2), worker_rev="theirs")

    scene.group("g")
    scene.deliver(message("g"))
    scene.table.before("newest", meanwhile)
    scene.deliver(message("g", "REMOVE"))
    scene.deliver(message("g"))
    assert scene.table.shown("anng") == [("g", "new")]


@pytest.mark.parametrize("kind", ["MODIFY", "REMOVE"])
def test_an_edit_or_delete_is_always_looked_at(scene: Scene, kind: str) -> None:
    """Memory cannot know them."""
    scene.group("g")
    scene.deliver(message("g"))
    scene.table.calls.clear()
    scene.deliver(message("g", kind))
    assert "newest" in scene.table.calls


def test_a_row_of_somebody_else_gets_its_roster_item_first(scene: Scene) -> None:
    """Roster, then the newest message: one of two reconciles must see the other."""
    scene.table.message("g", at(2), "new")
    scene.table.row("g", "cem", at(1))
    scene.deliver(row(scene, "cem"))
    assert scene.table.calls[:2] == ["ensure_roster", "rows_of"]
    assert scene.table.shown("cem") == [("g", "new")]


def test_a_row_of_ours_that_shows_the_newest_is_one_read(scene: Scene) -> None:
    """The worker's own records come back; looking at them costs one read a group."""
    scene.group("g")
    scene.deliver(message("g"))
    scene.table.calls.clear()
    scene.deliver(row(scene, "anng"), row(scene, "bobg"))
    assert scene.table.calls == ["newest"]


def test_a_row_of_ours_that_is_behind_is_settled(scene: Scene) -> None:
    """A Query may have passed the row while it moved: its own record is what brings it back."""
    scene.group("g")
    scene.deliver(message("g"))
    behind = row(scene, "anng")
    scene.table.message("g", at(3), "newer")
    scene.deliver(behind)
    assert scene.table.shown("anng") == [("g", "newer")]


def test_a_row_record_reads_the_whole_list(scene: Scene) -> None:
    """A duplicate may stand beside the hinted row."""
    scene.group("g")
    scene.deliver(message("g"))
    duplicate = scene.table.row("g", "anng", at(9), "double")
    scene.deliver(Record("INSERT", texts(pk="GRP#anng", sk=at(9)), "6", 0.0, duplicate))
    assert len(scene.table.rows("anng")) == 1


def test_poison_is_set_aside_alone(scene: Scene) -> None:
    """The rest of the batch is applied."""
    scene.group("g")
    scene.deliver(Record("DELETE", texts(pk="MSG#g", sk="1"), "7", 0.0), message("g"))
    assert scene.letters.put == [("shard", "7", "unknown event name")]
    assert scene.table.shown("anng") == [("g", "new")]


def test_no_letter_no_checkpoint(scene: Scene) -> None:
    """While dead letters cannot be written a batch is not settled."""
    scene.letters.down = 1
    bad = Record("DELETE", {}, "7", 0.0)
    with pytest.raises(Throttled):
        scene.deliver(bad)
    scene.deliver(bad)
    assert len(scene.letters.put) == 1


def test_one_group_in_trouble_lets_the_others_settle(scene: Scene) -> None:
    """The batch comes again, and the others are clean by then."""
    scene.group("g")
    scene.group("h")
    scene.table.before("roster", partial(fail, Throttled()))
    with pytest.raises(Throttled):
        scene.deliver(message("g"), message("h"))
    assert scene.table.shown("annh") == [("h", "new")]
    scene.deliver(message("g"), message("h"))
    assert scene.table.shown("anng") == [("g", "new")]


def test_what_will_never_work_is_a_letter_at_once(scene: Scene) -> None:
    """A refused request is the group's fault, not the moment's."""
    scene.group("g")
    scene.table.broken["g"] = RequestRefused()
    scene.deliver(message("g"))
    assert scene.letters.put == [("g", "", "RequestRefused")]


@pytest.mark.parametrize("error", [AccessDenied(), Stopping()])
def test_what_no_retry_mends_is_handed_up(scene: Scene, error: AppError) -> None:
    """Denied or stopping: the driver must neither checkpoint nor dead-letter."""
    scene.group("g")
    scene.table.broken["g"] = error
    with pytest.raises(type(error)):
        scene.deliver(message("g"))
    assert scene.letters.put == []


def test_a_stopped_handler_begins_no_group(scene: Scene) -> None:
    """The checkpoint stays at the last batch that returned."""
    scene.group("g")
    scene.stop.set()
    with pytest.raises(Stopping):
        scene.deliver(message("g"))
    assert string(scene.table.rows("anng")[0].item, "message") == "hi"


def test_lag_is_finer_than_the_streams_seconds(scene: Scene) -> None:
    """A message's own time stamp says when within the second it was written; an old one says nothing."""
    fresh = Record("INSERT", texts(pk="MSG#g", sk="2026-11-22T10:00:04.750000+00:00"), "1", 1795341604.0)
    seeded = Record("INSERT", texts(pk="MSG#g", sk="2020-01-01T10:00:00.000000+00:00"), "2", 1795341603.0)
    scene.deliver(fresh)
    scene.deliver(seeded)
    assert [facts["lag_ms"] for facts in scene.said("batch_settled")] == [250, 2000]


def test_a_sort_key_that_only_looks_like_a_time_stops_nothing(scene: Scene) -> None:
    """Anybody may put a message in the 13th month: the process must not end at its record, again and again."""
    scene.group("g")
    sk = "2026-13-45T99:99:99.999999+00:00"
    scene.table.message("g", sk, "odd")
    scene.deliver(message("g", sk=sk))
    assert scene.table.shown("anng") == [("g", "odd")]
