"""When each shard's turn is, and what is waited for meanwhile."""

from dataclasses import dataclass
from random import uniform

from stream_worker.drivers.native.reader import ShardReader

BACKOFF_FIRST_S, BACKOFF_LONGEST_S = 0.2, 10.0


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


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    longest = min(BACKOFF_LONGEST_S, BACKOFF_FIRST_S * 2.0 ** min(failures, 10))
    return uniform(longest / 2, longest)  # noqa: S311 - jitter, not cryptography
