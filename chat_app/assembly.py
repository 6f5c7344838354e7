"""The application put together from settings."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event

from prometheus_client import CONTENT_TYPE_LATEST

from chat_app import live
from chat_app.api.parts import Door, Parts
from chat_app.idempotency import IdempotencyKeys
from chat_app.live import Live
from chat_app.metrics import Metrics
from chat_app.shares import Shares
from chat_app.signing_keys import SigningKeys
from chat_app.tokens import Verifier
from chat_app.worker_view import WorkerView
from producer.chat import Chat
from shared.directory import PostgresDirectory
from shared.dynamo import connect
from shared.errors import AppError, SettingInvalid
from shared.logging import Log
from shared.port import Answer, Port, verdict
from shared.postgres import Database, database_of
from shared.retry import Retry
from shared.settings import Settings

THREADS = 40
"""Requests worked on at once, as many as the framework has threads; each can need a connection to DynamoDB."""

_CONNECTIONS = 10  # to Postgres: a request holds one for the moment of a query
_ANSWER_S, _PATIENCE_S = 3, 3.0  # somebody waits: an engine that hangs is told of after some seconds, not a minute
_NO_OTHERS = "same-origin"
_ORIGIN = re.compile(r"(https?)://([a-z0-9][a-z0-9.-]*|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?", re.ASCII)
_UNSAID = {"http": "80", "https": "443"}  # ports that browsers leave out
_CLIENT = re.compile(r"[A-Za-z0-9_+-]{1,128}", re.ASCII)


@contextmanager
def assembled(settings: Settings, stop: Event, log: Log) -> Iterator[Parts]:
    """The parts, with their connections open meanwhile.

    Raises:
        SettingInvalid, NoRegion, CredentialsMissing: what is missing, in a sentence.
    """
    origins, verifier, keys = origins_of(settings), *_at_the_door(settings, log)
    client = connect(settings, threads=THREADS + live.THREADS, answer_within_s=_ANSWER_S, attempts=2).dynamodb
    chat, metrics = Chat(client, settings.message_table, Retry(stop, total_s=_PATIENCE_S)), Metrics()
    with ExitStack() as open_things:
        database = database_of(settings, pool=_CONNECTIONS)
        open_things.callback(database.close)
        events = Live(chat.read, metrics, log)
        open_things.callback(events.close)
        yield Parts(
            chat=chat,
            users=PostgresDirectory(database),
            verifier=verifier,
            keys=IdempotencyKeys(database),
            shares=Shares(settings.app_messages_a_minute),
            live=events,
            worker=WorkerView(settings.worker_urls),
            door=_door(settings),
            metrics=metrics,
            log=log,
            origins=origins,
            is_ready=lambda: _is_ready(database, keys),
        )


def origins_of(settings: Settings) -> tuple[str, ...]:
    """The origins whose pages may call the API: each exactly, none by a pattern.

    Raises:
        SettingInvalid: nothing is said about it, or it is no origin.
    """
    if not settings.app_cors_origins:
        raise SettingInvalid(
            "APP_CORS_ORIGINS is not set: name the origins whose pages may call the API "
            f'(https://chat.example.com,...), or "{_NO_OTHERS}" for none but its own.'
        )
    if settings.app_cors_origins == _NO_OTHERS:
        return ()
    origins = tuple(origin.strip() for origin in settings.app_cors_origins.split(","))
    for origin in origins:
        if not _is_origin(origin):
            raise SettingInvalid(
                f'APP_CORS_ORIGINS cannot be used: "{origin}" is no origin as browsers send it (scheme://host[:port]).'
            )
    return origins


def _is_origin(text: str) -> bool:
    found = _ORIGIN.fullmatch(text)
    return found is not None and found[3] != _UNSAID[found[1]] and int(found[3] or 1) in range(1, 65_536)


@contextmanager
def monitored(settings: Settings, parts: Parts) -> Iterator[None]:
    """Health and metrics on a port of their own meanwhile, if the settings ask for it.

    Raises:
        PortTaken: the port cannot be listened on.
    """
    if settings.app_monitor_port is None:
        yield
        return
    answers = {
        "/healthz": lambda: verdict(is_well=True),
        "/readyz": lambda: verdict(is_well=parts.is_ready()),
        "/metrics": lambda: Answer(parts.metrics.text(), CONTENT_TYPE_LATEST),
    }
    host, number = settings.app_monitor_host, settings.app_monitor_port
    with Port(host, number, answers, setting="APP_MONITOR_PORT") as port:
        parts.log.info("monitor_listens", host=host, port=port.number)
        yield


def _at_the_door(settings: Settings, log: Log) -> tuple[Verifier, SigningKeys]:
    if not settings.issuer or not settings.jwks_url:
        raise SettingInvalid("COGNITO_USER_POOL_ID is not set: set it to the id of the user pool.")
    if not settings.client_id:
        raise SettingInvalid("COGNITO_CLIENT_ID is not set: set it to the id of the pool's app client.")
    clients = frozenset(client.strip() for client in settings.client_id.split(","))
    if not all(_CLIENT.fullmatch(client) for client in clients):
        raise SettingInvalid("COGNITO_CLIENT_ID cannot be used: it is the id of an app client, or several with commas.")
    keys = SigningKeys(settings.jwks_url, log)
    return Verifier(settings.issuer, clients, keys, clock=time.time), keys


def _door(settings: Settings) -> Door:
    """For pages: Cognito as a browser reaches it, and the first app client of those whose tokens are taken."""
    first = (settings.client_id or "").partition(",")[0].strip()
    return Door(settings.sign_in_url or "", first)


def _is_ready(database: Database, keys: SigningKeys) -> bool:
    try:
        keys.refresh()
        database.rows("SELECT 1 FROM public.users LIMIT 1")
    except AppError:
        return False
    return True
