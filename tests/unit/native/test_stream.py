"""All shards of a stream: found, read in the order of their lineage, each to its end, none dropped."""

import pytest

from shared.errors import RequestRefused, Stopping, Throttled, Unreachable
from stream_worker.checkpoints import START
from stream_worker.contract import Gap
from tests.fakes.faulty import lost
from tests.fakes.native import Scene, fail


@pytest.fixture
def scene() -> Scene:
    """Nothing yet."""
    return Scene()


def family(scene: Scene) -> list[str]:
    """Shards with one record each; their names, parents first.

    a ─┬─ b ── d
       └─ c
    """
    scene.streams.build({"": ["a"], "a": ["b", "c"], "b": ["d"]})
    for shard in "abcd":
        scene.streams.write(shard)
    return list("abcd")


def test_a_family_is_read_parents_first(scene: Scene) -> None:
    """F02: no record of a child before its parent is settled to the end."""
    family(scene)
    scene.rounds(scene.stream_reader(), 5)
    order = [shard for shard, _ in scene.story]
    assert order[:2] == ["gap", "a"]
    assert sorted(order[2:]) == ["b", "c", "d"]
    assert order.index("b") < order.index("d")


def test_a_child_waits_while_its_parent_fails(scene: Scene) -> None:
    """F02: a parent that cannot be settled holds its children, and nobody else."""
    family(scene)
    scene.streams.build({"": ["z"]})
    scene.streams.write("z")
    scene.accidents.extend([Throttled()])  # the parent's batch
    reader = scene.stream_reader()
    for _ in range(2):  # its checkpoint is known now, and it is not yet its turn again
        reader.step()
        scene.clock.advance(0.01)
    assert [shard for shard, _ in scene.story if shard != "gap"] == ["a", "z"]
    assert scene.position("z") != START
    scene.rounds(reader, 5)
    assert scene.read("a") == scene.read("a")[:1] * 2
    assert scene.read("d")


def test_the_first_start_owes_a_sweep_before_any_checkpoint(scene: Scene) -> None:
    """F04: the stream holds one day, the table more."""
    family(scene)
    checkpoints: list[int] = []
    scene.before_gap = lambda: checkpoints.append(len(scene.table.items))
    scene.rounds(scene.stream_reader(), 5)
    assert (checkpoints, scene.gaps) == ([0], [Gap.FIRST_START.value])


def test_a_sweep_that_cannot_be_owed_stops_the_start(scene: Scene) -> None:
    """Nothing is read before what must be owed is owed; then it is owed again."""
    family(scene)
    scene.before_gap = lambda: fail(Throttled())
    reader = scene.stream_reader()
    with pytest.raises(Throttled):
        reader.step()
    assert (scene.story, scene.table.items) == ([], {})


def test_a_child_shown_only_at_the_fourth_call_is_read_from_its_first_record(scene: Scene) -> None:
    """F01: the shard's children are asked for until they are there; so are full listings."""
    scene.streams.knows_children = False
    scene.streams.build({"": ["a"], "a": ["b"]})
    written = scene.streams.write("b", 2)
    scene.streams.meet("shards", ["a"], ["a"], ["a"], None)
    scene.rounds(scene.stream_reader(), 10)
    assert scene.read("b") == written
    assert ("iterator", "b", "TRIM_HORIZON") in scene.streams.calls


def test_a_service_that_knows_children_is_asked_for_them(scene: Scene) -> None:
    """F01: a split costs one small question, not a listing."""
    scene.streams.build({"": ["a"]})
    reader = scene.stream_reader()
    scene.rounds(reader, 1)
    scene.streams.build({"a": ["b", "c"]})
    written = scene.streams.write("b") + scene.streams.write("c")
    scene.rounds(reader, 1)
    assert scene.read("b") + scene.read("c") == written
    assert scene.streams.count("shards") == 1


@pytest.mark.parametrize("error", [RequestRefused(), Throttled(), Unreachable()])
def test_a_service_that_does_not_know_the_question_is_listed(scene: Scene, error: Exception) -> None:
    """F01: ShardFilter is new; a refusal ends nothing."""
    family(scene)
    scene.streams.meet("children", *[error] * 3)
    scene.streams.meet("shards", ["a"], None)
    scene.rounds(scene.stream_reader(), 20)
    assert all(scene.read(shard) for shard in "abcd")


def test_the_second_child_is_found_by_the_next_full_listing(scene: Scene) -> None:
    """F01: an answer with one child of two is a hint too."""
    scene.streams.build({"": ["a"], "a": ["b", "c"]})
    scene.streams.meet("shards", ["a"], None)
    scene.streams.meet("children", ["b"])
    written = scene.streams.write("c")
    scene.rounds(scene.stream_reader(), 31)
    assert scene.read("c") == written


def test_a_closed_shard_without_a_child_is_an_alarm(scene: Scene) -> None:
    """F01: it is said once, and asked for as long as it takes, ever more slowly."""
    scene.streams.build({"": ["a"]})
    scene.streams.shard("a").closed = True
    reader = scene.stream_reader()
    scene.rounds(reader, 50)
    assert scene.said("lineage_stalled") == 0
    scene.rounds(reader, 550)
    assert scene.said("lineage_stalled") == 1
    assert scene.streams.count("children") < 40
    scene.streams.build({"a": ["b"]})
    written = scene.streams.write("b")
    scene.rounds(reader, 31)
    assert scene.read("b") == written


def test_an_end_before_a_restart_is_asked_about_after_it(scene: Scene) -> None:
    """F01: an ended shard without a child is looked after, whichever process ended it."""
    scene.streams.build({"": ["a"]})
    scene.streams.shard("a").closed = True
    scene.rounds(scene.stream_reader(), 1)
    reader = scene.stream_reader()
    scene.rounds(reader, 5)
    scene.streams.build({"a": ["b"]})
    written = scene.streams.write("b")
    scene.rounds(reader, 10)
    assert scene.read("b") == written
    scene.streams.shard("b").closed = True
    scene.rounds(scene.stream_reader(), 1)
    scene.rounds(scene.stream_reader(), 100)
    assert scene.said("lineage_stalled") == 1


def test_a_restart_goes_on_where_every_shard_was(scene: Scene) -> None:
    """F48: nothing in memory is needed; ended shards are not read again, no sweep is owed."""
    family(scene)
    scene.rounds(scene.stream_reader(), 3)
    scene.story.clear()
    late = scene.streams.write("d")
    scene.rounds(scene.stream_reader(), 40)
    assert scene.story == [("d", late[0])]


def test_a_crash_between_a_parents_last_page_and_its_end_opens_no_child(scene: Scene) -> None:
    """F08: the child waits for the second write."""
    scene.streams.build({"": ["a"], "a": ["b"]})
    scene.streams.write("a")
    scene.streams.write("b")
    scene.accidents.append(Stopping())
    with pytest.raises(Stopping):
        scene.rounds(scene.stream_reader(), 5)
    assert scene.read("b") == []
    scene.rounds(scene.stream_reader(), 5)
    assert [shard for shard, _ in scene.story if shard != "gap"] == ["a", "a", "b"]


def test_listings_that_fail_do_not_stop_reading(scene: Scene) -> None:
    """F13: DescribeStream throttled for minutes; what is known is read on, and the storm backs off."""
    scene.streams.build({"": ["a"]})
    reader = scene.stream_reader()
    scene.rounds(reader, 1)
    scene.streams.meet("shards", *[Throttled()] * 20, *[RequestRefused()] * 5)
    scene.rounds(reader, 31)
    asked = scene.streams.count("shards")
    written = scene.streams.write("a")
    scene.rounds(reader, 1)
    assert scene.read("a") == written
    scene.rounds(reader, 100)
    assert scene.streams.count("shards") - asked < 25
    assert scene.said("listing_failed") >= 5


def test_a_first_checkpoint_whose_answer_is_lost_is_no_conflict(scene: Scene) -> None:
    """F29: the shard is opened in the next round, by the same process."""
    scene.streams.build({"": ["a"]})
    written = scene.streams.write("a")
    reader = scene.stream_reader()
    scene.client.meet("put_item", lambda go: go(), lost)
    with pytest.raises(Exception, match="lost"):
        reader.step()
    scene.clock.advance(1)
    scene.rounds(reader, 1)
    assert scene.read("a") == written


def test_a_storm_of_throttles_backs_off_and_ends(scene: Scene) -> None:
    """F13: the waits grow, are bounded, and are over with the storm."""
    scene.streams.build({"": ["a"]})
    written = scene.streams.write("a", 3)
    scene.streams.meet("records", *[Throttled()] * 30)
    scene.rounds(scene.stream_reader(), 320)
    waits = [float(facts["next"].split()[2]) for line, facts in scene.log.lines if line == "shard_waits"]
    assert len(waits) == 30
    assert waits[0] < 0.5
    assert min(waits[10:]) >= 4
    assert max(waits) <= 10
    assert scene.read("a") == written


def test_many_idle_shards_are_polled_less_often(scene: Scene) -> None:
    """The process has a ceiling of polls a second; one shard is polled every 200 ms."""
    scene.streams.build({"": [f"s{number}" for number in range(200)]})
    scene.rounds(scene.stream_reader(), 10)
    assert 200 * 10 * 1.8 <= scene.streams.count("records") <= 200 * (10 * 2 + 2)


def test_one_shard_is_polled_at_its_pace(scene: Scene) -> None:
    """The other end of the same rule."""
    scene.streams.build({"": ["a"]})
    scene.rounds(scene.stream_reader(), 10)
    assert 45 <= scene.streams.count("records") <= 52


def test_a_full_page_asks_for_the_next_at_once(scene: Scene) -> None:
    """A backlog is read without waits."""
    scene.streams.build({"": ["a"]})
    scene.streams.write("a", 1000)
    scene.rounds(scene.stream_reader(), 0.05)
    assert len(scene.read("a")) == 1000
