"""Calls that no role may make, each by itself, and whether they are denied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from shared.keys import MESSAGE, ROSTER, ROW
from shared.settings import Settings
from tests.deploy.stacks import session_of

Calls = Mapping[str, Callable[[], object]]
DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
OTHER = "another-table"


def key(kind: str) -> dict[str, dict[str, str]]:
    """An item's."""
    return {"pk": {"S": f"{kind}x"}, "sk": {"S": "x"}}


@dataclass(frozen=True, slots=True)
class Attempts:
    """What somebody with these keys could try."""

    settings: Settings
    made: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """boto3's, with their keys."""
        if service not in self.made:
            self.made[service] = session_of(self.settings).client(service, endpoint_url=self.settings.endpoint)
        return self.made[service]

    def allowed(self) -> Calls:
        """What all of them may do: whoever is denied the rest has good keys."""
        dynamodb, table = self.client("dynamodb"), self.settings.message_table
        return {
            "GetItem": lambda: dynamodb.get_item(TableName=table, Key=key(MESSAGE)),
            "Put of a row in a transaction": lambda: dynamodb.transact_write_items(
                TransactItems=[{"Put": {"TableName": table, "Item": key(ROW)}}]
            ),
        }

    def on_messages(self) -> Calls:
        """What would go round the algorithm, or through the whole table, or at the table itself."""
        dynamodb, table = self.client("dynamodb"), self.settings.message_table
        put = [{"PutRequest": {"Item": key(ROW)}}]
        setting = {"AttributeName": "ttl", "Enabled": True}
        return {
            "PutItem": lambda: dynamodb.put_item(TableName=table, Item=key(ROW)),
            "BatchWriteItem": lambda: dynamodb.batch_write_item(RequestItems={table: put}),
            "PartiQL": lambda: dynamodb.execute_statement(Statement=f'SELECT * FROM "{table}"'),
            "UpdateTable": lambda: dynamodb.update_table(TableName=table, BillingMode="PAY_PER_REQUEST"),
            "UpdateTimeToLive": lambda: dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=setting),
            "DeleteTable": lambda: dynamodb.delete_table(TableName=table),
            "DeleteBackup": lambda: dynamodb.delete_backup(BackupArn="arn:aws:dynamodb:us-east-1:0:table/x/backup/0-1"),
        }

    def on_others(self) -> Calls:
        """Other tables, other services, other rights."""
        dynamodb, iam, sts = self.client("dynamodb"), self.client("iam"), self.client("sts")
        put = {"Put": {"TableName": OTHER, "Item": key(ROW)}}
        arn = "arn:aws:iam::000000000000:role/admin"
        return {
            "GetItem elsewhere": lambda: dynamodb.get_item(TableName=OTHER, Key=key(ROW)),
            "Query elsewhere": lambda: dynamodb.query(TableName=OTHER, **EVERY),
            "Put in a transaction elsewhere": lambda: dynamodb.transact_write_items(TransactItems=[put]),
            "DeleteItem elsewhere": lambda: dynamodb.delete_item(TableName=OTHER, Key=key(ROW)),
            "CreateTable elsewhere": lambda: dynamodb.create_table(TableName=OTHER, **TABLE),
            "DeleteTable elsewhere": lambda: dynamodb.delete_table(TableName=OTHER),
            "ListTables": dynamodb.list_tables,
            "ListRoles": iam.list_roles,
            "AttachRolePolicy": lambda: iam.attach_role_policy(RoleName="admin", PolicyArn=arn),
            "AssumeRole": lambda: sts.assume_role(RoleArn=arn, RoleSessionName="more"),
        }

    def scans(self) -> Calls:
        """What only people on call may do: walk through a table."""
        dynamodb, settings = self.client("dynamodb"), self.settings
        return {
            "Scan": lambda: dynamodb.scan(TableName=settings.message_table),
            "Scan of the state": lambda: dynamodb.scan(TableName=settings.state_table),
        }

    def lone_writes(self) -> Calls:
        """Writes of a row outside of a transaction."""
        dynamodb, table = self.client("dynamodb"), self.settings.message_table
        change = {"UpdateExpression": "REMOVE x"}
        return {
            "UpdateItem": lambda: dynamodb.update_item(TableName=table, Key=key(ROW), **change),
            "DeleteItem": lambda: dynamodb.delete_item(TableName=table, Key=key(ROW)),
        }

    def of_kind(self, action: str, kind: str) -> Callable[[], object]:
        """A write or a check, in a transaction, of an item of this kind."""
        named = {"Item" if action == "Put" else "Key": key(kind)}
        check = {"ConditionExpression": "attribute_exists(pk)"}
        more = {"Update": {"UpdateExpression": "REMOVE x"}, "ConditionCheck": check}
        request = {action: {"TableName": self.settings.message_table, **named, **more.get(action, {})}}
        dynamodb = self.client("dynamodb")
        return lambda: dynamodb.transact_write_items(TransactItems=[request])

    def on_state(self) -> Calls:
        """The state table itself."""
        dynamodb, table = self.client("dynamodb"), self.settings.state_table
        change = {"UpdateExpression": "REMOVE x"}
        return {
            "UpdateItem of the state": lambda: dynamodb.update_item(TableName=table, Key=key(""), **change),
            "UpdateTable of the state": lambda: dynamodb.update_table(TableName=table, BillingMode="PAY_PER_REQUEST"),
            "DeleteTable of the state": lambda: dynamodb.delete_table(TableName=table),
        }

    def streams_elsewhere(self) -> Calls:
        """Another table's stream."""
        streams = self.client("dynamodbstreams")
        stream = f"arn:aws:dynamodb:us-east-1:000000000000:table/{OTHER}/stream/2026-11-22T10:00:00.000"
        place = {"StreamArn": stream, "ShardId": "shardId-00000000000000000000", "ShardIteratorType": "LATEST"}
        return {
            "DescribeStream elsewhere": lambda: streams.describe_stream(StreamArn=stream),
            "GetShardIterator elsewhere": lambda: streams.get_shard_iterator(**place),
        }


EVERY = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "x"}}}
TABLE = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
KINDS = (MESSAGE, ROW, ROSTER, "OTHER#")


def let_through(calls: Calls) -> list[str]:
    """Those that were not denied."""
    return [name for name, call in calls.items() if not is_denied(call)]


def is_denied(call: Callable[[], object]) -> bool:
    """Whether it is; any other answer means that it was looked at."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] in DENIED
    return False


def kinds_let_through(attempts: Attempts) -> dict[str, set[str]]:
    """For each action of a transaction, the kinds of items that it may be about."""
    return {
        action: {kind for kind in KINDS if not is_denied(attempts.of_kind(action, kind))}
        for action in ("Put", "Update", "Delete", "ConditionCheck")
    }
