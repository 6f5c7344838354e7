"""Which stream the fleet reads: the table's current one, after an older one is drained; every host finds the same."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from shared.errors import ConsumerTaken, LeaseLost, ShardMissing
from shared.keys import stamp
from shared.logging import Log
from shared.models import Item, string
from stream_worker.contract import Gap, OnGap
from stream_worker.state import KCL_STREAMS, State

ENDED = "SHARD_END"
AGREE = 3  # looks in a row that must find a stream drained: a listing is a hint


class Streams(Protocol):
    """What is asked of DynamoDB Streams here."""

    def latest_stream(self) -> str:
        """The ARN of the table's stream as it is now."""

    def is_ours(self, stream: str) -> bool:
        """Whether it is one of the table's."""

    def shards(self, stream: str) -> list[Any]:
        """A full listing of things that have an `id`."""


class Leases(Protocol):
    """KCL's lease tables."""

    def items(self, stream: str) -> Iterator[Item]:
        """Every lease of a stream's table; nothing if the table was never made."""

    def exist(self, stream: str) -> bool:
        """Whether the stream's table is there."""


class Course:
    """The streams that are begun and not drained are items of the state table; a sweep is owed before each.

    Args:
        streams: the table's.
        leases: KCL's.
        state: the consumer's.
        on_gap: owes a sweep.
        forget: lets go of what the children have kept about a stream.
        clock: the time of day, in UTC.
        log: for what changes.
    """

    def __init__(
        self,
        streams: Streams,
        leases: Leases,
        state: State,
        on_gap: OnGap,
        forget: Callable[[str], object],
        clock: Callable[[], datetime],
        log: Log,
    ) -> None:
        self._streams = streams
        self._leases = leases
        self._state = state
        self._on_gap = on_gap
        self._forget = forget
        self._clock = clock
        self._log = log
        self._found_drained = 0

    def choose(self) -> str:
        """The stream to read now: the oldest that is begun, else the table's.

        Raises:
            ConsumerTaken: a worker of this name has begun a stream of another table.
            TableMissing, TableDiffers, StreamMissing: one sentence says what to do.
        """
        begun = sorted(self._state.all(KCL_STREAMS), key=lambda item: string(item, "since"))
        if begun:
            return self._own(string(begun[0], "sk"))
        return self._begin(self._streams.latest_stream(), Gap.FIRST_START)

    def is_latest(self, stream: str) -> bool:
        """Whether the table's changes go to this stream."""
        return self._streams.latest_stream() == stream

    def is_drained(self, stream: str) -> bool:
        """Whether every shard that is known or listed was settled to its end, in several looks in a row."""
        self._found_drained = self._found_drained + 1 if self._is_settled(stream) else 0
        return self._found_drained >= AGREE

    def leave(self, stream: str) -> None:
        """A stream is drained: begin with the table's current one, then forget the old one."""
        self._found_drained = 0
        self._begin(self._streams.latest_stream(), Gap.NEW_STREAM)
        self._forget(stream)
        self._state.delete(KCL_STREAMS, stream)
        self._log.info("stream_drained", stream=stream, next="a day later its three tables of KCL can be deleted")

    def has_leases(self, stream: str) -> bool:
        """Whether KCL's lease table is there; it is made by a daemon that starts, and by none that runs."""
        return self._leases.exist(stream)

    def unread(self, stream: str) -> int:
        """How many shards are not settled to their end, and nobody's."""
        leases = self._leases.items(stream)
        return sum(1 for one in leases if string(one, "checkpoint") != ENDED and not string(one, "leaseOwner"))

    def _is_settled(self, stream: str) -> bool:
        leases = {string(lease, "leaseKey"): string(lease, "checkpoint") for lease in self._leases.items(stream)}
        try:
            listed = {shard.id for shard in self._streams.shards(stream)}
        except ShardMissing:  # nothing of it can be read any more; what was lost is owed with the next one
            return True
        return bool(leases) and listed <= set(leases) and set(leases.values()) == {ENDED}

    def _own(self, stream: str) -> str:
        if not self._streams.is_ours(stream):  # its records would be settled against rows that do not know them
            raise ConsumerTaken(f"A fleet of this name reads {stream}, of another table: set WORKER_NAME to another.")
        return stream

    def _begin(self, stream: str, gap: Gap) -> str:
        """Owe what must be owed before anything of this stream is read; whichever host is first."""
        if self._state.get(KCL_STREAMS, stream) is None:
            now = self._clock()
            self._on_gap(stream, gap)
            with suppress(LeaseLost):  # another host was as fast: its moment is as good as ours
                self._state.replace(KCL_STREAMS, stream, {"since": {"S": stamp(now)}}, None)
            self._log.info("stream_opened", stream=stream)
        return stream


def begun_at(state: State, stream: str) -> datetime | None:
    """When a stream was begun, which is when its first sweep was owed; None: it was not."""
    item = state.get(KCL_STREAMS, stream)
    return datetime.fromisoformat(string(item, "since")) if item else None
