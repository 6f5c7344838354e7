"""The data model as a file for NoSQL Workbench: `python -m tests.workbench` prints docs/*.workbench.json.

Keys and indexes come from `shared/tables`; the sample items are made by those who write them.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from producer.actions import Seat, message_item, put_roster, row_item
from shared import keys, tables
from shared.directory import JsonDirectory
from shared.models import Item, Message, User
from stream_worker.state import CHECKPOINTS, LEASE, OPEN_LETTERS, SWEEPS, State
from tests.fakes.state import state_client
from tests.fakes.table import texts

WRITTEN = "Nov 22, 2026, 12:00 PM"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ARN = "arn:aws:dynamodb:us-east-1:111122223333:table/cruddur-messages/stream/2026-11-22T11:00:00.000"
KINDS = {"Message": keys.MESSAGE, "Conversation row": keys.ROW, "Roster item": keys.ROSTER}

ANDREW, BAYKO, LONDO = (JsonDirectory().by_handle(name) for name in ("andrewbrown", "bayko", "londo"))


def model() -> dict[str, Any]:
    """The whole file."""
    messages, state = sorted(_messages(), key=_place), sorted(_state(), key=_place)
    metadata = {
        "Author": "",
        "DateCreated": WRITTEN,
        "DateLastModified": WRITTEN,
        "Description": "Pattern E: messages, conversation rows and rosters in one table; the worker's own table.",
        "AWSService": "Amazon DynamoDB",
        "Version": "3.0",
    }
    facets = [_facet(name, [item for item in messages if _is(item, prefix)]) for name, prefix in KINDS.items()]
    return {
        "ModelName": "Cruddur messages",
        "ModelMetadata": metadata,
        "DataModel": [
            _table(tables.definition(tables.MESSAGES, "cruddur-messages"), messages, facets),
            _table(tables.definition(tables.WORKER_STATE, "cruddur-messages-worker"), state, []),
        ],
    }


def _table(definition: Mapping[str, Any], items: list[Item], facets: list[Any]) -> dict[str, Any]:
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in definition["AttributeDefinitions"]}
    indexes = [
        {**_keyed(index, types), "IndexName": index["IndexName"], "Projection": index["Projection"]}
        for index in definition.get("GlobalSecondaryIndexes", ())
    ]
    return {
        "TableName": definition["TableName"],
        **_keyed(definition, types),
        "NonKeyAttributes": [{"AttributeName": name, "AttributeType": kind} for name, kind in _others(items).items()],
        "TableFacets": facets,
        "GlobalSecondaryIndexes": indexes,
        "TableData": items,
        "DataAccess": {"MySql": {}},
        "BillingMode": definition["BillingMode"],
    }


def _keyed(schema: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    roles = {"HASH": "PartitionKey", "RANGE": "SortKey"}
    attributes = {
        roles[entry["KeyType"]]: {
            "AttributeName": entry["AttributeName"],
            "AttributeType": types[entry["AttributeName"]],
        }
        for entry in schema["KeySchema"]
    }
    return {"KeyAttributes": attributes}


def _facet(name: str, items: list[Item]) -> dict[str, Any]:
    alias = {"PartitionKeyAlias": "pk", "SortKeyAlias": "sk"}
    return {"FacetName": name, "KeyAttributeAlias": alias, "TableData": [], "NonKeyAttributes": list(_others(items))}


def _others(items: Iterable[Item]) -> dict[str, str]:
    """Attributes that are no keys, with their types, in the order of their first use."""
    found: dict[str, str] = {}
    for item in items:
        found |= {name: next(iter(value)) for name, value in item.items() if name not in {"pk", "sk"}}
    return found


def _messages() -> Iterable[Item]:
    """Andrew talks with Bayko and with Londo; Londo has left."""
    pair = _conversation(ANDREW, BAYKO, ("Is the seat beside you free?", ANDREW), ("I kept one for you.", BAYKO))
    other = _conversation(LONDO, ANDREW, ("Never mind.", LONDO), minutes=-30)
    gone = {"left_at": {"S": keys.stamp(NOON + timedelta(minutes=-20))}}
    for item in other:
        if not (_is(item, keys.ROW) and LONDO.uuid in item["pk"]["S"]):
            yield item | gone if _is(item, keys.ROSTER) and item["sk"]["S"] == LONDO.uuid else item
    yield from pair


def _conversation(one: User, other: User, *said: tuple[str, User], minutes: int = 0) -> list[Item]:
    group = keys.pair_group(one.uuid, other.uuid)
    begun = NOON + timedelta(minutes=minutes)
    messages = [
        Message(group, keys.stamp(begun + timedelta(seconds=41 * n)), str(uuid5(UUID(group), str(n))), text, sender)
        for n, (text, sender) in enumerate(said)
    ]
    seats = [Seat(one.uuid, other), Seat(other.uuid, one)]
    rows = [row_item(seat, messages[-1].created_at, messages[-1]) for seat in seats]
    rev = {"row_rev": {"S": str(uuid5(UUID(group), "row"))}}
    entries = [put_roster(group, seat.user, keys.stamp(begun), None)["Put"]["Item"] for seat in seats]
    return [*map(message_item, messages), *(row | rev for row in rows), *entries]


def _state() -> Iterable[Item]:
    """A worker at work: its lease, a shard, a sweep that is owed, a dead letter."""
    table, client = state_client()
    put: Callable[[str, str, Item], None] = State(client, "cruddur-messages-worker", "pattern-e").put
    noon, group = keys.stamp(NOON), keys.pair_group(ANDREW.uuid, BAYKO.uuid)
    put(
        LEASE,
        "lease",
        texts(owner="host-1-0c1d2e3f", renewed_at=noon) | {"counter": {"N": "42"}, "length_s": {"N": "10"}},
    )
    shard = "shardId-00000001763812800000-a1b2c3d4"
    sequence = "100000000000000000017"
    put(f"{CHECKPOINTS}#{ARN}", shard, texts(position=sequence, sequence=sequence, settled_until=noon))
    put(SWEEPS, ARN, texts(reason="first start", owed_at=noon, not_before=noon, rev="1f") | {"rows": {"N": "300"}})
    letter = texts(group=group, user="", error="NeverSettled", first_put=noon, next_try=noon, rev="2f")
    put(OPEN_LETTERS, f"group#{group}#", letter | {"attempts": {"N": "1"}})
    return table.items.values()


def _is(item: Item, prefix: str) -> bool:
    return str(item["pk"]["S"]).startswith(prefix)


def _place(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


if __name__ == "__main__":
    print(json.dumps(model(), ensure_ascii=False, indent=2))  # noqa: T201 - it is what this is for
