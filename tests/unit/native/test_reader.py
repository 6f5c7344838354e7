"""One shard: pages, its end, and a position that moves only when records are settled."""

import pytest

from shared.errors import OutcomeUnknown, Stopping, Throttled
from stream_worker.checkpoints import END, START
from stream_worker.contract import Gap
from stream_worker.streams import Page
from tests.fakes.faulty import refused
from tests.fakes.native import Scene, fine, turns
from tests.fakes.streams import record


@pytest.fixture
def scene() -> Scene:
    """A stream of one open shard, a."""
    scene = Scene()
    scene.streams.build({"": ["a"]})
    return scene


def test_records_are_settled_then_checkpointed(scene: Scene) -> None:
    """The plain story."""
    written = scene.streams.write("a", 3)
    scene.shard_reader().turn()
    assert scene.read("a") == written
    assert scene.position() == written[-1]


def test_a_start_before_the_first_record_loses_nothing(scene: Scene) -> None:
    """F03, F04: an idle shard's position is its start, whatever lands before the first or the second poll."""
    reader = scene.shard_reader()
    assert scene.position() == START
    early = scene.streams.write("a")
    reader.turn()
    scene.story.clear()
    scene.table.items.clear()
    scene.start()
    late = scene.streams.write("a")
    scene.shard_reader().turn()
    assert scene.read("a") == early + late
    assert {place for call, *_, place in scene.streams.calls if call == "iterator"} == {"TRIM_HORIZON"}


def test_empty_pages_are_not_the_end(scene: Scene) -> None:
    """F07: only a missing next iterator is."""
    reader = scene.shard_reader()
    turns(reader, 7)
    written = scene.streams.write("a")
    turns(reader)
    assert (scene.read("a"), scene.position()) == (written, written[0])


def test_empty_pages_of_an_old_position_are_walked_through_at_once(scene: Scene) -> None:
    """F07: records may come after several; only then is there nothing to read."""
    reader = scene.shard_reader()
    scene.clock.advance(3600)
    assert turns(reader, 5) == [True, True, True, True, False]


def test_an_idle_shard_says_every_minute_that_it_is_read(scene: Scene) -> None:
    """Age is the only witness of a silent loss, so a tip must not look old, nor cost a write every poll."""
    reader = scene.shard_reader()
    for _ in range(300):
        turns(reader)
        scene.clock.advance(1)
    assert scene.client.calls.count("put_item") in {5, 6}
    settled = scene.checkpoints().load()["a"].settled_until
    assert (scene.clock.now() - settled).total_seconds() <= 62


def test_the_last_page_is_settled_before_the_shard_ends(scene: Scene) -> None:
    """F08: records and no next iterator in one answer; two writes, the first before the second."""
    written = scene.streams.write("a", 3)
    scene.streams.shard("a").closed = True
    reader = scene.shard_reader()
    scene.client.meet("put_item", fine, refused(OutcomeUnknown()))
    turns(reader)
    assert (scene.read("a"), scene.position()) == (written, written[-1])
    turns(reader)
    assert (scene.read("a"), scene.position()) == (written, END)


def test_a_crash_between_the_two_writes_of_an_end_loses_nothing(scene: Scene) -> None:
    """F08: the next process finds the end again."""
    scene.streams.write("a", 3)
    scene.streams.shard("a").closed = True
    scene.client.meet("put_item", fine, fine, refused(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        scene.shard_reader().turn()
    assert not scene.checkpoints().load()["a"].ended
    scene.shard_reader().turn()
    assert scene.position() == END


def test_a_checkpoint_of_yesterday_owes_a_sweep_once(scene: Scene) -> None:
    """TRIM_HORIZON never says that data was trimmed: after an outage only age does; then reading goes on."""
    scene.start()
    scene.streams.write("a", 3)
    scene.streams.shard("a").trimmed = 2
    scene.clock.advance(21 * 3600)
    turns(scene.shard_reader(), 3)
    turns(scene.shard_reader(), 3)  # nor after a restart
    assert [who for who, _ in scene.story] == ["gap", "a"]
    assert scene.gaps == [Gap.CHECKPOINT_OLD.value]


def test_a_batch_that_fails_comes_again(scene: Scene) -> None:
    """Transient: the same records, and no checkpoint before they are settled."""
    written = scene.streams.write("a", 2)
    scene.accidents.extend([Throttled(), OutcomeUnknown()])
    reader = scene.shard_reader()
    turns(reader, 2)
    assert scene.position() == START
    turns(reader)
    assert scene.read("a") == written * 3
    assert scene.position() == written[-1]


def test_stopping_in_a_batch_checkpoints_nothing(scene: Scene) -> None:
    """F47: the position stays at the last batch that returned."""
    written = scene.streams.write("a", 2)
    scene.accidents.extend([None, Stopping()])
    reader = scene.shard_reader(limit=1)
    turns(reader)
    with pytest.raises(Stopping):
        reader.turn()
    assert scene.position() == written[0]


def test_a_page_delivered_twice_moves_nothing_back(scene: Scene) -> None:
    """F16, F44: at-least-once goes through to the processor, the checkpoint stays."""
    page = Page((record(98, scene.clock), record(99, scene.clock)), "again")
    scene.streams.meet("iterator", "again")
    scene.streams.meet("records", page, Page(page.records[:1], "again"), page)
    reader = scene.shard_reader()
    turns(reader, 3)
    assert scene.read("a") == ["98", "99", "98", "98", "99"]
    assert scene.position() == "99"


@pytest.mark.parametrize("number", ["", "x", "1_0", "١٢", " 5", "-1", "9" * 5000], ids=lambda number: repr(number)[:9])
def test_a_record_without_a_place_moves_no_checkpoint(scene: Scene, number: str) -> None:
    """F18: no iterator could be had after it, ever again; it is settled, and the one before it is the position."""
    page = Page((record(98, scene.clock), record(number, scene.clock)), "again")
    scene.streams.meet("iterator", "again")
    scene.streams.meet("records", page, Page(page.records[1:], "again"), Page((record(99, scene.clock),), "again"))
    reader, positions = scene.shard_reader(), []
    for _ in range(3):
        reader.turn()
        positions.append(scene.position())
    assert positions == ["98", "98", "99"]
    assert scene.read("a") == ["98", number, number, "99"]
