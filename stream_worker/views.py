"""What a driver shows of itself to whoever looks on: frozen values, taken at one moment by any thread."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SHOWN = 50
"""Of whatever comes in great numbers, whoever looks on is told the last so many."""


class Role(StrEnum):
    """What a process is to its consumer."""

    WAITING = "waiting"  # for the table that the lease is in
    STANDBY = "standby"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class ShardView:
    """One shard that is being read."""

    shard: str
    parent: str | None
    settled: str | None
    """The last settled sequence number; None: nothing yet."""
    caught_up_at: datetime
    """All that was written to the shard before is settled; on an idle shard that is read, now."""
    opened_at: float
    """When this process began to read it, by the monotonic clock."""
    polled_at: float | None
    """When GetRecords last answered, by the monotonic clock."""
    failures: int
    """Turns in a row that did not work."""


@dataclass(frozen=True, slots=True)
class StreamView:
    """One stream: the table's current one, or an older one that is not drained yet."""

    stream: str
    is_latest: bool
    shards: tuple[ShardView, ...]
    ended: int
    """Known shards that are settled to their end."""
    waiting: int
    """Known shards that wait for their parent."""
    stalled: tuple[str, ...]
    """Shards that have ended and have no child, for longer than a listing may be late."""


@dataclass(frozen=True, slots=True)
class DriverView:
    """One process."""

    owner: str
    lease_held_by: str
    """The owner of the lease as last seen; empty: nobody, or it was never seen."""
    role: Role
    turned_at: float
    """When its loop last turned, by the monotonic clock."""
    streams: tuple[StreamView, ...]
