"""Log lines go where nothing else does, in words that no protocol could take for its own."""

import ast
import logging
from pathlib import Path
from uuid import uuid4

import pytest

from shared.logging import logger
from tests.fakes.outlets import talkative

ROOMS = ("producer", "shared", "stream_worker", "chat_app")
SOURCES = [path for room in ROOMS for path in sorted((Path(__file__).parents[2] / room).rglob("*.py"))]


@pytest.mark.parametrize("style", ["auto", "json", "console"])
def test_stdout_is_left_alone(capsys: pytest.CaptureFixture[str], style: str) -> None:
    """F38: it belongs to whoever starts us; a fleet's daemon reads commands from it."""
    with talkative(style):
        logger("worker").warning("told")
    written = capsys.readouterr()
    assert ("told" in written.err, written.out) == (True, "")


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_trace_shows_no_variable(capsys: pytest.CaptureFixture[str], style: str) -> None:
    """Message text and tokens are among them; structlog shows them by default where rich is installed."""

    def fails(text: str) -> None:
        raise ValueError(len(text))

    with talkative(style):
        try:
            fails(str(uuid := uuid4()))
        except ValueError:
            logging.getLogger("a.library").exception("it has failed")
    written = capsys.readouterr().err
    assert ("ValueError" in written, str(uuid) in written) == (True, False)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_fact_is_called_action(source: Path) -> None:
    """F38: a JSON line with that key would be obeyed."""
    calls = [node for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    levels = {"debug", "info", "warning", "error", "bind"}
    logged = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in levels]
    assert "action" not in {keyword.arg for call in logged for keyword in call.keywords}
