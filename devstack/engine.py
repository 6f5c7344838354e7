"""One embedded engine and its data, in a folder."""

from pathlib import Path
from typing import Self

from devstack import ports
from devstack.keeper import Keeper, Launch, Record
from devstack.ministack import MiniStack
from devstack.program import Program
from shared.errors import EngineBusy, EngineStopped

_READY_WITHIN_S = 30.0


class Engine:
    """One engine and its data, in a folder; another start there goes on with the same data on the same port.

    Args:
        folder: where data, log and record go (into a private sub-folder).
        port: insist on this port; otherwise a free one.
        program: which engine.
    """

    def __init__(self, folder: Path, port: int | None = None, *, program: Program | None = None) -> None:
        self._keeper = Keeper(folder.absolute() / "engine", "engine")  # its grace: it writes its state to disk
        self._port = port
        self._program = program or MiniStack()

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
        with self._keeper.alone():
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
        self._keeper.stop()

    def kill(self) -> None:
        """Let the engine die as in a crash: what it had not written is lost."""
        self._keeper.kill()

    def record(self) -> Record | None:
        """What is known of the last engine of this folder."""
        return self._keeper.record()

    def running(self) -> Record | None:
        """The engine that runs in this folder."""
        return self._keeper.running()

    def exit_status(self) -> int | None:
        """How the engine that this object started has ended; None while it runs."""
        return self._keeper.exit_status()

    @property
    def name(self) -> str:
        """What users call it."""
        return self._program.name

    @property
    def log(self) -> Path:
        """What the engine says."""
        return self._keeper.log

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
        return self._keeper.last_words()

    def _clear(self) -> None:
        left = self.running()
        if left and left.is_wanted():
            raise EngineBusy(f"{left.program} already runs here, at {left.url}: stop it with `devstack down`.")
        self.stop()

    def _launch(self, port: int, *, detach: bool) -> None:
        data = self.log.parent / self._program.name
        with self._keeper.on_disk():
            data.mkdir(mode=0o700, exist_ok=True)
        command, environment = self._program.command(port, data), self._program.environment(port, data)
        self._keeper.launch(Launch(self._program.name, command, data, environment, port), detach=detach)

    def _await_ready(self, port: int) -> None:
        self._keeper.await_ready(lambda: self._program.is_ready(port), _READY_WITHIN_S)
