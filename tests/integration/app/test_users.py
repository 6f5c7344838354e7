"""The commands that prepare the table of users: right with one run, the same with a second, all or nothing."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from chat_app.cognito_ids import PoolUser, pool_users
from chat_app.migrate import migrate
from producer.schema import Builder
from shared.dynamo import Answer, Client, Clients, connect_cognito
from shared.postgres import Database
from shared.retry import Retry
from shared.settings import Settings
from tests.integration.app.stage import ChatApp
from tests.integration.cli import Producer

CRUDDURS = """
CREATE TABLE public.users (uuid uuid PRIMARY KEY, display_name text NOT NULL, handle text NOT NULL,
  email text NOT NULL, cognito_user_id text NOT NULL, created_at timestamp DEFAULT current_timestamp NOT NULL)
"""


def handles(database: Database) -> dict[str, str | None]:
    return {row[0]: row[1] for row in database.rows("SELECT handle, cognito_user_id FROM users")}


def test_one_run_of_each_is_enough_and_a_second_changes_nothing(chat_app: ChatApp, database: Database) -> None:
    """The bootcamp's seed had to be loaded twice."""
    assert len(chat_app("migrate", "--json").data["applied"]) == 3
    assert chat_app("seed-users", "--json").data == {"new": 3, "there": 0}
    assert len(chat_app("update-cognito-ids", "--json").data["changed"]) == 3
    before = database.rows("SELECT * FROM users ORDER BY handle")
    assert chat_app("migrate", "--json").data == {"applied": []}
    assert chat_app("seed-users", "--json").data == {"new": 0, "there": 3}
    again = chat_app("update-cognito-ids", "--json")
    assert (again.status, again.data["changed"], len(again.data["already_right"])) == (0, [], 3)
    assert database.rows("SELECT * FROM users ORDER BY handle") == before


def test_a_database_of_cruddurs_keeps_its_users(chat_app: ChatApp, database: Database) -> None:
    """'MOCK', which the original gives everybody, becomes nobody's id; the rest stays."""
    database.rows(CRUDDURS)
    for handle in ("andrewbrown", "bayko"):
        insert = "INSERT INTO users VALUES (%s, 'A', %s, %s, 'MOCK')"
        database.rows(insert, uuid4(), handle, f"{handle}@example.com")
    assert chat_app("migrate").status == 0
    assert handles(database) == {"andrewbrown": None, "bayko": None}


def test_somebody_who_is_there_twice_stops_the_migration(chat_app: ChatApp, database: Database) -> None:
    """A sentence names them; nothing of that migration stays, and it can be repeated when they are one."""
    database.rows(CRUDDURS)
    for handle in ("bayko", "Bayko"):
        database.rows("INSERT INTO users VALUES (%s, 'A', %s, %s, 'x')", uuid4(), handle, f"{handle}@example.com")
    database.rows("UPDATE users SET cognito_user_id = handle")
    failed = chat_app("migrate")
    assert failed.status == 2
    assert "(lower(handle))=(bayko)" in failed.err
    database.rows("UPDATE users SET handle = 'bayko2', email = 'b@example.com' WHERE handle = 'Bayko'")
    assert chat_app("migrate").status == 0


def test_several_that_migrate_at_once_take_turns(database_url: str) -> None:
    """Two tasks that start together: each migration is applied by one of them, and nobody fails."""
    with ThreadPoolExecutor(4) as tasks:
        applied = list(tasks.map(lambda _: list(migrate(Database(database_url))), range(4)))
    assert sorted(migration.number for each in applied for migration in each) == [1, 2, 3]


def test_a_seed_that_does_not_fit_inserts_nobody(chat_app: ChatApp, database: Database, tmp_path: Path) -> None:
    """All of them or none: the second has the handle of somebody who is there."""
    chat_app("migrate")
    chat_app("seed-users")
    file = tmp_path / "users.json"
    users = [
        {"uuid": str(uuid4()), "handle": handle, "display_name": "A", "email": f"{handle}2@example.com"}
        for handle in ("new", "Bayko")
    ]
    file.write_text(json.dumps(users))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("USERS_FILE", str(file))
        refused = chat_app("seed-users")
    assert (refused.status, "nobody was inserted" in refused.err) == (2, True)
    assert "new" not in handles(database)


def test_a_role_without_rights_is_told_in_a_sentence(
    chat_app: ChatApp, database: Database, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Of every command, and no row is quoted."""
    chat_app("migrate")
    role = f"guest_{uuid4().hex[:8]}"
    database.rows(f"CREATE ROLE {role} LOGIN")
    monkeypatch.setenv("DATABASE_URL", database_url.replace("postgres@", f"{role}@"))
    for command in ("migrate", "seed-users", "update-cognito-ids"):
        told = chat_app(command)
        assert (told.status, "permission denied" in told.err, "Traceback" in told.err) == (2, True, False), command


def test_a_seed_before_the_migration_quotes_nobody(chat_app: ChatApp, database: Database) -> None:
    """On Cruddur's own table everybody needs a Cognito id: the command that changes that is named, no row is shown."""
    database.rows(CRUDDURS)
    told = chat_app("seed-users")
    assert (told.status, "chat-app migrate" in told.err, "@example.com" in told.err) == (2, True, False)


def test_names_in_the_report_are_one_line(chat_app: ChatApp, cognito: Client, own_pool: str) -> None:
    """Users of many pools choose theirs, and could write lines of their own."""
    chat_app("migrate")
    add(cognito, own_pool, "forger", "a\n   9 changed: bayko")
    assert "a?   9 changed: bayko" in chat_app("update-cognito-ids").out


def test_who_has_no_other_half_is_named(chat_app: ChatApp, database: Database, cognito: Client, own_pool: str) -> None:
    """Exit status 1; a user without preferred_username is told of, and is no crash."""
    chat_app("migrate")
    chat_app("seed-users")
    for username, handle in (("nameless", ""), ("stranger", "stranger"), ("second", "bayko")):
        add(cognito, own_pool, username, handle)
    told = chat_app("update-cognito-ids", "--json")
    assert told.status == 1
    assert told.data == {
        "changed": ["andrewbrown"],
        "already_right": [],
        "only_in_cognito": ["stranger"],
        "only_in_postgres": ["londo"],
        "nameless": ["nameless"],
        "twice": ["bayko"],
        "dry_run": False,
    }
    assert handles(database)["bayko"] is None


def test_a_dry_run_says_the_same_and_changes_nothing(chat_app: ChatApp, database: Database) -> None:
    """Then the run itself does what was said."""
    chat_app("migrate")
    chat_app("seed-users")
    said = chat_app("update-cognito-ids", "--dry-run", "--json")
    assert said.data["changed"] == ["andrewbrown", "bayko", "londo"]
    assert set(handles(database).values()) == {None}
    assert chat_app("update-cognito-ids", "--json").data["changed"] == said.data["changed"]


def test_two_who_had_each_others_ids_get_their_own(chat_app: ChatApp, database: Database) -> None:
    """Although no two may have one at any moment."""
    for command in ("migrate", "seed-users", "update-cognito-ids"):
        assert chat_app(command).status == 0
    right = handles(database)
    for handle, sub in (("bayko", None), ("londo", right["bayko"]), ("bayko", right["londo"])):
        database.rows("UPDATE users SET cognito_user_id = %s WHERE handle = %s", sub, handle)
    assert chat_app("update-cognito-ids", "--json").data["changed"] == ["bayko", "londo"]
    assert handles(database) == right


def test_all_pages_of_the_pool_are_read() -> None:
    """The original read one."""

    class Paged:
        def list_users(self, **asked: str) -> Answer:
            page = int(asked.get("PaginationToken", "0"))
            attributes = [{"Name": "sub", "Value": f"s{page}"}, {"Name": "preferred_username", "Value": f"u{page}"}]
            more = {"PaginationToken": str(page + 1)} if page < 2 else {}
            return {"Users": [{"Username": f"u{page}", "Attributes": attributes}], **more}

    assert list(pool_users(Client(Paged()), "p")) == [PoolUser(f"u{n}", f"s{n}", f"u{n}") for n in range(3)]


def test_the_producer_finds_its_users_there_too(
    chat_app: ChatApp, database: Database, producer: Producer, clients: Clients, settings: Settings
) -> None:
    """With DATABASE_URL the table says who somebody is, and the file is not asked."""
    chat_app("migrate")
    insert = "INSERT INTO users (handle, display_name, email) VALUES (%s, 'A', %s)"
    for handle in ("delenn", "lennier"):
        database.rows(insert, handle, f"{handle}@example.com")
    load(clients, settings)
    assert producer("send", "--from", "delenn", "--to", "lennier", "Hello").status == 0
    assert producer("send", "--from", "delenn", "--to", "bayko", "Hello").status == 2


def test_a_database_that_is_not_migrated_is_said_to_be(chat_app: ChatApp) -> None:
    """The command that helps is named."""
    told = chat_app("seed-users")
    assert (told.status, "chat-app migrate" in told.err) == (2, True)


def load(clients: Clients, settings: Settings) -> None:
    builder = Builder(clients.dynamodb, Retry(Event(), total_s=10), say=str)
    builder.load(settings.message_table, settings.state_table, enable_stream=False)


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Producer:
    """`producer`, with the same environment as `chat-app`."""
    return Producer(monkeypatch, capsys)


def add(cognito: Client, pool: str, username: str, handle: str) -> None:
    attributes = [{"Name": "preferred_username", "Value": handle}] if handle else []
    cognito.call("admin_create_user", UserPoolId=pool, Username=username, UserAttributes=attributes)


@pytest.fixture
def cognito(settings: Settings) -> Client:
    """The embedded engine's Cognito."""
    return connect_cognito(settings)


@pytest.fixture
def own_pool(cognito: Client, monkeypatch: pytest.MonkeyPatch) -> str:
    """A pool that this test may change, with two of the three."""
    made = cognito.call("create_user_pool", PoolName=f"pool-{uuid4().hex[:8]}")
    pool: str = made["UserPool"]["Id"]
    for handle in ("andrewbrown", "bayko"):
        add(cognito, pool, handle, handle)
    monkeypatch.setenv("COGNITO_USER_POOL_ID", pool)
    return pool
