"""The messages table, for those who walk through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from shared.conversations import Conversations
from shared.dynamo import Client
from shared.models import Item
from shared.retry import Retry
from stream_worker.store import DynamoStore


@dataclass(frozen=True, slots=True)
class Table:
    """The calls of the reconcile (`store`) and of readers (`read`) on one table, and patience with both."""

    client: Client
    name: str
    store: DynamoStore
    retry: Retry

    @property
    def read(self) -> Conversations:
        """The same table, for those who read."""
        return Conversations(self.client, self.name)

    def get(self, key: Item) -> Item | None:
        """One item, strongly read."""
        return next(iter(self.get_all([key])), None)

    def get_all(self, wanted: Sequence[Item]) -> list[Item]:
        """The items that exist at these keys, strongly read."""
        return self.retry.call(partial(self.read.get_all, wanted))
