"""DynamoDB Local's jars: fetched once by Maven into the user's cache folder, never a part of this project."""

import shutil
import subprocess  # nosec B404
from pathlib import Path

from shared.cache import fingerprint, kept
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
    try:
        return kept(f"dynamodb-local-{fingerprint(POM)}", _fetch)
    except OSError as error:
        home = cache_folder()
        raise EngineMissing(f"DynamoDB Local cannot be kept in {home}: {error.strerror or error}.") from error


def installed(program: str, name: str) -> str:
    """The path of a program that the user must have installed.

    Raises:
        EngineMissing: it is not there.
    """
    if found := shutil.which(program):
        return found
    raise EngineMissing(f"DynamoDB Local needs `{program}`: install {name}, or take the default engine.")


def _fetch(fresh: Path) -> Path:
    maven = installed("mvn", "Maven (Debian: maven)")
    NOTES.print(f"Fetching DynamoDB Local with Maven (50 MB, once, about a minute) into {fresh.parent}", soft_wrap=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={fresh}/jars"]
    command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", str(POM), *goal]
    # With the user's environment: it may hold their Maven's settings.
    done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False)  # nosec B603
    if done.returncode:
        said = " ".join(line for line in done.stdout.splitlines() if "ERROR" in line)[:500]
        raise EngineFailed(f"Maven could not fetch DynamoDB Local (status {done.returncode}): {said or 'no word'}")
    return fresh / "jars"
