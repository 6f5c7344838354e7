"""What `contract.Processor` promises, held against every driver."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

import pytest

from shared.errors import AccessDenied, OutcomeUnknown, Stopping, Throttled
from shared.retry import Retry
from stream_worker.contract import Batch, Work
from stream_worker.drivers.native.driver import NativeDriver
from stream_worker.drivers.native.parts import Parts
from stream_worker.drivers.replay import ReplayDriver
from stream_worker.lease import Lease
from stream_worker.tape import read_tape
from tests.fakes.child import Child
from tests.fakes.clock import Stop
from tests.fakes.kcl import batch
from tests.fakes.native import Scene, in_turn
from tests.fakes.stage import TAPES, singly

LONG_S = 1e9  # a lease that stays ours however fast the clock of a test runs


class Handler:
    """A processor that keeps what it was given, and meets accidents."""

    def __init__(self, stop: Stop) -> None:
        self.given: list[str] = []
        self.accidents: deque[Exception | None] = deque()
        self._stop = stop

    def process(self, batch: Batch) -> None:
        """See `Processor`."""
        self.given += [record.sequence_number for record in batch.records]
        accident = self.accidents.popleft() if self.accidents else None
        if isinstance(accident, Stopping):
            self._stop.set()
        if accident:
            raise accident


class Rig(Protocol):
    """A driver over three records, each a batch."""

    scene: Scene
    handler: Handler
    records: list[str]

    def run(self) -> None:
        """One process, until it has nothing more to do or ends by itself."""

    def settled(self) -> int:
        """How many records the position has passed."""


class NativeRig:
    """The native driver, over a stream of one shard in memory."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.handler = Handler(self.scene.stop)
        self.scene.streams.build({"": ["a"]})
        self.records = self.scene.streams.write("a", 3)

    def run(self) -> None:
        self.scene.stop.clear()
        self.scene.clock.after(60, self.scene.stop.set)
        NativeDriver(self._parts(), Work(self.handler, self.scene.on_gap, self, lambda: None)).run()

    def settled(self) -> int:
        position = self.scene.position()
        return self.records.index(position) + 1 if position in self.records else 0

    def step(self) -> float:
        """No upkeep."""
        return 60.0

    def _parts(self) -> Parts:
        scene = self.scene
        return Parts(
            api=scene.streams,
            state=scene.state,
            lease=Lease(scene.state, "ann", LONG_S, scene.clock.now, scene.clock.monotonic, scene.log),
            retry=scene.retry,
            run_all=in_turn,
            stop=scene.stop,
            clock=scene.clock.now,
            monotonic=scene.clock.monotonic,
            log=scene.log,
            poll_s=0.2,
            limit=1,
            lease_s=LONG_S,
        )


class ReplayRig:
    """The replay driver, over the first three records of a tape."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.handler = Handler(self.scene.stop)
        self._left = singly(list(read_tape(TAPES / "conversation.jsonl")))[:3]
        self.records = [batch.records[0].sequence_number for batch in self._left]

    def run(self) -> None:
        self.scene.stop.clear()
        retry = Retry(self.scene.stop, sleep=self.scene.clock.advance)
        driver = ReplayDriver(self._left, self.handler, retry)
        try:
            driver.run()
        finally:
            self._left = self._left[driver.settled :]

    def settled(self) -> int:
        return len(self.records) - len(self._left)


class KclRig:
    """A child of KCL's daemon, over a shard whose records come one a batch."""

    def __init__(self) -> None:
        self.scene = self._child = Child()
        self.handler = self._child.handler = Handler(self.scene.stop)
        self._all = self._child.written(3)
        self.records = [record.sequence_number for record in self._all]

    def run(self) -> None:
        self.scene.stop.clear()
        self._child.live(*map(batch, self._all[self.settled() :]))
        if self._child.why:
            raise self._child.why

    def settled(self) -> int:
        position = self._child.checkpoint
        return self.records.index(position) + 1 if position in self.records else 0


@pytest.fixture(params=[NativeRig, KclRig, ReplayRig], ids=["native", "kcl", "replay"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """Each driver in turn."""
    rig: Rig = request.param()
    yield rig
    rig.scene.stop.set()


def test_what_returns_is_settled(rig: Rig) -> None:
    """The position moves, the next batch comes, none comes twice."""
    rig.run()
    assert rig.handler.given == rig.records
    assert rig.settled() == 3


@pytest.mark.parametrize("error", [Throttled(), OutcomeUnknown(), AccessDenied(), ZeroDivisionError()], ids=repr)
def test_whatever_is_raised_the_same_records_come_again(rig: Rig, error: Exception) -> None:
    """Raising promises nothing: no record is passed, in this process or, where the driver ends, in the next."""
    first, second, third = rig.records
    rig.handler.accidents += [None, error]
    for _ in range(2):
        with suppress(type(error)):
            rig.run()
    assert rig.handler.given == [first, second, second, third]


def test_what_is_transient_does_not_end_a_driver(rig: Rig) -> None:
    """A throttle is waited for."""
    rig.handler.accidents += [Throttled(), Throttled()]
    rig.run()
    assert rig.settled() == 3


def test_stopping_ends_it_where_it_is(rig: Rig) -> None:
    """The position stays at the last batch that returned; the next process goes on there."""
    first, second, third = rig.records
    rig.handler.accidents += [None, Stopping()]
    rig.run()
    assert (rig.handler.given, rig.settled()) == ([first, second], 1)
    rig.run()
    assert rig.handler.given[2:] == [second, third]


def test_a_bug_ends_the_process(rig: Rig) -> None:
    """A loop that is dead must not look alive."""
    rig.handler.accidents.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        rig.run()
    assert rig.settled() == 0


def test_an_error_for_people_is_not_swallowed(rig: Rig) -> None:
    """Denied: a driver ends with it, or says so and waits until it is allowed."""
    rig.handler.accidents.append(AccessDenied())
    with suppress(AccessDenied):
        rig.run()
        assert rig.scene.said("reading_waits") == 1
