"""What every writer needs: the table, a clock, patience."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from producer.actions import Action
from shared.conversations import Conversations
from shared.dynamo import Client
from shared.keys import stamp
from shared.retry import Retry

T = TypeVar("T")


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def say_nothing(_error: BaseException, _seconds: float) -> None:
    """Wait without a word."""


@dataclass(frozen=True, slots=True)
class Chat:
    """The messages table, for those who write; `tell` hears of each wait (the error, the seconds)."""

    client: Client
    table: str
    retry: Retry
    clock: Callable[[], datetime] = utc_now
    tell: Callable[[BaseException, float], object] = say_nothing

    @property
    def read(self) -> Conversations:
        """The same table, for those who read."""
        return Conversations(self.client, self.table)

    def now(self) -> str:
        """The time stamp of this moment."""
        return stamp(self.clock())

    def transact(self, actions: Sequence[Action]) -> None:
        """Write all of it or nothing.

        Raises:
            TransactionCancelled: a condition failed; its reasons stand in the order of the actions.
            OutcomeUnknown: it may have been written.
        """
        located = [{kind: {"TableName": self.table, **action[kind]} for kind in action} for action in actions]
        self.client.call("transact_write_items", TransactItems=located)

    def patiently(self, attempt: Callable[[], T]) -> T:
        """The answer of `attempt`, which starts from fresh reads each time that something transient is in its way."""
        return self.retry.call(attempt, before_wait=self.tell)
