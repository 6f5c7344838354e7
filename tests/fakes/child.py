"""A child of KCL's daemon and its surroundings: real kclpy, a daemon that is a script, no process."""

from collections.abc import Callable
from datetime import datetime

from stream_worker.checkpoints import Checkpoint, Checkpoints
from stream_worker.contract import Processor, Record
from stream_worker.drivers.kcl.checkpointer import Checkpointer
from stream_worker.drivers.kcl.position import Ledger, Position
from stream_worker.drivers.kcl.processor import Parts, ShardProcessor
from stream_worker.state import KCL_CHECKPOINTS
from tests.fakes.clock import NOON
from tests.fakes.kcl import Answers, Daemon, Step, end, initialize, needs_kclpy
from tests.fakes.native import Scene
from tests.fakes.streams import ARN


class Child(Scene):
    """Lives in turn, all of one shard, a; `handler` is asked to settle (the scene itself keeps what it was given)."""

    def __init__(self) -> None:
        super().__init__()
        self.streams.build({"": ["a"]})
        self.parents_of: dict[str, tuple[str, ...]] = {}
        self.begun: datetime | None = NOON
        self.handler: Processor = self
        self.checkpoint = "TRIM_HORIZON"
        self.daemon = Daemon()
        self.status: int | None = None
        self.why: BaseException | None = None

    def parents(self, stream: str, shard: str) -> tuple[str, ...]:
        """`Leases`."""
        assert stream == ARN
        return self.parents_of.get(shard, ())

    def written(self, count: int, shard: str = "a") -> list[Record]:
        """Records that land in a shard now."""
        self.streams.write(shard, count)
        return self.streams.shard(shard).records[-count:]

    def live(self, *script: Step, answers: Answers = (), before_line: Callable[[], object] = lambda: None) -> Daemon:
        """One process: opened at KCL's checkpoint, then the script; `status` is how it ended, if by itself."""
        self.daemon = daemon = Daemon(initialize(self.checkpoint), *script)
        daemon.checkpoint, daemon.before_line = self.checkpoint, before_line
        daemon.answers.extend(answers)
        self.serve(daemon)
        self.checkpoint = daemon.checkpoint
        return daemon

    def serve(self, daemon: Daemon) -> None:
        """One process of this daemon's."""
        needs_kclpy()
        from stream_worker.drivers.kcl.protocol import serve  # noqa: PLC0415 - of an extra

        self.status = self.why = None
        try:
            serve(self.processor, daemon.wire, self.log)
        except SystemExit as ended:
            self.status, self.why = int(str(ended)), ended.__context__

    def processor(self, shard: str = "a") -> ShardProcessor:
        """A shard's, as after a start of the process."""
        parts = Parts(
            stream=ARN,
            shard=shard,
            processor=self.handler,
            position=self.place(shard),
            checkpointer=Checkpointer(self.stop, self.clock.monotonic, self.log),
            stop=self.stop,
            monotonic=self.clock.monotonic,
            log=self.log,
            end=end,
        )
        return ShardProcessor(parts)

    def place(self, shard: str = "a") -> Position:
        """A shard's position, as after a start of the process."""
        ledger = Ledger(
            api=self.streams,
            checkpoints=self.kept,
            leases=self,
            begun=lambda _: self.begun,
            on_gap=self.on_gap,
            clock=self.clock.now,
            monotonic=self.clock.monotonic,
            log=self.log,
        )
        return Position(ledger, ARN, shard)

    def opened(self, sequence: str | None = "TRIM_HORIZON", shard: str = "a") -> Position:
        """A shard's position, opened at KCL's checkpoint."""
        position = self.place(shard)
        position.open(sequence)
        return position

    def settle(self, position: Position, shard: str = "a") -> str:
        """A batch of one record that is written now."""
        [record] = self.written(1, shard)
        position.begin_batch()
        position.settled(record, record.created_at)
        return record.sequence_number

    def rest(self, position: Position, times: int) -> None:
        """So many empty batches, a second each."""
        for _ in range(times):
            position.begin_batch()
            position.rested()
            self.clock.advance(1)

    @property
    def kept(self) -> Checkpoints:
        """The durable moments."""
        return Checkpoints(self.state, ARN, self.retry, self.clock.now, KCL_CHECKPOINTS)

    def item(self, shard: str = "a") -> Checkpoint | None:
        """What is kept of a shard."""
        return self.kept.reload(shard)
