"""DynamoDB Local's jars: fetched once by Maven into the user's cache folder, never a part of this project."""

import fcntl
import shutil
import subprocess  # nosec B404
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.console import NOTES
from shared.errors import EngineFailed, EngineMissing
from shared.settings import cache_folder

POM = Path(__file__).with_name("dynamodb-local.pom.xml")


def library() -> Path:
    """The folder of the jars; they are fetched if this POM's are not there yet.

    Raises:
        EngineMissing: Maven is not installed, or the cache folder cannot be used.
        EngineFailed: Maven could not fetch them.
    """
    home = cache_folder()
    jars = home / f"dynamodb-local-{sha256(POM.read_bytes()).hexdigest()[:12]}"
    if jars.is_dir():
        return jars
    maven = installed("mvn", "Maven (Debian: maven)")
    try:
        with _alone(home):
            if not jars.is_dir():
                _fetch(maven, home, jars)
    except OSError as error:
        raise EngineMissing(f"DynamoDB Local cannot be kept in {home}: {error.strerror or error}.") from error
    return jars


def installed(program: str, name: str) -> str:
    """The path of a program that the user must have installed.

    Raises:
        EngineMissing: it is not there.
    """
    if found := shutil.which(program):
        return found
    raise EngineMissing(f"DynamoDB Local needs `{program}`: install {name}, or take the default engine.")


def _fetch(maven: str, home: Path, jars: Path) -> None:
    NOTES.print(f"Fetching DynamoDB Local with Maven (50 MB, once, about a minute) into {home}", soft_wrap=True)
    with TemporaryDirectory(dir=home) as fresh:  # a fetch that was interrupted must not look like one that was not
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={fresh}/jars"]
        command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", str(POM), *goal]
        # With the user's environment: it may hold their Maven's settings.
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False)  # nosec B603
        if done.returncode:
            said = " ".join(line for line in done.stdout.splitlines() if "ERROR" in line)[:500]
            raise EngineFailed(f"Maven could not fetch DynamoDB Local (status {done.returncode}): {said or 'no word'}")
        (Path(fresh) / "jars").rename(jars)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two that need it at the same moment fetch it once."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
