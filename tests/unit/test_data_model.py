"""The file for NoSQL Workbench says what the tables are."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared import keys, tables
from shared.conversations import conversation_of, message_of
from tests.workbench import model

FILE = Path(__file__).parents[2] / "docs" / "cruddur-messages.workbench.json"
TABLES = {"cruddur-messages": tables.MESSAGES, "cruddur-messages-worker": tables.WORKER_STATE}


@pytest.fixture
def models() -> dict[str, Any]:
    """The file's tables, by name."""
    return {table["TableName"]: table for table in json.loads(FILE.read_text(encoding="utf-8"))["DataModel"]}


def schema(keyed: dict[str, Any], types: dict[str, str]) -> list[dict[str, str]]:
    """Workbench's key attributes as a key schema; their types must be those of the table."""
    kinds = {"PartitionKey": "HASH", "SortKey": "RANGE"}
    for attribute in keyed["KeyAttributes"].values():
        assert types[attribute["AttributeName"]] == attribute["AttributeType"]
    return [{"AttributeName": keyed["KeyAttributes"][k]["AttributeName"], "KeyType": v} for k, v in kinds.items()]


def test_the_file_is_current() -> None:
    """After a change of the tables: `python -m tests.workbench > docs/cruddur-messages.workbench.json`."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == model()


@pytest.mark.parametrize("name", TABLES)
def test_keys_indexes_and_billing(models: dict[str, Any], name: str) -> None:
    """As CreateTable is told."""
    wanted, found = tables.definition(TABLES[name], name), models[name]
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in wanted["AttributeDefinitions"]}
    indexes = [
        {"IndexName": index["IndexName"], "KeySchema": schema(index, types), "Projection": index["Projection"]}
        for index in found["GlobalSecondaryIndexes"]
    ]
    assert schema(found, types) == wanted["KeySchema"]
    assert indexes == wanted.get("GlobalSecondaryIndexes", [])
    assert found["BillingMode"] == wanted["BillingMode"]


@pytest.mark.parametrize("name", TABLES)
def test_every_attribute_of_an_item_is_declared(models: dict[str, Any], name: str) -> None:
    """With its type; so Workbench shows it."""
    declared = {entry["AttributeName"]: entry["AttributeType"] for entry in models[name]["NonKeyAttributes"]}
    for item in models[name]["TableData"]:
        assert {attribute: next(iter(value)) for attribute, value in item.items()}.items() <= (
            declared | {"pk": "S", "sk": "S"}
        ).items()


def test_the_sample_is_a_right_table(models: dict[str, Any]) -> None:
    """Rows show the newest message of their group, and only rows are in the index."""
    items = models["cruddur-messages"]["TableData"]
    messages = [message_of(item) for item in items if item["pk"]["S"].startswith(keys.MESSAGE)]
    rows = [conversation_of(item) for item in items if item["pk"]["S"].startswith(keys.ROW)]
    newest = {message.group: message for message in sorted(messages, key=lambda message: message.created_at)}
    assert all(
        (row.last_message_at, row.text) == (newest[row.group].created_at, newest[row.group].text) for row in rows
    )
    assert len([item for item in items if "message_group_uuid" in item]) == len(rows) == 3
    assert all(keys.is_ours(message.created_at) for message in messages)
