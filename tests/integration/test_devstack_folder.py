"""Where an engine's folder can be, and what is said where it cannot."""

import subprocess
import sys
from pathlib import Path

import pytest

from devstack.engine import Engine


def devstack(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The real command."""
    command = [Path(sys.executable).with_name("devstack"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("place", ["a-file/below", "/proc/nowhere", "/dev/null/below"])
@pytest.mark.parametrize("command", [["up", "--detach"], ["env"]])
def test_an_impossible_folder_is_one_sentence(tmp_path: Path, place: str, command: list[str]) -> None:
    """No trace of ours, and the user's own fault: status 2."""
    (tmp_path / "a-file").touch()
    done = devstack(*command, "--folder", tmp_path / place)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("error: ")


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    """Something else stands where the lock should be: not even root can open it."""
    (tmp_path / "engine" / "lock").mkdir(parents=True)
    done = devstack("up", "--detach", "--folder", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: The folder {tmp_path} cannot be used: ")


def test_a_record_that_cannot_be_read_is_no_missing_engine(tmp_path: Path) -> None:
    """`down` must not say that nothing runs where it could not look."""
    (tmp_path / "engine" / "engine.json").mkdir(parents=True)
    done = devstack("down", "--folder", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.engine
def test_quiet_says_where_it_answers_and_no_more(tmp_path: Path) -> None:
    """The demo tells its own story."""
    try:
        done = devstack("up", "--detach", "--quiet", "--folder", tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    finally:
        Engine(tmp_path).stop()


def test_its_folder_is_private(engine: Engine) -> None:
    """Conversations on disk are nobody else's."""
    assert engine.log.parent.stat().st_mode & 0o777 == 0o700
