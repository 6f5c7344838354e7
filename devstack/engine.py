"""Keeps one embedded engine: starts it, stops it, and finds the one that a crashed parent left behind."""

import fcntl
import os
import subprocess  # nosec B404
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from devstack import ports
from devstack.ministack import MiniStack
from devstack.process import Process, wait_until
from devstack.program import Program
from shared.errors import BadInput, EngineBusy, EngineFailed, EngineStopped

_READY_WITHIN_S = 30.0
_GRACE_S = 10.0  # it writes its state to disk
_TAIL_LINES = 5


class Record(BaseModel):
    """What a folder remembers of its engine, running or not."""

    model_config = ConfigDict(frozen=True)

    program: str
    port: int
    engine: Process
    owner: Process | None  # the process that will stop it; None: it was detached

    @property
    def url(self) -> str:
        """Where the engine answers."""
        return f"http://127.0.0.1:{self.port}"

    def is_wanted(self) -> bool:
        """Whether somebody still counts on the engine."""
        return self.owner is None or self.owner.is_alive()


class Engine:
    """One engine and its data, in a folder; another start there goes on with the same data on the same port.

    Args:
        folder: where data, log and record go (into a private sub-folder).
        port: insist on this port; otherwise a free one.
        program: which engine.
    """

    def __init__(self, folder: Path, port: int | None = None, *, program: Program | None = None) -> None:
        self.log = folder.absolute() / "engine" / "engine.log"
        self._home = self.log.parent
        self._port = port
        self._program = program or MiniStack()
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *, detach: bool = False) -> None:
        """Start the engine and return when it answers; one that nobody counts on any more is stopped first.

        Args:
            detach: let it outlive this process.

        Raises:
            EngineBusy: one runs in this folder already.
            EngineMissing: it is not installed.
            EngineFailed: it could not be fetched, or did not come up.
            PortTaken: the port asked for is in use.
            BadInput: the folder cannot be made, read or written.
        """
        with self._alone():
            self._clear()
            self._program.prepare()
            last = self.record()
            self._port = ports.choose(self._port, last.port if last else None)
            try:
                self._launch(self._port, detach=detach)
                self._await_ready(self._port)
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Stop the engine of this folder, whoever started it; its items stay."""
        if record := self.running():
            record.engine.end(_GRACE_S)
        self._reap()

    def kill(self) -> None:
        """Let the engine die as in a crash: what it had not written is lost."""
        if record := self.running():
            record.engine.kill()
        self._reap()

    def record(self) -> Record | None:
        """What is known of the last engine of this folder."""
        try:
            return Record.model_validate_json(self._record_file.read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None
        except OSError as error:
            raise self._unusable(error) from error

    def running(self) -> Record | None:
        """The engine that runs in this folder."""
        record = self.record()
        return record if record and record.engine.is_alive() else None

    def exit_status(self) -> int | None:
        """How the engine that this object started has ended; None while it runs."""
        return self._child.poll() if self._child else None

    @property
    def url(self) -> str:
        """Where the running engine answers.

        Raises:
            EngineStopped: there is none.
        """
        if record := self.running():
            return record.url
        raise EngineStopped

    def environment(self) -> dict[str, str]:
        """The variables that point our commands, boto3 and the AWS CLI at the running engine.

        Raises:
            EngineStopped: there is none.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,  # it outranks the first, and a `.env` could lead it elsewhere
            "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",  # the one of the two that boto3 reads
            "AWS_ACCESS_KEY_ID": "embeddedEngineOnly",  # no key of AWS's; an engine may want letters only
            "AWS_SECRET_ACCESS_KEY": "embeddedEngineOnly",  # nosec B105
        }

    def last_words(self) -> str:
        """The end of the engine's log."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        return "\n".join([line for line in lines if line.strip()][-_TAIL_LINES:]) or "nothing"

    @property
    def _record_file(self) -> Path:
        return self._home / "engine.json"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two that start at the same moment take turns, or one engine would go unrecorded."""
        with self._on_disk():
            self._home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._home.mkdir(mode=0o700, exist_ok=True)
            lock = (self._home / "lock").open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """A folder that cannot be used is the mistake of whoever named it."""
        try:
            yield
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> BadInput:
        return BadInput(f"The folder {self._home.parent} cannot be used: {error.strerror or error}.")

    def _clear(self) -> None:
        left = self.running()
        if left and left.is_wanted():
            raise EngineBusy(f"{left.program} already runs here, at {left.url}: stop it with `devstack down`.")
        if left:
            left.engine.end(_GRACE_S)

    def _launch(self, port: int, *, detach: bool) -> None:
        data = self._home / self._program.name
        with self._on_disk():
            data.mkdir(mode=0o700, exist_ok=True)
            log = self.log.open("wb")
        command, environment = self._program.command(port, data), self._program.environment(port, data)
        with log:
            self._child = subprocess.Popen(  # nosec B603
                command,
                cwd=data,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C is for its parent, who then stops it in order
            )
        owner = None if detach else Process.of(os.getpid())
        record = Record(program=self._program.name, port=port, engine=Process.of(self._child.pid), owner=owner)
        fresh = self._record_file.with_suffix(".new")
        fresh.write_text(record.model_dump_json())
        fresh.replace(self._record_file)

    def _await_ready(self, port: int) -> None:
        wait_until(lambda: self.exit_status() is not None or self._program.is_ready(port), _READY_WITHIN_S)
        if self.exit_status() is not None:
            raise EngineFailed(f"{self._program.name} ended at once; its last words: {self.last_words()}")
        if not self._program.is_ready(port):
            raise EngineFailed(
                f"{self._program.name} was not ready after {_READY_WITHIN_S:.0f} s; its last words: {self.last_words()}"
            )

    def _reap(self) -> None:
        if self._child:
            self._child.wait(_GRACE_S)
            self._child = None
