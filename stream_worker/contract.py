"""What a driver and a handler promise each other.

A driver owns position and lifetime: where in the stream we are, and whether this process may work. The handler
owns meaning: what a record says about the conversation rows. They meet in `stream_worker.assembly` only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeVar

from shared.models import Item

T = TypeVar("T")

_NO_TIME = 253_402_300_800  # seconds since 1970 of the year 10000, which no calendar of Python's has


@dataclass(frozen=True, slots=True)
class Record:
    """One stream record, as a hint that an item changed.

    Images are DynamoDB JSON as it comes over the wire (binary values in base64), so nothing is lost. `kind` is
    INSERT, MODIFY or REMOVE; whatever else the stream may say is kept as it is, for the handler to refuse.
    `created_at` is in seconds since 1970, whole seconds at best: never order by it.
    """

    kind: str
    keys: Item
    sequence_number: str
    created_at: float
    new_image: Item | None = None
    old_image: Item | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of one shard, in the shard's order."""

    stream: str
    shard: str
    records: tuple[Record, ...]


class Processor(Protocol):
    """The handler, and whatever wraps one (recording, metrics, tracing)."""

    def process(self, batch: Batch) -> None:
        """Settle every record of the batch.

        Returning means all are applied or durably dead-lettered: the driver may checkpoint. Raising promises
        nothing: the driver must not checkpoint and delivers the batch again.

        Raises:
            Transient: something did not work this time.
            Stopping: the process was asked to stop; the transaction in hand is finished.
            Fatal: delivering again will not help until somebody changes something.
        """


class Gap(Enum):
    """Why records may never reach us, so that every row must be looked at once."""

    FIRST_START = "first start"
    NEW_STREAM = "new stream"
    RECORDS_TRIMMED = "records trimmed"
    SHARD_LOST = "shard lost"
    CHECKPOINT_OLD = "checkpoint too old"
    CHECKPOINT_MISSING = "checkpoint missing"


class OnGap(Protocol):
    """Told by a driver before it skips anything."""

    def __call__(self, stream: str, gap: Gap) -> None:
        """Owe a sweep. Returning means that it is durably owed: the driver may go on, crash or not."""


class Upkeep(Protocol):
    """What is done beside the stream while this process is the one that works: sweeps, dead letters."""

    def step(self) -> float:
        """Do a little; the answer is in how many seconds to come again."""


@dataclass(frozen=True, slots=True)
class Work:
    """All that a driver is given."""

    processor: Processor
    on_gap: OnGap
    upkeep: Upkeep
    forget: Callable[[], None]
    """Called when the right to work ends, and when a shard comes to a process that others may have read meanwhile:
    what was remembered about rows and groups may not be true any more."""


class RunAll(Protocol):
    """How several independent things are done: threads in production, one at a time in a simulator."""

    def __call__(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Run every job to its end; the results in order.

        Raises:
            Exception: the first job's that raised, after all have ended.
        """


def record_of(raw: object) -> Record:
    """A record in the shape of GetRecords or of Lambda's event, taken as it is; the handler is who refuses.

    Anything at all becomes a record, so that one entry which is none holds up nothing else of its page.
    """
    said = raw if isinstance(raw, Mapping) else {}
    change = said.get("dynamodb")
    change = change if isinstance(change, Mapping) else {}
    return Record(
        kind=_word(said.get("eventName")),
        keys=change.get("Keys") or {},
        sequence_number=_word(change.get("SequenceNumber")),
        created_at=_seconds(change.get("ApproximateCreationDateTime")),
        new_image=change.get("NewImage"),
        old_image=change.get("OldImage"),
    )


def _word(said: object) -> str:
    return said if isinstance(said, str) else ""


def _seconds(created: object) -> float:
    """The creation time as GetRecords gives it: a number over the wire, a datetime from botocore's parser.

    What is no time between 1970 and the year 9999 is as good as none.
    """
    seconds = created.timestamp() if isinstance(created, datetime) else created
    return float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < _NO_TIME else 0.0
