"""What makes a table usable, and the sentence when it is not."""

from typing import Any

import pytest

from shared import tables
from shared.errors import StreamMissing, TableDiffers
from shared.schema import check_messages_layout, check_messages_table, check_state_table, stream_view

HASH, RANGE = {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}


def described(**changes: Any) -> dict[str, Any]:
    """DescribeTable's answer for a table as we make it, but for some changes."""
    return {**tables.definition(tables.MESSAGES, "chat"), **changes}


def index(**changes: Any) -> list[dict[str, Any]]:
    return [{**described()["GlobalSecondaryIndexes"][0], **changes}]


def stream(view: str) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": view}


@pytest.mark.parametrize("view", ["NEW_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_our_table_is_usable(view: str) -> None:
    """With either view type that has the new image; further indexes do no harm."""
    others = [*index(IndexName="somebody-elses"), *index()]
    check_messages_table(described(StreamSpecification=stream(view), GlobalSecondaryIndexes=others))


@pytest.mark.parametrize("specification", [None, {}, {"StreamEnabled": False}])
def test_no_stream_is_named_with_the_option(specification: Any) -> None:
    """Whatever form the absence has."""
    with pytest.raises(StreamMissing, match=r'"chat" has no stream: .*schema-load --enable-stream'):
        check_messages_table(described(StreamSpecification=specification))


@pytest.mark.parametrize("view", ["KEYS_ONLY", "OLD_IMAGE"])
def test_a_wrong_view_type_is_named_with_the_option(view: str) -> None:
    """The layout as such is fine."""
    description = described(StreamSpecification=stream(view))
    with pytest.raises(TableDiffers, match=f"{view}, not NEW_IMAGE: .*--enable-stream"):
        check_messages_table(description)
    check_messages_layout(description)
    assert stream_view(description) == view


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"KeySchema": [HASH]}, r"pk \(S\), not"),
        ({"KeySchema": [HASH, {**RANGE, "AttributeName": "created"}]}, r"created"),
        ({"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}]}, r"pk \(N\)"),
    ],
)
def test_wrong_keys_are_spelled_out(changes: dict[str, Any], found: str) -> None:
    """Found and needed, side by side."""
    with pytest.raises(TableDiffers, match=found):
        check_messages_table(described(**changes))


@pytest.mark.parametrize(
    ("indexes", "command"),
    [
        (None, '"Create"'),
        (index(IndexName="other"), '"Create"'),
        (index(Projection={"ProjectionType": "KEYS_ONLY"}), '"Delete"'),
        (index(KeySchema=[{**HASH, "AttributeName": "message_group_uuid"}]), '"Delete"'),
    ],
)
def test_an_index_that_is_missing_or_differs_comes_with_the_command(indexes: Any, command: str) -> None:
    """Ready to be pasted."""
    with pytest.raises(TableDiffers, match=f"aws dynamodb update-table --table-name chat .*{command}"):
        check_messages_table(described(GlobalSecondaryIndexes=indexes))


def test_the_state_table_needs_its_keys_only() -> None:
    """A table with other keys is refused."""
    state = tables.definition(tables.WORKER_STATE, "state")
    check_state_table(state)
    with pytest.raises(TableDiffers, match="WORKER_STATE_TABLE"):
        check_state_table({**state, "KeySchema": [HASH]})
