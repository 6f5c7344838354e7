"""The compose file on a Docker engine: what README promises of it, and what happens to containers in the night."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import pytest

from tests.compose.project import ACTIVE, FLEET, STANDBY, Project, wait_until
from tests.lacking import lacking

pytestmark = [pytest.mark.compose, pytest.mark.slow, pytest.mark.timeout(1200)]
FLEET_PORTS = ("FLEET_1_PORT", "FLEET_2_PORT", "FLEET_3_PORT")
PORTS = ("LOCALSTACK_PORT", "WORKER_PORT", "STANDBY_PORT", "APP_PORT", "COGNITO_PORT", *FLEET_PORTS)


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    """Up and healthy; down, whatever happened."""
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "version"], capture_output=True, check=False).returncode:
        lacking("no Docker engine answers")
    project = Project(f"pattern-e-{uuid4().hex[:8]}", {name: _free_port() for name in PORTS})
    try:
        project.do("build")
        project.up()
        yield project
    finally:
        project.do("down", "--volumes", "--timeout", "5", check=False)


@pytest.fixture(autouse=True)
def healthy(project: Project) -> None:
    """Every test finds two healthy workers, whatever the one before has done to them."""
    project.up()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def roles(project: Project) -> dict[str, str]:
    """Which worker does what."""
    return {project.role(service): service for service in (ACTIVE, STANDBY)}


def both(project: Project) -> dict[str, str]:
    """The same, when one works and the other stands by."""

    def pair() -> dict[str, str]:
        seen = roles(project)
        return seen if {"active", "standby"} <= set(seen) else {}

    return wait_until(pair, "an active worker and a standby")


def test_people_talk_and_every_row_is_right(project: Project) -> None:
    """The seed is there, one worker works, the other stands by, and the producer's messages move rows."""
    active = both(project)["active"]
    said = project.do("run", "--rm", "-T", "producer").stdout
    assert "150 messages" in said
    assert project.wrong() == 0
    assert project.status(active)["totals"]["rows_moved"] > 0
    assert project.state("seed")["ExitCode"] == 0


def visit(project: Project) -> str:
    """What `devstack visit` says on this machine, of the containers' API and Cognito."""
    settings = {
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": f"http://127.0.0.1:{project.ports['COGNITO_PORT']}",
        "AWS_REGION": "us-east-1",
        "COGNITO_CLIENT_ID": project.told("app", "COGNITO_CLIENT_ID"),
        "APP_PORT": str(project.ports["APP_PORT"]),
    }
    command = [str(Path(sys.executable).with_name("devstack")), "visit"]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_knows_where_cognito_and_the_workers_are(project: Project) -> None:
    """As a browser on this machine reaches the one, and as the application's container reaches the others."""
    both(project)
    with urlopen(f"http://127.0.0.1:{project.ports['APP_PORT']}/page-settings") as answer:
        told = json.load(answer)
    assert told["cognito"] == f"http://127.0.0.1:{project.ports['COGNITO_PORT']}"
    assert told["has_worker_view"]
    looks = 'import json, urllib.request as r; print(json.load(r.urlopen("http://stream-worker:9400/status"))["owner"])'
    assert project.do("exec", "-T", "app", "python", "-c", looks).stdout.strip()


def test_people_sign_in_and_talk_over_http(project: Project) -> None:
    """Patterns A to E through the API; also after Cognito and the API were started anew, with the same pool."""
    both(project)
    assert visit(project).count("moved by the worker") == 2
    pool = project.told("app", "COGNITO_USER_POOL_ID")
    project.do("restart", "cognito", "app")
    project.up()
    assert project.told("app", "COGNITO_USER_POOL_ID") == pool
    visit(project)
    project.signal("app", "stop", "--time", "10")
    assert project.state("app")["ExitCode"] == 0


def test_a_killed_worker_is_followed_by_its_standby(project: Project) -> None:
    """SIGKILL under traffic: nothing is lost, and the one that comes back stands by."""
    pair = both(project)
    talk = ("run", "--rm", "--detach", "producer")
    project.do(*talk)
    project.signal(pair["active"], "kill", "--signal", "KILL")
    wait_until(lambda: project.role(pair["standby"]) == "active", "the take-over")
    project.do("start", pair["active"])
    wait_until(lambda: project.role(pair["active"]) == "standby", "the return")
    assert project.wrong() == 0


def test_a_stopped_worker_ends_in_order(project: Project) -> None:
    """SIGTERM arrives, exit status 0, well within the grace period."""
    active = both(project)["active"]
    project.signal(active, "stop", "--time", "15")
    assert project.state(active)["ExitCode"] == 0


def test_localstack_restarted_under_the_worker(project: Project) -> None:
    """Its data are gone and the hook makes the tables anew: the worker goes on by itself."""
    both(project)
    project.do("restart", "localstack")
    project.up()
    said = project.do("run", "--rm", "-T", "producer").stdout
    assert "150 messages" in said
    assert project.wrong() == 0


@pytest.mark.parametrize(
    ("command", "expected"), [("id -u", "10001"), ("touch /opt/x || echo refused", "refused"), ("ls -A .", "")]
)
def test_the_container_may_do_little(project: Project, command: str, expected: str) -> None:
    """Not root, on a file system that it cannot write, in a folder without a .env of anybody's."""
    assert project.worker("sh", "-c", command).stdout.strip() == expected


def test_the_hook_makes_what_is_missing_and_nothing_else(project: Project) -> None:
    """It failed half way, or somebody dropped a table: run again it completes the rest, and then changes nothing."""
    both(project)
    project.do("stop", ACTIVE, STANDBY)
    aws = ("exec", "-T", "localstack", "awslocal", "dynamodb")
    project.do(*aws, "delete-table", "--table-name", "cruddur-messages-worker")
    hook = ("exec", "-T", "localstack", "/etc/localstack/init/ready.d/tables.sh")
    assert [project.do(*hook).returncode for _ in range(2)] == [0, 0]
    assert '"cruddur-messages-worker"' in project.do(*aws, "list-tables").stdout
    project.up()
    assert project.wrong() == 0


def test_stopped_in_a_burst_and_started_again(project: Project) -> None:
    """`docker-compose stop` while people talk: both workers end in order, and later nothing is missing."""
    both(project)
    project.do("run", "--rm", "--detach", "producer")
    wait_until(lambda: project.status(ACTIVE) and project.status(STANDBY), "both workers")
    project.do("stop", ACTIVE, STANDBY)
    assert [project.state(service)["ExitCode"] for service in (ACTIVE, STANDBY)] == [0, 0]
    project.up()
    assert project.wrong() == 0


def reading(project: Project, *services: str) -> list[str]:
    """Hosts of the fleet that read a shard."""
    return [service for service in services if project.role(service) == "active"]


def test_a_fleet_shares_the_stream_and_survives_a_kill(project: Project) -> None:
    """Without the other workers: a host that reads is killed under traffic, another goes on, and ends in order."""
    project.do("stop", ACTIVE, STANDBY)
    project.do("up", "--detach", "--wait", *FLEET)
    reader, *_ = wait_until(lambda: reading(project, *FLEET), "a host that reads")
    project.do("run", "--rm", "--detach", "producer")
    project.signal(reader, "kill", "--signal", "KILL")
    others = [service for service in FLEET if service != reader]
    wait_until(lambda: reading(project, *others), "another host that reads")
    assert project.wrong(others[0]) == 0
    project.do("stop", *others)
    assert [project.state(service)["ExitCode"] for service in others] == [0, 0]
