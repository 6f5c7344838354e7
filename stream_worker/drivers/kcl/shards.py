"""What a host knows of its shards: only what its children say of themselves."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any

from stream_worker.views import ShardView, StreamView

_OVER = frozenset({"shard_ended", "lease_lost", "shard_left"})


class Shards:
    """The shards of one stream that this host reads; any thread may note or ask.

    Args:
        stream: its ARN.
        clock: the time of day, in UTC.
        monotonic: seconds.
    """

    def __init__(self, stream: str, clock: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self.stream = stream
        self.is_latest = True
        self.unread = 0
        """Shards that nobody in the fleet reads, as last seen."""
        self.has_read = False
        """Whether any was ever opened here."""
        self._clock = clock
        self._monotonic = monotonic
        self._lock = Lock()
        self._read: dict[str, ShardView] = {}
        self._ended = 0

    def note(self, event: str, facts: Mapping[str, Any]) -> None:
        """A line of a child."""
        shard = facts.get("shard")
        if not isinstance(shard, str):
            return
        with self._lock:
            if event == "shard_opened":
                self.has_read = True
                self._read[shard] = self._opened(shard, facts)
            elif event in _OVER:
                self._ended += bool(self._read.pop(shard, None)) and event == "shard_ended"
            elif shard in self._read:
                self._read[shard] = self._after(self._read[shard], event, facts)

    def forget(self) -> None:
        """The daemon ended, and its children with it."""
        with self._lock:
            self._read.clear()

    def view(self) -> StreamView:
        """What others may know."""
        with self._lock:
            shards = tuple(self._read.values())
        return StreamView(self.stream, self.is_latest, shards, ended=self._ended, waiting=self.unread, stalled=())

    def _opened(self, shard: str, facts: Mapping[str, Any]) -> ShardView:
        return ShardView(
            shard=shard,
            parent=facts.get("parent"),
            settled=facts.get("after"),
            caught_up_at=_moment(facts.get("caught_up_at")) or self._clock(),
            opened_at=self._monotonic(),
            polled_at=None,
            failures=0,
        )

    def _after(self, before: ShardView, event: str, facts: Mapping[str, Any]) -> ShardView:
        if event == "shard_polled":
            return replace(
                before,
                settled=facts.get("settled") or before.settled,
                caught_up_at=max(_moment(facts.get("caught_up_at")) or before.caught_up_at, before.caught_up_at),
                polled_at=self._monotonic(),
                failures=0,
            )
        if event in {"shard_waits", "reading_waits", "batch_unsettled"}:
            return replace(before, failures=before.failures + 1)
        return replace(before, failures=0) if event == "batch_settled" else before


def _moment(stamp: object) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None
