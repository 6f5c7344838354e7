"""The proxy: botocore takes each of its faults for the real thing."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from shared import keys, tables
from shared.settings import Settings
from tests.nemesis.faults import ANY, Fault, Rates
from tests.nemesis.proxy import Proxy

Start = Callable[[Rates], Proxy]
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ROW = {**KEY, "message_group_uuid": {"S": "g"}}
PUT = {"Put": {"TableName": "t", "Item": KEY}}

CALLS: dict[str, dict[str, Any]] = {
    "get_item": {"TableName": "t", "Key": KEY},
    "put_item": {"TableName": "t", "Item": KEY},
    "transact_write_items": {"TransactItems": [PUT, PUT, PUT]},
    "get_records": {"ShardIterator": "iterator"},
}


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Starts a proxy in front of the engine, in this process."""
    with ExitStack() as stack:

        def start(rates: Rates) -> Proxy:
            proxy = stack.enter_context(Proxy(0, settings.endpoint or "", 1, rates, (0.2, 0.3)))
            Thread(target=proxy.serve_forever, args=(0.01,)).start()
            stack.callback(proxy.shutdown)
            return proxy

        yield start


def client(proxy: Proxy, attempts: int = 1, service: str = "dynamodb") -> Any:
    """A client of boto3's."""
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{proxy.server_port}",
        region_name="us-east-1",
        aws_access_key_id="embeddedEngineOnly",
        aws_secret_access_key="embeddedEngineOnly",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, proxies={}),
    )


def call(proxy: Proxy, name: str, attempts: int = 1, **params: Any) -> Any:
    """One call of the engine."""
    service = "dynamodbstreams" if name == "get_records" else "dynamodb"
    caller = client(proxy, attempts, service)
    try:
        return getattr(caller, name)(**(params or CALLS.get(name, {})))
    finally:
        caller.close()


@pytest.mark.parametrize(
    ("fault", "name", "code", "is_retried"),
    [
        (Fault.THROUGHPUT, "get_item", "ProvisionedThroughputExceededException", True),
        (Fault.THROTTLING, "put_item", "ThrottlingException", True),
        (Fault.REQUEST_LIMIT, "put_item", "RequestLimitExceeded", True),
        (Fault.INTERNAL, "get_item", "InternalServerError", True),
        (Fault.CONFLICT, "put_item", "TransactionConflictException", False),
        (Fault.CONFLICT, "transact_write_items", "TransactionCanceledException", False),
        (Fault.LIMIT, "get_records", "LimitExceededException", True),
        (Fault.THROTTLING, "get_records", "ThrottlingException", True),
    ],
)
def test_a_refusal_is_the_real_thing(start: Start, fault: Fault, name: str, code: str, is_retried: bool) -> None:  # noqa: FBT001
    """Botocore knows its code, and retries what it retries on AWS."""
    with pytest.raises(ClientError) as raised:
        call(start({ANY: {fault: 1.0}}), name, attempts=2)
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == int(is_retried)


def test_a_cancelled_transaction_says_which_action(start: Start) -> None:
    """Its reasons stand in the order of the actions."""
    with pytest.raises(ClientError) as raised:
        call(start({ANY: {Fault.CONFLICT: 1.0}}), "transact_write_items")
    codes = [reason["Code"] for reason in raised.value.response["CancellationReasons"]]
    assert sorted(codes) == ["None", "None", "TransactionConflict"]


@pytest.fixture
def table(start: Start, settings: Settings) -> tuple[Proxy, str]:
    """A proxy in peace, and a table behind it."""
    proxy = start({})
    call(proxy, "create_table", **tables.definition(tables.MESSAGES, settings.message_table))
    return proxy, settings.message_table


@pytest.mark.parametrize(("fault", "is_done"), [(Fault.LOST, True), (Fault.CUT, False)])
def test_a_connection_breaks(table: tuple[Proxy, str], fault: Fault, is_done: bool) -> None:  # noqa: FBT001
    """The client sees the same, whether the engine has done it or has not."""
    proxy, name = table
    proxy.load({"PutItem": {fault: 1.0}})
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        call(proxy, "put_item", TableName=name, Item=KEY)
    assert ("Item" in call(proxy, "get_item", TableName=name, Key=KEY)) is is_done


@pytest.mark.parametrize("fault", [Fault.DELAY, Fault.STALL])
def test_late_is_not_never(table: tuple[Proxy, str], fault: Fault) -> None:
    """What is delayed or held is carried out and answered."""
    proxy, name = table
    proxy.load({ANY: {fault: 1.0}})
    call(proxy, "put_item", TableName=name, Item=KEY)
    assert call(proxy, "get_item", TableName=name, Key=KEY)["Item"] == KEY
    assert proxy.tally.as_values()[fault] == {"PutItem": 1, "GetItem": 1}


def index_query(proxy: Proxy, name: str) -> list[Any]:
    """What the index says."""
    asked: dict[str, Any] = {"TableName": name, "IndexName": keys.INDEX, "KeyConditionExpression": "#g = :g"}
    asked["ExpressionAttributeNames"] = {"#g": "message_group_uuid"}
    asked["ExpressionAttributeValues"] = {":g": ROW["message_group_uuid"]}
    items: list[Any] = call(proxy, "query", **asked)["Items"]
    return items


def test_an_index_lags(table: tuple[Proxy, str]) -> None:
    """It answers as it did before the write, and afterwards catches up."""
    proxy, name = table
    assert index_query(proxy, name) == []
    call(proxy, "put_item", TableName=name, Item=ROW)
    proxy.load({"Query": {Fault.STALE: 1.0}})
    assert index_query(proxy, name) == []
    proxy.load({})
    assert index_query(proxy, name) == [ROW]


def test_the_table_itself_never_lags(table: tuple[Proxy, str]) -> None:
    """Only what names an index is served from old answers."""
    proxy, name = table
    proxy.load({ANY: {Fault.STALE: 1.0}})
    call(proxy, "put_item", TableName=name, Item=KEY)
    assert call(proxy, "scan", TableName=name)["Items"] == [KEY]
    assert Fault.STALE not in proxy.tally.as_values()


def test_nobody_passes_a_closed_door(table: tuple[Proxy, str]) -> None:
    """And whoever tries sees what an engine that is away looks like."""
    proxy, name = table
    proxy.door.set(is_open=False)
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        call(proxy, "get_item", TableName=name, Key=KEY)
    proxy.door.set(is_open=True)
    call(proxy, "get_item", TableName=name, Key=KEY)


def test_it_is_steered_over_http(start: Start) -> None:
    """Faults are switched on and counted, as JSON."""
    proxy = start({})
    control = HTTPConnection("127.0.0.1", proxy.server_port, timeout=5)
    control.request("POST", "/_nemesis/rates", json.dumps({"ListTables": {"internal": 1}}))
    control.getresponse().read()
    with pytest.raises(ClientError):
        call(proxy, "list_tables")
    control.request("GET", "/_nemesis")
    assert json.loads(control.getresponse().read())["counts"] == {"internal": {"ListTables": 1}}
    control.close()


def test_a_seed_gives_the_same_lots(start: Start) -> None:
    """Each operation has lots of its own, so that others do not shift them."""
    one, other = start({ANY: {Fault.CUT: 0.5}}), start({ANY: {Fault.CUT: 0.5}})
    other.dice.throw("PutItem")
    assert [one.dice.throw("Query") for _ in range(50)] == [other.dice.throw("Query") for _ in range(50)]
