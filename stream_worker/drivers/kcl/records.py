"""From what KCL hands to a child to a `Record`: equal to what GetRecords says of the same record.

The streams adapter makes JSON of each record: times in milliseconds, an image that is not there as an empty one.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stream_worker.contract import Record, record_of

_IMAGES = ("NewImage", "OldImage")
_LONGEST_MS = 1e15  # beyond any calendar; a number of any length can be said in JSON


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the protocol says of a record: its place in the shard, and its data in base64."""

    sequence_number: object
    data: object


def record_from(envelope: Envelope) -> Record:
    """Anything at all becomes a record, for the handler to refuse; the envelope says where it stands."""
    record = record_of(_as_get_records_says_it(_object(envelope.data)))
    place = envelope.sequence_number
    return replace(record, sequence_number=place) if isinstance(place, str) else record


def _object(data: object) -> Mapping[str, Any]:
    """What is no JSON in base64 is as good as an empty record."""
    if not isinstance(data, str):
        return {}
    try:
        said = json.loads(b64decode(data).decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _as_get_records_says_it(said: Mapping[str, Any]) -> Mapping[str, Any]:
    change = said.get("dynamodb")
    if not isinstance(change, dict):
        return said
    there = {name: value for name, value in change.items() if not (name in _IMAGES and value == {})}
    seconds = _seconds(change.get("ApproximateCreationDateTime"))
    return {**said, "dynamodb": {**there, "ApproximateCreationDateTime": seconds}}


def _seconds(milliseconds: object) -> float | None:
    is_number = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool)
    return milliseconds / 1000 if is_number and 0 <= milliseconds < _LONGEST_MS else None  # type: ignore[operator]
