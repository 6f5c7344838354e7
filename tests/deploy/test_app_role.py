"""The application as the role that its template makes."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from devstack.cognito import make_pool
from devstack.postgres import Postgres
from shared import keys
from shared.directory import read_entries
from shared.dynamo import connect_cognito
from shared.settings import Settings
from tests.databases import empty_database
from tests.deploy.cast import Actor, actor
from tests.deploy.forbidden import Attempts, kinds_let_through, let_through
from tests.deploy.ledger import Ledger
from tests.deploy.stacks import Cloud
from tests.integration.app.stage import Stage, prepare, settings_for_app, sign_in, staged

pytestmark = [pytest.mark.engine, pytest.mark.only_on("ministack", reason="DynamoDB Local has no IAM")]
HANDLES = ("andrewbrown", "bayko", "londo")


@pytest.fixture
def app(account: Cloud, gate: Ledger, tables: Settings) -> Actor:
    """Whoever runs as the application."""
    secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:database"
    group = account.client("ec2").create_security_group(GroupName=tables.message_table, Description="x")["GroupId"]
    made = account.deploy(
        "app.yaml",
        MessageTableName=tables.message_table,
        ClusterName="default",
        LoadBalancerSecurityGroupId=group,
        DatabaseUrlSecretArn=secret,
        UserPoolId="us-east-1_x",
        UserPoolClientId="x",
        Image="app",
    )
    role = made.resources["AppTaskRole"]
    through = tables.model_copy(update={"endpoint": gate.url})
    return actor(gate, account.as_role(role, through), account.policy_of(role))


@pytest.fixture
def stage(app: Actor, tables: Settings, postgres: Postgres) -> Iterator[Stage]:
    """The application with the role's keys, and three people who are signed in."""
    cognito = connect_cognito(tables)
    pool = make_pool(cognito, read_entries(None))
    with empty_database(postgres) as url:
        root = settings_for_app(tables, url, pool)
        prepare(root)
        tokens = {handle: sign_in(root, handle) for handle in HANDLES}
        ours = settings_for_app(app.settings, url, pool)
        with staged(ours, tokens) as stage:
            yield stage
    cognito.raw.close()


def test_every_right_is_used_and_nothing_is_denied(app: Actor, stage: Stage) -> None:
    """All routes that touch the table: what the document gives is what they use."""
    group = stage.group("bayko", "andrewbrown")
    stage.group("bayko", "londo")
    sent = stage.say("andrewbrown", "Hi", group=group).json()
    place = f"/api/messages/{group}/{sent['uuid']}?" + urlencode({"created_at": sent["created_at"]})
    assert stage.ask("andrewbrown", "PUT", place, json={"message": "Hello"}).json()["message"] == "Hello"
    assert stage.ask("andrewbrown", "DELETE", place).status_code == 204
    assert stage.ask("andrewbrown", "DELETE", f"/api/message_groups/{group}").status_code == 204
    assert stage.say("bayko", "Come back", group=group).status_code == 200
    assert [len(stage.groups(handle)) for handle in HANDLES] == [1, 2, 1]
    assert stage.ask("bayko", "GET", "/api/events").status_code == 200
    app.assert_nothing_was_denied()
    assert app.idle == set()


def test_the_engine_denies_it_all_else(app: Actor, account: Cloud) -> None:
    """Rows outside of a transaction, the whole table, other tables, the tables themselves, more rights."""
    attempts = Attempts(app.settings.model_copy(update={"endpoint": account.settings.endpoint}))
    assert len(let_through(attempts.allowed())) == 2
    forbidden = (
        attempts.on_messages,
        attempts.on_others,
        attempts.on_state,
        attempts.scans,
        attempts.streams_elsewhere,
    )
    assert [let_through(calls()) for calls in forbidden] == [[]] * len(forbidden)


def test_it_touches_what_is_its_own(app: Actor) -> None:
    """By the document, as the engine does not look at keys: messages alone are changed outside of a transaction."""
    attempts = Attempts(app.settings)
    assert kinds_let_through(attempts) == {
        "Put": {keys.MESSAGE, keys.ROW, keys.ROSTER},
        "Update": {keys.MESSAGE, keys.ROSTER},
        "Delete": {keys.MESSAGE, keys.ROW},
        "ConditionCheck": {keys.ROSTER},
    }
    assert let_through(attempts.lone_writes()) == []
