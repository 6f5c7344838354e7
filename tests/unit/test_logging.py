"""Log lines go where nothing else does, in words that no protocol could take for its own."""

import ast
from pathlib import Path

import pytest

from shared.logging import logger
from tests.fakes.outlets import talkative

ROOMS = ("producer", "shared", "stream_worker")
SOURCES = [path for room in ROOMS for path in sorted((Path(__file__).parents[2] / room).rglob("*.py"))]


@pytest.mark.parametrize("style", ["auto", "json", "console"])
def test_stdout_is_left_alone(capsys: pytest.CaptureFixture[str], style: str) -> None:
    """F38: it belongs to whoever starts us; a fleet's daemon reads commands from it."""
    with talkative(style):
        logger("worker").warning("told")
    written = capsys.readouterr()
    assert ("told" in written.err, written.out) == (True, "")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_fact_is_called_action(source: Path) -> None:
    """F38: a JSON line with that key would be obeyed."""
    calls = [node for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    levels = {"debug", "info", "warning", "error", "bind"}
    logged = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in levels]
    assert "action" not in {keyword.arg for call in logged for keyword in call.keywords}
