"""`stream-worker verify` and `repair` as a user types them."""

import json
import sys
from collections.abc import Callable

import pytest
from rich.console import Console

from producer import messages
from shared.settings import Settings
from stream_worker.__main__ import main
from tests.integration.cli import Result
from tests.integration.conftest import ANN, BEN, DAN, Scene

Command = Callable[..., Result]

BOTH = pytest.mark.parametrize("command", ["verify", "repair"])
ERASED = "\x1b[2K"  # what rich ends a transient bar with
NOBODY = "6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11"


@pytest.fixture
def worker(
    settings: Settings, scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """`stream-worker`, on a table where Ann has written to Ben."""
    messages.start(scene.chat, ANN, [BEN], "hi")
    for name, value in {
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "DDB_MESSAGE_TABLE": settings.message_table,
        "WORKER_STATE_TABLE": settings.state_table,
    }.items():
        monkeypatch.setenv(name, value or "")

    def run(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["stream-worker", *words])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Result(status, *capsys.readouterr())

    return run


@BOTH
@pytest.mark.parametrize("group", ["rubbish", NOBODY, ""])
def test_a_group_that_nobody_knows_is_no_all_clear(worker: Command, command: str, group: str) -> None:
    """Exit 2 and nothing on stdout, also for a program."""
    for words in ([], ["--json"]):
        result = worker(command, "--group", group, *words)
        assert (result.status, result.out) == (2, "")
        assert f'Nobody knows the group "{group}"' in result.err


@BOTH
def test_a_user_of_whom_there_is_no_sign_is_no_all_clear(worker: Command, command: str) -> None:
    """Only the walk can tell; somebody who merely has a row is known."""
    result = worker(command, "--user", DAN.uuid)
    assert result.status == 2
    assert f"Nobody knows the user {DAN.uuid}" in result.err
    assert worker(command, "--user", ANN.uuid).status == 0


def test_a_group_id_may_have_any_form(worker: Command, scene: Scene) -> None:
    """The original's did."""
    scene.put({"pk": {"S": "MSG#lobby"}, "sk": {"S": "2023"}, "message": {"S": "hi"}})
    assert json.loads(worker("verify", "--group", "lobby", "--json").out)["messages"] == 1


@BOTH
def test_no_terminal_gets_no_progress(worker: Command, command: str) -> None:
    """Nor an empty line in its place."""
    assert worker(command).err == ""


def test_a_result_has_lines_of_its_own_at_a_terminal(
    worker: Command, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The progress goes before a line is printed: on stdout there is nothing but the result."""
    monkeypatch.setattr("shared.console.NOTES", terminal := Console(file=sys.stdout, force_terminal=True, width=80))
    scene.put({"pk": {"S": "MSG#lobby"}, "sk": {"S": "2023"}, "message": {"S": "hi"}})
    assert terminal.is_terminal
    shown = worker("verify").out
    assert f"{ERASED}odd " in shown
    assert f"{ERASED}verify: 0 wrong" in shown


def test_help_has_no_line_breaks_of_the_source(worker: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paragraph is as wide as the terminal; groups of commands have an example as well."""
    monkeypatch.setenv("COLUMNS", "300")
    assert "What seems wrong is looked at again" in worker("verify", "--help").out
    assert "Example: stream-worker dead-letters list" in worker("dead-letters", "--help").out
