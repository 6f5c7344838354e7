"""How a child's work ends, with real kclpy: a shard that is over, a stop, and what must not look like either."""

from shared.errors import (
    AccessDenied,
    ConditionFailed,
    Stopping,
    Throttled,
)
from stream_worker.drivers.kcl.processor import FAILED, LEAVES_WITHIN_S
from tests.fakes.child import Child
from tests.fakes.faulty import refused
from tests.fakes.kcl import EMPTY, ENDED, SHARD_ENDED, SHUTDOWN, Step, batch, enveloped
from tests.fakes.native import fine

BUSY = "ThrottlingException"
FINE = ["initialize", "processRecords"]


def test_a_shard_that_ends_says_so() -> None:
    """Without a place: that is KCL's word for the end."""
    child = Child()
    [one] = child.written(1)
    child.streams.shard("a").closed = True
    daemon = child.live(batch(one), SHARD_ENDED)
    assert (daemon.asked, child.checkpoint) == ([one.sequence_number, None], ENDED)
    assert [child.said(event) for event in ("shard_opened", "shard_ended", "shard_left")] == [1, 1, 0]


def test_asked_to_stop_it_answers_and_does_nothing() -> None:
    """The daemon goes on until it is ready; what is not settled is not passed."""
    child = Child()
    first, second, third = child.written(3)
    child.accidents += [None, Stopping()]
    daemon = child.live(batch(first), batch(second), batch(third), EMPTY, SHUTDOWN)
    assert (daemon.asked, child.status) == ([first.sequence_number], None)
    assert daemon.answered == ["initialize", *["processRecords"] * 4, "shutdownRequested"]
    assert (child.read("a"), child.said("shard_left")) == ([first.sequence_number, second.sequence_number], 1)


def test_a_batch_that_comes_after_the_stop_is_not_begun() -> None:
    """Not even one that could be settled at once."""
    child = Child()
    daemon = child.live(child.stop.set, batch(*child.written(1)))
    assert (child.read("a"), daemon.asked, daemon.answered) == ([], [], FINE)


def test_a_stop_ends_the_waiting() -> None:
    """And the batch stays unsettled."""
    child = Child()
    child.accidents.extend([Throttled()] * 1000)
    child.clock.after(30, child.stop.set)
    daemon = child.live(batch(*child.written(1)), SHUTDOWN)
    assert (daemon.asked, daemon.answered) == ([], [*FINE, "shutdownRequested"])


def test_a_shard_that_ends_unsettled_ends_the_process() -> None:
    """A checkpoint would let its children begin; an answer without one would leave KCL waiting for ever."""
    child = Child()
    child.accidents.append(Stopping())
    daemon = child.live(batch(*child.written(1)), SHARD_ENDED)
    assert (daemon.asked, daemon.answered, child.status) == ([], FINE, FAILED)


def test_an_end_that_cannot_be_written_before_the_stop_ends_the_process() -> None:
    """The same: whatever was not looked at for a loss is not at its end."""
    child = Child()
    child.streams.meet("iterator", *[Throttled()] * 1000)
    child.clock.after(30, child.stop.set)
    daemon = child.live(SHARD_ENDED)
    assert (daemon.asked, child.status) == ([], FAILED)


def test_a_settled_shard_may_end_while_the_process_stops() -> None:
    """It only takes a moment, and the next host has less to do."""
    child = Child()
    child.streams.shard("a").closed = True
    daemon = child.live(child.stop.set, SHARD_ENDED)
    assert (daemon.asked, child.status) == ([None], None)


def test_a_daemon_that_goes_on_with_a_stopped_child_loses_it() -> None:
    """Somebody stopped the child alone: it must not look as if it worked."""
    child = Child()

    def later() -> None:
        child.clock.advance(LEAVES_WITHIN_S / 2)

    child.live(child.stop.set, EMPTY, later, EMPTY, later, EMPTY)
    assert child.status is None
    child.stop.clear()
    child.live(child.stop.set, EMPTY, later, EMPTY, later, later, EMPTY)
    assert child.status == FAILED


def test_a_hostile_record_stops_no_shard() -> None:
    """It reaches the handler, which sets it aside, and the checkpoint passes it."""
    child = Child()
    first, last = child.written(2)
    hostile = [enveloped(first.sequence_number, data) for data in (b"\xff", b"{", b"[" * 9999)]
    daemon = child.live({**batch(first), "records": [*hostile, *batch(last)["records"]]})
    assert (len(child.read("a")), daemon.asked) == (4, [last.sequence_number])


def test_it_says_nothing_of_a_shard_that_is_over() -> None:
    """A thread of the handler may still ask for it."""
    child = Child()
    processor = child.processor()
    processor.initialize("TRIM_HORIZON")
    processor.lease_lost()
    processor.turn()
    assert child.said("shard_polled") == 0


def test_an_end_lets_go_of_what_is_old() -> None:
    """No table grows for ever."""
    child = Child()
    child.streams.build({"": ["old"]})
    child.opened(shard="old").end()
    child.clock.advance(2.1 * 86_400)
    child.begun = child.clock.now()
    child.live(SHARD_ENDED)
    assert (child.checkpoint, child.item("old")) == (ENDED, None)


def test_an_end_that_somebody_else_was_before_is_written_again() -> None:
    """A former owner of the shard still wrote; ours would be left for ever, were it taken for a lost lease."""
    child = Child()
    child.streams.shard("a").closed = True
    child.client.meet("put_item", fine, refused(ConditionFailed()))
    daemon = child.live(SHARD_ENDED)
    assert (daemon.asked, child.status, child.said("shard_waits")) == ([None], None, 1)


def test_no_accident_at_the_end_is_swallowed() -> None:
    """Or its children would begin."""
    child = Child()
    child.streams.meet("iterator", ZeroDivisionError())
    daemon = child.live(SHARD_ENDED)
    assert (child.status, daemon.asked) == (FAILED, [])


def test_no_accident_at_the_stop_is_swallowed() -> None:
    """The daemon hears of it by the exit status."""
    child = Child()
    broken = ["InvalidStateException"] * 100
    script: list[Step] = [batch(*child.written(1)), lambda: child.daemon.now_answers(*broken), SHUTDOWN]
    daemon = child.live(*script, answers=[BUSY] * 100)
    assert (child.status, daemon.answered) == (FAILED, FINE)


def test_what_is_let_go_of_at_the_end_holds_up_nothing() -> None:
    """The shard has ended; old items are only room in a table."""
    child = Child()
    child.streams.shard("a").closed = True
    child.client.meet("query", refused(AccessDenied()))
    daemon = child.live(SHARD_ENDED)
    assert (daemon.answered, child.status) == (["initialize", "shardEnded"], None)
