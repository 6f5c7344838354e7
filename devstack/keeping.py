"""Keeps what `devstack up` starts: one part after the other, and the other way round when it ends."""

import signal
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Event
from typing import Protocol

import typer

from shared.errors import EngineBusy, EngineFailed

_ENDED_WHEN_ASKED = frozenset({0, -signal.SIGTERM, 128 + signal.SIGTERM})  # the last is a JVM's
_LOOK_EVERY_S = 0.5


class Part(Protocol):
    """The engine, or the application on top of it."""

    @property
    def name(self) -> str:
        """What users call it."""

    @property
    def url(self) -> str:
        """Where it answers."""

    def start(self, *, detach: bool = False) -> None:
        """Start it.

        Raises:
            EngineBusy: it runs already.
        """

    def stop(self) -> None:
        """Stop it."""

    def exit_status(self) -> int | None:
        """How it has ended; None while it runs."""

    def last_words(self) -> str:
        """The end of its log."""


def start(parts: Sequence[Part], *, detach: bool) -> list[Part]:
    """Start them in their order, or none of them; those that ran before are left alone.

    Returns:
        Those that did not run before.
    """
    started: list[Part] = []
    with ExitStack() as undo:
        for part in parts:
            if _has_started(part, detach=detach):
                started.append(part)
                undo.callback(part.stop)
        undo.pop_all()
    return started


def watch(parts: Sequence[Part], stop: Event) -> None:
    """Return when we are asked to stop, or somebody else has stopped a part; then none of them runs any more.

    Raises:
        EngineFailed: a part has ended by itself.
    """
    with ExitStack() as at_the_end:
        for part in parts:
            at_the_end.callback(part.stop)
        while not stop.wait(_LOOK_EVERY_S):
            if any(_has_ended(part) for part in parts):
                return


def _has_started(part: Part, *, detach: bool) -> bool:
    try:
        part.start(detach=detach)
    except EngineBusy as busy:
        typer.echo(str(busy))
        return False
    typer.echo(f"{part.name} is ready at {part.url}")
    return True


def _has_ended(part: Part) -> bool:
    status = part.exit_status()
    if status is None or status in _ENDED_WHEN_ASKED:
        return status is not None
    raise EngineFailed(f"{part.name} ended with status {status}; its last words: {part.last_words()}")
