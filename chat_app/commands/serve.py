"""`chat-app serve`: the API as a process."""

import asyncio
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

import uvicorn
from fastapi import FastAPI

from chat_app.api.application import build
from chat_app.api.parts import Parts
from chat_app.assembly import assembled, monitored
from shared import console, logging
from shared.errors import PortTaken
from shared.settings import Settings

GRACE_S = 5
"""A request that is being worked on has this long to end after SIGTERM."""

_BACKLOG = 512
_FILES = 65_536
_SAID_AGAIN_S = 10.0
_UNTAKEN_S = 30
_LAST_S = 2
"""A thread that waits for something frozen keeps the process no longer than this after the grace."""


def serve() -> None:
    """Answer HTTP requests until SIGTERM or Ctrl-C.

    Example: chat-app serve
    """
    settings = Settings.read()
    logging.configure(settings.log_level, settings.log_format)
    log, stop = logging.logger("chat_app"), Event()
    allow_many_connections()
    with assembled(settings, stop, log) as parts, monitored(settings, parts):
        with listening(settings.app_host, settings.app_port) as ear:
            log.info("app_listens", host=settings.app_host, port=ear.getsockname()[1], table=settings.message_table)
            asyncio.run(_serve(build(parts), ear, stop, parts))
        log.info("app_stopped")


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there.

    Raises:
        PortTaken: it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends what it has at once (TCP_NODELAY) only where the protocol is named: else an answer's second half
    # waits for the client's delayed acknowledgement, 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _let_go_of_who_vanished(ear)
        try:
            ear.bind((host, port))
            ear.listen(_BACKLOG)
        except OSError as error:
            raise PortTaken(
                f"Port {port} of {host} cannot be listened on ({error.strerror or error}): set APP_PORT (or APP_HOST) "
                "to another."
            ) from error
        yield ear


def _let_go_of_who_vanished(ear: socket.socket) -> None:
    """End connections whose other side has taken nothing for half a minute: inherited from the one that listens."""
    if option := getattr(socket, "TCP_USER_TIMEOUT", None):  # Linux's, RFC 5482
        ear.setsockopt(socket.IPPROTO_TCP, option, 1000 * _UNTAKEN_S)


async def _serve(app: FastAPI, ear: socket.socket, stop: Event, parts: Parts) -> None:
    """Serve; the first signal lets what is being worked on end, the second does not."""
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=GRACE_S,
        )
    )

    def end() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True
        stop.set()
        parts.live.close()
        Thread(target=_last, daemon=True).start()

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(Exhaustion(parts.log))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    with suppress(asyncio.CancelledError):
        await server.serve(sockets=[ear])


class Exhaustion:
    """Hears what the event loop complains of.

    Connections that cannot be taken, as there are too many, are said once in ten seconds: asyncio says it of each,
    thousands of times a second, until the disk is full.
    """

    def __init__(self, log: logging.Log, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log, self._monotonic = log, monotonic
        self._next = float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """One complaint."""
        if not str(context.get("message", "")).startswith("socket.accept()"):
            loop.default_exception_handler(context)
        elif self._monotonic() >= self._next:
            self._next = self._monotonic() + _SAID_AGAIN_S
            self._log.error(
                "connections_exhausted", next="raise the limit of open files, or limit connections in front"
            )


def allow_many_connections() -> None:
    """As many open files as this process may have: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _last() -> None:
    """Python waits for every thread that has ever worked on a request, also for one that will never end."""
    Event().wait(GRACE_S + _LAST_S)
    os._exit(console.OK)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to us: uvicorn would end the process by the signal instead of with status 0."""
        yield
