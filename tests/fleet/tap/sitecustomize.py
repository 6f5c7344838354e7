"""Imported by every Python whose path names this folder: a child also writes its log to a file, before anything else.

A child's log goes through its daemon and its supervisor, and is lost where one of them is killed. This one is not.
"""

import os
import sys
from pathlib import Path


class _Both:
    """Two places that are written to; the file first, and at once."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._stderr = sys.stderr

    def write(self, text: str) -> int:
        if text.strip():
            os.write(self._file, text.rstrip("\n").encode() + b"\n")  # one call: children share the file
        return self._stderr.write(text)

    def flush(self) -> None:
        self._stderr.flush()

    def fileno(self) -> int:
        return self._stderr.fileno()

    def isatty(self) -> bool:
        return False


if any("kcl_child" in argument for argument in sys.orig_argv):
    path = Path(os.environ["FLEET_TAP"])  # noqa: TID251 - no setting of ours
    sys.stderr = _Both(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
