"""The daemon as a process: whatever it says, somebody reads it."""

import os
import sys
from threading import Event

from stream_worker.drivers.kcl.jvm import Jvm

PATIENCE_S = 100.0
TALKS = "import sys; print('x\\n' * 100_000, file=sys.stderr)"


def test_a_line_that_cannot_be_heard_stops_nothing() -> None:
    """The next ones are read: a daemon whose pipe is full would stand still for ever, and its children with it."""
    jvm = Jvm([sys.executable, "-c", TALKS], dict(os.environ), lambda line: 1 / len(line.strip("x")))  # noqa: TID251
    waited = 0.0
    while jvm.status() is None and waited < PATIENCE_S:
        waited += 0.05
        Event().wait(0.05)
    assert (jvm.status(), jvm.clear()) == (0, 0)
