"""A child and its daemon, with real kclpy: checkpoints that are refused, leases that are lost, lines that are none."""

import json

import pytest

from stream_worker.drivers.kcl.processor import FAILED, LEFT
from tests.fakes.child import Child
from tests.fakes.kcl import EMPTY, LEASE_LOST, SHARD_ENDED, SHUTDOWN, Daemon, Line, Message, Step, batch

BUSY = "ThrottlingException"
FINE = ["initialize", "processRecords"]


def test_a_lost_lease_is_left_quietly() -> None:
    """Nothing more is settled or said."""
    child = Child()
    daemon = child.live(LEASE_LOST)
    assert (daemon.asked, daemon.answered, child.said("lease_lost")) == ([], ["initialize", "leaseLost"], 1)


def test_a_lease_that_is_lost_at_a_checkpoint_is_lost() -> None:
    """What follows is another worker's."""
    child = Child()
    first, second = child.written(2)
    daemon = child.live(batch(first), batch(second), LEASE_LOST, answers=["ShutdownException"])
    assert (child.read("a"), daemon.asked) == ([first.sequence_number], [first.sequence_number])
    assert (child.said("lease_lost"), child.status) == (1, None)


def test_a_lease_that_is_lost_at_the_end_is_left_quietly() -> None:
    """KCL knows it, or will."""
    child = Child()
    daemon = child.live(SHARD_ENDED, answers=["ShutdownException"])
    assert (daemon.answered, child.status) == (["initialize", "shardEnded"], None)


def test_a_busy_daemon_holds_up_nothing() -> None:
    """The shard goes on; what could not be kept is asked for when the daemon stops."""
    child = Child()
    [one] = child.written(1)
    script: list[Step] = [batch(one), lambda: child.daemon.now_answers(BUSY), SHUTDOWN]
    daemon = child.live(*script, answers=[BUSY] * 100)
    assert (set(daemon.asked), child.checkpoint) == ({one.sequence_number}, one.sequence_number)
    assert daemon.answered == [*FINE, "shutdownRequested"]


@pytest.mark.parametrize(
    "answer",
    [
        "InvalidStateException",
        "IllegalArgumentException",
        Line("no JSON\n"),
        Line("{}\n"),
        Line('{"action": "checkpoint"}\n'),
        Line(json.dumps(EMPTY) + "\n"),
        Line("[" * 100_000 + "\n"),
    ],
    ids=lambda answer: str(answer)[:20],
)
def test_an_answer_that_is_none_ends_the_process(answer: str | Line) -> None:
    """Who speaks out of turn has passed over something: the next process begins at the checkpoint."""
    child = Child()
    daemon = child.live(batch(*child.written(1)), EMPTY, answers=[answer])
    assert (child.status, child.said("child_failed"), daemon.answered) == (FAILED, 1, ["initialize"])


@pytest.mark.parametrize("half", ["", '{"action": "check'])
def test_a_daemon_that_dies_at_a_checkpoint_is_left(half: str) -> None:
    """Quietly: that it is gone is not our failure."""
    child = Child()
    daemon = child.live(batch(*child.written(1)), EMPTY, answers=[Line(half)])
    assert (child.status, child.said("child_failed"), child.said("shard_left")) == (LEFT, 0, 1)
    assert daemon.answered == ["initialize"]


@pytest.mark.parametrize("first", [EMPTY, SHARD_ENDED, LEASE_LOST, SHUTDOWN], ids=lambda message: message["action"])
def test_a_daemon_that_does_not_begin_at_the_beginning_is_left(first: Message) -> None:
    """There is no shard yet, so nothing could be done of what is asked."""
    child, daemon = Child(), Daemon(first)
    child.serve(daemon)
    assert (child.status, daemon.said) == (FAILED, [])


def test_a_line_that_is_no_message_is_told() -> None:
    """By an exception, to whoever ends the process."""
    with pytest.raises(Exception, match="couldn't be understood"):
        Child().live(Line('{"action": "dance"}\n'))
