"""The daemon in Java: its own tests, and what it says to whoever starts it wrongly."""

import shutil
import subprocess
from pathlib import Path

import pytest

from stream_worker.drivers.kcl.hearing import Hearing
from stream_worker.drivers.kcl.jar import SOURCES
from tests.fakes.outlets import Lines
from tests.lacking import lacking

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its sources, copied, tested and packaged; without Maven that is skipped, but not in CI."""
    if not (maven := shutil.which("mvn")):
        lacking("the daemon's tests need Maven")
    copy = tmp_path_factory.mktemp("daemon") / "daemon"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("target"))
    done = subprocess.run([maven, "-q", "-B", "package"], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return copy / "target"


def test_its_own_tests_pass(daemon: Path) -> None:
    """JUnit has run all of them, and made reports."""
    assert len(list((daemon / "surefire-reports").glob("*.txt"))) >= 4


def test_a_wrong_setting_is_a_sentence_and_status_2(daemon: Path, tmp_path: Path) -> None:
    """Which the supervisor hears as the daemon's last word."""
    said = tmp_path / "wrong.properties"
    said.write_text("executableName = sh\napplicationNam = app\nstreamName = t\nlogFormat = json\n")
    command = ["java", "-jar", str(daemon / "streams-daemon.jar"), str(said)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    hearing = Hearing(Lines(), lambda *_: None)
    for line in done.stderr.splitlines():
        hearing.line(line)
    assert (done.returncode, done.stdout) == (2, "")
    assert hearing.last_error == "There is no property applicationNam: is applicationName meant?"
