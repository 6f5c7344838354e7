"""The doctor at a real engine, with one thing broken at a time."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from producer.schema import Builder
from shared.dynamo import Clients
from shared.keys import INDEX
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.doctor.access import Access
from stream_worker.doctor.examination import Line, Status, examine
from stream_worker.doctor.surroundings import Surroundings
from stream_worker.doctor.worker import Traces

Examine = Callable[..., Iterator[Line]]


@pytest.fixture
def examined(clients: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Examine]:
    """All lines on both tables, with some variables set otherwise."""
    Builder(clients.dynamodb, Retry(Event()), say=str).load(
        settings.message_table, settings.state_table, enable_stream=True
    )
    assert settings.secret_access_key
    variables = {
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": settings.access_key_id,
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key.get_secret_value(),
        "DDB_MESSAGE_TABLE": settings.message_table,
        "WORKER_STATE_TABLE": settings.state_table,
    }

    made: list[Surroundings] = []

    def examined(**changes: str) -> Iterator[Line]:
        for name, value in {**variables, **changes}.items():
            monkeypatch.setenv(name, value or "")
        surroundings = Surroundings(assembly.now)
        made.append(surroundings)
        checks = [*surroundings.checks(), *Access(surroundings).checks(), *Traces(surroundings).checks()]
        return examine(checks)

    yield examined
    for surroundings in made:
        if "clients" in surroundings.__dict__:
            surroundings.clients.dynamodb.raw.close()
            surroundings.clients.streams.raw.close()


def failed(lines: Iterator[Line]) -> list[tuple[str, str]]:
    """(check, text) of what fails."""
    return [(line.check, line.text) for line in lines if line.status is Status.FAIL]


def test_nothing_is_broken(examined: Examine, clients: Clients, settings: Settings) -> None:
    """All is checked, no secret is shown, and the tables are as empty as before."""
    lines = list(examined(AWS_SECRET_ACCESS_KEY="hush-hush"))
    assert {line.status for line in lines} == {Status.OK, Status.WARN}
    assert "hush-hush" not in str(lines)
    assert "USERS_FILE" in str(lines)
    for table in (settings.message_table, settings.state_table):
        assert list(clients.dynamodb.items("scan", TableName=table)) == []


@pytest.mark.parametrize(
    ("changes", "check", "said"),
    [
        ({"WORKER_BATCH": "5000"}, "settings", "WORKER_BATCH"),
        ({"AWS_REGION": ""}, "identity", "AWS_REGION"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "identity", "AWS_PROFILE"),
        ({"AWS_PROFILE": "nobody"}, "identity", "AWS_PROFILE"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "endpoint", "127.0.0.1:9"),
        ({"AWS_ENDPOINT_URL_DYNAMODB_STREAMS": "http://127.0.0.1:9"}, "endpoint", "127.0.0.1:9"),
        ({"DDB_MESSAGE_TABLE": "no-such-table"}, "messages table", "producer schema-load"),
        ({"WORKER_STATE_TABLE": "no-such-table"}, "state table", "producer schema-load"),
    ],
)
def test_what_is_broken_has_its_line(examined: Examine, changes: dict[str, str], check: str, said: str) -> None:
    """With what mends it; what rests on it is not checked."""
    lines = list(examined(**changes))
    found = failed(iter(lines))
    assert {name for name, _ in found} == {check}
    assert all(said in text for _, text in found)
    assert "checkpoints" in {line.check for line in lines if line.status is Status.NOT_CHECKED}


def test_capacity_that_was_bought_is_told(examined: Examine, clients: Clients, settings: Settings) -> None:
    """A table of the bootcamp's has five units, its index five: fewer than one move takes."""
    bought = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    update = {"IndexName": INDEX, "ProvisionedThroughput": bought}
    clients.dynamodb.call(
        "update_table",
        TableName=settings.message_table,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=bought,
        GlobalSecondaryIndexUpdates=[{"Update": update}],
    )
    [line] = [line for line in examined() if line.check == "messages table" and line.status is Status.WARN]
    assert line.text.startswith("5 and 5 write units a second: a pair of rows moved takes 10, and 4 of the index")


def test_a_table_without_a_stream(examined: Examine, clients: Clients, settings: Settings) -> None:
    """The table is fine, the stream is missing: the line has the command that switches it on."""
    clients.dynamodb.call(
        "update_table", TableName=settings.message_table, StreamSpecification={"StreamEnabled": False}
    )
    [(check, text)] = failed(examined())
    assert (check, "--enable-stream" in text) == ("stream", True)
