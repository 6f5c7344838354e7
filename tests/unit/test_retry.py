"""Patience: bounded, jittered, over at once when the process is to stop."""

from threading import Event, Timer
from time import monotonic

import pytest

from shared.errors import (
    Conflict,
    NotAMember,
    Reason,
    Stopping,
    Throttled,
    TransactionCancelled,
    Transient,
    Unreachable,
)
from shared.retry import Retry, is_busy


class Flaky:
    """Fails with these errors first, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def cancelled(code: str) -> TransactionCancelled:
    return TransactionCancelled([Reason("None"), Reason(code)])


def test_what_is_transient_is_tried_again() -> None:
    """Until it works; each wait is told of, and drawn below its bound."""
    waits: list[float] = []
    flaky = Flaky(Throttled(), Conflict(), Unreachable())
    answer = Retry(Event(), sleep=lambda _: None).call(flaky, before_wait=lambda _, seconds: waits.append(seconds))
    assert (answer, flaky.calls, len(waits)) == ("done", 4, 3)
    assert all(0 <= wait <= 5 for wait in waits)


def test_other_errors_come_through_at_once() -> None:
    """Bad input does not get better."""
    flaky = Flaky(NotAMember())
    with pytest.raises(NotAMember):
        Retry(Event()).call(flaky)
    assert flaky.calls == 1


def test_rounds_are_a_bound() -> None:
    """The last error is the answer."""
    flaky = Flaky(*[Throttled() for _ in range(9)])
    with pytest.raises(Throttled):
        Retry(Event(), sleep=lambda _: None).call(flaky, rounds=3)
    assert flaky.calls == 3


def test_time_is_a_bound() -> None:
    """Without rounds, no attempt after the time."""
    with pytest.raises(Throttled):
        Retry(Event(), first_s=0.001, total_s=0.05).call(Flaky(*[Throttled() for _ in range(10_000)]))


def test_a_long_wait_ends_at_once_when_we_are_to_stop() -> None:
    """Sixty seconds of back-off are cut short by the stop event."""
    stop = Event()
    Timer(0.1, stop.set).start()
    began = monotonic()
    with pytest.raises(Stopping):
        Retry(stop, first_s=600, longest_s=60, total_s=600).call(Flaky(*[Throttled() for _ in range(99)]))
    assert monotonic() - began < 2


def test_a_stopped_process_does_not_try_again() -> None:
    """The first failure ends it."""
    stop = Event()
    stop.set()
    flaky = Flaky(Throttled(), Throttled())
    with pytest.raises(Stopping):
        Retry(stop).call(flaky)
    assert flaky.calls == 1


def test_a_lost_race_is_read_again_at_once() -> None:
    """Three times; a busy table asks for patience from the start."""
    waits: list[float] = []
    lost = [cancelled("ConditionalCheckFailed") for _ in range(3)]
    Retry(Event(), sleep=waits.append).call(Flaky(*lost))
    assert waits == [0, 0, 0]


@pytest.mark.parametrize(
    ("error", "busy"),
    [
        (Throttled(), True),
        (Conflict(), True),
        (Unreachable(), True),
        (cancelled("TransactionConflict"), True),
        (cancelled("ThrottlingError"), True),
        (cancelled("ConditionalCheckFailed"), False),
        (Transient(), False),
    ],
)
def test_who_asks_for_patience(error: Exception, busy: bool) -> None:  # noqa: FBT001 - a row of the table
    """Conflicts, throttles and silence do; a lost race does not."""
    assert is_busy(error) is busy
