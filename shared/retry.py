"""One retry policy: bounded in time or rounds, jittered, and over at once when the process is asked to stop."""

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

import tenacity

from shared.errors import Conflict, Stopping, Throttled, TransactionCancelled, Transient, Unreachable

T = TypeVar("T")
Sleep = Callable[[float], None]

_BUSY_CODES = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

_RACES_AT_ONCE = 3  # lost races in a row that are read again without a wait


def is_busy(error: BaseException) -> bool:
    """Whether an error asks for patience; a lost race, by contrast, is read again at once."""
    if isinstance(error, TransactionCancelled):
        return any(reason.code in _BUSY_CODES for reason in error.reasons)
    return isinstance(error, Conflict | Throttled | Unreachable)


class Retry:
    """Calls again what raised `Transient`.

    Args:
        stop: ends every wait at once when set.
        first_s, longest_s: the back-off grows from the one to the other, each wait drawn below it (full jitter).
        total_s: no new attempt after this time.
        sleep: how to wait, in seconds; a simulator brings its own.
        monotonic: the clock that `total_s` is measured by.
    """

    def __init__(
        self,
        stop: Event,
        *,
        first_s: float = 0.05,
        longest_s: float = 5.0,
        total_s: float = 30.0,
        sleep: Sleep | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stop = stop
        self._total_s = total_s
        self._wait = tenacity.wait_random_exponential(multiplier=first_s, max=longest_s)
        self._monotonic = monotonic
        self._sleep = sleep or tenacity.sleep_using_event(stop)

    def call(
        self,
        function: Callable[[], T],
        *,
        on: type[Transient] = Transient,
        rounds: int | None = None,
        before_wait: Callable[[BaseException, float], object] | None = None,
    ) -> T:
        """The answer of `function`, called again after `on`: `rounds` times if given, else for `total_s` seconds.

        Raises:
            Transient: the last one, when the attempts or the time are used up.
            Stopping: the process was asked to stop meanwhile.
        """
        until = self._monotonic() + self._total_s

        def is_over(state: tenacity.RetryCallState) -> bool:
            is_used_up = state.attempt_number >= rounds if rounds else self._monotonic() >= until
            return is_used_up or self.stop.is_set()

        def tell(state: tenacity.RetryCallState) -> None:
            if before_wait and state.outcome and state.next_action and (error := state.outcome.exception()):
                before_wait(error, state.next_action.sleep)

        def retrying() -> tenacity.Retrying:
            return tenacity.Retrying(
                sleep=self._sleep,
                stop=is_over,
                wait=self._wait_after,
                retry=tenacity.retry_if_exception_type(on),
                before_sleep=tell,
                reraise=True,
            )

        try:
            return _attempt(function, on, retrying)
        except Transient:
            if self.stop.is_set():
                raise Stopping from None
            raise

    def _wait_after(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        lost_race = isinstance(error, Transient) and isinstance(error, TransactionCancelled) and not is_busy(error)
        return 0.0 if lost_race and state.attempt_number <= _RACES_AT_ONCE else self._wait(state)


def _attempt(function: Callable[[], T], on: type[Transient], retrying: Callable[[], tenacity.Retrying]) -> T:
    """Nearly every call works at once, and needs nothing of tenacity; one that does not is its first attempt."""
    try:
        return function()
    except on as error:
        failed = [error]

    def attempt() -> T:
        if failed:
            raise failed.pop()
        return function()

    return retrying()(attempt)
