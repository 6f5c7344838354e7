"""A host of the fleet, Java and all, as the role that the template makes with Driver=kcl."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.errors import KclMissing
from shared.settings import Settings
from stream_worker.drivers.kcl.jar import daemon_jar, installed
from tests.acceptance.stack import Stack
from tests.deploy.cast import Cast, cast_for
from tests.deploy.forbidden import Attempts, key, let_through
from tests.deploy.ledger import Ledger
from tests.deploy.life import live
from tests.deploy.stacks import Cloud
from tests.fakes.kcl import needs_kclpy
from tests.fleet.hosts import Fleet
from tests.lacking import lacking

pytestmark = [pytest.mark.fleet, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def team(account: Cloud, gate: Ledger, tables: Settings) -> Cast:
    """The identities of the template's other variant."""
    return cast_for(account, gate, tables, Driver="kcl")


@pytest.fixture
def fleet(team: Cast, tmp_path: Path) -> Iterator[Fleet]:
    """No host yet; each runs as the role."""
    needs_kclpy()
    stack = Stack(team.root, tmp_path, team.acting)
    try:
        installed("java", "Java 17")
        fleet = Fleet(stack, tmp_path, daemon_jar(Settings(), print))
    except KclMissing as missing:
        lacking(str(missing))
    yield fleet
    fleet.close()
    stack.close()


def test_every_right_is_used_and_nothing_is_denied(team: Cast, fleet: Fleet, account: Cloud) -> None:
    """KCL's three tables are made and kept, the rest is as ever; what the documents give is what is used."""
    live(fleet.stack, fleet.host, account.client("dynamodb"))
    team.worker.assert_nothing_was_denied()
    assert team.worker.idle == set()


def test_the_engine_denies_it_all_else(team: Cast, account: Cloud) -> None:
    """As the native worker's role; of KCL's tables none is deleted, and the state table is none of them."""
    attempts = Attempts(team.worker.settings.model_copy(update={"endpoint": account.settings.endpoint}))
    dynamodb, table = attempts.client("dynamodb"), f"{team.root.state_table}-{team.root.worker_name}-20261122"
    lease = {"GetItem of a lease": lambda: dynamodb.get_item(TableName=table, Key=key(""))}
    assert len(let_through({**attempts.allowed(), **lease})) == 3
    dropped = {"DeleteTable of the leases": lambda: dynamodb.delete_table(TableName=table)}
    forbidden = (attempts.on_messages, attempts.on_others, attempts.on_state, attempts.scans, attempts.lone_writes)
    assert [let_through(calls()) for calls in (*forbidden, lambda: dropped)] == [[]] * 6
