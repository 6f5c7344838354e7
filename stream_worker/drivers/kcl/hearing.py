"""What the daemon and its children say, line by line: into our own log, so that it is filtered, counted and shown."""

import json
from collections.abc import Callable
from typing import Any

from shared.logging import Log

LONGEST = 500  # characters of a line that nobody planned
LEVELS = frozenset({"debug", "info", "warning", "error"})
_ADDED_ANEW = frozenset({"event", "level", "timestamp"})


class Hearing:
    """Takes lines of a daemon's stderr.

    Args:
        log: ours; whatever listens to it hears the children, too.
        note: told each line of a child as well, as event and facts.
    """

    def __init__(self, log: Log, note: Callable[[str, dict[str, Any]], object]) -> None:
        self._log = log
        self._note = note
        self.last_error = ""
        """The daemon's last word of that level: why it ended, if it did."""

    def line(self, line: str) -> None:
        """One line, of anybody; what it may hold is for nobody to foresee, and none may keep us from the next one."""
        try:
            self._hear(line)
        except Exception as error:  # noqa: BLE001
            self._log.warning("line_unheard", error=repr(error)[:LONGEST], next="reads on; is it a line of ours?")

    def _hear(self, line: str) -> None:
        said = _object(line)
        if isinstance(said.get("event"), str):
            self._child(said)
        elif isinstance(said.get("message"), str):
            self._daemon(said)
        elif line.strip():
            self._log.warning("daemon_said", text=line[:LONGEST], next="look whether it says why something stopped")

    def _child(self, said: dict[str, Any]) -> None:
        facts = {name: value for name, value in said.items() if name not in _ADDED_ANEW}
        self._note(said["event"], facts)
        getattr(self._log, _level(said))(said["event"], **facts)

    def _daemon(self, said: dict[str, Any]) -> None:
        level = _level(said)
        if level == "error":
            self.last_error = said["message"]
        facts = {name: said[name] for name in ("message", "error", "logger") if said.get(name)}
        getattr(self._log, level)("daemon", **facts)


def _object(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _level(said: dict[str, Any]) -> str:
    level = str(said.get("level", "")).lower()
    level = {"warn": "warning", "critical": "error", "trace": "debug"}.get(level, level)
    return level if level in LEVELS else "warning"
