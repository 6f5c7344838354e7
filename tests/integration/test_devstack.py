"""The embedded engine as a user meets it: it starts, comes back, is found again, and goes when told to."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import localstack_client.session
import pytest

from devstack.engine import Engine
from devstack.keeper import Record
from devstack.ministack import MiniStack
from devstack.process import Process
from devstack.program import Program
from shared.dynamo import Client, Clients, connect
from shared.errors import EngineBusy, EngineFailed, EngineStopped, PortTaken
from shared.settings import Settings
from tests.lacking import lacking

pytestmark = pytest.mark.engine

Devstack = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def own(tmp_path: Path, program: Program) -> Iterator[Engine]:
    """An engine that the test may stop and kill."""
    with Engine(tmp_path, program=program) as engine:
        yield engine


@pytest.fixture
def devstack(tmp_path: Path) -> Iterator[Devstack]:
    """The real command, working in the test's folder."""
    command = Path(sys.executable).with_name("devstack")

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, *arguments, "--folder", tmp_path], capture_output=True, text=True, check=False, timeout=60
        )

    yield call
    Engine(tmp_path).stop()


@contextmanager
def in_the_foreground(folder: Path, program: Program) -> Iterator[subprocess.Popen[str]]:
    """`devstack up` in a terminal of its own, its engine ready."""
    command = [str(Path(sys.executable).with_name("devstack")), "up", "--engine", program.name, "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        assert "ready" in up.stdout.readline()
        yield up


def client(engine: Engine) -> Client:
    """A client for an engine that has just (re)started."""
    there = engine.environment()
    settings = Settings(
        region=there["AWS_REGION"],
        endpoint=there["AWS_ENDPOINT_URL"],
        access_key_id=there["AWS_ACCESS_KEY_ID"],
        secret_access_key=there["AWS_SECRET_ACCESS_KEY"],
    )
    return connect(settings).dynamodb


def make_table(client: Client, name: str) -> None:
    """A table with one item, whose key is "k"."""
    client.call(
        "create_table",
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    client.call("put_item", TableName=name, Item={"pk": {"S": "k"}})


def last_record(engine: Engine) -> Record:
    """What the folder knows of its engine."""
    record = engine.record()
    assert record
    return record


def test_a_stopped_engine_comes_back_on_its_port_with_its_items(own: Engine) -> None:
    """Checkpoints and endpoints survive a restart."""
    before = own.url
    first = client(own)
    make_table(first, "kept")
    first.raw.close()
    own.stop()
    own.start()
    again = client(own)
    assert own.url == before
    assert [item["pk"]["S"] for item in again.items("scan", TableName="kept")] == ["k"]
    again.raw.close()


def test_a_killed_engine_starts_again(own: Engine) -> None:
    """A crash leaves nothing behind that is in the way of the next start."""
    before = own.url
    own.kill()
    assert own.running() is None
    own.start()
    assert own.url == before


def test_an_engine_whose_parent_was_killed_is_stopped_by_the_next_start(tmp_path: Path, program: Program) -> None:
    """No engine is left over for ever."""
    with in_the_foreground(tmp_path, program) as up:
        up.kill()
    engine = Engine(tmp_path, program=program)
    left = engine.running()
    assert left
    with engine:
        assert not left.engine.is_alive()
        assert last_record(engine).port == left.port


def test_an_engine_that_somebody_uses_is_left_alone(own: Engine, tmp_path: Path) -> None:
    """A second start in the same folder says where the first is."""
    with pytest.raises(EngineBusy, match=own.url):
        Engine(tmp_path).start()
    assert own.running()


def test_a_process_of_the_same_number_is_never_taken_for_the_engine(own: Engine, tmp_path: Path) -> None:
    """The record of a dead engine may name a number that somebody else has now."""
    record = last_record(own)
    own.stop()
    other = record.model_copy(update={"engine": Process(os.getpid(), record.engine.started)})
    (tmp_path / "engine" / "engine.json").write_text(other.model_dump_json())
    own.stop()
    assert own.running() is None


@pytest.mark.only_on("ministack", reason="DynamoDB Local cannot be told which interface to listen on")
def test_it_listens_on_loopback_only(own: Engine) -> None:
    """Nobody else in the network reaches the engine, on no port."""
    if not Path("/proc/net/tcp").exists():
        lacking("this system has no /proc to ask which ports are open")
    record = last_record(own)
    sockets = {str(fd.readlink()) for fd in Path(f"/proc/{record.engine.pid}/fd").iterdir()}
    rows = [line.split() for table in Path("/proc/net").glob("tcp*") for line in table.read_text().splitlines()]
    listening = [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    assert listening == [f"0100007F:{record.port:04X}"]


def test_its_environment_leads_other_programs_to_it(own: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables alone are enough for a client that knows nothing of us."""
    for name, value in own.environment().items():
        monkeypatch.setenv(name, value)
    foreign = localstack_client.session.Session().client("dynamodb")
    assert foreign.list_tables()["TableNames"] == []
    foreign.close()


def test_no_file_leads_elsewhere(own: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A service's own endpoint in `.env` would outrank the common one."""
    services = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS")
    (tmp_path / ".env").write_text("".join(f"{name}=https://example.org\n" for name in services))
    for name, value in own.environment().items():
        monkeypatch.setenv(name, value)
    settings = Settings.read()
    assert (settings.dynamodb_endpoint, settings.streams_endpoint) == (own.url, own.url)


def test_a_taken_port_is_named(own: Engine, tmp_path: Path) -> None:
    """Whoever insists on a port hears that it is in use."""
    port = last_record(own).port
    with pytest.raises(PortTaken, match=str(port)):
        Engine(tmp_path / "other", port).start()


class Mute(MiniStack):
    """An engine that says why and ends."""

    def command(self, port: int, data: Path) -> list[str]:  # noqa: ARG002
        return [sys.executable, "-c", "raise SystemExit('no luck today')"]


def test_an_engine_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    """The reason is in the sentence, not in a file to look for."""
    with pytest.raises(EngineFailed, match="no luck today"):
        Engine(tmp_path, program=Mute()).start()


def test_up_env_and_down_as_typed(devstack: Devstack, tmp_path: Path, program: Program) -> None:
    """The three commands know of each other by the folder alone."""
    up = devstack("up", "--detach", "--engine", program.name)
    assert up.stdout.startswith(f"{program.name} is ready at "), up.stderr
    again = devstack("up", "--detach")
    there = json.loads(devstack("env", "--json").stdout)
    assert there["AWS_ENDPOINT_URL"] in up.stdout
    assert there["AWS_ENDPOINT_URL"] in again.stdout
    assert devstack("down").returncode == 0
    assert Engine(tmp_path).running() is None


def test_env_points_a_shell_at_the_engine_and_nowhere_else(devstack: Devstack, tmp_path: Path) -> None:
    """An endpoint or profile set before must not win over the engine."""
    devstack("up", "--detach")
    script = devstack("env").stdout + 'echo "$AWS_ENDPOINT_URL ${AWS_ENDPOINT_URL_DYNAMODB-none} ${AWS_PROFILE-none}"'
    before = {"AWS_ENDPOINT_URL_DYNAMODB": "https://elsewhere", "AWS_PROFILE": "production"}
    shell = subprocess.run(["/bin/sh", "-c", script], env=before, capture_output=True, text=True, check=True)
    assert shell.stdout.split() == [Engine(tmp_path).url, Engine(tmp_path).url, "none"]


def test_without_an_engine_env_fails_with_a_sentence(devstack: Devstack) -> None:
    """`eval` of nothing must not look like success."""
    env = devstack("env")
    assert (env.returncode, env.stdout) == (2, "")
    assert "devstack up" in env.stderr
    assert devstack("down").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_in_the_foreground_stops_the_engine_when_it_ends(
    tmp_path: Path, program: Program, number: signal.Signals
) -> None:
    """Ctrl-C, a supervisor and a closed terminal all leave nothing behind."""
    with in_the_foreground(tmp_path, program) as up:
        up.send_signal(number)
        assert up.wait(20) == 0
    with pytest.raises(EngineStopped):
        _ = Engine(tmp_path).url


def test_down_elsewhere_is_no_failure_here(tmp_path: Path, program: Program) -> None:
    """Whoever watches an engine that somebody else stops ends in peace."""
    with in_the_foreground(tmp_path, program) as up:
        Engine(tmp_path).stop()
        assert up.wait(20) == 0


def test_the_fixtures_lead_to_the_engine(clients: Clients, settings: Settings) -> None:
    """Each test has table names of its own."""
    make_table(clients.dynamodb, settings.message_table)
    assert settings.is_local
    assert clients.dynamodb.call("describe_table", TableName=settings.message_table)["Table"]["TableStatus"]
