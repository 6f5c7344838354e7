"""A real worker at its most talkative: what people took back is nowhere in its tables, nor in what it wrote."""

import json

import pytest

from shared.dynamo import Clients
from tests.acceptance.port import ask, listening, status
from tests.acceptance.stack import Stack, wait_until

SECRET = "the-spare-key-is-under-the-stone"
LATER = "what-came-after-it"
PRIVATE = SECRET, LATER, "andrewbrown", "Andrew Brown", "bayko", "Andrew Bayko"


def everything(stack: Stack, clients: Clients) -> str:
    """All items of both tables, as text."""
    tables = (stack.settings.message_table, stack.settings.state_table)
    items = [item for table in tables for item in clients.dynamodb.items("scan", TableName=table, ConsistentRead=True)]
    return json.dumps(items, default=repr)


def is_shown(stack: Stack, text: str) -> bool:
    """Whether both see it in their lists."""
    lists = [stack.do("producer", "list-conversations", handle) for handle in ("andrewbrown", "bayko")]
    return all(text in shown for shown in lists)


def has_moved(port: int) -> bool:
    """Whether a row that was moved is told of, and the records that came of it."""
    hood = status(port)["hood"]
    is_moved = any(one["decision"] == "moved" for one in hood["decisions"])
    return is_moved and any(one["by_worker"] for one in hood["records"])


def all_that_is_told(port: int) -> str:
    """At every path of the port."""
    return "".join(ask(port, path)[1] for path in ("/", "/status", "/metrics", "/healthz", "/readyz"))


@pytest.mark.parametrize("way", [("edit", LATER), ("delete",)], ids=["edited", "deleted"])
def test_what_is_taken_back_is_nowhere(stack: Stack, clients: Clients, way: tuple[str, ...]) -> None:
    """Moved into both rows at LOG_LEVEL=DEBUG, then edited or deleted: no row, letter, checkpoint or line has it."""
    worker, port = listening(stack, LOG_LEVEL="DEBUG")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "hello")
    sent = stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", SECRET, "--json")
    wait_until(lambda: is_shown(stack, SECRET), "the text in both rows")
    command, *text = way
    stack.do("producer", command, "--from", "bayko", "--group", json.loads(sent)["group"], *text)
    wait_until(lambda: SECRET not in everything(stack, clients), "a table without the text")
    stack.assert_right()
    told = all_that_is_told(port)
    assert worker.terminate() == 0
    assert worker.has_said("batch_settled")
    assert SECRET not in worker.text + told + everything(stack, clients)


def test_a_worker_tells_nobodys_words_or_names(stack: Stack, clients: Clients) -> None:
    """While the texts stand in the tables: the port is asked by more people than may read a conversation."""
    worker, port = listening(stack, LOG_LEVEL="DEBUG")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", SECRET)
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", LATER)
    wait_until(lambda: is_shown(stack, LATER) and has_moved(port), "the text in both rows, and the worker's word of it")
    told = all_that_is_told(port)
    kept, said = everything(stack, clients), told + worker.text
    assert [word for word in PRIVATE if word not in kept] == []
    assert [word for word in PRIVATE if word in said] == []
