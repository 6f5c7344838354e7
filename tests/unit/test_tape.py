"""Tapes: what is written is read, other people's shapes are understood, a broken line is named."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import TapeBroken
from shared.models import Item
from stream_worker.contract import Batch, Record
from stream_worker.tape import Length, Recorder, batch_of, last_states, line_of, measure, read_tape
from tests.fakes.table import texts

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
items = st.dictionaries(st.text(), st.dictionaries(st.text(), anything, max_size=2), max_size=4)
images = st.none() | items
times = st.floats(0, 1e11)
records = st.builds(Record, st.text(), items, st.text(), times, images, images)
batches = st.builds(Batch, st.text(), st.text(), st.lists(records, max_size=4).map(tuple))

IMAGE: Item = {**texts(pk="MSG#g", sk="1", message="hi"), "seal": {"B": "3q2+7w=="}}
CHANGE = {
    "ApproximateCreationDateTime": 1795341600,
    "Keys": texts(pk="MSG#g", sk="1"),
    "NewImage": IMAGE,
    "SequenceNumber": "111",
    "SizeBytes": 26,
    "StreamViewType": "NEW_IMAGE",
}
RAW = {"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": CHANGE}
RECORD = Record("INSERT", texts(pk="MSG#g", sk="1"), "111", 1795341600.0, IMAGE)


def write(path: Path, *lines: str) -> Path:
    """A tape of these lines."""
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


@given(batches)
def test_a_line_is_the_batch(batch: Batch) -> None:
    """Nothing of a record is lost, whatever its images hold."""
    line = line_of(batch)
    assert batch_of(line) == batch
    assert "\n" not in line
    assert line.isascii()


def test_binary_values_that_botocore_has_parsed_are_base64_again() -> None:
    """A tape holds what went over the wire, at any depth."""
    parsed: Item = {"a": {"B": b"\xde\xad"}, "b": {"L": [{"BS": [b"\x01"]}]}}
    [record] = batch_of(line_of(Batch("s", "a", (Record("INSERT", {}, "1", 0.0, parsed),)))).records
    assert record.new_image == {"a": {"B": "3q0="}, "b": {"L": [{"BS": ["AQ=="]}]}}


def test_lambdas_event_is_a_line() -> None:
    """The stream is in each record; which shard, an event does not say."""
    event = {"Records": [{**RAW, "eventSourceARN": "arn:stream"}]}
    assert batch_of(json.dumps(event)) == Batch("arn:stream", "tape", (RECORD,))


def test_an_answer_of_get_records_is_a_line() -> None:
    """As it comes over the wire."""
    answer = {"Records": [RAW], "NextShardIterator": "arn|1|xyz"}
    assert batch_of(json.dumps(answer)) == Batch("tape", "tape", (RECORD,))


@pytest.mark.parametrize("when", ["2026-11-22T10:00:00+00:00", "2026-11-22T10:00:00Z", "2026-11-22 10:00:00"])
def test_what_the_aws_cli_prints_is_a_tape(tmp_path: Path, when: str) -> None:
    """One document over many lines, its times spelled out."""
    raw = {**RAW, "dynamodb": {**CHANGE, "ApproximateCreationDateTime": when}}
    tape = write(tmp_path / "answer.json", json.dumps({"Records": [raw]}, indent=4))
    assert list(read_tape(tape)) == [Batch("tape", "tape", (RECORD,))]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"Records": [', "at character 14"),
        ("[]", 'a list of "Records"'),
        ('{"records": []}', 'a list of "Records"'),
        ('{"Records": ["INSERT"]}', 'a list of "Records"'),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, why: str) -> None:
    """Its number and why; what stands before it was given, nothing after it is."""
    good = line_of(Batch("s", "a", (RECORD,)))
    tape = write(tmp_path / "tape.jsonl", good, "", line, good)
    batches = read_tape(tape)
    assert next(batches).records == (RECORD,)
    with pytest.raises(TapeBroken, match="line 3: ") as error:
        next(batches)
    assert why in str(error.value)
    assert list(batches) == []


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """Somebody else's file is a broken line, not a crash."""
    tape = tmp_path / "tape.jsonl"
    tape.write_bytes(b"\xff\xfe\xfd\n")
    with pytest.raises(TapeBroken, match="line 1"):
        measure(tape)


def test_a_tape_is_measured_to_its_end(tmp_path: Path) -> None:
    """So that a broken line is found before anything is applied."""
    line = line_of(Batch("s", "a", (RECORD, RECORD)))
    assert measure(write(tmp_path / "good.jsonl", line, line)) == Length(2, 4)
    with pytest.raises(TapeBroken, match="line 3"):
        measure(write(tmp_path / "broken.jsonl", line, line, line[:-9]))


def test_a_recorder_writes_through_and_leaves_out_what_is_old() -> None:
    """A batch without a recent record is no line."""
    sink = io.StringIO()
    recorder = Recorder(sink, since=100.0)
    old, new = Record("INSERT", {}, "1", 99.0), Record("INSERT", {}, "2", 100.0)
    recorder.process(Batch("s", "a", (old,)))
    recorder.process(Batch("s", "a", (old, new)))
    assert list(map(batch_of, sink.getvalue().splitlines())) == [Batch("s", "a", (new,))]
    assert recorder.length == Length(1, 1)


def test_the_last_state_of_an_item_counts() -> None:
    """In a batch an item may come, change and go."""
    first, other = texts(pk="MSG#g", sk="1"), texts(pk="MSG#g", sk="2")
    put = Record("INSERT", first, "1", 0.0, {**first, **texts(message="a")})
    edited = Record("MODIFY", first, "2", 0.0, {**first, **texts(message="b")})
    gone = [Record("INSERT", other, "3", 0.0, other), Record("REMOVE", other, "4", 0.0)]
    states = last_states(Batch("s", "a", (put, edited, *gone)))
    assert states == [(first, {**first, **texts(message="b")}), (other, None)]


@pytest.mark.parametrize(
    "keys", [{}, {"pk": {"N": "1"}, "sk": {"S": "1"}}, texts(pk="MSG#g"), "pk", texts(pk="MSG#g", sk="")], ids=str
)
def test_what_has_no_usable_key_is_no_item(keys: Any) -> None:
    """Such a record is delivered, but no table can hold it."""
    assert last_states(Batch("s", "a", (Record("INSERT", keys, "1", 0.0, {"a": {"S": "b"}}),))) == []
