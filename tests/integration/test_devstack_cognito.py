"""`devstack cognito`: the pool as a compose file's service makes it."""

import json
import subprocess
import sys
from os import defpath
from pathlib import Path

import pytest

from devstack.engine import Engine
from devstack.ports import choose

COMMAND = [str(Path(sys.executable).with_name("devstack")), "cognito"]

pytestmark = pytest.mark.only_on("ministack", reason="DynamoDB Local has no Cognito")


def cognito(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real command."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env={"PATH": defpath, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def test_the_file_holds_what_the_json_says(engine: Engine, tmp_path: Path) -> None:
    """A second run, and another form, say the same."""
    first = cognito("--write", tmp_path / "pool.env", **engine.environment())
    assert (first.returncode, first.stdout) == (0, "")
    said = json.loads(cognito("--json", **engine.environment()).stdout)
    assert [*said] == ["COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "COGNITO_JWKS_URL"]
    assert (tmp_path / "pool.env").read_text() == "".join(f"{name}={value}\n" for name, value in said.items())
    assert [file.name for file in tmp_path.iterdir()] == ["pool.env"]


def test_it_waits_for_an_engine_that_is_still_starting(tmp_path: Path, engine: Engine) -> None:
    """A compose file may start both at the same time."""
    port = choose(None, None)
    environment = {**engine.environment(), "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    with subprocess.Popen(COMMAND, env=environment, stdout=subprocess.PIPE, text=True) as early, Engine(tmp_path, port):
        assert "COGNITO_USER_POOL_ID=" in early.communicate(timeout=60)[0]
    assert early.returncode == 0


@pytest.mark.parametrize("endpoint", [{}, {"AWS_ENDPOINT_URL": "https://cognito-idp.us-east-1.amazonaws.com"}])
def test_amazons_own_is_refused(endpoint: dict[str, str]) -> None:
    """No users with a password that everybody knows in a pool that everybody reaches."""
    done = cognito(**endpoint, AWS_REGION="us-east-1", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
    assert (done.returncode, done.stdout) == (2, "")
    assert "in an emulator only" in done.stderr


def test_a_file_that_cannot_be_written_is_one_sentence(engine: Engine, tmp_path: Path) -> None:
    """No trace of ours, and the user's own fault."""
    done = cognito("--write", tmp_path / "nowhere" / "pool.env", **engine.environment())
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
