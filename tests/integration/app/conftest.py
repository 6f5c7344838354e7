"""The application on a real engine: an empty database for each test, people who are signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_app.__main__ import main
from devstack.cognito import Pool
from devstack.engine import Engine
from devstack.postgres import Postgres
from shared.directory import read_entries
from shared.postgres import Database
from shared.settings import Settings
from tests.databases import empty_database
from tests.fakes.outlets import logging_restored
from tests.integration.app.served import Served
from tests.integration.app.stage import ChatApp, Stage, environment, prepare, settings_for_app, sign_in, staged
from tests.integration.cli import Result
from tests.places import settings_of


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """An empty database of the test's own."""
    with empty_database(postgres) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Database:
    """The empty database, to ask."""
    return Database(database_url)


@pytest.fixture(scope="session")
def tokens(engine: Engine, pool: Pool) -> dict[str, str]:
    """Everybody's access token, good for a quarter of an hour."""
    settings = settings_for_app(settings_of(engine), "", pool)
    return {user.handle: sign_in(settings, user.handle) for user in read_entries(None)}


@pytest.fixture
def app_settings(settings: Settings, database_url: str, pool: Pool) -> Settings:
    """What the application needs, all of it there."""
    return settings_for_app(settings, database_url, pool)


@pytest.fixture
def stage(app_settings: Settings, tokens: dict[str, str]) -> Iterator[Stage]:
    """The application, and three people who are signed in."""
    prepare(app_settings)
    with staged(app_settings, tokens) as stage:
        yield stage


@pytest.fixture(scope="module")
def shared_stage(engine: Engine, postgres: Postgres, pool: Pool, tokens: dict[str, str]) -> Iterator[Stage]:
    """The same for all tests of a module: for those that store nothing."""
    with empty_database(postgres) as url:
        settings = settings_for_app(settings_of(engine), url, pool)
        prepare(settings)
        with staged(settings, tokens) as stage:
            yield stage


@pytest.fixture
def chat_app(app_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ChatApp:
    """`chat-app`, in this process, with the environment that a user would set."""
    for name, value in environment(app_settings).items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Result:
        monkeypatch.setattr("sys.argv", ["chat-app", *words])
        status = 0
        try:
            with logging_restored():
                main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture
def crowd(stage: Stage, database: Database) -> list[str]:  # noqa: ARG001 - the table comes with it
    """25 further users of the table, by handle."""
    handles = [f"user{number:02}" for number in range(25)]
    for handle in handles:
        insert = "INSERT INTO users (handle, display_name, email) VALUES (%s, %s, %s)"
        database.rows(insert, handle, handle.title(), f"{handle}@example.com")
    return handles


@pytest.fixture
def served(app_settings: Settings, tmp_path: Path) -> Iterator[Served]:
    """The process, ready."""
    prepare(app_settings)
    served = Served(app_settings, tmp_path / "app.log")
    yield served
    served.process.kill()
    served.process.wait()
