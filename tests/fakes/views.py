"""Drivers as they show themselves, and what their logs say of a batch."""

from datetime import timedelta

from stream_worker.monitor.status import Vitals
from stream_worker.views import DriverView, Role, ShardView, StreamView
from tests.fakes.clock import Clock

BATCH = {"records": 5, "groups": 2, "rows_moved": 3, "clean": 1, "dead": 0, "lag_ms": 250, "duration_ms": 40}
CLOCK = Clock()
NOW = CLOCK.monotonic()


def shard(
    name: str = "a", *, behind_s: float = 0, opened_s_ago: float = 500, polled_s_ago: float = 0.1, failures: int = 0
) -> ShardView:
    """A shard that is read."""
    return ShardView(
        shard=name,
        parent=None,
        settled="1",
        caught_up_at=CLOCK.now() - timedelta(seconds=behind_s),
        opened_at=NOW - opened_s_ago,
        polled_at=NOW - polled_s_ago,
        failures=failures,
    )


def view(*shards: ShardView, role: Role = Role.ACTIVE, turned_s_ago: float = 0) -> DriverView:
    """A process that reads these shards."""
    stream = StreamView("arn", is_latest=True, shards=shards, ended=2, waiting=1, stalled=("z",))
    streams = (stream,) if role is Role.ACTIVE else ()
    return DriverView("ann", "ann", role, turned_at=NOW - turned_s_ago, streams=streams)


def vitals(of: DriverView) -> Vitals:
    """Asked now."""
    return Vitals(lambda: of, CLOCK.now, CLOCK.monotonic)
