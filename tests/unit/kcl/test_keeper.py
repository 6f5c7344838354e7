"""One host of the fleet keeps up for all: sweeps and dead letters, under the consumer's lease."""

from collections import deque
from threading import Event

import pytest

from shared.errors import AppError, ConsumerTaken, SchemaUnknown, Stopping, Throttled
from stream_worker.contract import Work
from stream_worker.drivers.kcl.keeper import Keeper
from tests.fakes.clock import Stop
from tests.fakes.leases import LENGTH_S, Processes


class Host:
    """A keeper of `ann`'s, and an upkeep that meets accidents."""

    def __init__(self) -> None:
        self.processes = Processes()
        self.stop = Stop(self.processes.clock)
        self.accidents: deque[AppError | None] = deque()
        self.steps = self.forgotten = 0
        self.crashes: list[BaseException] = []
        self.keeper = self._keeper(self.stop)

    def _keeper(self, stop: Event) -> Keeper:
        work = Work(lambda _: None, lambda *_: None, self, self.forget)  # type: ignore[arg-type]
        return Keeper(self.processes.ann, LENGTH_S, work, stop, self.processes.log, self.crashes.append)

    def step(self) -> float:
        """`Upkeep`."""
        self.steps += 1
        accident = self.accidents.popleft() if self.accidents else None
        if accident:
            raise accident
        return 2.0

    def forget(self) -> None:
        self.forgotten += 1

    def said(self, event: str) -> int:
        return sum(1 for line, _ in self.processes.log.lines if line == event)

    def runs(self, seconds: float = 5) -> None:
        self.processes.clock.after(seconds, self.stop.set)
        self.keeper.run()


def test_it_keeps_up_while_the_lease_is_ours_and_gives_it_back() -> None:
    """So that the next host need not wait for it to run out."""
    host = Host()
    host.runs()
    assert (host.steps > 3, host.processes.holder, host.forgotten) == (True, None, 1)


def test_it_stands_by_while_another_host_keeps_up() -> None:
    """And says so once."""
    host = Host()
    host.processes.bob.try_acquire()
    host.runs()
    assert (host.steps, host.said("standby"), host.processes.holder) == (0, 1, "bob")


def test_trouble_is_waited_for() -> None:
    """A table that is throttled stops no fleet."""
    host = Host()
    host.accidents += [Throttled(), None]
    host.runs()
    assert (host.said("upkeep_waits"), host.steps > 1) == (1, True)


def test_stopping_ends_it() -> None:
    """The step in hand was not finished; the next holder begins it anew."""
    host = Host()
    host.accidents += [Stopping()]
    host.stop.set()
    host.keeper.run()
    assert host.crashes == []


def test_a_newer_state_table_ends_it() -> None:
    """Guessing at what another version wrote would be worse than none of it."""
    host = Host()
    host.accidents += [SchemaUnknown()]
    with pytest.raises(SchemaUnknown):
        host.runs()


def test_a_host_of_another_table_is_refused() -> None:
    """Its rows would not move, and nobody would know."""
    host = Host()
    host.processes.process("eve", table="others").try_acquire()
    with pytest.raises(ConsumerTaken):
        host.runs()
