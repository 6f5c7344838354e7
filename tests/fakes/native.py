"""A native driver's surroundings: streams, a state table, a clock, and a processor that keeps what it was given."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from shared.dynamo import Answer
from shared.errors import Transient
from shared.retry import Retry
from stream_worker.checkpoints import Checkpoint, Checkpoints
from stream_worker.contract import Batch, Gap
from stream_worker.drivers.native.reader import Reading, ShardReader
from stream_worker.drivers.native.stream import StreamReader
from stream_worker.state import CHECKPOINTS, State
from tests.fakes.clock import Clock, Stop
from tests.fakes.faulty import Go
from tests.fakes.outlets import Lines
from tests.fakes.state import state_client
from tests.fakes.streams import ARN, Streams

T = TypeVar("T")


def in_turn(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """`RunAll` without threads."""
    return [job() for job in jobs]


def fail(error: Exception) -> NoReturn:
    """Raise, as a deed."""
    raise error


def fine(go: Go) -> Answer:
    """No accident: for a list of them."""
    return go()


def turns(reader: ShardReader, count: int = 1) -> list[bool]:
    """What so many turns answer; one that fails for now answers False."""

    def turn() -> bool:
        try:
            return reader.turn()
        except Transient:
            return False

    return [turn() for _ in range(count)]


class Scene:
    """Everything but the reader under test; `story` is what happened, in order."""

    def __init__(self) -> None:
        self.clock, self.log = Clock(), Lines()
        self.stop = Stop(self.clock)
        self.streams = Streams(self.clock)
        self.table, self.client = state_client()
        self.state = State(self.client, "state", "pattern-e")
        self.retry = Retry(self.stop, total_s=0, sleep=lambda _: None)  # one attempt: accidents reach the reader
        self.story: list[tuple[str, str]] = []
        self.accidents: deque[Exception | None] = deque()
        self.before_gap: Callable[[], object] = lambda: None

    def process(self, batch: Batch) -> None:
        """`Processor`: keeps the sequence numbers, or meets the next accident."""
        accident = self.accidents.popleft() if self.accidents else None
        self.story += [(batch.shard, record.sequence_number) for record in batch.records]
        if accident:
            raise accident

    def on_gap(self, stream: str, gap: Gap) -> None:  # noqa: ARG002 - every story has one stream or tells them apart
        """`OnGap`."""
        self.before_gap()
        self.story.append(("gap", gap.value))

    def checkpoints(self, stream: str = ARN) -> Checkpoints:
        """The checkpoints of a stream."""
        return Checkpoints(self.state, stream, self.retry, self.clock.now)

    def position(self, shard: str = "a", stream: str = ARN) -> str:
        """Where the checkpoint of a shard stands in the table."""
        return str(self.table.drawer(f"{CHECKPOINTS}#{stream}")[shard]["position"]["S"])

    def reading(self, stream: str = ARN, limit: int = 100) -> Reading:
        """What readers read with."""
        return Reading(
            self.streams,
            self.checkpoints(stream),
            self,
            self.on_gap,
            limit,
            self.clock.now,
            self.clock.monotonic,
            self.log,
        )

    def start(self, shard: str = "a", parent: str | None = None) -> Checkpoint:
        """A shard's first checkpoint."""
        return self.checkpoints().start(shard, parent, self.clock.now())

    def shard_reader(self, shard: str = "a", limit: int = 100) -> ShardReader:
        """A reader that begins at the shard's checkpoint, as after a start of the process."""
        checkpoint = self.checkpoints().reload(shard) or self.start(shard)
        return ShardReader(self.reading(limit=limit), ARN, checkpoint)

    def stream_reader(self, stream: str = ARN, poll_s: float = 0.2) -> StreamReader:
        """A reader of all shards, as after a start of the process."""
        return StreamReader(stream, self.reading(stream), self.state, in_turn, poll_s)

    def rounds(self, reader: StreamReader, seconds: float) -> None:
        """Let the reader work for so long."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            self.clock.advance(min(max(reader.step(), 0.001), until - self.clock.monotonic() + 0.001))

    @property
    def gaps(self) -> list[str]:
        """The gaps that were told."""
        return [what for who, what in self.story if who == "gap"]

    def read(self, shard: str) -> list[str]:
        """The sequence numbers that were delivered of a shard."""
        return [what for who, what in self.story if who == shard]

    def said(self, event: str) -> int:
        """How often a line was logged."""
        return sum(1 for line, _ in self.log.lines if line == event)
