"""Where things end up: dead letters and log lines, in lists."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from shared.errors import AppError, Throttled
from shared.logging import configure
from stream_worker.contract import Batch, Record


class Letters:
    """Dead letters, in a list."""

    def __init__(self) -> None:
        self.put: list[tuple[str, ...]] = []
        self.down = 0

    def put_record(self, batch: Batch, record: Record, reason: str) -> None:
        """See `Letters`."""
        self._put(batch.shard, record.sequence_number, reason)

    def put_group(self, group: str, user: str, error: AppError) -> None:
        """See `Letters`."""
        self._put(group, user, type(error).__name__)

    def _put(self, *letter: str) -> None:
        if self.down:
            self.down -= 1
            raise Throttled
        self.put.append(letter)


class Lines:
    """A log, in a list."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def debug(self, event: str, **facts: Any) -> None:
        self.lines.append((event, facts))

    info = warning = error = debug

    def bind(self, **_: Any) -> "Lines":
        return self


@contextmanager
def logging_restored() -> Iterator[None]:
    """Whatever is set up meanwhile, this process logs afterwards as before."""
    root, ours = logging.getLogger(), logging.getLogger("pattern_e")
    handlers, levels = root.handlers, (root.level, ours.level)
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
        structlog.reset_defaults()


@contextmanager
def talkative(style: str = "json") -> Iterator[None]:
    """This process logs to stderr as one with LOG_LEVEL=DEBUG does, and afterwards as before."""
    with logging_restored():
        configure("DEBUG", style)
        yield
