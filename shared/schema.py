"""Whether a table is as this software needs it: a pure look at what DescribeTable says of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared import keys, tables
from shared.errors import StreamMissing, TableDiffers

USABLE_VIEWS = frozenset({"NEW_IMAGE", "NEW_AND_OLD_IMAGES"})

Description = Mapping[str, Any]


def check_messages_table(description: Description) -> None:
    """Accept DescribeTable's `Table` of the messages table.

    Raises:
        TableDiffers: keys, index or the stream's view type differ; the sentence says what fixes it.
        StreamMissing: the table has no stream.
    """
    check_messages_layout(description)
    view, name = stream_view(description), description["TableName"]
    if view is None:
        raise StreamMissing(f'"{name}" has no stream: turn it on with `producer schema-load --enable-stream`.')
    if view not in USABLE_VIEWS:
        raise TableDiffers(
            f'The stream of "{name}" carries {view}, not NEW_IMAGE: '
            "switch it off and on again with `producer schema-load --enable-stream` (the worker will then sweep)."
        )


def check_messages_layout(description: Description) -> None:
    """Accept the keys and the index of the messages table, whatever its stream is.

    Raises:
        TableDiffers: they differ.
    """
    wanted = tables.definition(tables.MESSAGES, description["TableName"])
    _check_keys(description, wanted)
    _check_index(description, wanted["GlobalSecondaryIndexes"][0])


def check_state_table(description: Description) -> None:
    """Accept the keys of the worker's own table.

    Raises:
        TableDiffers: they differ.
    """
    _check_keys(description, tables.definition(tables.WORKER_STATE, description["TableName"]))


def stream_view(description: Description) -> str | None:
    """The view type of the table's stream, None where it has none."""
    stream = description.get("StreamSpecification") or {}
    return stream.get("StreamViewType") if stream.get("StreamEnabled") else None


def _check_keys(description: Description, wanted: Description) -> None:
    types = _types(wanted)
    found, needed = _spell(description, _types(description)), _spell(wanted, types)
    if found != needed:
        raise TableDiffers(
            f'The key of "{description["TableName"]}" is {found}, not {needed}: name another table '
            "(DDB_MESSAGE_TABLE, WORKER_STATE_TABLE), or make it anew without its items: `producer schema-load --drop`."
        )


def _check_index(description: Description, wanted: Description) -> None:
    name, types = description["TableName"], _types(description)
    index = _named(description.get("GlobalSecondaryIndexes") or (), keys.INDEX)
    if index is None:
        raise TableDiffers(f'"{name}" has no index {keys.INDEX}: add it with `{_create_index(name)}`.')
    found = f"{_spell(index, types)}, {index['Projection'].get('ProjectionType')}"
    needed = f"{_spell(wanted, dict.fromkeys(types, 'S'))}, ALL"
    if found != needed:
        raise TableDiffers(
            f'The index {keys.INDEX} of "{name}" is {found}, not {needed}: delete it with `{_delete_index(name)}`, '
            "then run `producer schema-load` again."
        )


def _named(indexes: Sequence[Description], name: str) -> Description | None:
    return next((index for index in indexes if index["IndexName"] == name), None)


def _types(description: Description) -> dict[str, str]:
    return {entry["AttributeName"]: entry["AttributeType"] for entry in description["AttributeDefinitions"]}


def _spell(keyed: Description, types: Mapping[str, str]) -> str:
    names = {entry["KeyType"]: entry["AttributeName"] for entry in keyed["KeySchema"]}
    return " + ".join(f"{names[kind]} ({types.get(names[kind], 'S')})" for kind in ("HASH", "RANGE") if kind in names)


def _create_index(name: str) -> str:
    return (
        f"aws dynamodb update-table --table-name {name} --attribute-definitions "
        "AttributeName=message_group_uuid,AttributeType=S AttributeName=sk,AttributeType=S "
        '--global-secondary-index-updates \'[{"Create":{"IndexName":"' + keys.INDEX + '","KeySchema":'
        '[{"AttributeName":"message_group_uuid","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],'
        '"Projection":{"ProjectionType":"ALL"}}}]\''
    )


def _delete_index(name: str) -> str:
    updates = '[{"Delete":{"IndexName":"' + keys.INDEX + '"}}]'
    return f"aws dynamodb update-table --table-name {name} --global-secondary-index-updates '{updates}'"
