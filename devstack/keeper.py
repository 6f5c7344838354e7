"""Keeps one process in a folder: starts it, stops it, and finds the one that a crashed parent left behind."""

import fcntl
import os
import signal
import subprocess  # nosec B404
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from pwd import struct_passwd
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from devstack.process import Process, wait_until
from shared.errors import BadInput, EngineFailed

_TAIL_LINES = 5


class Record(BaseModel):
    """What a folder remembers of its process, running or not."""

    model_config = ConfigDict(frozen=True)

    program: str
    port: int  # 0: it listens on none
    engine: Process
    owner: Process | None  # the process that will stop it; None: it was detached

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def is_wanted(self) -> bool:
        """Whether somebody still counts on it."""
        return self.owner is None or self.owner.is_alive()


@dataclass(frozen=True, slots=True)
class Launch:
    """How a process is started; `user` is who it runs as, if not as we do."""

    program: str
    command: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]
    port: int = 0
    user: struct_passwd | None = None


def as_user(user: struct_passwd | None) -> dict[str, Any]:
    """What `subprocess` is told to run a program as somebody else; nothing, if as we do."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


@dataclass(slots=True)
class Keeper:
    """One process, its log and its record, in a private folder.

    Args:
        home: the folder; the one above it is made, too.
        name: what log and record are called.
        grace_s: how long it may take to end.
        ending: the signal that asks it to.
    """

    home: Path
    name: str
    grace_s: float = 10.0
    ending: signal.Signals = signal.SIGTERM
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """What the process says."""
        return self.home / f"{self.name}.log"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Two that start at the same moment take turns, or one process would go unrecorded.

        Raises:
            BadInput: the folder cannot be made or written.
        """
        with self.on_disk():
            self.home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.home.mkdir(mode=0o700, exist_ok=True)
            lock = (self.home / "lock").open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def on_disk(self) -> Iterator[None]:
        """A folder that cannot be used is the mistake of whoever named it."""
        try:
            yield
        except OSError as error:
            raise self._unusable(error) from error

    def launch(self, what: Launch, *, detach: bool) -> None:
        """Start it and record it.

        Args:
            what: how.
            detach: let it outlive this process.

        Raises:
            BadInput: the folder cannot be written.
        """
        with self.on_disk():
            log = self.log.open("wb")
        with log:
            self._child = subprocess.Popen(  # nosec B603
                what.command,
                cwd=what.cwd,
                env=what.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C is for its parent, who then stops it in order
                **as_user(what.user),
            )
        owner = None if detach else Process.of(os.getpid())
        record = Record(program=what.program, port=what.port, engine=Process.of(self._child.pid), owner=owner)
        fresh = self._record_file.with_suffix(".new")
        fresh.write_text(record.model_dump_json())
        fresh.replace(self._record_file)

    def await_ready(self, is_ready: Callable[[], bool], within_s: float) -> None:
        """Return when it answers.

        Raises:
            EngineFailed: it ended, or did not answer in time.
        """
        wait_until(lambda: self.exit_status() is not None or is_ready(), within_s)
        if self.exit_status() is not None:
            raise EngineFailed(f"{self._program} ended at once; its last words: {self.last_words()}")
        if not is_ready():
            raise EngineFailed(
                f"{self._program} was not ready after {within_s:.0f} s; its last words: {self.last_words()}"
            )

    def stop(self) -> None:
        """Stop the process of this folder, whoever started it; if this object started one, that one and no other."""
        record = self.running()
        if record and (self._child is None or self._child.pid == record.engine.pid):
            record.engine.end(self.grace_s, self.ending)
        self._reap()

    def kill(self) -> None:
        """Let it die as in a crash."""
        if record := self.running():
            record.engine.kill()
        self._reap()

    def record(self) -> Record | None:
        """What is known of the last process of this folder.

        Raises:
            BadInput: the folder cannot be read.
        """
        try:
            return Record.model_validate_json(self._record_file.read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None
        except OSError as error:
            raise self._unusable(error) from error

    def running(self) -> Record | None:
        """The process that runs in this folder."""
        record = self.record()
        return record if record and record.engine.is_alive() else None

    def exit_status(self) -> int | None:
        """How the process that this object started has ended; None while it runs."""
        return self._child.poll() if self._child else None

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        return "\n".join([line for line in lines if line.strip()][-_TAIL_LINES:]) or "nothing"

    @property
    def _record_file(self) -> Path:
        return self.home / f"{self.name}.json"

    @property
    def _program(self) -> str:
        record = self.record()
        return record.program if record else self.name

    def _unusable(self, error: OSError) -> BadInput:
        return BadInput(f"The folder {self.home.parent} cannot be used: {error.strerror or error}.")

    def _reap(self) -> None:
        if self._child:
            self._child.wait(self.grace_s)
            self._child = None
