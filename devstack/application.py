"""The application on this machine: a Postgres, a user pool in the engine, and `chat-app serve` in front of both."""

import os
import subprocess  # nosec B404
import sys
from collections.abc import Collection
from http import HTTPStatus
from pathlib import Path

from devstack import ports
from devstack.engine import Engine
from devstack.keeper import Keeper, Launch, Record
from devstack.ministack import MiniStack
from devstack.postgres import Postgres
from shared.console import FINDING, OK, USAGE
from shared.errors import BadInput, EngineBusy, EngineFailed, EngineStopped, Misconfigured, clause
from shared.settings import Settings

_READY_WITHIN_S = 30.0
_NO_FAILURE = frozenset({OK, FINDING})


class Application:
    """The application and what it stands on, in the folder of an engine that runs.

    Args:
        folder: where data, log and record go (into private sub-folders).
        engine: the engine of that folder.
    """

    name = "the application"

    def __init__(self, folder: Path, engine: Engine) -> None:
        self._engine = engine
        self._postgres = Postgres(folder)
        self._keeper = Keeper(folder.absolute() / "app", "app")
        self.sign_ins = ""

    def start(self, *, detach: bool = False) -> None:
        """Start everything and return when it answers; what nobody counts on any more is stopped first.

        Args:
            detach: let it outlive this process.

        Raises:
            EngineBusy: it runs in this folder already.
            EngineMissing: Postgres is not installed, or cannot run here.
            EngineFailed: something did not come up.
            Misconfigured: `chat-app` says what is missing.
            BadInput: the engine has no Cognito, or the folder cannot be used.
        """
        with self._keeper.alone():
            if (left := self.running()) and left.is_wanted() and self._postgres.running():
                raise EngineBusy(f"The application already runs here, at {left.url}: stop it with `devstack down`.")
            if on := self._engine.running():
                refuse_without_cognito(on.program)
            port, base = self._port(), self._base(Settings.read())
            self.stop()
            try:
                self._postgres.start(detach=detach)
                self._prepare(port, base)
                self._serve(port, base, detach=detach)
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """Stop the application of this folder, whoever started it; what was stored stays."""
        self._keeper.stop()
        self._postgres.stop()

    def stop_unwanted(self) -> None:
        """Stop what a parent that was killed has left, and what has lost its engine (and with it perhaps its pool)."""
        left = [record for record in (self._keeper.running(), self._postgres.running()) if record]
        if left and not (self._engine.running() and all(record.is_wanted() for record in left)):
            self.stop()

    def running(self) -> Record | None:
        """The `chat-app serve` that runs in this folder."""
        return self._keeper.running()

    def exit_status(self) -> int | None:
        """How the first part has ended of those that this object started; None while all run."""
        return next((status for part in self._parts if (status := part.exit_status()) is not None), None)

    def last_words(self) -> str:
        """The end of the log of what has ended."""
        return next((part.last_words() for part in self._parts if part.exit_status() is not None), "nothing")

    @property
    def url(self) -> str:
        """Where the application answers.

        Raises:
            EngineStopped: it does not run.
        """
        if record := self.running():
            return record.url
        raise EngineStopped("No application is running here: start it with `devstack up --app`.")

    def environment(self) -> dict[str, str]:
        """The variables that the application has besides the engine's; none unless it runs.

        Raises:
            EngineStopped: it runs without the engine, or without Postgres.
        """
        record = self.running()
        return self._variables(record.port) if record else {}

    def _prepare(self, port: int, base: dict[str, str]) -> None:
        said = self._run("devstack", "cognito", "--write", str(self._pool_file), environment=base)
        self.sign_ins = said.strip()
        everything = base | self._variables(port)
        for command in ("migrate", "seed-users"):
            self._run("chat_app", command, environment=everything)
        # Somebody in the table who is not in the pool is the user's own doing, and no reason not to start.
        self._run("chat_app", "update-cognito-ids", environment=everything, fine=_NO_FAILURE)

    def _serve(self, port: int, base: dict[str, str], *, detach: bool) -> None:
        command, environment = [sys.executable, "-I", "-m", "chat_app", "serve"], base | self._variables(port)
        self._keeper.launch(Launch("chat-app", command, self._keeper.home, environment, port), detach=detach)
        self._keeper.await_ready(lambda: ports.status(port, "/healthz") == HTTPStatus.OK, _READY_WITHIN_S)

    def _run(
        self, module: str, *arguments: str, environment: dict[str, str], fine: Collection[int] = frozenset({OK})
    ) -> str:
        """What a command of ours says on its way to its end."""
        done = subprocess.run(  # nosec B603
            [sys.executable, "-I", "-m", module, *arguments],
            cwd=self._keeper.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            start_new_session=True,  # Ctrl-C is for us: we stop when it has ended, and in order
        )
        if done.returncode not in fine:
            kind = Misconfigured if done.returncode == USAGE else EngineFailed
            said = clause(" ".join(done.stderr.split()).rpartition("error: ")[2]) or "nothing was said"
            raise kind(f"{' '.join([module, *arguments[:1]])} ended with status {done.returncode}: {said}.")
        return done.stderr

    def _base(self, settings: Settings) -> dict[str, str]:
        """The engine, the tables and the users; nothing else is inherited, and no file `.env` is in its folder."""
        users = {"USERS_FILE": str(settings.users_file.absolute())} if settings.users_file else {}
        return {
            "PATH": os.defpath,
            "HOME": str(self._keeper.home),
            **self._engine.environment(),
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": self._engine.url,
            "DDB_MESSAGE_TABLE": settings.message_table,
            "WORKER_STATE_TABLE": settings.state_table,
            "APP_MESSAGES_PER_MINUTE": str(settings.app_messages_a_minute),
            "APP_WORKER_URLS": settings.app_worker_urls or "",
            **users,
        }

    def _variables(self, port: int) -> dict[str, str]:
        pool = dict(line.split("=", 1) for line in self._pool_file.read_text().splitlines())
        return {
            "DATABASE_URL": self._postgres.url,
            **pool,
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": self._engine.url,
            "APP_CORS_ORIGINS": "same-origin",
            "APP_PORT": str(port),
        }

    @property
    def _pool_file(self) -> Path:
        return self._keeper.home / "pool.env"

    @property
    def _parts(self) -> tuple[Keeper, Postgres]:
        return self._keeper, self._postgres

    def _port(self) -> int:
        last = self._keeper.record()
        return ports.choose(None, last.port if last else None)


def refuse_without_cognito(program: str) -> None:
    """Refuse an engine that has no users.

    Raises:
        BadInput: this one has none.
    """
    if program != MiniStack.name:
        raise BadInput(f"{program} has no Cognito, which the application needs: take {MiniStack.name}, the default.")
