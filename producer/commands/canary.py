"""`producer canary`: the one check that goes all the way."""

import json
import signal
from contextlib import ExitStack
from dataclasses import asdict
from threading import Event
from time import monotonic
from typing import Annotated

import typer

from producer.canary import Canary, Song
from producer.commands.session import AsJson, open_session
from shared import console
from shared.console import NOTES
from shared.port import Port


def canary(
    *,
    every: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="How often.")] = 60.0,
    within: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How soon both rows must show it.")] = 10.0,
    once: Annotated[
        bool, typer.Option("--once", help="One message; exit status 1 if it is not shown in time.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let a made-up user write to another one, and look whether the worker moves both rows in time.

    WORKER_HTTP_PORT gives it a port of its own: /readyz says whether the last message was shown, /metrics how soon.

    Example: producer canary --every 60 --within 10
    """
    stop = Event()
    session = open_session(stop=stop)
    bird, settings = Canary(session.chat, within, monotonic, stop), session.settings
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        if settings.http_port is not None:
            port = stack.enter_context(Port(settings.http_host, settings.http_port, bird.routes))
            NOTES.print(f"listens on {settings.http_host}:{port.number}", soft_wrap=True)
        while not stop.is_set():
            song = bird.sing()
            if not stop.is_set():
                _tell(song, as_json=as_json)
            if once:
                raise typer.Exit(console.OK if song.is_heard else console.FINDING)
            stop.wait(every)


def _tell(song: Song, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(song)))
    else:
        typer.echo(f"shown after {1000 * song.seconds:.0f} ms" if song.is_heard else f"NOT shown: {song.problem}")
