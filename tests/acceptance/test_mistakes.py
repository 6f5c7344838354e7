"""Whoever makes a mistake gets one sentence that says what to do; whoever pulls a plug gets a worker that waits."""

from typing import Any

import pytest

from shared import tables
from shared.dynamo import Clients
from tests.acceptance.stack import Stack, wait_until

RUN = ("stream-worker", "run")


def refused(stack: Stack, *words: str, **settings: str) -> None:
    """`run` ends with status 2 and one sentence that has these words; unset a variable by giving it no value."""
    status, _, err = stack.run(*RUN, **settings)
    sentence = err.strip().splitlines()[-1]
    assert status == 2, err
    assert all(word in sentence for word in words), sentence
    assert "Traceback" not in err


def test_no_region(stack: Stack) -> None:
    """The sentence names the variable."""
    refused(stack, "AWS_REGION", AWS_REGION="")


def test_no_credentials(stack: Stack) -> None:
    """The sentence names both ways to give them."""
    refused(stack, "AWS_PROFILE", "AWS_ACCESS_KEY_ID", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")


def test_a_table_that_is_missing(stack: Stack) -> None:
    """The sentence names the table and the command that makes it."""
    refused(stack, "no-such-table", "producer schema-load", DDB_MESSAGE_TABLE="no-such-table")


@pytest.mark.parametrize(
    ("name", "value"),
    [("WORKER_LEASE_S", "soon"), ("WORKER_BATCH", "5000"), ("LOG_LEVEL", "loud"), ("WORKER_NAME", "a#b")],
)
def test_a_setting_that_cannot_be_used(stack: Stack, name: str, value: str) -> None:
    """The sentence names the setting."""
    refused(stack, name, **{name: value})


def test_an_endpoint_that_is_not_encrypted(stack: Stack) -> None:
    """Conversations do not leave this machine in the clear, unless somebody insists."""
    refused(stack, "ALLOW_INSECURE_ENDPOINT", AWS_ENDPOINT_URL="http://192.0.2.1:4566")


def recreate(clients: Clients, stack: Stack, **changes: Any) -> None:
    """Make the messages table anew, different from what it should be."""
    name = stack.settings.message_table
    clients.dynamodb.call("delete_table", TableName=name)
    wanted = {**tables.definition(tables.MESSAGES, name), **changes}
    clients.dynamodb.call("create_table", **{key: value for key, value in wanted.items() if value is not None})


def test_a_table_without_a_stream(stack: Stack, clients: Clients) -> None:
    """The sentence names the command that switches it on."""
    recreate(clients, stack, StreamSpecification=None)
    refused(stack, "has no stream", "--enable-stream")


@pytest.mark.parametrize("view", ["KEYS_ONLY", "OLD_IMAGE"])
def test_a_stream_of_the_wrong_view_type(stack: Stack, clients: Clients, view: str) -> None:
    """Row records need their new image."""
    recreate(clients, stack, StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    refused(stack, view, "NEW_IMAGE", "--enable-stream")


def test_new_and_old_images_will_do(stack: Stack, clients: Clients) -> None:
    """More than is needed is no mistake."""
    recreate(clients, stack, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    stack.worker().wait_for("lease_taken")


def test_a_table_with_other_keys(stack: Stack, clients: Clients) -> None:
    """The sentence says what differs."""
    keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "message_group_uuid", "KeyType": "RANGE"}]
    recreate(clients, stack, KeySchema=keys)
    refused(stack, stack.settings.message_table, "sk")


@pytest.mark.slow
@pytest.mark.only_on("ministack", reason="no engine is asked: once is enough")
def test_an_engine_that_does_not_answer_is_waited_for(stack: Stack) -> None:
    """With a line about it; SIGTERM ends the wait."""
    worker = stack.worker(AWS_ENDPOINT_URL="http://127.0.0.1:9")
    worker.wait_for("engine_awaited", count=2)
    assert worker.terminate() == 0


@pytest.mark.only_on("ministack", reason="no engine is asked: once is enough")
def test_whoever_waits_for_an_engine_is_told(stack: Stack) -> None:
    """At once, and not only when it was given up; the walk writes to stdout, this to stderr."""
    verify = stack.start("stream-worker", "verify", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert verify.stderr
    assert verify.stderr.readline() == "Nobody answers at http://127.0.0.1:9. Trying again for 30 s.\n"


def test_a_table_deleted_while_running(stack: Stack, clients: Clients) -> None:
    """It says so and waits; when the table is back it goes on by itself."""
    worker = stack.worker()
    worker.wait_for("shard_opened")
    clients.dynamodb.call("delete_table", TableName=stack.settings.message_table)
    worker.wait_for("shard_ended")
    stack.do("producer", "schema-load")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "one")
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "two")
    wait_until(lambda: "two" in stack.do("producer", "list-conversations", "bayko"), "the row of the new table")
    assert worker.process.poll() is None


def test_a_second_table_with_the_consumer_of_the_first(stack: Stack) -> None:
    """It would stand by, ready, while no row of its table moves: refused with what to set, and the doctor says so."""
    stack.worker().wait_for("lease_taken")
    second = f"{stack.settings.message_table}-2"
    stack.run("producer", "schema-load", "--enable-stream", DDB_MESSAGE_TABLE=second)
    refused(stack, stack.settings.message_table, "WORKER_NAME", DDB_MESSAGE_TABLE=second)
    status, out, _ = stack.run("stream-worker", "doctor", DDB_MESSAGE_TABLE=second)
    assert (status, "FAIL" in next(line for line in out.splitlines() if " lease " in line)) == (1, True), out
    stack.worker(DDB_MESSAGE_TABLE=second, WORKER_NAME="second").wait_for("lease_taken")
