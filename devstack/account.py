"""Who runs a program that refuses to be root: we, unless we are root; then `nobody`, and no folder is opened for it."""

import os
import pwd
import stat
import subprocess  # nosec B404
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pwd import struct_passwd

from shared.errors import EngineMissing

_UNPRIVILEGED = "nobody"
_ANOTHER_NUMBER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True, slots=True)
class Account:
    """Who a program runs as.

    Args:
        user: somebody else than we.
        prefix: what is put before the command.
    """

    user: struct_passwd | None = None
    prefix: Sequence[str] = ()

    @property
    def number(self) -> int:
        """Whose the program's files are."""
        return self.user.pw_uid if self.user else os.geteuid()

    def give(self, folder: Path) -> None:
        """Let a folder be the program's, with all that is in it if somebody else had it: the project was moved."""
        if folder.stat().st_uid == self.number:
            return
        group = self.user.pw_gid if self.user else os.getegid()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.number, group, follow_symlinks=False)

    def sees(self, folder: Path) -> Path:
        """The name of its working folder that it reaches even where it may not pass the folders above."""
        here = Path("/proc/self/cwd")
        return here if self.user and here.exists() else folder


def account_for(programs: Path) -> Account:
    """Who runs the programs of this folder.

    Raises:
        EngineMissing: nobody can but root, as whom they refuse to run.
    """
    if os.geteuid() != 0:
        return Account()
    closed = _closed_above(programs)
    if closed is None:
        return Account(pwd.getpwnam(_UNPRIVILEGED))
    if _goes_by_another_number():
        return Account(prefix=_ANOTHER_NUMBER)
    raise EngineMissing(
        f"Postgres refuses to run as root, and {_UNPRIVILEGED} may not pass {closed}: "
        f"work as another user, or let others pass (chmod o+x {closed})."
    )


def _closed_above(programs: Path) -> Path | None:
    """The first folder on the way there that others may not pass."""
    on_the_way = reversed(programs.parents)
    return next((folder for folder in on_the_way if not folder.stat().st_mode & stat.S_IXOTH), None)


def _goes_by_another_number() -> bool:
    """Whether root can hide that it is root; a container may forbid it."""
    try:
        done = subprocess.run(  # nosec B603
            [*_ANOTHER_NUMBER, "true"], env={"PATH": os.defpath}, capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0
