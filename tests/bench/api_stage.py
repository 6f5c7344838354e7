"""What the API's bench measures: the application as a process, on an embedded engine and Postgres; people in groups."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import NAMESPACE_DNS, uuid5

from chat_app.cognito_ids import pool_users, update
from chat_app.migrate import migrate
from chat_app.seed_users import seed_users
from devstack.cognito import PASSWORD, make_pool
from devstack.engine import Engine
from devstack.postgres import Postgres
from producer import messages
from producer.actions import message_item, new_attempt, new_message
from producer.chat import Chat
from producer.schema import Builder
from shared.directory import Entry
from shared.dynamo import Client, connect, connect_cognito
from shared.models import User
from shared.postgres import Database
from shared.retry import Retry
from shared.settings import Settings
from tests.acceptance.stack import wait_until
from tests.integration.app.stage import settings_for_app
from tests.places import settings_of

USERS = 20
_GROUPS_EACH = 2  # with the next ones in the round; as many again with those before
_MESSAGES = 30
_BATCH = 25
_UNBOUNDED = 1_000_000  # messages a minute


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs, and who is in which groups."""

    settings: Settings
    people: Sequence[User]
    groups: Mapping[str, Sequence[str]]
    """By handle."""
    port: int
    pids: Mapping[str, int]
    """Of the app and the engine."""
    monitor_port: int

    def tokens(self) -> dict[str, str]:
        """Everybody's access token, fresh: it is good for a quarter of an hour."""
        cognito = connect_cognito(self.settings)
        try:
            return {person.handle: self._token(cognito, person.handle) for person in self.people}
        finally:
            cognito.raw.close()

    def _token(self, cognito: Client, handle: str) -> str:
        answer = cognito.call(
            "initiate_auth",
            ClientId=self.settings.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": handle, "PASSWORD": PASSWORD},
        )
        token: str = answer["AuthenticationResult"]["AccessToken"]
        return token


@contextmanager
def set_up(users: int = USERS) -> Iterator[Stage]:
    """All of it, with so many people, while it is entered."""
    with (
        tempfile.TemporaryDirectory() as name,
        Engine(Path(name)) as engine,
        Postgres(Path(name)) as postgres,
    ):
        settings, people = _prepared(settings_of(engine), postgres.url, users)
        groups = _talk(settings, people)
        record = engine.running()
        assert record
        with _served(settings, Path(name) / "app.log") as (pid, port, monitor):
            yield Stage(settings, people, groups, port, {"app": pid, "engine": record.engine.pid}, monitor)


def _prepared(settings: Settings, database_url: str, users: int) -> tuple[Settings, list[User]]:
    """Tables, and the people in the users' table and in the pool."""
    entries = [_entry(f"user{number:02}") for number in range(users)]
    cognito = connect_cognito(settings)
    settings = settings_for_app(settings, database_url, make_pool(cognito, entries))
    Builder(connect(settings).dynamodb, Retry(Event()), say=str).load(
        settings.message_table, settings.state_table, enable_stream=True
    )
    database = Database(database_url)
    list(migrate(database))
    seed_users(database, entries)
    assert settings.pool_id
    assert update(database, list(pool_users(cognito, settings.pool_id))).is_complete
    return settings, [User(str(entry.uuid), entry.handle, entry.display_name) for entry in entries]


def _entry(handle: str) -> Entry:
    name, email = handle.title(), f"{handle}@example.com"
    return Entry(uuid=uuid5(NAMESPACE_DNS, email), handle=handle, display_name=name, email=email)


def _talk(settings: Settings, people: Sequence[User]) -> dict[str, list[str]]:
    """Groups of two, with messages in them; everybody is in as many."""
    chat = Chat(connect(settings).dynamodb, settings.message_table, Retry(Event()))
    groups: dict[str, list[str]] = {person.handle: [] for person in people}
    for number, one in enumerate(people):
        for step in range(1, _GROUPS_EACH + 1):
            other = people[(number + step) % len(people)]
            group = messages.start(chat, one, [other], "The newest one").group
            _fill(chat, group, one)
            groups[one.handle].append(group)
            groups[other.handle].append(group)
    return groups


def _fill(chat: Chat, group: str, sender: User) -> None:
    """Older messages of a group."""
    now = datetime.now(UTC)
    attempts = [new_attempt(now - timedelta(minutes=number)) for number in range(1, _MESSAGES)]
    older = [new_message(group, sender, f"Said at {attempt.created_at}", attempt) for attempt in attempts]
    puts = [{"PutRequest": {"Item": message_item(message)}} for message in older]
    for start in range(0, len(puts), _BATCH):
        chat.client.call("batch_write_item", RequestItems={chat.table: puts[start : start + _BATCH]})


@contextmanager
def _served(settings: Settings, log: Path) -> Iterator[tuple[int, int, int]]:
    """`chat-app serve`: its pid, its port, and the one for its numbers."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "chat_app", "serve"], cwd=log.parent, env=_variables(settings), stderr=sink
        )
    try:
        wait_until(lambda: _port(log, "app_listens") or process.poll() is not None, "the application")
        port, monitor = _port(log, "app_listens"), _port(log, "monitor_listens")
        assert port, log.read_text(encoding="utf-8")
        assert monitor
        yield process.pid, port, monitor
    finally:
        process.terminate()
        process.wait()


def _port(log: Path, event: str) -> int | None:
    """Where it listens, once it says so."""
    lines = [line for line in log.read_text(encoding="utf-8").splitlines(keepends=True) if f'"{event}"' in line]
    return int(json.loads(lines[0])["port"]) if lines and lines[0].endswith("\n") else None


def _variables(settings: Settings) -> dict[str, str]:
    """What a user would export."""
    assert settings.database_url
    assert settings.secret_access_key
    return {
        "PATH": os.defpath,
        "AWS_ENDPOINT_URL": settings.endpoint or "",
        "AWS_REGION": settings.region or "",
        "AWS_ACCESS_KEY_ID": settings.access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key.get_secret_value(),
        "DDB_MESSAGE_TABLE": settings.message_table,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "COGNITO_USER_POOL_ID": settings.pool_id or "",
        "COGNITO_CLIENT_ID": settings.client_id or "",
        "COGNITO_JWKS_URL": settings.keys_url or "",
        "APP_CORS_ORIGINS": "same-origin",
        "APP_MESSAGES_PER_MINUTE": str(_UNBOUNDED),
        "APP_PORT": "0",
        "APP_MONITOR_PORT": "0",
        "LOG_FORMAT": "json",
    }
