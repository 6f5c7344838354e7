"""Structured logs: to stderr always, a JSON object a line unless somebody is watching.

An event is a short past-tense name (`batch_settled`), its facts are keys. Message text and tokens are never
among them, and no key is called `action` (KCL's protocol would take such a line for one of its own).
"""

import logging
import sys
from typing import Any, Protocol

import structlog

NUMBERS = "metrics"
"""The logger of lines that are read by machines, whatever the level."""


class Log(Protocol):
    """What code that logs needs of a logger."""

    def debug(self, event: str, **facts: Any) -> Any: ...  # noqa: D102
    def info(self, event: str, **facts: Any) -> Any: ...  # noqa: D102
    def warning(self, event: str, **facts: Any) -> Any: ...  # noqa: D102
    def error(self, event: str, **facts: Any) -> Any: ...  # noqa: D102
    def bind(self, **facts: Any) -> "Log": ...  # noqa: D102


def configure(level: str, style: str) -> None:
    """Set up this process's logs: `level` by name, `style` auto, json or console (auto: console at a terminal)."""
    # Plain traces: structlog's default shows the variables of each frame, and message text and tokens are among them.
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    final: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [structlog.processors.format_exc_info, _event_first, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel("WARNING")  # libraries speak only when something is wrong
    logging.getLogger("pattern_e").setLevel(level)
    logging.getLogger(f"pattern_e.{NUMBERS}").setLevel("INFO")  # a setting of their own asks for them
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def logger(name: str) -> Log:
    """The logger of one part of the software, such as `stream_worker.handler`."""
    log: Log = structlog.stdlib.get_logger(f"pattern_e.{name}")
    return log


def _event_first(_logger: object, _method: str, facts: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """When, how bad, what: a person at a terminal reads the first columns of a line."""
    return {name: facts.pop(name, "") for name in ("timestamp", "level", "event")} | dict(facts)
