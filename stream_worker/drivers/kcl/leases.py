"""KCL's own lease tables, as far as we read them: which shards it knows, and which of them are settled."""

from collections.abc import Callable, Iterator

from shared.dynamo import Client
from shared.errors import TableMissing
from shared.models import Item


class LeaseTables:
    """One for each stream.

    Args:
        client: DynamoDB's.
        table_of: the name of a stream's.
    """

    def __init__(self, client: Client, table_of: Callable[[str], str]) -> None:
        self._client = client
        self._table_of = table_of

    def items(self, stream: str) -> Iterator[Item]:
        """Every lease of a stream's table; nothing if the table was never made."""
        try:
            yield from self._client.items("scan", TableName=self._table_of(stream), ConsistentRead=True)
        except TableMissing:
            return

    def exist(self, stream: str) -> bool:
        """Whether the stream's table is there."""
        try:
            self._client.call("describe_table", TableName=self._table_of(stream))
        except TableMissing:
            return False
        return True

    def parents(self, stream: str, shard: str) -> tuple[str, ...]:
        """The shards that a shard came from; none if it is among the stream's first."""
        key = {"leaseKey": {"S": shard}}
        answer = self._client.call("get_item", TableName=self._table_of(stream), Key=key, ConsistentRead=True)
        return tuple(sorted(answer.get("Item", {}).get("parentShardId", {}).get("SS", ())))
