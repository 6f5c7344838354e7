"""A client whose calls are counted: how many of each, how long they took, what came instead of an answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from shared.dynamo import Answer, Client, Clients
from shared.errors import AppError


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


def counted(clients: Clients, counter: Counter) -> Clients:
    """The same clients, counted."""
    dynamodb, streams = clients.dynamodb, clients.streams
    return Clients(
        CountedClient(dynamodb.raw, counter=counter), CountedClient(streams.raw, streams=True, counter=counter)
    )
