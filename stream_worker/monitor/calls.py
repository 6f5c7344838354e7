"""A client whose calls are counted: how many of each, how long they took, what came instead of an answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from shared.dynamo import Answer, Client, Clients
from shared.errors import AppError, Throttled, TransactionCancelled
from shared.logging import Log

CALLED = "called"
THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


class Counter(Protocol):
    """Whoever counts calls."""

    def called(self, operation: str, seconds: float, error: AppError | None) -> None:
        """One call is over; an error is what came instead of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedClient(Client):
    """`shared.dynamo.Client`, counted."""

    counter: Counter
    monotonic: Callable[[], float] = time.monotonic

    def call(self, operation: str, **params: Any) -> Answer:
        """See `Client`."""
        started = self.monotonic()
        error: AppError | None = None
        try:
            return Client.call(self, operation, **params)
        except AppError as raised:
            error = raised
            raise
        finally:
            self.counter.called(operation, self.monotonic() - started, error)


@dataclass(frozen=True, slots=True)
class CallLines:
    """A `Counter` whose counts are lines of a log: for a process whose log is heard by the one that shows numbers."""

    log: Log

    def called(self, operation: str, seconds: float, error: AppError | None) -> None:
        """See `Counter`."""
        self.log.debug(CALLED, operation=operation, seconds=round(seconds, 6), result=result(error), codes=codes(error))


def result(error: AppError | None) -> str:
    """A transaction is refused for want of capacity by its reasons, every other call by its error."""
    if any(code in THROTTLES for code in codes(error)):
        return Throttled.__name__
    return type(error).__name__ if error else "ok"


def codes(error: AppError | None) -> list[str]:
    """Why a transaction was cancelled."""
    reasons = error.reasons if isinstance(error, TransactionCancelled) else ()
    return [reason.code for reason in reasons if reason.code != "None"]


def counted(clients: Clients, counter: Counter) -> Clients:
    """The same clients, counted."""
    dynamodb, streams = clients.dynamodb, clients.streams
    return Clients(
        CountedClient(dynamodb.raw, counter=counter), CountedClient(streams.raw, streams=True, counter=counter)
    )
