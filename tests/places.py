"""Settings for tables that no other test knows, a stream with many shards in front of the engine, tests by file."""

import ast
import json
import subprocess
import sys
from functools import cache
from http.client import HTTPConnection
from os import defpath
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from devstack.engine import Engine
from shared.settings import Settings


def settings_of(engine: Engine) -> Settings:
    """The embedded engine, two fresh names."""
    ours = uuid4().hex[:12]
    variables = engine.environment()
    return Settings(
        message_table=f"messages-{ours}",
        state_table=f"state-{ours}",
        region=variables["AWS_REGION"],
        endpoint=variables["AWS_ENDPOINT_URL"],
        access_key_id=variables["AWS_ACCESS_KEY_ID"],
        secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


@cache
def names_of_tests(file: Path) -> frozenset[str]:
    """The names of the tests in a file."""
    nodes = ast.parse(file.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


class ManyShards:
    """`devstack streams` as a process; `settings` lead through it."""

    def __init__(self, settings: Settings, *options: str) -> None:
        assert settings.secret_access_key
        environment = {
            "PATH": defpath,
            "AWS_ENDPOINT_URL": settings.endpoint or "",
            "AWS_REGION": settings.region or "",
            "AWS_ACCESS_KEY_ID": settings.access_key_id or "",
            "AWS_SECRET_ACCESS_KEY": settings.secret_access_key.get_secret_value(),
        }
        command = [str(Path(sys.executable).with_name("devstack")), "streams", *options]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout
        said = self.process.stdout.readline()
        assert "ready at" in said, said
        self.url = said.partition("ready at ")[2].partition(",")[0]
        self.settings = settings.model_copy(update={"endpoint": self.url})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def shards(self) -> list[dict[str, Any]]:
        """All shards of all streams as they really are."""
        return [shard for stream in self._ask("GET", "/_streams") for shard in stream["shards"]]

    def command(self, name: str, **asked: str) -> list[dict[str, Any]]:
        """Do something to the shards; all of them as they are then."""
        answer = self._ask("POST", f"/_streams/{name}?{urlencode(asked)}")
        return [shard for stream in answer for shard in stream["shards"]]

    def _ask(self, method: str, path: str) -> list[dict[str, Any]]:
        connection = HTTPConnection("127.0.0.1", urlsplit(self.url).port or 0, timeout=30)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            body: list[dict[str, Any]] = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 200, body
        return body
