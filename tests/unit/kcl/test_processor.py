"""A child's life by KCL's protocol, with real kclpy: what it settles, waits for and lets pass."""

from datetime import timedelta

import pytest

from shared.errors import (
    AccessDenied,
    OutcomeUnknown,
    RequestRefused,
    SchemaUnknown,
    Throttled,
)
from stream_worker.drivers.kcl.processor import FAILED, MISCONFIGURED
from tests.fakes.child import Child
from tests.fakes.clock import NOON
from tests.fakes.faulty import refused
from tests.fakes.kcl import EMPTY, batch, enveloped

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
    assert (child.said("shard_left"), child.status) == (1, None)


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


def test_a_record_that_does_not_say_where_it_stands_is_no_checkpoint() -> None:
    """The one before it is."""
    child = Child()
    [first] = child.written(1)
    lost = [enveloped("nowhere", "{}")]
    daemon = child.live({**EMPTY, "records": batch(first)["records"] + lost}, {**EMPTY, "records": lost})
    assert (len(child.read("a")), daemon.asked, child.status) == (3, [first.sequence_number], None)


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


def test_an_idle_shard_keeps_its_moment() -> None:
    """Or it would be too old after a day."""
    child = Child()
    child.live(*[step for _ in range(130) for step in (EMPTY, lambda: child.clock.advance(1))])
    item = child.item()
    assert item
    assert item.settled_until > NOON + timedelta(seconds=100)
