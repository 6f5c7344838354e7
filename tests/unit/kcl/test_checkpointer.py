"""KCL's checkpoint: forward only, explicit, patient; what it means when the daemon says no."""

from collections import deque

import pytest

from shared.errors import LeaseLost, Stopping
from stream_worker.drivers.kcl.checkpointer import PATIENCE_S, Checkpointer
from stream_worker.drivers.kcl.wire import DaemonFailed
from tests.fakes.clock import Clock, Stop
from tests.fakes.outlets import Lines

BUSY = ["ThrottlingException", "KinesisClientLibDependencyException", "KinesisClientLibRetryableException"]


class Desk:
    """A checkpointer, and a daemon that answers from a list, then yes."""

    def __init__(self) -> None:
        self.clock, self.log = Clock(), Lines()
        self.stop = Stop(self.clock)
        self.checkpointer = Checkpointer(self.stop, self.clock.monotonic, self.log)
        self.answers: deque[str | None] = deque()
        self.always: str | None = None
        self.asked: list[str | None] = []

    def ask(self, sequence: str | None) -> str | None:
        """See `Ask`."""
        self.asked.append(sequence)
        return self.answers.popleft() if self.answers else self.always


def test_it_moves_forward_only() -> None:
    """Numbers are compared as such; what was kept is not asked for again."""
    desk = Desk()
    for sequence in ("9", "10", "9", "10", "11"):
        desk.checkpointer.advance(desk.ask, sequence)
    assert desk.asked == ["9", "10", "11"]


def test_a_number_is_said_as_it_was_heard() -> None:
    """Some engines' begin with zeros, and know them by these."""
    desk = Desk()
    desk.checkpointer.begin("0009")
    for sequence in ("9", "0010", "10"):
        desk.checkpointer.advance(desk.ask, sequence)
    assert desk.asked == ["0010"]


def test_it_begins_at_kcls_own() -> None:
    """Records that come again are not checkpointed backwards."""
    desk = Desk()
    desk.checkpointer.begin("100")
    for sequence in ("99", "100", "101"):
        desk.checkpointer.advance(desk.ask, sequence)
    assert desk.asked == ["101"]


@pytest.mark.parametrize("error", BUSY)
def test_a_busy_daemon_is_asked_again(error: str) -> None:
    """With waits that grow, and a line for each."""
    desk = Desk()
    desk.answers += [error, error]
    desk.checkpointer.advance(desk.ask, "1")
    assert desk.asked == ["1"] * 3
    assert desk.stop.waits[0] < desk.stop.waits[1]
    assert [event for event, _ in desk.log.lines] == ["checkpoint_waits"] * 2


def test_a_daemon_that_stays_busy_holds_up_nothing() -> None:
    """Half a minute, then the shard goes on; the next checkpoint says this one, too."""
    desk = Desk()
    desk.always = BUSY[0]
    desk.checkpointer.advance(desk.ask, "1")
    assert PATIENCE_S - 15 < sum(desk.stop.waits) <= PATIENCE_S


def test_what_was_not_kept_is_asked_for_once_more() -> None:
    """By whoever comes next: here, nothing new was settled meanwhile."""
    desk = Desk()
    desk.always = BUSY[0]
    desk.checkpointer.advance(desk.ask, "1")
    desk.always, desk.asked = None, []
    desk.checkpointer.catch_up(desk.ask)
    desk.checkpointer.catch_up(desk.ask)
    assert desk.asked == ["1"]


def test_the_end_of_a_shard_is_asked_for_until_it_is_kept() -> None:
    """Its children wait for it, however long the table throttles."""
    desk = Desk()
    desk.answers += [BUSY[0]] * 100
    desk.checkpointer.end(desk.ask)
    assert desk.asked == [None] * 101


def test_asked_to_stop_it_does_not_wait() -> None:
    """The end is not kept, and says so; a place in between can wait for the next process."""
    desk = Desk()
    desk.always = BUSY[0]
    desk.stop.set()
    desk.checkpointer.advance(desk.ask, "1")
    with pytest.raises(Stopping):
        desk.checkpointer.end(desk.ask)
    assert desk.asked == ["1", None]


def test_a_lost_lease_is_one() -> None:
    """KCL calls it a shutdown."""
    desk = Desk()
    desk.always = "ShutdownException"
    with pytest.raises(LeaseLost):
        desk.checkpointer.advance(desk.ask, "1")


@pytest.mark.parametrize("error", ["InvalidStateException", "IllegalArgumentException", "NullPointerException", "x"])
def test_what_nobody_can_mend_ends_it(error: str) -> None:
    """Asking again would not help."""
    desk = Desk()
    desk.always = error
    with pytest.raises(DaemonFailed, match=error):
        desk.checkpointer.advance(desk.ask, "1")
    assert desk.asked == ["1"]
