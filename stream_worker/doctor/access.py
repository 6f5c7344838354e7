"""The checks of what this identity may do, by calls that change nothing.

Reads ask for a key that does not exist. Writes are tried where their conditions cannot hold: the service looks at the
permission first and refuses the condition afterwards, so nothing is ever written. All that the worker calls is tried.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from shared.dynamo import Client
from shared.errors import AccessDenied, ConditionFailed, TransactionCancelled
from shared.keys import INDEX, MESSAGE, ROSTER, ROW
from shared.models import Item
from stream_worker.doctor.examination import Check, Verdict, fail, ok
from stream_worker.doctor.surroundings import MESSAGES, STATE, STREAM, Surroundings
from stream_worker.streams import DynamoStreams

Calls = Mapping[str, Callable[[], object]]

NOBODY = "doctor#nobody"
_INDEX_KEY = "message_group_uuid"
_IMPOSSIBLE = {"ConditionExpression": "attribute_exists(pk)"}  # of a key that is never written


class Access:
    """Tries what the worker does."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._with = surroundings

    def checks(self) -> list[Check]:
        """One for each group of permissions."""
        return [
            Check("may read messages", lambda: _tried(self._reads()), (MESSAGES,)),
            Check("may write rows", lambda: _tried(self._writes()), (MESSAGES,)),
            Check("may read stream", lambda: _tried(self._stream()), (STREAM,)),
            Check("may use state", lambda: _tried(self._state()), (STATE,)),
        ]

    @property
    def _dynamodb(self) -> Client:
        return self._with.clients.dynamodb

    def _reads(self) -> Calls:
        table, key = self._with.settings.message_table, _key(NOBODY)
        call = self._dynamodb.call
        return {
            "GetItem": lambda: call("get_item", TableName=table, Key=key),
            "BatchGetItem": lambda: call("batch_get_item", RequestItems={table: {"Keys": [key]}}),
            "Query": lambda: call("query", TableName=table, **_query("pk")),
            "Query on the index": lambda: call("query", TableName=table, IndexName=INDEX, **_query(_INDEX_KEY)),
            "Scan of the index": lambda: call("scan", TableName=table, IndexName=INDEX, Limit=1),
        }

    def _writes(self) -> Calls:
        """With keys of the kinds that the worker writes, as a policy may allow no others (`dynamodb:LeadingKeys`)."""
        row, entry, message = (_key(kind + NOBODY) for kind in (ROW, ROSTER, MESSAGE))
        actions: dict[str, list[dict[str, dict[str, Any]]]] = {
            "PutItem": [{"Put": {"Item": row}}, {"Put": {"Item": entry}}],
            "UpdateItem": [{"Update": {"Key": row, "UpdateExpression": "REMOVE doctor"}}],
            "DeleteItem": [{"Delete": {"Key": row}}],
            "ConditionCheckItem": [{"ConditionCheck": {"Key": row}}, {"ConditionCheck": {"Key": message}}],
        }
        return {f"{name} (transaction)": self._transaction(together) for name, together in actions.items()}

    def _transaction(self, actions: Sequence[Mapping[str, Any]]) -> Callable[[], object]:
        table = self._with.settings.message_table
        located = [{kind: {"TableName": table, **action[kind], **_IMPOSSIBLE} for kind in action} for action in actions]
        return lambda: self._dynamodb.call("transact_write_items", TransactItems=located)

    def _stream(self) -> Calls:
        """GetRecords with nothing but one record asked for; where nothing can be read, it is not tried."""
        api = DynamoStreams(self._with.clients, self._with.settings.message_table)
        shards = api.shards(self._with.stream)
        first = shards[0].id if shards else None
        if first is None:
            return {"DescribeStream": lambda: None}
        return {
            "DescribeStream": lambda: None,
            "GetShardIterator": lambda: api.iterator(self._with.stream, first, None),
            "GetRecords": lambda: api.records(api.iterator(self._with.stream, first, None), 1),
        }

    def _state(self) -> Calls:
        """With a key of this consumer's, as a policy may allow nothing else."""
        name = f"{self._with.settings.worker_name}#{NOBODY}"
        table, key, call = self._with.settings.state_table, _key(name), self._dynamodb.call
        return {
            "GetItem": lambda: call("get_item", TableName=table, Key=key),
            "Query": lambda: call("query", TableName=table, **_query("pk", name)),
            "PutItem": lambda: call("put_item", TableName=table, Item=key, **_IMPOSSIBLE),
            "DeleteItem": lambda: call("delete_item", TableName=table, Key=key, **_IMPOSSIBLE),
        }


def _tried(calls: Calls) -> Iterator[Verdict]:
    """What is allowed, in one line; each denial by itself, as it names the action and the ARN."""
    allowed = []
    for name, call in calls.items():
        try:
            call()
        except AccessDenied as error:
            yield fail(f"{name}: {error}")
            continue
        except (ConditionFailed, TransactionCancelled):
            pass
        allowed.append(name)
    if allowed:
        yield ok(", ".join(allowed))


def _key(name: str) -> Item:
    return {"pk": {"S": name}, "sk": {"S": NOBODY}}


def _query(attribute: str, name: str = NOBODY) -> dict[str, Any]:
    return {
        "KeyConditionExpression": f"{attribute} = :name",
        "ExpressionAttributeValues": {":name": {"S": name}},
    }
