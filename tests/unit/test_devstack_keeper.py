"""The record of a process, and who may stop it."""

import sys
from pathlib import Path

import pytest

from devstack.keeper import Keeper, Launch
from shared.errors import EngineFailed

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


def keeper(folder: Path, command: list[str]) -> Keeper:
    """A process of this folder's that has just been launched."""
    keeper = Keeper(folder / "home", "sleeper")
    with keeper.alone():
        keeper.launch(Launch("sleeper", command, folder, {}), detach=False)
    return keeper


def test_who_started_a_process_stops_no_other(tmp_path: Path) -> None:
    """Somebody may have stopped it and started the next one before we looked."""
    first = keeper(tmp_path, SLEEPS)
    Keeper(tmp_path / "home", "sleeper").stop()
    second = keeper(tmp_path, SLEEPS)
    first.stop()
    assert second.running()
    second.stop()
    assert second.running() is None


def test_who_started_none_stops_whatever_runs(tmp_path: Path) -> None:
    """`devstack down` finds it by the folder alone."""
    started = keeper(tmp_path, SLEEPS)
    Keeper(tmp_path / "home", "sleeper").stop()
    assert started.running() is None
    started.stop()


def test_one_that_ends_before_it_is_ready_is_quoted(tmp_path: Path) -> None:
    """Nobody waits for a process that is gone."""
    gone = keeper(tmp_path, [sys.executable, "-c", "raise SystemExit('no luck')"])
    with pytest.raises(EngineFailed, match="sleeper ended at once; its last words: no luck"):
        gone.await_ready(lambda: False, 30)
