"""What the reconcile and its callers need of the outside: `store` and `dead_letters` in production, fakes in tests."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from shared.errors import AppError
from stream_worker.contract import Batch, Record
from stream_worker.reconcile.plan import Action, Newest, Row


class Store(Protocol):
    """The messages table. All reads but `hints` are strongly consistent and return all pages."""

    def roster(self, group: str) -> list[str]:
        """The users who are or were in the group."""

    def ensure_roster(self, group: str, user: str) -> None:
        """Put the roster item if absent."""

    def hints(self, group: str) -> Mapping[str, str]:
        """By the index: user -> sort key of a row. May be stale or incomplete."""

    def rows_at(self, group: str, positions: Mapping[str, str]) -> Mapping[str, Row]:
        """The rows of the group that really stand at these positions (user -> sort key)."""

    def rows_of(self, group: str, user: str) -> list[Row]:
        """All rows of the group in this user's list."""

    def newest(self, group: str) -> Newest | None:
        """The group's newest message."""

    def occupied(self, user: str, from_sk: str) -> Collection[str]:
        """The taken positions in a user's list, from `from_sk` on."""

    def commit(self, actions: Sequence[Action]) -> None:
        """All actions or none, in one transaction.

        Raises:
            TransactionCancelled: a condition did not hold; one reason an action.
        """


class Letters(Protocol):
    """Where what cannot be settled is kept."""

    def put_record(self, batch: Batch, record: Record, reason: str) -> None:
        """Set aside a record nobody understands."""

    def put_group(self, group: str, user: str, error: AppError) -> None:
        """Set aside a group, or one member of it."""
