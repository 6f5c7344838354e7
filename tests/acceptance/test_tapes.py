"""record and replay as processes: what whoever is on call does with an incident."""

import json
import os
import signal
from pathlib import Path

import pytest

from shared.keys import MESSAGE
from shared.models import string
from stream_worker.tape import Length, measure, read_tape
from tests.acceptance.stack import Stack, wait_until
from tests.fakes.stage import TAPES

REPLAY = ("stream-worker", "replay")


def scratch(stack: Stack) -> dict[str, str]:
    """Settings for tables beside those of the test."""
    tables = {
        "DDB_MESSAGE_TABLE": f"{stack.settings.message_table}-scratch",
        "WORKER_STATE_TABLE": f"{stack.settings.state_table}-scratch",
    }
    status, _, err = stack.run("producer", "schema-load", **tables)
    assert status == 0, err
    return tables


def messages_on(tape: Path) -> int:
    """How many messages were put, by what is on the tape."""
    records = [record for batch in read_tape(tape) for record in batch.records]
    return sum(record.kind == "INSERT" and string(record.keys, "pk").startswith(MESSAGE) for record in records)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_recording_ends_with_whole_lines(stack: Stack, tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends it in order: exit status 0, the count is what is on the tape."""
    tape = tmp_path / "tape.jsonl"
    recording = stack.start("stream-worker", "record", str(tape), "--from-start", "--json")
    stack.do("producer", "seed")
    wait_until(lambda: tape.exists() and measure(tape).records > 100, "a hundred records on tape")
    recording.send_signal(number)
    out, err = recording.communicate(timeout=60)
    assert recording.returncode == 0, err
    assert Length(**json.loads(out)) == measure(tape)
    assert tape.stat().st_mode & 0o077 == 0


def test_an_incident_is_seen_again_elsewhere(stack: Stack, tmp_path: Path) -> None:
    """Recorded beside a worker that is not disturbed; replayed into other tables, which end right."""
    tape, traffic = tmp_path / "tape.jsonl", ("--total", "40", "--groups", "5", "--users", "6", "--edits", "0.2")
    worker = stack.worker()
    stack.do("producer", "traffic", *traffic)
    recording = stack.start("stream-worker", "record", str(tape), "--from-start", "--redact")
    wait_until(lambda: tape.exists() and messages_on(tape) == 40, "all messages on tape")
    recording.terminate()
    assert recording.wait(60) == 0
    assert not worker.has_said("standby")
    tables = scratch(stack)
    status, out, err = stack.run(*REPLAY, str(tape), "--load", "--json", **tables)
    assert (status, json.loads(out)["records"]) == (0, measure(tape).records), err
    status, out, _ = stack.run("stream-worker", "verify", "--json", "--patience", "0", **tables)
    assert (status, json.loads(out)["wrong"], json.loads(out)["messages"]) == (0, 0, 40)


def test_a_tape_is_not_overwritten(stack: Stack, tmp_path: Path) -> None:
    """Unless somebody insists."""
    tape = tmp_path / "tape.jsonl"
    tape.write_text("precious\n", encoding="ascii")
    status, _, err = stack.run("stream-worker", "record", str(tape), "--seconds", "1")
    assert (status, "--force" in err, tape.read_text(encoding="ascii")) == (2, True, "precious\n")
    stack.do("stream-worker", "record", str(tape), "--seconds", "1", "--force")
    assert "precious" not in tape.read_text(encoding="ascii")


def test_no_tape_of_nothing(stack: Stack, tmp_path: Path) -> None:
    """A table that is missing is said before a file is made."""
    tape = tmp_path / "tape.jsonl"
    status, _, err = stack.run("stream-worker", "record", str(tape), DDB_MESSAGE_TABLE="no-such-table")
    assert (status, "no-such-table" in err, tape.exists()) == (2, True, False)


def test_a_folder_that_is_missing(stack: Stack, tmp_path: Path) -> None:
    """One sentence."""
    status, _, err = stack.run("stream-worker", "record", str(tmp_path / "no" / "tape.jsonl"))
    assert (status, "cannot be written" in err, "Traceback" in err) == (2, True, False)


def test_a_broken_tape_is_not_applied(stack: Stack, tmp_path: Path) -> None:
    """It is read to its end first; the sentence says which line and why."""
    tape = tmp_path / "tape.jsonl"
    lines = (TAPES / "burst.jsonl").read_text(encoding="ascii").splitlines()
    tape.write_text("\n".join([*lines[:3], lines[3][:-5]]), encoding="ascii")
    status, out, err = stack.run(*REPLAY, str(tape), "--load")
    assert (status, out) == (2, "")
    assert "line 4: this is no JSON" in err
    assert "Nothing of the tape was applied" in err
    assert stack.verify(0)["rows"] == 0


def test_an_empty_tape_is_no_success(stack: Stack, tmp_path: Path) -> None:
    """Somebody has recorded nothing, or named the wrong file."""
    tape = tmp_path / "tape.jsonl"
    tape.write_text("", encoding="ascii")
    status, out, err = stack.run(*REPLAY, str(tape))
    assert (status, out) == (2, "")
    assert err.rstrip().endswith("tape.jsonl is empty: there is nothing to replay.")


def test_a_broken_pipe_says_how_far_it_came(stack: Stack, tmp_path: Path) -> None:
    """A pipe cannot be read twice; what was applied before the broken line is counted."""
    first = (TAPES / "burst.jsonl").read_text(encoding="ascii").splitlines()[0]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    replaying = stack.start(*REPLAY, str(pipe), "--load")
    pipe.write_text(first + "\n{\n", encoding="ascii")
    out, err = replaying.communicate(timeout=60)
    assert replaying.returncode == 2
    assert out.startswith("replayed: 1 batches, 9 records")
    assert "line 2" in err


def test_loading_elsewhere_wants_the_tables_name(stack: Stack) -> None:
    """It overwrites items: not without a second word where the table is not on this machine."""
    status, _, err = stack.run(*REPLAY, str(TAPES / "burst.jsonl"), "--load", AWS_ENDPOINT_URL="https://192.0.2.1")
    assert (status, "--yes-table" in err) == (2, True)
