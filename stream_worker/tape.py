"""A tape: stream records as JSON lines, one batch a line, to look at, to share, to deliver again.

A line is an answer of GetRecords as on the wire (binary values in base64) that also says its `stream` and `shard`.
Answers of GetRecords as they are, and Lambda's events, are read as well.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from shared.errors import TapeBroken
from shared.models import Item, string
from stream_worker.contract import Batch, Record, record_of

UNNAMED = "tape"  # the stream or shard of a line that does not name it


@dataclass(frozen=True, slots=True)
class Length:
    """How much is on a tape."""

    batches: int = 0
    records: int = 0

    def plus(self, batch: Batch) -> "Length":
        """With one more batch."""
        return Length(self.batches + 1, self.records + len(batch.records))


class Recorder:
    """`contract.Processor`: writes each batch through, so that whatever ends the process leaves whole lines.

    Args:
        since: records created before (in seconds since 1970) are left out.
        change: what is done to a batch before it is written.
    """

    def __init__(
        self, sink: IO[str], since: float = 0.0, change: Callable[[Batch], Batch] = lambda batch: batch
    ) -> None:
        self._sink = sink
        self._since = since
        self._change = change
        self.length = Length()

    def process(self, batch: Batch) -> None:
        """Write a line, unless nothing is left to write."""
        recent = tuple(record for record in batch.records if record.created_at >= self._since)
        if recent:
            batch = self._change(replace(batch, records=recent))
            self._sink.write(line_of(batch) + "\n")
            self._sink.flush()
            self.length = self.length.plus(batch)


def read_tape(path: Path) -> Iterator[Batch]:
    """The batches of a tape, read as they are asked for.

    Raises:
        TapeBroken: a line cannot be read; the sentence says which one and why. Those before it were given.
    """
    with path.open("rb") as source:
        for number, line in _lines(source):
            try:
                yield batch_of(line)
            except TapeBroken as error:
                raise TapeBroken(f"{path}, line {number}: {error}") from error


def measure(path: Path) -> Length:
    """Read a tape to its end, so that a broken line is found before anything of it is applied.

    Raises:
        TapeBroken: a line cannot be read.
    """
    length = Length()
    for batch in read_tape(path):
        length = length.plus(batch)
    return length


def batch_of(line: str | bytes) -> Batch:
    """The batch on one line. What its records mean is the handler's to judge, who sets aside what nobody understands.

    Raises:
        TapeBroken: it is no JSON object with a list of records.
    """
    try:
        said = json.loads(line)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" starting at")
        raise TapeBroken(f"this is no JSON at character {error.pos + 1} ({what})") from error
    except (ValueError, RecursionError) as error:
        raise TapeBroken(f"this is no JSON ({error})") from error
    records = said.get("Records") if isinstance(said, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise TapeBroken('this is no JSON object with a list of "Records"')
    stream = said.get("stream", records[0].get("eventSourceARN", UNNAMED) if records else UNNAMED)
    return Batch(str(stream), str(said.get("shard", UNNAMED)), tuple(map(_record, records)))


def line_of(batch: Batch) -> str:
    """A batch as one line, in ASCII; binary values that botocore has parsed become base64 again."""
    said = {"stream": batch.stream, "shard": batch.shard, "Records": list(map(_raw, batch.records))}
    return json.dumps(said, separators=(",", ":"), default=_base64)


def last_states(batch: Batch) -> list[tuple[Item, Item | None]]:
    """Key and last image (None: deleted) of each item that the records show, for a table to be filled from a tape.

    Records without usable keys or without the image they should have show nothing.
    """
    states: dict[tuple[str, str], tuple[Item, Item | None]] = {}
    for record in batch.records:
        gone = record.kind == "REMOVE"
        key = _key(record.keys)
        if key and (gone or isinstance(record.new_image, dict)):
            states[key] = record.keys, None if gone else {**(record.new_image or {}), **record.keys}
    return list(states.values())


def _lines(source: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; a file that begins with a lone brace is one document, as `aws` prints it."""
    for number, line in enumerate(source, start=1):
        if number == 1 and line.strip() == b"{":
            yield 1, line + source.read()
        elif line.strip():
            yield number, line.rstrip()


def _record(raw: dict[str, Any]) -> Record:
    record = record_of(raw)
    change = raw.get("dynamodb")
    created = change.get("ApproximateCreationDateTime") if isinstance(change, dict) else None
    return replace(record, created_at=_seconds(created)) if isinstance(created, str) else record


def _seconds(created: str) -> float:
    """A creation time as the AWS CLI prints it."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _raw(record: Record) -> dict[str, Any]:
    images = {"NewImage": record.new_image, "OldImage": record.old_image}
    change = {
        "ApproximateCreationDateTime": record.created_at,
        "Keys": record.keys,
        **{name: image for name, image in images.items() if image is not None},
        "SequenceNumber": record.sequence_number,
    }
    return {"eventName": record.kind, "dynamodb": change}


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} is nothing that DynamoDB stores")


def _key(keys: object) -> tuple[str, str] | None:
    if not isinstance(keys, dict):
        return None
    pk, sk = string(keys, "pk"), string(keys, "sk")
    return (pk, sk) if pk and sk else None
