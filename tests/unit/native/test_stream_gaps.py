"""All shards of a stream: what may have been lost is told, what cannot be is not, and old shards are let go."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_worker.checkpoints import END
from stream_worker.contract import Gap
from stream_worker.drivers.native.lineage import GONE_AFTER
from stream_worker.drivers.native.stream import StreamReader
from stream_worker.state import CHECKPOINTS
from tests.fakes.native import Scene, in_turn
from tests.fakes.streams import ARN

HOUR = 3600.0


@pytest.fixture
def scene() -> Scene:
    """Nothing yet."""
    return Scene()


def lost_checkpoint(scene: Scene, shard: str) -> None:
    """Somebody deleted it."""
    del scene.table.items[f"pattern-e#{CHECKPOINTS}#{ARN}", shard]


@st.composite
def forests(draw: st.DrawFn) -> dict[str, list[str]]:
    """Up to twelve shards as parent -> children; parents have one or two children, "" is the parent of roots."""
    tree: dict[str, list[str]] = {"": ["s0"]}
    for number in range(1, draw(st.integers(1, 12))):
        fertile = [parent for parent in ["", *(f"s{n}" for n in range(number))] if len(tree.get(parent, ())) < 2]
        tree.setdefault(draw(st.sampled_from(fertile or [f"s{number - 1}"])), []).append(f"s{number}")
    return tree


@settings(deadline=None, max_examples=50)
@given(tree=forests(), random=st.builds(Random, st.integers(0, 2**32)), knows=st.booleans())
def test_any_forest_is_read_in_order_however_it_is_shown(
    *, tree: dict[str, list[str]], random: Random, knows: bool
) -> None:
    """F05: listings that lack shards at random delay their reading; they change neither order nor completeness."""
    scene = Scene()
    scene.streams.knows_children = knows
    scene.streams.build(tree)
    parents = {child: parent for parent, children in tree.items() for child in children}
    written = {shard: scene.streams.write(shard, random.randint(0, 3)) for shard in parents}
    scene.streams.meet("shards", *listings(list(parents), random))
    scene.rounds(StreamReader(ARN, scene.reading(limit=1), scene.state, in_turn, poll_s=5), 400)
    assert {shard: scene.read(shard) for shard in parents} == written
    order = [shard for shard, _ in scene.story]
    for child, parent in parents.items():
        if child in order and parent in order:
            assert order.index(child) > max(place for place, shard in enumerate(order) if shard == parent)
    ended = [facts["shard"] for line, facts in scene.log.lines if line == "shard_ended"]
    assert sorted(ended) == sorted(parent for parent in tree if parent)


def listings(shards: list[str], random: Random) -> list[list[str]]:
    """Half of the shards each, but all before one that is left out would count as gone."""
    return [
        shards if number % (GONE_AFTER - 1) == 0 else [shard for shard in shards if random.random() < 0.5]
        for number in range(1, 200)
    ]


def test_an_outage_of_a_day_owes_one_kind_of_sweep(scene: Scene) -> None:
    """A silent trim: the checkpoint's age is the witness, TRIM_HORIZON raises nothing."""
    scene.streams.build({"": ["a"]})
    scene.rounds(scene.stream_reader(), 70)
    scene.streams.write("a", 3)
    scene.streams.shard("a").trimmed = 2
    scene.clock.advance(25 * HOUR)
    scene.rounds(scene.stream_reader(), 5)
    assert scene.gaps == [Gap.FIRST_START.value, Gap.CHECKPOINT_OLD.value]
    assert len(scene.read("a")) == 1


def test_a_sleep_after_the_first_sweep_was_owed_is_a_gap(scene: Scene) -> None:
    """A day passes before the first checkpoint is written: the sweep answers for nothing after it was owed."""
    scene.streams.build({"": ["a"]})
    scene.before_gap = lambda: scene.clock.advance(25 * HOUR) if not scene.gaps else None
    scene.rounds(scene.stream_reader(), 25 * HOUR + 5)
    assert scene.gaps == [Gap.FIRST_START.value, Gap.CHECKPOINT_OLD.value]


def test_a_sleep_after_a_sweep_was_owed_for_an_old_checkpoint_is_another_gap(scene: Scene) -> None:
    """The checkpoint is as fresh as the sweep, not as the moment in which it is written."""
    scene.streams.build({"": ["a"]})
    scene.rounds(scene.stream_reader(), 70)
    scene.clock.advance(25 * HOUR)
    scene.before_gap = lambda: scene.clock.advance(25 * HOUR) if len(scene.gaps) == 1 else None
    scene.rounds(scene.stream_reader(), 25 * HOUR + 5)
    assert scene.gaps[1:] == [Gap.CHECKPOINT_OLD.value] * 2


def test_a_sleep_in_the_middle_of_an_empty_poll_is_a_gap(scene: Scene) -> None:
    """Nothing to read, it was told a day ago: what was written and trimmed since is not settled."""
    scene.streams.build({"": ["a"]})
    reader = scene.stream_reader()
    scene.rounds(reader, 70)
    scene.streams.meet("records", lambda: scene.clock.advance(25 * HOUR), *[None] * 5)
    scene.rounds(reader, 25 * HOUR + 5)
    assert scene.gaps == [Gap.FIRST_START.value, Gap.CHECKPOINT_OLD.value]


def test_a_sleep_before_the_last_page_of_a_shard_is_a_gap(scene: Scene) -> None:
    """An ended shard is looked at no more; whatever it had before that page is trimmed."""
    scene.streams.build({"": ["a"]})
    reader = scene.stream_reader()
    scene.rounds(reader, 70)
    scene.streams.meet("records", lambda: scene.clock.advance(25 * HOUR))
    scene.streams.shard("a").closed = True
    scene.rounds(reader, 25 * HOUR + 5)
    assert scene.position("a") == END
    assert Gap.CHECKPOINT_OLD.value in scene.gaps


def test_a_child_of_a_parent_that_was_settled_long_ago_is_a_gap(scene: Scene) -> None:
    """The parent ended, then nobody worked for a day: the child's first records may be gone."""
    scene.streams.build({"": ["a"]})
    scene.streams.shard("a").closed = True
    scene.rounds(scene.stream_reader(), 2)
    scene.streams.build({"a": ["b"]})
    scene.streams.write("b", 2)
    scene.streams.shard("b").trimmed = 1
    scene.clock.advance(21 * HOUR)
    scene.rounds(scene.stream_reader(), 5)
    assert scene.gaps == [Gap.FIRST_START.value, Gap.CHECKPOINT_OLD.value]


def test_a_child_is_as_old_as_what_its_parent_had_settled(scene: Scene) -> None:
    """A backlog of 19 hours: the parent's end is read now, the child's records are old; a second outage shows it."""
    scene.streams.build({"": ["a"]})
    scene.rounds(scene.stream_reader(), 2)
    scene.streams.build({"a": ["b"]})
    scene.streams.write("b", 2)
    scene.clock.advance(19 * HOUR)
    scene.accidents.extend([ZeroDivisionError()])  # the process dies in the child's first batch
    with pytest.raises(ZeroDivisionError):
        scene.rounds(scene.stream_reader(), 5)
    scene.streams.shard("b").trimmed = 1
    scene.clock.advance(6 * HOUR)
    scene.rounds(scene.stream_reader(), 5)
    assert Gap.CHECKPOINT_OLD.value in scene.gaps


def test_missing_checkpoints_of_a_known_stream_are_a_gap(scene: Scene) -> None:
    """Somebody emptied a drawer of the state table."""
    scene.streams.build({"": ["a"]})
    scene.rounds(scene.stream_reader(), 2)
    lost_checkpoint(scene, "a")
    scene.rounds(scene.stream_reader(), 2)
    assert scene.gaps == [Gap.FIRST_START.value, Gap.CHECKPOINT_MISSING.value]


def test_one_missing_checkpoint_is_a_gap(scene: Scene) -> None:
    """A shard that should have been begun before, beside others that were."""
    scene.streams.build({"": ["a", "z"]})
    scene.rounds(scene.stream_reader(), 2)
    lost_checkpoint(scene, "a")
    scene.rounds(scene.stream_reader(), 2)
    assert scene.gaps == [Gap.FIRST_START.value, Gap.CHECKPOINT_MISSING.value]


def test_an_unlisted_parent_without_a_checkpoint_counts_as_settled(scene: Scene) -> None:
    """First start on an old stream: the parent has long been trimmed; a few listings in a row decide."""
    scene.streams.build({"": ["a"], "a": ["b"]})
    del scene.streams.by_arn[ARN]["a"]
    written = scene.streams.write("b")
    scene.rounds(scene.stream_reader(), 15)
    assert scene.read("b") == written
    assert scene.gaps == [Gap.FIRST_START.value]


def test_an_unlisted_parent_that_was_not_finished_is_lost(scene: Scene) -> None:
    """Its records are gone unread: a sweep is owed, then its child is read."""
    scene.streams.build({"": ["a"]})
    scene.rounds(scene.stream_reader(), 2)
    scene.streams.build({"a": ["b"]})
    written = scene.streams.write("b")
    del scene.streams.by_arn[ARN]["a"]
    scene.rounds(scene.stream_reader(), 60)
    assert scene.gaps == [Gap.FIRST_START.value, Gap.SHARD_LOST.value]
    assert scene.read("b") == written
    assert scene.position("a") == END


def test_the_shards_of_two_days_are_let_go_and_never_read_again(scene: Scene) -> None:
    """F45: checkpoints of ended shards go after 48 hours; a process that runs all the time forgets the shards too."""
    scene.streams.build({"": ["a"], "a": ["b"]})
    written = scene.streams.write("a")
    reader = scene.stream_reader()
    scene.rounds(reader, 5)
    for hour in range(60):
        if hour == 30:
            del scene.streams.by_arn[ARN]["a"]
        scene.streams.meet("shards", ["b"] if hour % 3 else None)
        scene.clock.advance(HOUR - 60)
        scene.rounds(reader, 60)
    assert scene.read("a") == written
    assert list(scene.checkpoints().load()) == ["b"]
    assert Gap.SHARD_LOST.value not in scene.gaps
    assert scene.said("shard_lost") == 0
