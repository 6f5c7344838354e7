"""When each shard's turn is, and what is waited for meanwhile."""

from dataclasses import dataclass

from stream_worker.drivers.native.reader import ShardReader


@dataclass(slots=True)
class Seat:
    """A reader and when it is due."""

    reader: ShardReader
    due: float
    failures: int = 0


@dataclass(slots=True)
class Childless:
    """An ended shard whose children are not known yet."""

    since: float
    due: float
    asked: int = 0
    told: bool = False
