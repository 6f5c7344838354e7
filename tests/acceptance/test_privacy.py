"""A real worker at its most talkative: what people took back is nowhere in its tables, nor in what it wrote."""

import json

import pytest

from shared.dynamo import Clients
from tests.acceptance.stack import Stack, wait_until

SECRET = "the-spare-key-is-under-the-stone"
LATER = "what-came-after-it"


def everything(stack: Stack, clients: Clients) -> str:
    """All items of both tables, as text."""
    tables = (stack.settings.message_table, stack.settings.state_table)
    items = [item for table in tables for item in clients.dynamodb.items("scan", TableName=table, ConsistentRead=True)]
    return json.dumps(items, default=repr)


def is_shown(stack: Stack, text: str) -> bool:
    """Whether both see it in their lists."""
    lists = [stack.do("producer", "list-conversations", handle) for handle in ("andrewbrown", "bayko")]
    return all(text in shown for shown in lists)


@pytest.mark.parametrize("way", [("edit", LATER), ("delete",)], ids=["edited", "deleted"])
def test_what_is_taken_back_is_nowhere(stack: Stack, clients: Clients, way: tuple[str, ...]) -> None:
    """Moved into both rows at LOG_LEVEL=DEBUG, then edited or deleted: no row, letter, checkpoint or line has it."""
    worker = stack.worker(LOG_LEVEL="DEBUG")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "hello")
    sent = stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", SECRET, "--json")
    wait_until(lambda: is_shown(stack, SECRET), "the text in both rows")
    command, *text = way
    stack.do("producer", command, "--from", "bayko", "--group", json.loads(sent)["group"], *text)
    wait_until(lambda: SECRET not in everything(stack, clients), "a table without the text")
    stack.assert_right()
    assert worker.terminate() == 0
    assert worker.has_said("batch_settled")
    assert SECRET not in worker.text + everything(stack, clients)
