"""The messages table as the reconcile needs it: strong reads, one conditional transaction.

Writes go through TransactWriteItems only, single ones too, so that an IAM policy can forbid everything else
(`dynamodb:EnclosingOperation`, AWS: "Using IAM with DynamoDB transactions").
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.conversations import Conversations
from shared.dynamo import Client, unless_changed
from shared.errors import TransactionCancelled
from shared.keys import INDEX, MESSAGE, ROSTER, ROW, message_key, roster_key, row_key, stamp
from shared.models import Item, string
from stream_worker.reconcile.plan import (
    Action,
    Create,
    MessageGone,
    MessageStands,
    Newest,
    Remove,
    Rewrite,
    Row,
    RowStands,
)

OCCUPIED_LOOK = 200  # neighbouring positions read when two bumps did not find a free one


class DynamoStore:
    """`reconcile.ports.Store` on DynamoDB."""

    def __init__(self, client: Client, table: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def roster(self, group: str) -> list[str]:
        """The users who are or were in the group."""
        return [string(item, "sk") for item in self._partition(ROSTER + group, ProjectionExpression="sk")]

    def ensure_roster(self, group: str, user: str) -> None:
        """Put the roster item if absent; it is looked for first, as it nearly always stands."""
        key = roster_key(group, user)
        found = self._client.call("get_item", TableName=self._table, Key=key, ConsistentRead=True)
        if found.get("Item"):
            return
        item = {**key, "created_at": {"S": stamp(self._clock())}, "created_by": {"S": "worker"}}
        try:
            self._transact([self._put(item)])
        except TransactionCancelled as error:
            if any(reason.code != "ConditionalCheckFailed" for reason in error.reasons):
                raise

    def hints(self, group: str) -> Mapping[str, str]:
        """By the index: user -> sort key of their row; a user with two rows gets no hint, as both must be seen."""
        rows = self._client.items(
            "query",
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="message_group_uuid = :group",
            ExpressionAttributeValues={":group": {"S": group}},
            ProjectionExpression="pk, sk",
        )
        found = [Row(item) for item in rows if string(item, "pk").startswith(ROW)]
        count = Counter(row.user for row in found)
        return {row.user: row.sk for row in found if count[row.user] == 1}

    def rows_at(self, group: str, positions: Mapping[str, str]) -> Mapping[str, Row]:
        """The rows of the group that really stand at these positions."""
        keys = [row_key(user, sk) for user, sk in positions.items()]
        rows = map(Row, Conversations(self._client, self._table).get_all(keys))
        return {row.user: row for row in rows if row.group == group}

    def rows_of(self, group: str, user: str) -> list[Row]:
        """All rows of the group in this user's list."""
        items = self._partition(
            ROW + user,
            FilterExpression="message_group_uuid = :group",
            values={":group": {"S": group}},
        )
        return [Row(item) for item in items]

    def newest(self, group: str) -> Newest | None:
        """The group's newest message."""
        answer = self._client.call(
            "query", **self._query(MESSAGE + group), ScanIndexForward=False, Limit=1, ProjectionExpression="sk, message"
        )
        return next((Newest(string(item, "sk"), item.get("message")) for item in answer["Items"]), None)

    def occupied(self, user: str, from_sk: str) -> Collection[str]:
        """The taken positions in a user's list, from `from_sk` on (the nearest 200)."""
        answer = self._client.call(
            "query",
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk >= :sk",
            ExpressionAttributeValues={":pk": {"S": ROW + user}, ":sk": {"S": from_sk}},
            ProjectionExpression="sk",
            ConsistentRead=True,
            Limit=OCCUPIED_LOOK,
        )
        return {string(item, "sk") for item in answer["Items"]}

    def commit(self, actions: Sequence[Action]) -> None:
        """All actions or none, in one transaction."""
        self._transact([self._request(action) for action in actions])

    def index_rows(self, start: Item | None, limit: int) -> tuple[list[Row], Item | None]:
        """Up to `limit` rows by a Scan of the index, and where to go on."""
        answer = self._client.call(
            "scan",
            TableName=self._table,
            IndexName=INDEX,
            Limit=limit,
            ProjectionExpression="pk, sk, message_group_uuid",
            **({"ExclusiveStartKey": start} if start else {}),
        )
        return [Row(item) for item in answer["Items"]], answer.get("LastEvaluatedKey")

    def _partition(self, pk: str, values: Item | None = None, **more: Any) -> Iterator[Item]:
        return self._client.items("query", **self._query(pk, values), **more)

    def _query(self, pk: str, values: Item | None = None) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}, **(values or {})},
            "ConsistentRead": True,
        }

    def _transact(self, requests: list[dict[str, Any]]) -> None:
        self._client.call("transact_write_items", TransactItems=requests)

    def _request(self, action: Action) -> dict[str, Any]:
        match action:
            case Rewrite(row, attributes):
                return {"Update": self._update(row, attributes)}
            case Remove(row):
                return {"Delete": {"TableName": self._table, "Key": _key(row.item), **_as_read(row)}}
            case Create(item):
                return self._put(item)
            case RowStands(row):
                return {"ConditionCheck": {"TableName": self._table, "Key": _key(row.item), **_as_read(row)}}
            case MessageStands(group, newest):
                return {"ConditionCheck": self._stands(group, newest)}
            case MessageGone(group, sk):
                return {"ConditionCheck": self._check(message_key(group, sk), "attribute_not_exists(pk)")}

    def _put(self, item: Item) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _update(self, row: Row, attributes: Item) -> dict[str, Any]:
        as_read = _as_read(row)
        names = {f"#s{i}": name for i, name in enumerate(attributes)}
        values = {f":s{i}": value for i, value in enumerate(attributes.values())}
        return {
            "TableName": self._table,
            "Key": _key(row.item),
            "UpdateExpression": "SET " + ", ".join(f"#s{i} = :s{i}" for i in range(len(attributes))),
            "ConditionExpression": as_read["ConditionExpression"],
            "ExpressionAttributeNames": as_read["ExpressionAttributeNames"] | names,
            "ExpressionAttributeValues": as_read["ExpressionAttributeValues"] | values,
        }

    def _stands(self, group: str, newest: Newest) -> dict[str, Any]:
        key = message_key(group, newest.sk)
        if newest.message is None:
            return self._check(key, "attribute_exists(pk) AND attribute_not_exists(message)")
        return {**self._check(key, "message = :text"), "ExpressionAttributeValues": {":text": newest.message}}

    def _check(self, key: Item, condition: str) -> dict[str, Any]:
        return {"TableName": self._table, "Key": key, "ConditionExpression": condition}


def _as_read(row: Row) -> dict[str, Any]:
    """The condition that nobody has written the row; on one that carries no `row_rev` yet, writers begin to."""
    return unless_changed(row.item, nor_given="row_rev")


def _key(item: Item) -> Item:
    return {"pk": item["pk"], "sk": item["sk"]}
