"""People sign in and talk over HTTP while a worker runs: patterns A to E, each by real processes."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from os import defpath
from pathlib import Path

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.slow]
BIN = Path(sys.executable).parent


class Everything:
    """The commands that a newcomer types, in the environment that `devstack env` gives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"PATH": defpath}

    def run(self, name: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / name), *words]
        done = subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False, timeout=100
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def devstack(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("devstack", *words, "--folder", str(self.folder / "stack"))

    def worker(self) -> subprocess.Popen[bytes]:
        command = [str(BIN / "stream-worker"), "run"]
        return subprocess.Popen(command, env=self.environment, cwd=self.folder, stderr=subprocess.DEVNULL)


@pytest.fixture
def everything(tmp_path: Path) -> Iterator[Everything]:
    """The application and its tables, ready; gone afterwards."""
    everything = Everything(tmp_path)
    everything.devstack("up", "--app", "--detach")
    everything.environment |= json.loads(everything.devstack("env", "--json").stdout)
    everything.run("producer", "schema-load", "--enable-stream")
    yield everything
    everything.devstack("down")


def test_each_pattern_is_seen_over_http(everything: Everything) -> None:
    """Sign-in, A to D by people, E by the worker; afterwards no row is wrong."""
    worker = everything.worker()
    try:
        said = everything.run("devstack", "visit").stdout
        verified = everything.run("stream-worker", "verify", "--patience", "60").stdout
    finally:
        worker.terminate()
        worker.wait(60)
    assert "".join(re.findall(r"^([A-E])  ", said, re.MULTILINE)) == "DBDEBACEB"
    assert said.count("moved by the worker") == 2
    assert verified.startswith("verify: 0 wrong")


def test_without_a_worker_it_says_what_is_missing(everything: Everything) -> None:
    """The messages are written; what moves rows is not there."""
    everything.run("producer", "start", "--from", "andrewbrown", "--to", "bayko", "An older message")
    everything.run("producer", "start", "--from", "andrewbrown", "--to", "londo", "A newer one")
    done = everything.run("devstack", "visit", "--wait", "0", check=False)
    assert (done.returncode, "is a worker running?" in done.stderr) == (3, True)
