"""`chat-app serve` as a process: how it starts, what it says, how it ends."""

import json
import os
import signal
import socket
import urllib.request
from asyncio import AbstractEventLoop
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import cast

import pytest
from pydantic import SecretStr

from chat_app.commands.serve import Exhaustion, listening
from devstack.postgres import Postgres
from shared.settings import Settings
from tests.fakes.outlets import Lines
from tests.integration.app.served import Served
from tests.integration.app.stage import ChatApp, prepare


def test_it_answers_and_ends_in_order(served: Served, tokens: dict[str, str]) -> None:
    """A request, then SIGTERM with a connection open: status 0 within the grace."""
    assert served.ask("/readyz") == (200, b'{"ok":true}')
    assert served.ask("/api/message_groups", tokens["bayko"]) == (200, b"[]")
    with socket.create_connection(("127.0.0.1", served.port)):
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(30) == 0
    assert served.line("app_stopped")


def test_a_request_that_never_ends_does_not_keep_the_process(
    app_settings: Settings, tokens: dict[str, str], tmp_path: Path
) -> None:
    """Postgres is frozen with its connections open, a request waits for it: SIGTERM ends the process all the same."""
    with Postgres(tmp_path) as postgres, ThreadPoolExecutor(1) as caller:
        settings = app_settings.model_copy(update={"database_url": SecretStr(postgres.url)})
        prepare(settings)
        served = Served(settings, tmp_path / "app.log")
        assert served.ask("/api/message_groups", tokens["bayko"])[0] == 200
        with frozen(postgres):
            waits = caller.submit(served.ask, "/api/message_groups", tokens["bayko"])
            Event().wait(0.5)
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(60) == 0
        assert waits.result(60) == (503, b'["unavailable"]')
    assert "Traceback" not in (tmp_path / "app.log").read_text()


@contextmanager
def frozen(postgres: Postgres) -> Iterator[None]:
    record = postgres.running()
    assert record
    children = Path(f"/proc/{record.engine.pid}/task/{record.engine.pid}/children").read_text().split()
    processes = [record.engine.pid, *map(int, children)]
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_an_answer_is_sent_at_once() -> None:
    """An accepted connection names its protocol, which is what asyncio sets TCP_NODELAY by; else each took 40 ms."""
    with listening("127.0.0.1", 0) as ear, socket.create_connection(ear.getsockname()):
        accepted, _ = ear.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


def test_too_many_connections_are_said_once_in_a_while() -> None:
    """Asyncio says it thousands of times a second; other complaints are passed on."""
    log, now, passed = Lines(), [0.0], list[str]()
    complain = Exhaustion(log, lambda: now[0])
    loop = SimpleNamespace(default_exception_handler=lambda context: passed.append(context["message"]))
    for _ in range(1000):
        complain(cast("AbstractEventLoop", loop), {"message": "socket.accept() out of system resource"})
    now[0] = 11
    complain(cast("AbstractEventLoop", loop), {"message": "socket.accept() out of system resource"})
    complain(cast("AbstractEventLoop", loop), {"message": "something else"})
    assert [event for event, _ in log.lines] == ["connections_exhausted"] * 2
    assert passed == ["something else"]


def test_its_log_tells_no_token_and_no_text(served: Served, tokens: dict[str, str]) -> None:
    """A line a request: route, status, time."""
    body = json.dumps({"message": "between us", "handle": "londo"}).encode()
    headers = {"Authorization": f"Bearer {tokens['bayko']}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{served.port}/api/messages", body, headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    served.ask("/api/message_groups", "a.b.c")
    assert served.line("token_refused")["reason"] == "malformed"
    said = json.dumps(served.lines())
    assert "/api/messages" in said
    assert not [word for word in ("between us", "londo", tokens["bayko"], "a.b.c") if word in said]


def test_numbers_are_on_a_port_of_their_own(served: Served, tokens: dict[str, str]) -> None:
    """Requests by route, never by what was in the path; nothing of it on the public port."""
    served.ask("/api/users/@londo/short", tokens["bayko"])
    route = 'method="GET",route="/api/users/@{handle}/short",status="200"'
    served.await_number(f"chat_app_requests_total{{{route}}}", 1)  # it is counted when it was sent, so perhaps later
    assert served.ask("/healthz", port=served.monitor)[0] == 200
    assert served.ask("/metrics")[0] == 404


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL cannot be used"),
        ("DATABASE_URL", "postgresql+psycopg://u:SECRET@h/d", "does not begin with postgresql://"),
        ("DATABASE_URL", "postgresql://u:SECRET@[::1/d", "is no address of a database"),
        ("DATABASE_URL", "postgresql://u:SEC@RET@h/d", "write @, / and : in the password as"),
        ("DATABASE_URL", "postgresql://u/SECRET@h/d", "write @, / and : in the password as"),
        ("COGNITO_ISSUER", "http://issuer.example.com", "unencrypted"),
        ("COGNITO_ISSUER", "https://issuer.example.com/", "COGNITO_ISSUER cannot be used"),
        ("COGNITO_ISSUER", "issuer", "COGNITO_ISSUER cannot be used"),
        ("COGNITO_CLIENT_ID", ",", "COGNITO_CLIENT_ID cannot be used"),
        ("COGNITO_USER_POOL_ID", "", "COGNITO_USER_POOL_ID is not set"),
        ("COGNITO_USER_POOL_ID", "pool", "COGNITO_USER_POOL_ID cannot be used"),
        ("COGNITO_CLIENT_ID", "", "COGNITO_CLIENT_ID is not set"),
        ("COGNITO_JWKS_URL", "http://keys.example.com", "unencrypted"),
        ("APP_CORS_ORIGINS", "", "APP_CORS_ORIGINS is not set"),
        ("APP_CORS_ORIGINS", "*", '"*" is no origin'),
        ("APP_CORS_ORIGINS", "https://a.example.com/", '"https://a.example.com/" is no origin'),
        ("APP_CORS_ORIGINS", "https://A.example.com", '"https://A.example.com" is no origin'),
        ("APP_CORS_ORIGINS", "https://a.example.com:443", '"https://a.example.com:443" is no origin'),
        ("APP_CORS_ORIGINS", "https://a.example.com:99999", '"https://a.example.com:99999" is no origin'),
        ("AWS_REGION", "", "No AWS region is set"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(
    chat_app: ChatApp, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    """Exit status 2, and nothing listens."""
    if name == "COGNITO_ISSUER":
        monkeypatch.delenv("COGNITO_JWKS_URL")
    monkeypatch.setenv(name, value)
    done = chat_app("serve")
    assert (done.status, sentence in done.err, "Traceback" in done.err) == (2, True, False), done.err
    assert not [part for part in ("SECRET", "RET@") if part in done.err]


@pytest.mark.parametrize("name", ["APP_PORT", "APP_MONITOR_PORT"])
def test_a_port_that_is_taken_is_said(chat_app: ChatApp, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With the setting that names another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv(name, str(taken.getsockname()[1]))
        done = chat_app("serve")
    assert (done.status, f"set {name}" in done.err) == (2, True), done.err
