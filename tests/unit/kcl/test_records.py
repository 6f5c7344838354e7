"""What the streams adapter says of a record is what GetRecords says of it; and whatever else comes is a record, too."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_worker.contract import Batch, Record, record_of
from stream_worker.drivers.kcl.records import Envelope, record_from
from stream_worker.tape import line_of
from tests.fakes.kcl import as_adapter_says

PLACE = "49590338271490256608559692538361571095921575989136588898"
BINARY = b64encode(bytes(range(256))).decode()
EVERY_TYPE: dict[str, Any] = {
    "text": {"S": 'ünïcode 🎵 \x00 \\ " \u2028'},
    "no text": {"S": ""},
    "number": {"N": "1234567890.0123456789012345678901234567E-100"},
    "binary": {"B": BINARY},
    "no binary": {"B": ""},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "binaries": {"BS": [BINARY, ""]},
    "list": {"L": [{"S": "a"}, {"L": []}, {"M": {"deep": {"L": [{"NULL": True}]}}}]},
    "no list": {"L": []},
    "map": {"M": {"x": {"M": {}}, "y": {"NS": ["3"]}}},
    "no map": {"M": {}},
}
KEYS: dict[str, Any] = {"pk": {"S": "MSG#g"}, "sk": {"S": "2026"}}


def received(data: str | bytes, place: object = PLACE) -> Record:
    """As if it came from the daemon."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return record_from(Envelope(place, b64encode(raw).decode()))


@pytest.mark.parametrize("kind", ["INSERT", "MODIFY", "REMOVE"])
@pytest.mark.parametrize("seconds", [1_764_000_000, 1_764_000_000.123, 0])
def test_a_record_is_what_the_native_driver_says(kind: str, seconds: float) -> None:
    """With every type that DynamoDB has; an image that is not there is none, though the adapter makes an empty one."""
    new, old = (None if kind == "REMOVE" else EVERY_TYPE | KEYS), (None if kind == "INSERT" else EVERY_TYPE)
    native = Record(kind, KEYS, PLACE, float(seconds), new, old)
    assert received(as_adapter_says(native)) == native


def test_a_tape_is_the_same_by_both_drivers() -> None:
    """Botocore makes bytes of binary values and a datetime of the time; on the wire, and on a tape, they are not."""
    moment = datetime(2026, 11, 22, 12, 0, 0, 789_000, tzinfo=UTC)
    image = {**KEYS, "b": {"B": b"\x00\xff"}, "bs": {"BS": [b"", b"x"]}, "l": {"L": [{"B": b"y"}]}}
    change = {"Keys": KEYS, "NewImage": image, "SequenceNumber": PLACE, "ApproximateCreationDateTime": moment}
    native = record_of({"eventName": "INSERT", "dynamodb": change})
    wire = json.loads(line_of(Batch("s", "a", (native,))))["Records"][0]["dynamodb"]["NewImage"]
    kcl = received(as_adapter_says(replace(native, new_image=wire)))
    assert line_of(Batch("s", "a", (kcl,))) == line_of(Batch("s", "a", (native,)))


def test_half_seconds_are_kept_as_botocore_says_them() -> None:
    """Milliseconds become the same float as a datetime of the same moment."""
    moment = datetime(2026, 11, 22, 12, 0, 0, 789_000, tzinfo=UTC)
    native = record_of({"dynamodb": {"ApproximateCreationDateTime": moment}})
    said = json.dumps({"dynamodb": {"ApproximateCreationDateTime": 1_795_348_800_789}})
    assert received(said).created_at == native.created_at


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        "\ud800",
        b"\xff\xfe",
        "[" * 100_000,
        '{"a":' * 100_000,
        "1" * 5000,
        '{"dynamodb": []}',
        '{"dynamodb": {"Keys": [], "NewImage": 7, "SequenceNumber": {}}}',
        '{"eventName": {}, "dynamodb": null}',
    ],
    ids=lambda data: repr(data[:20]),
)
def test_whatever_it_is_it_becomes_a_record_in_its_place(data: str | bytes) -> None:
    """One hostile record stops no shard: the handler sets it aside, and the checkpoint passes it."""
    assert received(data).sequence_number == PLACE


@pytest.mark.parametrize("data", [None, 7, "no base64!", "ü", [], "AAA"])
def test_data_that_is_no_base64_is_an_empty_record(data: object) -> None:
    """The same: its place is all that is known of it."""
    assert record_from(Envelope(PLACE, data)) == Record("", {}, PLACE, 0.0)


@pytest.mark.parametrize("said", ["true", "-1", "1e400", "1" + "0" * 4000, "NaN", '"7"', "null", "{}", "1e15"])
def test_a_time_that_is_none_is_as_good_as_none(said: str) -> None:
    """No calendar of Python's must stop a shard."""
    assert received(f'{{"dynamodb": {{"ApproximateCreationDateTime": {said}}}}}').created_at == 0.0


def test_the_envelope_says_the_place() -> None:
    """It is what KCL takes for a checkpoint; what the record says of itself counts only without it."""
    said = json.dumps({"dynamodb": {"SequenceNumber": "7"}})
    assert (received(said).sequence_number, received(said, place=None).sequence_number) == (PLACE, "7")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Keys", "NewImage", "S", "M", "x"]), inner),
)


@given(st.fixed_dictionaries({}, optional={"eventName": JSON, "dynamodb": JSON}))
def test_no_json_is_refused_here(said: Any) -> None:
    """Whatever its shape."""
    assert received(json.dumps(said)).sequence_number == PLACE
