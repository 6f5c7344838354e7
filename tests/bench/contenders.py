"""The two who move rows: the original's loop, and the worker's handler."""

from collections.abc import Sequence
from threading import Event
from typing import Any, Protocol

import boto3

from shared.dynamo import connect
from shared.keys import INDEX, MESSAGE
from shared.models import string
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.contract import Batch, Record
from tests.bench.meter import Meter
from tests.fakes.outlets import Lines


class Contender(Protocol):
    """Somebody who is handed the records of the stream."""

    meter: Meter

    def deliver(self, records: Sequence[Record]) -> None:
        """Settle a batch."""


class Reference:
    """The bootcamp's Lambda, record by record: Query the index, then per row delete and put, by boto3's resource."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.secret_access_key
        resource = boto3.resource(
            "dynamodb",
            region_name=settings.region,
            endpoint_url=settings.endpoint,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
        )
        self._table: Any = resource.Table(settings.message_table)
        self.meter = Meter(self._table.meta.client)

    def deliver(self, records: Sequence[Record]) -> None:
        """Only new messages count for it."""
        for record in records:
            pk = string(record.keys, "pk")
            if record.kind == "INSERT" and pk.startswith(MESSAGE) and record.new_image:
                text = string(record.new_image, "message")
                self._move(pk.removeprefix(MESSAGE), string(record.keys, "sk"), text)

    def _move(self, group: str, sk: str, text: str) -> None:
        condition = boto3.dynamodb.conditions.Key("message_group_uuid").eq(group)
        for row in self._table.query(IndexName=INDEX, KeyConditionExpression=condition)["Items"]:
            self._table.delete_item(Key={"pk": row["pk"], "sk": row["sk"]})
            kept = ("pk", "message_group_uuid", "user_uuid", "user_display_name", "user_handle")
            self._table.put_item(Item={**{name: row[name] for name in kept}, "sk": sk, "message": text})


class Ours:
    """The production handler, put together as `stream-worker run` does it."""

    def __init__(self, settings: Settings) -> None:
        clients = connect(settings, threads=assembly.CONNECTIONS)
        self.meter = Meter(clients.dynamodb.raw)
        self._processor = assembly.work_of(clients, settings, Retry(Event()), Lines()).processor

    def deliver(self, records: Sequence[Record]) -> None:
        """One batch."""
        self._processor.process(Batch("bench", "shard", tuple(records)))


CONTENDERS: dict[str, type[Reference] | type[Ours]] = {"reference": Reference, "ours": Ours}
