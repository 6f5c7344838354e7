"""The two pipes to KCL's daemon, kept apart from stdin and stdout before anything else is imported.

Whatever a library prints goes to stderr then, and what it reads is empty: a stray line would be taken for the
protocol's. So nothing but the standard library is imported here.
"""

import os
import sys
from collections.abc import Callable
from typing import Protocol


class DaemonGone(Exception):
    """The daemon closed its end: nobody is there to answer, and nothing more is to be done."""


class DaemonFailed(Exception):
    """The daemon is in a state that it does not come out of: a new process begins where this one settled."""


class Reads(Protocol):
    """Where lines come from."""

    def readline(self) -> str: ...  # noqa: D102


class Writes(Protocol):
    """Where they go."""

    def write(self, text: str, /) -> object: ...  # noqa: D102
    def flush(self) -> object: ...  # noqa: D102


class Wire:
    """What KCL's protocol is read from and written to: lines of JSON.

    Args:
        reads, writes: the pipes, as text.
    """

    def __init__(self, reads: Reads, writes: Writes) -> None:
        self._reads = reads
        self._writes = writes
        self.is_over = False
        """Whether the daemon's end was seen to be closed."""

    def readline(self) -> str:
        """The next line; empty when there will be none. Half a line is none: its writer died."""
        try:
            line = self._reads.readline()
        except OSError:
            line = ""
        self.is_over = not line.endswith("\n")
        return "" if self.is_over else line

    def write(self, text: str) -> None:
        """Send text.

        Raises:
            DaemonGone: nobody reads it.
        """
        self._send(lambda: self._writes.write(text))

    def flush(self) -> None:
        """Send what was held back.

        Raises:
            DaemonGone: nobody reads it.
        """
        self._send(self._writes.flush)

    def _send(self, how: Callable[[], object]) -> None:
        try:
            how()
        except (OSError, ValueError) as error:  # a closed file is a ValueError
            self.is_over = True
            raise DaemonGone from error


def take() -> Wire:
    """Keep this process's stdin and stdout for the protocol alone."""
    kept_in, kept_out = os.dup(0), os.dup(1)  # not inherited by programs that anybody starts
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return Wire(
        os.fdopen(kept_in, encoding="utf-8", errors="replace", newline="\n"),
        os.fdopen(kept_out, "w", encoding="utf-8", newline="\n", buffering=1),
    )
