"""What can be made again and is kept in the user's cache folder: made once, however many ask at the same moment."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.settings import cache_folder


def kept(name: str, make: Callable[[Path], Path]) -> Path:
    """The file or folder of that name; `make` is given an empty folder and answers what it made there.

    Raises:
        OSError: the cache folder cannot be used.
    """
    home = cache_folder()
    place = home / name
    if place.exists():
        return place
    with _alone(home):
        if not place.exists():
            with TemporaryDirectory(dir=home) as fresh:  # one that was interrupted must not look like one that was not
                make(Path(fresh)).rename(place)
    return place


def fingerprint(*files: Path) -> str:
    """A short name for the contents of files, in their order."""
    digest = sha256()
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
