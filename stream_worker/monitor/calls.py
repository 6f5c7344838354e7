"""A client whose calls are counted: how many of each, how long they took, what they cost, what came of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from shared.dynamo import Answer, Client, Clients
from shared.errors import AppError, Throttled, TransactionCancelled
from shared.logging import Log
from stream_worker.monitor.ears import Ear
from stream_worker.pace import units

CALLED = "called"
BILLED = frozenset({"query", "scan", "get_item", "batch_get_item", "transact_get_items"}) | {
    "put_item",
    "update_item",
    "delete_item",
    "batch_write_item",
    "transact_write_items",
}
"""Calls that say what they have consumed, if they are asked to."""
THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})

_BILL = {"ReturnConsumedCapacity": "TOTAL"}


class Counter(Protocol):
    """Whoever counts calls."""

    def called(self, operation: str, seconds: float, capacity: float, error: AppError | None) -> None:
        """One call is over.

        Args:
            operation: as boto3 names it.
            seconds: how long it took.
            capacity: units consumed, as far as the engine says so.
            error: what came instead of an answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedClient(Client):
    """`shared.dynamo.Client`, counted."""

    counter: Counter
    monotonic: Callable[[], float] = time.monotonic

    def call(self, operation: str, **params: Any) -> Answer:
        """See `Client`."""
        started = self.monotonic()
        answer: Answer = {}
        error: AppError | None = None
        try:
            answer = Client.call(self, operation, **(_BILL | params if operation in BILLED else params))
        except AppError as raised:
            error = raised
            raise
        finally:
            capacity = units(answer.get("ConsumedCapacity"))
            self.counter.called(operation, self.monotonic() - started, capacity, error)
        return answer


@dataclass(frozen=True, slots=True)
class CallLines:
    """A `Counter` whose counts are lines of a log: for a process whose log is heard by the one that shows numbers."""

    log: Log

    def called(self, operation: str, seconds: float, capacity: float, error: AppError | None) -> None:
        """See `Counter`."""
        self.log.debug(CALLED, **_facts(operation, seconds, capacity, error))


@dataclass(frozen=True, slots=True)
class CallEars:
    """A `Counter` whose counts are heard as those lines are, and are no lines."""

    ears: tuple[Ear, ...]

    def called(self, operation: str, seconds: float, capacity: float, error: AppError | None) -> None:
        """See `Counter`."""
        facts = _facts(operation, seconds, capacity, error)
        for ear in self.ears:
            ear.hear(CALLED, facts)


def _facts(operation: str, seconds: float, capacity: float, error: AppError | None) -> dict[str, Any]:
    return {
        "operation": operation,
        "seconds": round(seconds, 6),
        "capacity": capacity,
        "result": result(error),
        "codes": codes(error),
    }


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
