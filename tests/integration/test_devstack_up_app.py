"""`devstack up --app` as a user meets it: the whole application starts, is found again, and goes when told to."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from devstack.cognito import PASSWORD
from devstack.engine import Engine
from devstack.postgres import Postgres
from shared.dynamo import connect_cognito
from shared.settings import Settings
from tests.places import settings_of

pytestmark = pytest.mark.engine

Devstack = Callable[..., subprocess.CompletedProcess[str]]
KNOWN = "/api/users/@londo/short"
COMMAND = Path(sys.executable).with_name("devstack")


@pytest.fixture
def devstack(tmp_path: Path) -> Iterator[Devstack]:
    """The real command, working in the test's folder; nothing of it is left running."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(COMMAND), *arguments, "--folder", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)

    yield call
    call("down")


@contextmanager
def in_the_foreground(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`devstack up --app` in a terminal of its own, everything ready."""
    command = [str(COMMAND), "up", "--app", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        assert "ministack is ready" in up.stdout.readline()
        assert "application is ready" in up.stdout.readline()
        yield up


def variables(devstack: Devstack) -> dict[str, str]:
    """What `devstack env` says."""
    there: dict[str, str] = json.loads(devstack("env", "--json").stdout)
    return there


def answer(there: dict[str, str], path: str, token: str = "none") -> int:
    """The status of a GET at the application."""
    with closing(HTTPConnection("127.0.0.1", int(there["APP_PORT"]), timeout=30)) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status


def token(engine: Engine, there: dict[str, str]) -> str:
    """Somebody's token, by the sign-in that is printed."""
    client = connect_cognito(settings_of(engine))
    given = {"USERNAME": "bayko", "PASSWORD": PASSWORD}
    with closing(client.raw):
        said = client.call(
            "initiate_auth",
            ClientId=there["COGNITO_CLIENT_ID"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters=given,
        )
    got: str = said["AuthenticationResult"]["AccessToken"]
    return got


def nothing_runs(folder: Path) -> bool:
    """Whether all parts are gone."""
    engine = Engine(folder)
    return not (engine.running() or Postgres(folder).running())


def test_up_env_and_down_as_typed(devstack: Devstack, tmp_path: Path) -> None:
    """One command, and whoever is told the password is let in."""
    up = devstack("up", "--app", "--detach")
    there = variables(devstack)
    assert f"the application is ready at http://127.0.0.1:{there['APP_PORT']}" in up.stdout
    assert f"Sign in as andrewbrown, bayko, londo; the password is {PASSWORD}" in up.stderr
    assert [answer(there, path) for path in ("/healthz", "/readyz", "/api/message_groups")] == [200, 200, 401]
    assert answer(there, KNOWN, token(Engine(tmp_path), there)) == 200
    assert f"http://127.0.0.1:{there['APP_PORT']}/docs" in up.stderr
    printed = subprocess.run([str(COMMAND), "token", "londo"], env=there, capture_output=True, text=True, check=True)
    assert answer(there, KNOWN, printed.stdout.strip()) == 200
    assert "the application at " in devstack("down").stdout
    assert nothing_runs(tmp_path)


@pytest.mark.slow
def test_a_second_start_finds_users_and_pool_as_they_were(devstack: Devstack, tmp_path: Path) -> None:
    """Ids and tokens outlive a night."""
    devstack("up", "--app", "--detach")
    before = variables(devstack)
    issued = token(Engine(tmp_path), before)
    devstack("down")
    devstack("up", "--app", "--detach")
    assert variables(devstack) == before
    assert answer(before, KNOWN, issued) == 200


@pytest.mark.slow
def test_an_application_that_has_lost_its_postgres_is_started_anew(devstack: Devstack, tmp_path: Path) -> None:
    """The same command is the way out, not "already runs"."""
    devstack("up", "--app", "--detach")
    Postgres(tmp_path).kill()
    assert "the application is ready" in devstack("up", "--app", "--detach").stdout
    assert answer(variables(devstack), "/readyz") == 200


@pytest.mark.slow
def test_an_engine_that_has_lost_its_pool_gets_another(devstack: Devstack, tmp_path: Path) -> None:
    """The engine loses at a crash what it has not written; the users' ids follow the new pool."""
    devstack("up", "--app", "--detach")
    before = variables(devstack)
    Engine(tmp_path).kill()
    devstack("up", "--app", "--detach")
    after = variables(devstack)
    assert after["COGNITO_USER_POOL_ID"] != before["COGNITO_USER_POOL_ID"]
    assert answer(after, KNOWN, token(Engine(tmp_path), after)) == 200


@pytest.mark.slow
def test_the_application_starts_next_to_an_engine_that_runs(devstack: Devstack, tmp_path: Path) -> None:
    """Nobody has to stop the engine first, and a second time nothing happens."""
    devstack("up", "--detach")
    assert "APP_PORT" not in variables(devstack)
    up = devstack("up", "--app", "--detach")
    assert f"ministack already runs here, at {Engine(tmp_path).url}" in up.stdout
    assert "the application is ready at" in up.stdout
    assert "The application already runs here" in devstack("up", "--app", "--detach").stdout


def test_what_it_says_is_what_our_settings_read(devstack: Devstack, monkeypatch: pytest.MonkeyPatch) -> None:
    """`eval "$(devstack env)"` points every command of the application at it."""
    devstack("up", "--app", "--detach")
    for name, value in (there := variables(devstack)).items():
        monkeypatch.setenv(name, value)
    settings = Settings.read()
    assert settings.database_url
    psycopg.connect(settings.database_url.get_secret_value()).close()
    assert settings.jwks_url == f"{settings.endpoint}/{settings.pool_id}/.well-known/jwks.json"
    assert (settings.cognito_endpoint, settings.app_port) == (settings.endpoint, int(there["APP_PORT"]))


@pytest.mark.slow
def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    """A foreground leaves nothing behind."""
    with in_the_foreground(tmp_path) as up:
        up.send_signal(signal.SIGINT)
        assert up.wait(30) == 0
    assert nothing_runs(tmp_path)


def test_down_stops_what_a_killed_parent_has_left(devstack: Devstack, tmp_path: Path) -> None:
    """No server is left over for ever."""
    with in_the_foreground(tmp_path) as up:
        up.kill()
    assert not nothing_runs(tmp_path)
    assert devstack("down").stdout.count("is stopped") == 2
    assert nothing_runs(tmp_path)


@pytest.mark.slow
def test_a_start_without_it_stops_what_a_killed_parent_has_left(devstack: Devstack, tmp_path: Path) -> None:
    """Whoever wants the engine alone gets it alone."""
    with in_the_foreground(tmp_path) as up:
        up.kill()
    devstack("up", "--detach")
    assert "DATABASE_URL" not in variables(devstack)
    assert Postgres(tmp_path).running() is None


def test_a_part_that_ends_by_itself_ends_the_rest(tmp_path: Path) -> None:
    """Half an application is none: the status says that it failed."""
    with in_the_foreground(tmp_path) as up:
        Postgres(tmp_path).kill()
        assert up.wait(30) == 3
    assert nothing_runs(tmp_path)


def test_users_that_cannot_be_used_are_said_and_nothing_is_left(
    devstack: Devstack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a command of the application says reaches the user, with the status of a wrong configuration."""
    (tmp_path / "users.json").write_text("[{}]")
    monkeypatch.setenv("USERS_FILE", "users.json")
    up = devstack("up", "--app", "--detach")
    assert (up.returncode, "users.json cannot be used" in up.stderr) == (2, True)
    assert nothing_runs(tmp_path)


def test_an_engine_without_cognito_is_refused(devstack: Devstack, tmp_path: Path) -> None:
    """Nothing is fetched or started for it."""
    up = devstack("up", "--app", "--engine", "dynamodb-local")
    assert (up.returncode, up.stdout) == (2, "")
    assert "error: dynamodb-local has no Cognito" in up.stderr
    assert not (tmp_path / "engine").exists()
