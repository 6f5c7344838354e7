"""scripts/demo with commands that only write down that they were called: what it does when things go wrong."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devstack.cognito import PASSWORD

AT_A_TERMINAL = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored in the background, and no shell can trap what was ignored before
os.execv(sys.argv[1], sys.argv[1:])
"""
SCRIPT = Path(__file__).parents[2] / "scripts" / "demo"
ENGINE = "echo export AWS_ENDPOINT_URL=http://127.0.0.1:1 APP_PORT=2"


class Demo:
    """A project that has nothing but the script."""

    def __init__(self, root: Path) -> None:
        self.root, self.bin, self._running = root, root / "bin", list[subprocess.Popen[str]]()
        self.said = ""
        self.bin.mkdir()
        (root / "scripts").mkdir()
        shutil.copy(SCRIPT, root / "scripts" / "demo")
        path = f'PATH="{self.bin}:{Path(sys.executable).parent}:$PATH"'
        (root / "scripts" / "_env").write_text(f'{path}\ncd "$root"\nfail() {{ echo "$*" >&2 && exit 3; }}\n')
        self.command("devstack", f"case $1 in env) {ENGINE} ;; esac")
        self.command("producer", "")
        self.worker("{}")

    def command(self, name: str, does: str) -> None:
        """Write down the call, then do this."""
        (self.bin / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.root}/calls"\n{does}\n')
        (self.bin / name).chmod(0o755)

    def worker(self, line: str) -> None:
        """A worker whose log is this line; all rows are right."""
        run = f"echo '{line}' >&2; echo \"$LOG_FORMAT $LOG_LEVEL\" >&2; exec sleep 60"
        self.command("stream-worker", f"case $1 in run) {run} ;; verify) sleep 1; echo verify: 0 wrong ;; esac")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it; `close` ends whatever is left of it."""
        script, pipe = str(self.root / "scripts" / "demo"), subprocess.PIPE
        command = [sys.executable, "-c", AT_A_TERMINAL, script, *arguments]
        demo = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
        self._running.append(demo)
        return demo

    def run(self) -> tuple[int, str, str]:
        """Its status and what it said."""
        demo = self.start("--once")
        out, err = demo.communicate(timeout=60)
        return demo.returncode, out, err

    def watched(self) -> subprocess.Popen[str]:
        """One that has come to its page and goes on until somebody ends it."""
        demo = self.start()
        assert demo.stdout
        while "hello" not in self.said:
            self.said += (line := demo.stdout.readline())
            assert line, demo.communicate()
        return demo

    def calls(self) -> str:
        """What was called, a line each."""
        return (self.root / "calls").read_text()

    def close(self) -> None:
        """Nothing is left behind."""
        for demo in self._running:
            with suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGKILL)
            demo.communicate()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo of stand-ins."""
    demo = Demo(tmp_path)
    yield demo
    demo.close()


@pytest.mark.parametrize("env", ["exit 2", "", "echo export AWS_REGION=us-east-1"])
def test_without_an_engine_nothing_is_asked_of_aws(demo: Demo, env: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has AWS in the environment would have the demo's tables there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://dynamodb.us-east-1.amazonaws.com")
    demo.command("devstack", f"case $1 in env) {env or ':'} ;; esac")
    assert demo.run()[0] in {2, 3}
    assert "producer" not in demo.calls()
    assert "stream-worker" not in demo.calls()


def test_a_second_one_leaves_the_first_alone(demo: Demo) -> None:
    """One sentence, status 2, no call; the first goes on to its end."""
    first = demo.watched()
    before = demo.calls()
    status, out, err = demo.run()
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert demo.calls() == before
    assert (demo.root / ".local" / "demo" / "worker.log").exists()
    first.communicate("\n", timeout=60)
    assert first.returncode == 0


@pytest.mark.parametrize(("found", "status"), [("0 wrong", 0), ("1 wrong", 1)])
def test_it_ends_at_a_page_and_ctrl_c_ends_everything(demo: Demo, found: str, status: int) -> None:
    """The address, two sign-ins; then its worker and its engine are stopped, and the status is what was found."""
    demo.command(
        "stream-worker", f"case $1 in run) echo $$ >worker.pid; exec sleep 60 ;; verify) echo verify: {found} ;; esac"
    )
    watched = demo.watched()
    assert "http://127.0.0.1:2/" in demo.said
    assert [f"{handle:<15}password {PASSWORD}" in demo.said for handle in ("andrewbrown", "bayko")] == [True, True]
    os.killpg(watched.pid, signal.SIGINT)
    assert watched.wait(60) == status
    worker = int((demo.root / ".local" / "demo" / "worker.pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    assert demo.calls().splitlines()[-1].startswith("devstack down")


def test_one_that_was_killed_keeps_nobody_out(demo: Demo) -> None:
    """Its worker is still alive, and holds no lock."""
    first = demo.watched()
    first.kill()
    first.wait(60)
    assert demo.run()[0] == 0


@pytest.mark.parametrize("line", ["Warning: no JSON", "[1]", '{"event": "lease_taken"}'])
def test_the_summary_takes_the_log_as_it_is(demo: Demo, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the user likes logs to be, the demo's worker writes JSON; other lines and no batch do no harm."""
    monkeypatch.setenv("LOG_FORMAT", "console")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    demo.worker(line)
    status, out, _ = demo.run()
    assert (status, out.splitlines()[-1]) == (0, "workers: 0 records in 0 batches, 0 rows moved")
    assert "json INFO" in (demo.root / ".local" / "demo" / "worker.log").read_text()


def test_the_users_settings_are_not_the_demos(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a table's name in the environment nor a `.env` in the project."""
    monkeypatch.setenv("DDB_MESSAGE_TABLE", "prod")
    (demo.root / ".env").write_text("AWS_ENDPOINT_URL_DYNAMODB=https://dynamodb.us-east-1.amazonaws.com\n")
    demo.command("producer", '[ -z "${DDB_MESSAGE_TABLE-}" ] && [ ! -e .env ]')
    assert demo.run()[0] == 0
