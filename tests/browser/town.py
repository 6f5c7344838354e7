"""What people at the page need behind it: the application and the worker as real processes, and people of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx

from chat_app.cognito_ids import pool_users, update
from chat_app.seed_users import seed_users
from devstack.cognito import PASSWORD, make_pool
from shared.directory import Entry
from shared.dynamo import connect_cognito
from shared.postgres import Database
from shared.settings import Settings
from tests.acceptance.stack import Stack, Worker, wait_until
from tests.integration.app.stage import environment, prepare, sign_in

_COMMAND = str(Path(sys.executable).with_name("chat-app"))
_GONE_WITHIN_S = 60
_SHARES = {"APP_MESSAGES_PER_MINUTE": "1000"}  # who fills a list writes faster than people do


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    uuid: str
    handle: str
    name: str
    password: str = PASSWORD


class Application:
    """A `chat-app serve` process; started again, it is at the same address."""

    def __init__(self, settings: Settings, log: Path, worker: str) -> None:
        self._environment = {"PATH": os.defpath, **environment(settings), "APP_WORKER_URLS": worker, **_SHARES}
        self._log = log
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        port = {"APP_PORT": str(self._port), "APP_MONITOR_PORT": ""}
        with self._log.open("wb") as sink:
            self._process = process = subprocess.Popen(
                [_COMMAND, "serve"], env={**self._environment, **port}, stderr=sink
            )
        wait_until(lambda: self._heard_port() or process.poll() is not None, "the application")
        self._port = self._heard_port()
        assert self._port, self._log.read_text()

    def stop(self) -> None:
        """SIGTERM, and wait until it has gone."""
        if self._process:
            self._process.terminate()
            self._process.wait(_GONE_WITHIN_S)

    def _heard_port(self) -> int:
        lines = [line for line in self._log.read_text().splitlines(keepends=True) if '"app_listens"' in line]
        return int(json.loads(lines[0])["port"]) if lines and lines[0].endswith("\n") else 0


class Town:
    """The application, a worker, and whoever moves in."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        assert settings.database_url
        self.database = Database(settings.database_url.get_secret_value())
        self._cognito = connect_cognito(settings)
        self._stack = Stack(settings, folder)
        self._worker_port = "0"
        self._worker = self._new_worker()
        self.app = Application(settings, folder / "app.log", f"http://127.0.0.1:{self._worker_port}/status")
        self.app.start()

    @contextmanager
    def without_worker(self) -> Iterator[None]:
        """No row moves meanwhile."""
        self._worker.terminate()
        try:
            yield
        finally:
            self._worker = self._new_worker()

    @contextmanager
    def without_app(self) -> Iterator[None]:
        """Nobody answers meanwhile."""
        self.app.stop()
        try:
            yield
        finally:
            self.app.start()

    def moves_in(self, name: str, handle: str = "") -> Person:
        """Somebody new, who can sign in."""
        entry = self._insert(name, handle)
        make_pool(self._cognito, [entry])
        update(self.database, list(pool_users(self._cognito, self.settings.pool_id or "")))
        return _person(entry)

    def is_known(self, name: str) -> Person:
        """Somebody new, whom one can write to."""
        return _person(self._insert(name))

    def moves_out(self, person: Person) -> None:
        """They cannot sign in any more, nor renew their tokens."""
        self._cognito.call("admin_delete_user", UserPoolId=self.settings.pool_id, Username=person.handle)

    @contextmanager
    def voice(self, person: Person) -> Iterator["Voice"]:
        """Somebody who talks without the page."""
        headers = {"Authorization": f"Bearer {sign_in(self.settings, person.handle)}"}
        with httpx.Client(base_url=self.app.url, headers=headers, timeout=30) as client:
            yield Voice(client)

    def close(self) -> None:
        """Leave no process behind."""
        self.app.stop()
        self._stack.close()
        self._cognito.raw.close()

    def _new_worker(self) -> Worker:
        worker = self._stack.worker(WORKER_HTTP_PORT=self._worker_port)
        worker.wait_for("monitor_listens")
        self._worker_port = next(str(line["port"]) for line in worker.lines if line["event"] == "monitor_listens")
        return worker

    def _insert(self, name: str, handle: str = "") -> Entry:
        handle = handle or f"{uuid4().hex[:12]}"
        entry = Entry(uuid=uuid4(), handle=handle, display_name=name, email=f"{handle}@example.com")
        seed_users(self.database, [entry])
        return entry


class Voice:
    """One person's requests."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def say(self, text: str, to: Person) -> str:
        """A message to somebody; the group it went to."""
        answer = self._client.post("/api/messages", json={"message": text, "handle": to.handle})
        assert answer.status_code == httpx.codes.OK, answer.text
        return str(answer.json()["message_group_uuid"])

    def leave(self, group: str) -> None:
        """Leave a conversation."""
        answer = self._client.delete(f"/api/message_groups/{group}")
        assert answer.status_code == httpx.codes.NO_CONTENT, answer.text


@contextmanager
def founded(settings: Settings, folder: Path) -> Iterator[Town]:
    """A town on empty tables and an empty database, while it is entered."""
    prepare(settings)
    town = Town(settings, folder)
    try:
        yield town
    finally:
        town.close()


def _person(entry: Entry) -> Person:
    return Person(str(entry.uuid), entry.handle, entry.display_name)
