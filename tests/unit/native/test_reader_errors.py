"""One shard, when the service or the state table do not answer as they should."""

from itertools import pairwise

import pytest

from shared.errors import (
    AccessDenied,
    AppError,
    IteratorExpired,
    OutcomeUnknown,
    RecordsTrimmed,
    RequestRefused,
    ShardMissing,
    Throttled,
    Unreachable,
)
from stream_worker.checkpoints import END
from stream_worker.contract import Gap
from stream_worker.drivers.native.lineage import GONE_AFTER
from tests.fakes.faulty import Accident, lost, refused
from tests.fakes.native import Scene, fail, turns


@pytest.fixture
def scene() -> Scene:
    """A stream of one open shard, a."""
    scene = Scene()
    scene.streams.build({"": ["a"]})
    return scene


@pytest.mark.parametrize("had_record", [True, False])
def test_an_expired_iterator_is_replaced_at_the_settled_position(scene: Scene, *, had_record: bool) -> None:
    """F09: after the last settled record, or at the start; nothing twice, nothing lost."""
    first = scene.streams.write("a") if had_record else []
    reader = scene.shard_reader()
    turns(reader)
    second = scene.streams.write("a")
    scene.streams.meet("records", IteratorExpired())
    turns(reader)
    assert scene.read("a") == first + second
    assert scene.streams.calls[-2] == ("iterator", "a", *(first or ["TRIM_HORIZON"]))


def test_an_iterator_that_expires_at_once_is_asked_for_anew_every_turn(scene: Scene) -> None:
    """F09: no loop inside a turn; the next one begins afresh."""
    written = scene.streams.write("a")
    scene.streams.meet("records", *[IteratorExpired()] * 5)
    assert turns(scene.shard_reader(), 3) == [False, False, False]
    assert scene.read("a") == written


def test_an_old_iterator_is_given_up_unasked(scene: Scene) -> None:
    """F09: a batch that took 20 minutes costs no failed call."""
    reader = scene.shard_reader()
    turns(reader)
    scene.clock.advance(1200)
    written = scene.streams.write("a")
    turns(reader)
    assert scene.read("a") == written
    assert scene.said("iterator_expired") == 0


def test_trimmed_records_are_a_gap_before_the_position_changes(scene: Scene) -> None:
    """F10: crash after the gap is told and it is told again; the position waits for it."""
    written = scene.streams.write("a", 4)
    reader = scene.shard_reader(limit=1)
    turns(reader)
    scene.streams.shard("a").trimmed = 3
    positions: list[str] = []
    scene.before_gap = lambda: positions.append(scene.position())
    turns(scene.shard_reader(limit=1), 3)
    assert positions == [written[0]]
    assert scene.gaps == [Gap.RECORDS_TRIMMED.value]
    assert scene.read("a") == [written[0], written[3]]


def test_a_gap_that_cannot_be_told_moves_nothing(scene: Scene) -> None:
    """F10: nothing is skipped before the sweep is durably owed."""
    written = scene.streams.write("a", 4)
    turns(scene.shard_reader(limit=1))
    scene.streams.shard("a").trimmed = 3
    scene.before_gap = lambda: fail(Throttled())
    turns(scene.shard_reader(), 5)
    assert scene.position() == written[0]


def test_a_gap_that_a_sweep_mends_is_a_warning(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is to be woken: the worker makes up for it by itself."""
    monkeypatch.setattr(scene.log, "error", lambda event, **_: pytest.fail(event))
    scene.streams.write("a")
    reader = scene.shard_reader()
    turns(reader)
    scene.streams.meet("records", RecordsTrimmed())
    turns(reader)
    assert scene.said("records_trimmed") == 1


def test_trimmed_from_the_start_is_no_gap(scene: Scene) -> None:
    """F58: some engines say so of a fresh shard; it is asked again."""
    scene.streams.meet("iterator", RecordsTrimmed(), RecordsTrimmed())
    written = scene.streams.write("a")
    turns(scene.shard_reader(), 3)
    assert (scene.read("a"), scene.gaps) == (written, [])


@pytest.mark.parametrize("accident", [lost, refused(Throttled()), refused(Unreachable())])
def test_checkpoint_writes_that_fail_skip_nothing(scene: Scene, accident: Accident) -> None:
    """F43: a hundred failures, then all is there; a written checkpoint whose answer was lost is no conflict."""
    reader = scene.shard_reader(limit=1)
    written = scene.streams.write("a", 3)
    scene.client.meet("put_item", *[accident] * 100)
    turns(reader, 110)
    positions = [int(one) for one in scene.read("a")]
    assert sorted({*scene.read("a")}) == written
    assert all(later >= earlier for earlier, later in pairwise(positions))
    assert scene.position() == written[-1]


def test_a_lost_answer_then_a_throttle_is_still_ours(scene: Scene) -> None:
    """The last error of a write says nothing of its first attempt: the table does."""
    scene.streams.write("a")
    reader = scene.shard_reader()
    scene.client.meet("put_item", lambda go: (go(), fail(Throttled()))[1])
    turns(reader)
    written = scene.streams.write("a")
    scene.clock.advance(1)
    turns(reader)
    assert scene.position() == written[-1]


ERRORS = [Throttled(), OutcomeUnknown(), Unreachable(), RequestRefused(), AccessDenied(), IteratorExpired()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("call", ["iterator", "records"])
def test_no_error_but_absence_ends_a_shard(scene: Scene, call: str, error: AppError) -> None:
    """F11: a throttle, a time-out, a 5xx, a refusal: the shard goes on where it was, however often it is said."""
    written = scene.streams.write("a")
    scene.streams.shard("a").closed = True
    scene.streams.meet(call, *[error] * 40)
    reader = scene.shard_reader()
    for _ in range(19):
        with pytest.raises(type(error)):
            reader.turn()
    assert not scene.checkpoints().load()["a"].ended
    assert (scene.gaps, scene.read("a")) == ([], [])
    turns_until_ended(scene, 40)
    assert (scene.read("a"), scene.position()) == (written, END)


@pytest.mark.parametrize("call", ["iterator", "records"])
def test_a_missing_shard_that_is_listed_is_waited_for(scene: Scene, call: str) -> None:
    """F11: the shard is unknown to one call, known to another: nothing ended."""
    written = scene.streams.write("a")
    scene.streams.meet(call, *[ShardMissing()] * (2 * GONE_AFTER))
    turns(scene.shard_reader(), 2 * GONE_AFTER + 1)
    assert (scene.read("a"), scene.gaps) == (written, [])


def test_a_missing_shard_needs_several_listings_to_be_lost(scene: Scene) -> None:
    """F11: one listing without it is a hint; a shard that comes back is read on, from where it was."""
    written = scene.streams.write("a")
    scene.streams.meet("iterator", *[ShardMissing()] * (GONE_AFTER - 1))
    scene.streams.meet("shards", *[[]] * (GONE_AFTER - 1))
    turns(scene.shard_reader(), GONE_AFTER)
    assert (scene.read("a"), scene.gaps) == (written, [])


def test_a_lost_shard_is_a_gap_before_its_end(scene: Scene) -> None:
    """F11: gone for good: a sweep is owed first, then its children may be read."""
    scene.start()
    scene.streams.by_arn.clear()
    positions: list[str] = []
    scene.before_gap = lambda: positions.append(scene.position())
    turns(scene.shard_reader(), GONE_AFTER)
    assert (positions, scene.gaps) == (["TRIM_HORIZON"], [Gap.SHARD_LOST.value])
    assert scene.position() == END


def test_half_of_all_reads_throttled_is_progress(scene: Scene) -> None:
    """F12: slower, but on; the iterator stays as good as it was, the checkpoint never goes back."""
    written = scene.streams.write("a", 50)
    scene.streams.meet("records", *[Throttled(), None] * 60)
    reader, positions = scene.shard_reader(limit=1), []
    for _ in range(100):
        turns(reader)
        positions.append(int(scene.checkpoints().load()["a"].sequence or 0))
    assert scene.read("a") == written
    assert positions == sorted(positions)
    assert scene.streams.count("iterator") == 1


def turns_until_ended(scene: Scene, most: int) -> None:
    """Turns of a process started anew, whatever happens in them."""
    reader = scene.shard_reader()
    for _ in range(most):
        try:
            reader.turn()
        except AppError:
            continue
        if reader.checkpoint.ended:
            return
