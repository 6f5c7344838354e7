"""A native driver's whole life, from its start to its stop, in no time."""

from collections.abc import Callable

from stream_worker.contract import Work
from stream_worker.drivers.native.driver import NativeDriver
from stream_worker.drivers.native.parts import Parts
from stream_worker.lease import Lease
from stream_worker.views import DriverView
from tests.fakes.native import Scene, in_turn
from tests.fakes.streams import ARN, LATER_ARN

NEVER = 1e9  # the length of a lease that stays ours however fast the clock of a test runs


class Life(Scene):
    """A process that runs until a moment of the story; a stream of one shard, a."""

    def __init__(self) -> None:
        super().__init__()
        self.streams.build({"": ["a"]})
        self.chores: Callable[[], float] = lambda: 60.0
        self.forgotten = 0
        self.length_s = NEVER
        self.driver: NativeDriver | None = None

    def step(self) -> float:
        """`Upkeep`."""
        return self.chores()

    def forget(self) -> None:
        """What a driver calls when the right to work ends."""
        self.forgotten += 1

    def lease(self, owner: str) -> Lease:
        """The lease as one process sees it."""
        return Lease(self.state, owner, self.length_s, self.clock.now, self.clock.monotonic, self.log)

    def live(self, seconds: float, owner: str = "ann") -> None:
        """One process, from its start to its stop."""
        self.stop.clear()
        self.clock.after(seconds, self.stop.set)
        parts = Parts(
            api=self.streams,
            state=self.state,
            lease=self.lease(owner),
            retry=self.retry,
            run_all=in_turn,
            stop=self.stop,
            clock=self.clock.now,
            monotonic=self.clock.monotonic,
            log=self.log,
            poll_s=0.2,
            limit=100,
            lease_s=self.length_s,
        )
        self.driver = NativeDriver(parts, Work(self, self.on_gap, self, self.forget))
        self.driver.run()

    def seen_at(self, seconds: float) -> list[DriverView]:
        """What the driver shows of itself so many seconds from now; empty until then."""
        seen: list[DriverView] = []
        self.clock.after(seconds, lambda: seen.append(self.driver.view()) if self.driver else None)
        return seen

    def switch(self) -> None:
        """The stream is switched off and on: a new one, of one shard, n; the old one's shards are closed."""
        for shard in self.streams.by_arn[ARN].values():
            shard.closed = True
        self.streams.latest = LATER_ARN
        self.streams.build({"": ["n"]}, arn=LATER_ARN)
