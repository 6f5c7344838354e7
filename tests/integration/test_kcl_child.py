"""The child of KCL's daemon as a process, by its real pipes: here the daemon is the test."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import IO, Any

import pytest

from producer import messages
from producer.chat import Chat
from producer.schema import Builder
from shared.dynamo import Clients
from shared.retry import Retry
from shared.settings import Settings
from stream_worker.contract import Record
from stream_worker.streams import DynamoStreams
from tests.acceptance.stack import PATIENCE_S, wait_until
from tests.fakes.kcl import EMPTY, SHARD_ENDED, SHUTDOWN, Message, batch, initialize, needs_kclpy
from tests.integration.conftest import ANN, BEN

MODULE = ["-m", "stream_worker.commands.kcl_child", "--stream", "arn:of/2026", "--leases", "leases"]
MIDDLE = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"
NOBODY = "http://127.0.0.1:1"


class Process:
    """A child, and the other ends of its pipes."""

    def __init__(self, log: Path, settings: Settings, *command: str) -> None:
        self._log = log
        secret = settings.secret_access_key
        environment = {
            "PATH": os.defpath,
            "AWS_ENDPOINT_URL": settings.endpoint or "",
            "AWS_REGION": settings.region or "",
            "AWS_ACCESS_KEY_ID": settings.access_key_id or "",
            "AWS_SECRET_ACCESS_KEY": secret.get_secret_value() if secret else "",
            "DDB_MESSAGE_TABLE": settings.message_table,
            "WORKER_STATE_TABLE": settings.state_table,
        }
        with log.open("w") as sink:
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": sink, "text": True}
            self.process = subprocess.Popen([sys.executable, *command], env=environment, **pipes)

    def says(self, message: Message) -> None:
        """The daemon says something."""
        _file(self.process.stdin).write(json.dumps(message) + "\n")
        _file(self.process.stdin).flush()

    def does(self, message: Message) -> list[str | None]:
        """The daemon says something and waits until it is done; the checkpoints that it was asked for."""
        asked: list[str | None] = []
        self.says(message)
        while line := _file(self.process.stdout).readline():
            said = json.loads(line) if line.strip() else {}
            if said.get("action") == "checkpoint":
                asked.append(said["sequenceNumber"])
                self.says({**said, "error": None})
            elif said:
                assert said == {"action": "status", "responseFor": message["action"]}
                return asked
        raise AssertionError(self._log.read_text())

    def hang_up(self) -> int:
        """The daemon has no more to say; the exit status."""
        _file(self.process.stdin).close()
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait(PATIENCE_S)
        for pipe in (self.process.stdin, self.process.stdout):
            _file(pipe).close()

    @property
    def events(self) -> list[str]:
        """Its log: every line of it is JSON."""
        lines = self._log.read_text().splitlines(keepends=True)
        return [json.loads(line)["event"] for line in lines if line.endswith("\n")]


def _file(pipe: IO[str] | None) -> IO[str]:
    assert pipe
    return pipe


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Children, none of which is left behind."""
    needs_kclpy()
    started: list[Process] = []

    def begin(settings: Settings, *before: str, log: Path | None = None) -> Process:
        started.append(Process(log or tmp_path / f"{len(started)}.log", settings, *before, *MODULE))
        return started[-1]

    yield begin
    for one in started:
        one.close()


class Room:
    """Two people, who write; and what the stream says of it."""

    def __init__(self, clients: Clients, settings: Settings) -> None:
        retry = Retry(Event(), total_s=10)
        Builder(clients.dynamodb, retry, say=str).load(settings.message_table, settings.state_table, enable_stream=True)
        self.chat = Chat(clients.dynamodb, settings.message_table, retry)
        self._clients, self._settings = clients, settings

    def records(self) -> tuple[Record, ...]:
        """All of the stream's only shard."""
        api = DynamoStreams(self._clients, self._settings.message_table)
        stream = api.latest_stream()
        [shard] = api.shards(stream)
        return api.records(api.iterator(stream, shard.id, None), 1000).records


def away(**more: Any) -> Settings:
    """Settings of an engine that is not there."""
    return Settings(region="us-east-1", endpoint=NOBODY, access_key_id="x", secret_access_key="x", **more)


def test_a_child_keeps_rows_right(clients: Clients, settings: Settings, start: Callable[..., Process]) -> None:
    """By its pipes alone: it settles, checkpoints, hears a stop, and leaves when the daemon hangs up."""
    room = Room(clients, settings)
    first = messages.start(room.chat, ANN, [BEN], "hello")
    messages.send(room.chat, first.group, ANN, "news")
    records = room.records()
    child = start(settings)
    clients.dynamodb.call("create_table", **_leases("leases"))
    child.does(initialize(shard="shardId-1"))
    assert child.does(batch(*records)) == [records[-1].sequence_number]
    assert [shown.text for shown in room.chat.read.of_user(BEN.uuid).entries] == ["news"]
    assert (child.does(EMPTY), child.does(SHUTDOWN), child.hang_up()) == ([], [], 0)
    assert child.events[-1] == "shard_left"


def _leases(name: str) -> dict[str, Any]:
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": "leaseKey", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "leaseKey", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


def test_sigterm_ends_the_waiting_and_not_the_answers(start: Callable[..., Process]) -> None:
    """The daemon is told that the call is over; Ctrl-C is not for children."""
    child = start(away())
    child.says(initialize())
    wait_until(lambda: "shard_waits" in child.events, "a wait")
    for number in (signal.SIGINT, signal.SIGTERM):
        child.process.send_signal(number)
    assert json.loads(_next_line(child)) == {"action": "status", "responseFor": "initialize"}
    assert (child.does(EMPTY), child.hang_up(), child.events[-1]) == ([], 0, "shard_left")


def _next_line(child: Process) -> str:
    return next(line for line in _file(child.process.stdout) if line.strip())


def test_an_end_after_a_stop_ends_the_process(start: Callable[..., Process]) -> None:
    """What was not opened is not ended."""
    child = start(away())
    child.says(initialize())
    wait_until(lambda: "shard_waits" in child.events, "a wait")
    child.process.terminate()
    _next_line(child)
    child.says(SHARD_ENDED)
    assert child.process.wait(PATIENCE_S) == 1


def test_a_child_whose_daemon_was_killed_leaves(start: Callable[..., Process]) -> None:
    """In the middle of a call that waits; its stdin is still open, and it has not looked at it."""
    child = start(away(), "-c", MIDDLE)
    child.says(initialize())
    wait_until(lambda: "shard_waits" in child.events, "a wait")
    child.process.kill()
    child.process.wait(PATIENCE_S)
    _file(child.process.stdout).read()  # to its end: nobody holds the other one any more
    assert "daemon_gone" in child.events


def test_a_setting_that_cannot_be_used_is_one_line(start: Callable[..., Process]) -> None:
    """The daemon hears it by the status, people by the sentence."""
    child = start(Settings(region="us-east-1", endpoint=NOBODY, access_key_id="x"))
    assert (child.process.wait(PATIENCE_S), child.events) == (2, ["child_failed"])


def test_a_child_that_nobody_hears_ends_all_the_same(start: Callable[..., Process]) -> None:
    """Its log cannot be written: the daemon that read it is gone."""
    child = start(away(), log=Path("/dev/full"))
    child.says(initialize())
    Event().wait(1)  # it may or may not wait by now; its end is the same
    child.process.terminate()
    _next_line(child)
    child.says(SHARD_ENDED)
    assert child.process.wait(PATIENCE_S) == 1
