"""An engine that asks IAM, the gate in front of it, and tables with their stack."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from devstack.engine import Engine
from producer.schema import Builder
from shared.dynamo import connect
from shared.retry import Retry
from shared.settings import Settings
from tests.acceptance.stack import Stack
from tests.deploy.cast import Cast, cast_for
from tests.deploy.ledger import Ledger
from tests.deploy.stacks import Cloud, Guarded
from tests.places import settings_of


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One for the whole session."""
    with Engine(tmp_path_factory.mktemp("guarded"), program=Guarded()) as engine:
        yield engine


@pytest.fixture(scope="session")
def account(guarded: Engine) -> Iterator[Cloud]:
    """Its services, as the root."""
    cloud = Cloud(settings_of(guarded))
    yield cloud
    cloud.close()


@pytest.fixture
def gate(guarded: Engine) -> Iterator[Ledger]:
    """In front of it."""
    with Ledger(guarded.url) as ledger:
        yield ledger


@pytest.fixture
def tables(guarded: Engine) -> Settings:
    """Both tables, as the root sees them."""
    settings = settings_of(guarded)
    clients = connect(settings)
    retry = Retry(Event(), total_s=10)
    Builder(clients.dynamodb, retry, say=str).load(settings.message_table, settings.state_table, enable_stream=True)
    clients.dynamodb.raw.close()
    clients.streams.raw.close()
    return settings


@pytest.fixture
def everybody(account: Cloud, gate: Ledger, tables: Settings) -> Cast:
    """The identities of the worker's template."""
    return cast_for(account, gate, tables)


@pytest.fixture
def played(everybody: Cast, tmp_path: Path) -> Iterator[Stack]:
    """Processes, each with its identity."""
    stack = Stack(everybody.root, tmp_path, everybody.acting)
    yield stack
    stack.close()
