"""A child's life by KCL's protocol, with real kclpy: what it settles, waits for and lets pass."""

import pytest

from shared.errors import AccessDenied, OutcomeUnknown, RequestRefused, SchemaUnknown, Stopping, Throttled
from stream_worker.drivers.kcl.processor import FAILED, LEAVES_WITHIN_S, MISCONFIGURED
from tests.fakes.child import Child
from tests.fakes.faulty import refused
from tests.fakes.kcl import EMPTY, ENDED, SHARD_ENDED, SHUTDOWN, Step, batch, enveloped

BUSY = "ThrottlingException"
FINE = ["initialize", "processRecords"]


def test_what_is_settled_is_checkpointed() -> None:
    """At the last record of each batch; an empty one asks for nothing."""
    child = Child()
    first, second, third = child.written(3)
    daemon = child.live(batch(first, second), EMPTY, batch(third))
    assert daemon.asked == [second.sequence_number, third.sequence_number]
    assert daemon.answered == ["initialize", *["processRecords"] * 3]
    assert child.read("a") == [first.sequence_number, second.sequence_number, third.sequence_number]


def test_a_shard_that_ends_says_so() -> None:
    """Without a place: that is KCL's word for the end."""
    child = Child()
    [one] = child.written(1)
    child.streams.shard("a").closed = True
    daemon = child.live(batch(one), SHARD_ENDED)
    assert (daemon.asked, child.checkpoint) == ([one.sequence_number, None], ENDED)
    assert [child.said(event) for event in ("shard_opened", "shard_ended", "shard_left")] == [1, 1, 0]


def test_it_begins_where_kcl_says() -> None:
    """And does not go back, if KCL hands it what is settled."""
    child = Child()
    first, second = child.written(2)
    child.live(batch(first, second))
    daemon = child.live(batch(first))
    assert (daemon.asked, child.checkpoint) == ([], second.sequence_number)


@pytest.mark.parametrize("error", [Throttled(), OutcomeUnknown(), AccessDenied(), RequestRefused()], ids=repr)
def test_what_may_work_later_is_tried_until_it_does(error: Exception) -> None:
    """However long: each time with a line, in waits that grow."""
    child = Child()
    [one] = child.written(1)
    child.accidents.extend([error] * 30)
    daemon = child.live(batch(one))
    assert (daemon.asked, len(child.read("a"))) == ([one.sequence_number], 31)
    assert child.said("shard_waits") + child.said("reading_waits") == 30
    assert child.stop.waits[0] < 0.5
    assert child.stop.waits[-1] > 4


def test_what_people_must_mend_is_said_as_such() -> None:
    """As the native driver says it."""
    child = Child()
    child.accidents += [AccessDenied(), RequestRefused(), Throttled()]
    child.live(batch(*child.written(1)))
    assert (child.said("reading_waits"), child.said("shard_waits")) == (2, 1)


@pytest.mark.parametrize("error", [ZeroDivisionError(), SystemExit(0), KeyboardInterrupt(), MemoryError()], ids=repr)
def test_what_nobody_foresaw_ends_the_process(error: Exception) -> None:
    """Or kclpy would take the batch for done; the trace is one line."""
    child = Child()
    child.accidents.append(error)
    daemon = child.live(batch(*child.written(1)), EMPTY)
    assert (child.status, child.why, daemon.asked, daemon.answered) == (FAILED, error, [], ["initialize"])
    facts = next(facts for event, facts in child.log.lines if event == "child_failed")
    assert type(error).__name__ in facts["trace"]


def test_a_state_table_of_a_newer_version_ends_the_process() -> None:
    """One sentence; the status says that a person is needed."""
    child = Child()
    child.client.meet("get_item", refused(SchemaUnknown()))
    child.live(EMPTY)
    assert (child.status, child.said("child_failed")) == (MISCONFIGURED, 1)


@pytest.mark.parametrize("call", ["get_item", "put_item"])
def test_an_opening_is_tried_until_it_works(call: str) -> None:
    """Nothing is read before it is known what may have been lost."""
    child = Child()
    child.client.meet(call, *[refused(Throttled())] * 3, refused(AccessDenied()))
    daemon = child.live(batch(*child.written(1)))
    assert (daemon.answered, child.said("shard_waits"), child.said("reading_waits")) == (FINE, 3, 1)


def test_a_debt_comes_before_the_batch() -> None:
    """A process that slept for a day owes first; and a debt that fails is tried until it is owed."""
    child = Child()
    first, second = child.written(2)
    child.live(batch(first), lambda: child.clock.advance(86_400), batch(second))
    assert child.story == [
        ("a", first.sequence_number),
        ("gap", "checkpoint too old"),
        ("a", second.sequence_number),
    ]


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


def test_a_record_that_does_not_say_where_it_stands_is_no_checkpoint() -> None:
    """The one before it is."""
    child = Child()
    [first] = child.written(1)
    lost = [enveloped("nowhere", "{}")]
    daemon = child.live({**EMPTY, "records": batch(first)["records"] + lost}, {**EMPTY, "records": lost})
    assert (len(child.read("a")), daemon.asked) == (3, [first.sequence_number])


def test_it_says_now_and_then_how_far_it_is() -> None:
    """At most every five seconds; for /status."""
    child = Child()
    [one] = child.written(1)

    def second() -> None:
        child.clock.advance(1)

    child.live(batch(one), *[step for _ in range(20) for step in (second, EMPTY)])
    said = [facts for event, facts in child.log.lines if event == "shard_polled"]
    assert (len(said), {facts["settled"] for facts in said}) == (5, {one.sequence_number})
    assert said[-1]["caught_up_at"] > said[0]["caught_up_at"]


@pytest.mark.parametrize("call", ["get_item", "put_item"])
def test_no_accident_while_opening_is_swallowed(call: str) -> None:
    """Or the shard would be read without what is owed."""
    child = Child()
    child.client.meet(call, refused(ZeroDivisionError()))
    daemon = child.live(EMPTY)
    assert (child.status, daemon.answered) == (FAILED, [])


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
