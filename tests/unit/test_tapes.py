"""Recorded streams on the production handler: whatever befalls their delivery, the same rows in the end."""

from collections.abc import Callable, Sequence

import pytest

from shared.models import string
from stream_worker.contract import Batch
from tests.conftest import Tape
from tests.fakes.stage import TAPES, Stage, crashes, overlapping, shuffled, singly, together, twice

NAMES = sorted(path.stem for path in TAPES.glob("*.jsonl"))

Fate = Callable[[Sequence[Batch]], Sequence[Batch]]


def plainly(batches: Sequence[Batch]) -> Sequence[Batch]:
    return batches


FATES = [plainly, twice, overlapping, singly, together]

each_tape = pytest.mark.parametrize("name", NAMES)


def assert_right(stage: Stage) -> None:
    """One row for each member, at the newest message."""
    assert stage.shown() == stage.recomputed() != {}


@each_tape
@pytest.mark.parametrize("fate", FATES)
def test_rows_are_right_however_a_tape_is_cut(tape: Tape, name: str, fate: Fate) -> None:
    """Batches are an accident of reading: twice, one by one or all at once."""
    stage = Stage()
    stage.play(fate(tape(name)))
    assert_right(stage)


@each_tape
@pytest.mark.parametrize("seed", range(20))
def test_rows_are_right_in_any_order_of_partitions(tape: Tape, name: str, seed: int) -> None:
    """Across items a stream promises no order at all."""
    stage = Stage()
    stage.play(shuffled(seed)(tape(name)))
    assert_right(stage)


@each_tape
def test_a_crash_after_every_record(tape: Tape, name: str) -> None:
    """The next process knows nothing and gets the batch again."""
    plain = Stage()
    plain.play(tape(name))
    for before, after in crashes(tape(name)):
        stage = Stage()
        stage.play(before)
        stage.play(after)
        assert stage.shown() == stage.recomputed() == plain.shown()


@each_tape
def test_hints_alone_do_when_the_table_is_as_it_became(tape: Tape, name: str) -> None:
    """Without --load: records are hints, in whatever order, to look at the table."""
    stage = Stage()
    stage.load(together(tape(name))[0])
    stage.play(reversed(singly(tape(name))), load=False)
    assert_right(stage)


@each_tape
def test_a_second_replay_writes_nothing(tape: Tape, name: str) -> None:
    """A clean group is never written, so the worker does not feed itself."""
    stage = Stage()
    stage.play(tape(name))
    stage.table.commits.clear()
    stage.play(tape(name), load=False)
    assert stage.table.commits == []


def test_hostile_records_are_set_aside_alone(tape: Tape) -> None:
    """Each of the eight becomes a letter of its own; the others of the tape make none."""
    stage = Stage()
    stage.play(tape("hostile"))
    assert [reason for *_, reason in stage.letters.put] == [
        "unknown event name",
        "keys are missing or no strings",
        "keys are missing or no strings",
        "row record without an image",
        "message without a usable group",
        "row without a usable group or user",
        "keys are missing or no strings",
        "keys are missing or no strings",
    ]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile"])
def test_plain_tapes_make_no_letters(tape: Tape, name: str) -> None:
    """What the producer writes can always be settled."""
    stage = Stage()
    stage.play(tape(name))
    assert stage.letters.put == []


def test_attributes_of_others_ride_along(tape: Tape) -> None:
    """Binary values, sets and nested ones of the hostile tape are on the row that was moved."""
    stage = Stage()
    stage.play(tape("hostile"))
    [row] = [row for row in stage.table.items.values() if "avatar" in row]
    assert row["avatar"] == {"B": "3q2+7w=="}
    assert row["tags"] == {"SS": ["a", "b"]}
    assert row["deep"]["M"]["list"]["L"] == [{"BS": ["AQ==", "Ag=="]}, {"NULL": True}, {"N": "1.50"}]
    assert string(row, "worker_rev")
