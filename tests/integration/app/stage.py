"""The whole application in this process: real engine, real Postgres, real tokens; and people who call it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import Any
from uuid import UUID

import httpx2 as httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from chat_app.api.application import build
from chat_app.api.parts import Parts
from chat_app.assembly import assembled
from chat_app.cognito_ids import pool_users, update
from chat_app.live import Live
from chat_app.migrate import migrate
from chat_app.seed_users import seed_users
from devstack.cognito import PASSWORD
from producer.schema import Builder
from shared.directory import read_entries
from shared.dynamo import connect, connect_cognito
from shared.logging import logger
from shared.models import User
from shared.postgres import Database
from shared.retry import Retry
from shared.settings import Settings
from tests.integration.cli import Result

ChatApp = Callable[..., Result]
"""`chat-app` with these words."""

ORIGIN = "https://chat.example.com"
NOBODY = UUID("99999999-9999-4999-8999-999999999999")


@dataclass(frozen=True, slots=True)
class Stage:
    """A running application, and whose token is whose."""

    app: FastAPI
    client: TestClient
    parts: Parts
    tokens: dict[str, str]

    def ask(self, handle: str, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of somebody's."""
        headers = {"Authorization": f"Bearer {self.tokens[handle]}", **more.pop("headers", {})}
        answer: httpx.Response = self.client.request(method, path, headers=headers, **more)
        return answer

    def say(self, handle: str, text: str, *, to: str = "", group: str = "", **more: Any) -> httpx.Response:
        """A message of somebody's, to somebody or into a group."""
        body = {"message": text, **({"handle": to} if to else {"message_group_uuid": group})}
        return self.ask(handle, "POST", "/api/messages", json=body, **more)

    def group(self, one: str, other: str, text: str = "Hello") -> str:
        """The group of two, after a first message."""
        uuid: str = self.say(one, text, to=other).json()["message_group_uuid"]
        return uuid

    def messages(self, handle: str, group: str) -> list[dict[str, str]]:
        """What somebody sees of a group."""
        found: list[dict[str, str]] = self.ask(handle, "GET", f"/api/messages/{group}").json()
        return found

    def groups(self, handle: str) -> list[dict[str, str]]:
        """What somebody sees of their conversations."""
        found: list[dict[str, str]] = self.ask(handle, "GET", "/api/message_groups").json()
        return found

    def user(self, handle: str) -> User:
        """Who has the handle."""
        return self.parts.users.by_handle(handle)


def settings_for_app(settings: Settings, database_url: str, pool: tuple[str, str]) -> Settings:
    """Those of the engine, with the application's."""
    pool_id, client_id = pool
    return settings.model_copy(
        update={
            "database_url": SecretStr(database_url),
            "pool_id": pool_id,
            "client_id": client_id,
            "keys_url": f"{settings.endpoint}/{pool_id}/.well-known/jwks.json",
            "app_cors_origins": ORIGIN,
            "app_messages_a_minute": 10_000,
        }
    )


def environment(settings: Settings) -> dict[str, str]:
    """What a user would export for `chat-app`."""
    assert settings.database_url
    return {
        "AWS_ENDPOINT_URL": settings.endpoint or "",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "DDB_MESSAGE_TABLE": settings.message_table,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "COGNITO_USER_POOL_ID": settings.pool_id or "",
        "COGNITO_CLIENT_ID": settings.client_id or "",
        "COGNITO_JWKS_URL": settings.keys_url or "",
        "APP_CORS_ORIGINS": "same-origin",
        "APP_PORT": "0",
        "APP_MONITOR_PORT": "0",
        "LOG_FORMAT": "json",
    }


def prepare(settings: Settings) -> None:
    """Both tables, the users with their Cognito ids."""
    retry = Retry(Event(), total_s=10)
    Builder(connect(settings).dynamodb, retry, say=str).load(
        settings.message_table, settings.state_table, enable_stream=False
    )
    assert settings.database_url
    database = Database(settings.database_url.get_secret_value())
    list(migrate(database))
    seed_users(database, read_entries(None))
    assert settings.pool_id
    assert update(database, list(pool_users(connect_cognito(settings), settings.pool_id))).is_complete


def sign_in(settings: Settings, handle: str, password: str = PASSWORD) -> str:
    """Somebody's access token, from Cognito."""
    answer = connect_cognito(settings).call(
        "initiate_auth",
        ClientId=settings.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": handle, "PASSWORD": password},
    )
    token: str = answer["AuthenticationResult"]["AccessToken"]
    return token


@contextmanager
def staged(settings: Settings, tokens: dict[str, str]) -> Iterator[Stage]:
    """The application while it is entered."""
    with assembled(settings, Event(), logger("chat_app")) as assembly:
        events = Live(assembly.chat.read, assembly.metrics, assembly.log, every_s=0.05, stream_s=0.3)
        parts = replace(assembly, live=events)
        app = build(parts)
        with TestClient(app) as client:
            yield Stage(app, client, parts, tokens)
