"""The daemon's jar: named by a setting, found in the user's cache folder, or built there by Maven."""

import shutil
import subprocess  # nosec B404
from collections.abc import Callable
from pathlib import Path

from shared.cache import fingerprint, kept
from shared.errors import KclMissing
from shared.settings import Settings, cache_folder

SOURCES = Path(__file__).parent / "daemon"
BUILT = "target/streams-daemon.jar"


def daemon_jar(settings: Settings, tell: Callable[[str], object]) -> Path:
    """The jar to run; built if need be.

    Args:
        settings: WORKER_KCL_JAR names a jar that was built elsewhere.
        tell: told a sentence before a build, which takes a minute.

    Raises:
        KclMissing: there is none and none can be built; the sentence says what to install.
    """
    if settings.kcl_jar:
        if settings.kcl_jar.is_file():
            return settings.kcl_jar.absolute()
        raise KclMissing(f"WORKER_KCL_JAR names {settings.kcl_jar}, which is no file: build it, or unset the variable.")

    def build(fresh: Path) -> Path:
        tell(f"Building KCL's daemon with Maven (once, about a minute) into {cache_folder()}")
        return _build(installed("mvn", "Maven (Debian: maven)"), fresh)

    try:
        return kept(f"streams-daemon-{fingerprint(*_sources())}.jar", build)
    except OSError as error:
        raise KclMissing(f"The daemon cannot be kept in {cache_folder()}: {error.strerror or error}.") from error


def installed(program: str, name: str) -> str:
    """The path of a program that the user must have installed.

    Raises:
        KclMissing: it is not there.
    """
    if found := shutil.which(program):
        return found
    raise KclMissing(f"The kcl driver needs `{program}`: install {name}.")


def _sources() -> list[Path]:
    return [SOURCES / "pom.xml", *sorted(file for file in (SOURCES / "src" / "main").rglob("*") if file.is_file())]


def _build(maven: str, fresh: Path) -> Path:
    """Build in a copy: the package's own folder may be read-only, or somebody else's."""
    copy = shutil.copytree(SOURCES, fresh / "daemon", ignore=shutil.ignore_patterns("target"))
    command = [maven, "-q", "-B", "-Dstyle.color=never", "-DskipTests", "package"]
    # With the user's environment: it may hold their Maven's settings.
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)  # noqa: S603 # nosec B603
    if done.returncode:
        said = " ".join(line for line in done.stdout.splitlines() if "ERROR" in line)[:500]
        raise KclMissing(f"Maven could not build the daemon (status {done.returncode}): {said or 'no word'}.")
    return copy / BUILT
