"""Drivers as they show themselves, and what their logs say of a batch."""

from datetime import timedelta

from stream_worker.monitor.status import Vitals
from stream_worker.views import DriverView, Role, ShardView, StreamView
from tests.fakes.clock import Clock

BATCH = {"records": 5, "groups": 2, "rows_moved": 3, "clean": 1, "dead": 0, "lag_ms": 250, "duration_ms": 40}
CLOCK = Clock()
NOW = CLOCK.monotonic()


def shard(name: str = "a", *, behind_s: float = 0, polled_s_ago: float = 0.1, failures: int = 0) -> ShardView:
    """A shard that is read."""
    return ShardView(name, None, "1", CLOCK.now() - timedelta(seconds=behind_s), NOW - polled_s_ago, failures)


def view(*shards: ShardView, role: Role = Role.ACTIVE, turned_s_ago: float = 0, since_s: float = 500) -> DriverView:
    """A process that reads these shards."""
    stream = StreamView("arn", is_latest=True, shards=shards, ended=2, waiting=1, stalled=("z",))
    streams = (stream,) if role is Role.ACTIVE else ()
    return DriverView("ann", "ann", role, since=NOW - since_s, turned_at=NOW - turned_s_ago, streams=streams)


def vitals(of: DriverView) -> Vitals:
    """Asked now."""
    return Vitals(lambda: of, CLOCK.now, CLOCK.monotonic)
