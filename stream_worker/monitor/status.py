"""Vital signs: from the driver's view to a few numbers, and to the two questions of an orchestrator."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from stream_worker.views import DriverView, Role, ShardView, StreamView

TURNS_WITHIN_S = 120.0  # a group may wait for calls and retries; longer than this is a loop that hangs
POLLED_WITHIN_S = 60.0  # every shard is polled at least once a second


@dataclass(frozen=True, slots=True)
class Signs:
    """The vital signs of one process, as numbers."""

    role: Role
    is_active: bool
    loop_age_s: float
    iterator_age_s: float
    """Of the shard that is furthest behind; 0 without shards."""
    poll_age_s: float
    """Of the shard that was polled longest ago; a shard that never was counts from when it was opened."""
    shards: int
    waiting: int
    failing: int
    stalled: int

    @property
    def is_alive(self) -> bool:
        """Whether the loop turned lately: if not, a new process helps."""
        return self.loop_age_s < TURNS_WITHIN_S

    @property
    def is_ready(self) -> bool:
        """Whether the process does its part: stands by, or reads every shard."""
        if self.role is Role.STANDBY:
            return self.is_alive
        return self.is_active and self.is_alive and self.shards > 0 and self.poll_age_s < POLLED_WITHIN_S


class Vitals:
    """What a driver shows, at the time it is asked.

    Args:
        view: the driver's; any thread may ask.
        clock: the time of day, in UTC.
        monotonic: seconds, the clock of the view.
    """

    def __init__(
        self, view: Callable[[], DriverView], clock: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._view = view
        self._clock = clock
        self._monotonic = monotonic

    def signs(self) -> Signs:
        """The numbers."""
        view = self._view()
        shards = [shard for stream in view.streams for shard in stream.shards]
        return Signs(
            role=view.role,
            is_active=view.role is Role.ACTIVE,
            loop_age_s=self._since(view.turned_at),
            iterator_age_s=max(map(self._behind_s, shards), default=0.0),
            poll_age_s=max((self._since(_last_sign(shard)) for shard in shards), default=0.0),
            shards=len(shards),
            waiting=sum(stream.waiting for stream in view.streams),
            failing=sum(shard.failures > 0 for shard in shards),
            stalled=sum(len(stream.stalled) for stream in view.streams),
        )

    def status(self) -> dict[str, Any]:
        """Everything, as JSON."""
        view, signs = self._view(), self.signs()
        return {
            "owner": view.owner,
            "lease_held_by": view.lease_held_by,
            "alive": signs.is_alive,
            "ready": signs.is_ready,
            **asdict(signs),
            "streams": [self._stream(stream) for stream in view.streams],
        }

    def _stream(self, stream: StreamView) -> dict[str, Any]:
        return {
            "stream": stream.stream,
            "is_latest": stream.is_latest,
            "ended": stream.ended,
            "waiting": stream.waiting,
            "stalled": list(stream.stalled),
            "shards": [self._shard(shard) for shard in stream.shards],
        }

    def _shard(self, shard: ShardView) -> dict[str, Any]:
        return {
            "shard": shard.shard,
            "parent": shard.parent,
            "checkpoint": shard.settled,
            "behind_s": round(self._behind_s(shard), 3),
            "polled_s_ago": round(self._since(shard.polled_at), 3) if shard.polled_at is not None else None,
            "failures": shard.failures,
        }

    def _behind_s(self, shard: ShardView) -> float:
        return max(0.0, (self._clock() - shard.caught_up_at).total_seconds())

    def _since(self, moment: float) -> float:
        return max(0.0, self._monotonic() - moment)


def _last_sign(shard: ShardView) -> float:
    return shard.opened_at if shard.polled_at is None else shard.polled_at
