"""The daemon as a process: in a group of its own with all its children, heard line by line, never left behind."""

import os
import signal
import subprocess  # nosec B404
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Event, Thread

CHILDREN_LEAVE_S, LOOKS = 1.5, 30
HEARD_WITHIN_S = 5.0  # whoever left the group may hold its stderr open for ever
FLAGS = ("-Dfile.encoding=UTF-8", "-Xmx128m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class Jvm:
    """One run of it, from its start to the end of the last process that it started.

    Args:
        command: of the daemon.
        environment: of the daemon, and of its children.
        hear: told each line of its stderr, in a thread of its own.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], hear: Callable[[str], object]) -> None:
        self._hear = hear
        self._is_cleared = False
        self._process = subprocess.Popen(  # noqa: S603 # nosec B603 - no shell, and what is run is ours
            command,
            env=environment,
            stdin=subprocess.PIPE,  # never written to: it ends with us, and the daemon with it
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at a terminal is for us alone; and the group can be told as one
        )
        self._reader = Thread(target=self._read, name="daemon", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the JVM, and of the group of its processes."""
        return self._process.pid

    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def stop(self, grace_s: float) -> int:
        """Ask it to stop, end it if it has not within `grace_s`; its exit status."""
        self._tell_group(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        return self.clear()

    def clear(self) -> int:
        """End whatever is left of the group; the exit status of the JVM."""
        if self._is_cleared:  # its number may be another group's by now
            return self._process.wait()
        if self._process.poll() is not None:
            self._until_empty(signal.SIGTERM)  # they finish the transaction in hand
        self._tell_group(signal.SIGKILL)
        status = self._process.wait()
        self._until_empty(signal.SIGKILL)
        self._is_cleared = True
        self._reader.join(HEARD_WITHIN_S)
        for pipe in (self._process.stdin, self._process.stderr):
            if pipe and not self._reader.is_alive():
                pipe.close()
        return status

    def _until_empty(self, number: int) -> None:
        """Tell the children of a JVM that is gone, until none is left or a moment is over.

        In a container without an init they are ours then, and would stay as zombies, members of the group.
        """
        for _ in range(LOOKS):
            with suppress(ChildProcessError):
                os.waitpid(-self._process.pid, os.WNOHANG)
            if not self._tell_group(number):
                break
            Event().wait(CHILDREN_LEAVE_S / LOOKS)

    def _tell_group(self, number: int) -> bool:
        """Whether there is still somebody to tell."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True

    def _read(self) -> None:
        for line in self._process.stderr or ():
            with suppress(Exception):  # a pipe that nobody reads any more would stop the daemon and all its children
                self._hear(line.decode("utf-8", "replace").rstrip("\n"))
