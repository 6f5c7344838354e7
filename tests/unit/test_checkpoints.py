"""Checkpoints: monotone, written over what was read only, and kept as long as they are needed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import LeaseLost, OutcomeUnknown, Throttled
from shared.retry import Retry
from stream_worker.checkpoints import END, FORGET_AFTER, START, TOO_OLD, Checkpoint, Checkpoints
from tests.fakes.faulty import lost, refused
from tests.fakes.native import Scene
from tests.fakes.streams import ARN


@pytest.fixture
def scene() -> Scene:
    """Nothing yet."""
    return Scene()


def at(sequence: str) -> Checkpoint:
    """A checkpoint at a sequence number."""
    return Checkpoint({"sequence": {"S": sequence}})


@given(st.integers(0, 10**40), st.integers(0, 10**40), st.integers(0, 45), st.integers(0, 45))
def test_sequence_numbers_are_numbers(one: int, other: int, width: int, other_width: int) -> None:
    """F14: their strings have any width and any number of leading zeros."""
    assert at(str(one).zfill(width)).is_behind(str(other).zfill(other_width)) == (one < other)


def test_a_checkpoint_begins_at_the_sentinel_and_keeps_its_parent(scene: Scene) -> None:
    """F04: what is there before the first record is durable."""
    scene.start("b", "a")
    found = scene.checkpoints().load()["b"]
    assert (found.parent, found.sequence, found.ended) == ("a", None, False)
    assert scene.position("b") == START


@given(st.lists(st.integers(1, 10**6)))
def test_a_checkpoint_never_goes_back(sequence_numbers: list[int]) -> None:
    """F44: whatever order the numbers come in, the largest stands."""
    scene = Scene()
    checkpoint = scene.start()
    for number in sequence_numbers:
        checkpoint = scene.checkpoints().advance(checkpoint, str(number), 0)
    assert int(checkpoint.sequence or 0) == max(sequence_numbers, default=0)
    assert scene.checkpoints().reload("a") == checkpoint


def test_a_checkpoint_that_somebody_else_wrote_is_theirs(scene: Scene) -> None:
    """F41: a zombie's write fails, and it learns why."""
    mine = scene.start()
    scene.checkpoints().advance(mine, "200", 0)
    with pytest.raises(LeaseLost):
        scene.checkpoints().advance(mine, "101", 0)
    assert scene.position() == "200"


@pytest.mark.parametrize("accident", [lost, refused(OutcomeUnknown()), refused(Throttled())])
def test_a_lost_answer_is_offered_again(scene: Scene, accident: object) -> None:
    """Whether it was written or not, the same write is repeated and recognised."""
    checkpoints = Checkpoints(scene.state, ARN, Retry(scene.stop, sleep=lambda _: None), scene.clock.now)
    checkpoint = checkpoints.start("a", None, scene.clock.now())
    scene.client.meet("put_item", accident, accident)  # type: ignore[arg-type]
    assert checkpoints.advance(checkpoint, "101", 0).sequence == "101"
    assert scene.position() == "101"


def test_a_first_checkpoint_whose_answer_was_lost_is_ours(scene: Scene) -> None:
    """Starting a shard again, later, is no conflict with oneself."""
    scene.client.meet("put_item", lost)
    with pytest.raises(OutcomeUnknown):
        scene.start()
    scene.clock.advance(1)
    assert scene.start().sequence is None


def test_what_is_settled_until_comes_from_records(scene: Scene) -> None:
    """A record of an hour ago says that everything up to then is settled, never less than before, never the future."""
    checkpoints, now = scene.checkpoints(), scene.clock.now()
    old = checkpoints.start("a", None, now - timedelta(hours=2))
    later = checkpoints.advance(old, "101", (now - timedelta(hours=1)).timestamp())
    assert later.settled_until == now - timedelta(hours=1)
    assert checkpoints.advance(later, "102", 0).settled_until == now - timedelta(hours=1)
    assert checkpoints.advance(later.__class__(checkpoints.load()["a"].item), "103", 9e9).settled_until == now


def test_the_end_of_a_shard_settles_nothing_of_its_children(scene: Scene) -> None:
    """A parent's end may be read hours after it closed: its children's oldest records are as old as that."""
    checkpoints, now = scene.checkpoints(), scene.clock.now()
    ended = checkpoints.end(checkpoints.start("a", None, now - timedelta(hours=19)))
    assert scene.position() == END
    assert ended.settled_until == now - timedelta(hours=19)


def test_a_rewound_checkpoint_reads_from_the_start(scene: Scene) -> None:
    """F10: and it is as fresh as the sweep that is owed."""
    checkpoints = scene.checkpoints()
    checkpoint = checkpoints.advance(scene.start("b", "a"), "101", 0)
    scene.clock.advance(TOO_OLD.total_seconds() + 1)
    assert checkpoints.is_too_old(checkpoint)
    rewound = checkpoints.rewind(checkpoint, scene.clock.now())
    assert (rewound.sequence, rewound.parent, checkpoints.is_too_old(rewound)) == (None, "a", False)


@pytest.mark.parametrize(
    ("listed", "hours", "forgotten"), [({"a"}, 60, []), (set(), 47, []), (set(), 49, ["a"]), ({"b"}, 49, ["a"])]
)
def test_an_ended_shard_is_forgotten_late(scene: Scene, listed: set[str], hours: int, forgotten: list[str]) -> None:
    """F45: only 48 hours after its end, and only when it is no longer listed."""
    checkpoints = scene.checkpoints()
    checkpoints.end(scene.start("a"))
    scene.start("b", "a")
    scene.clock.advance(hours * 3600)
    assert checkpoints.forget_ended(checkpoints.load(), listed) == forgotten
    assert ("a" in checkpoints.load()) is not bool(forgotten)


def test_an_unfinished_shard_is_never_forgotten(scene: Scene) -> None:
    """F45: it is lost, which is another story, or it will be read."""
    scene.start("a")
    scene.clock.advance(2 * FORGET_AFTER.total_seconds())
    assert scene.checkpoints().forget_ended(scene.checkpoints().load(), set()) == []
