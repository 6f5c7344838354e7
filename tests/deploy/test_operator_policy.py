"""People on call with the managed policy alone: what docs/runbook.md tells them to run."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import keys
from shared.dynamo import connect
from tests.acceptance.stack import Stack, wait_until
from tests.acceptance.test_on_call import ANDREW, BAYKO, LONDO, Console, findings, repair
from tests.deploy.cast import Cast
from tests.deploy.forbidden import Attempts, kinds_let_through, let_through
from tests.deploy.stacks import Cloud
from tests.fakes.table import texts

pytestmark = [pytest.mark.engine, pytest.mark.only_on("ministack", reason="DynamoDB Local has no IAM")]
LOGS = {("ReadLogs", "logs:FilterLogEvents", "")}


@pytest.fixture
def console(everybody: Cast) -> Iterator[Console]:
    """Somebody with write access and no idea of the rules."""
    clients = connect(everybody.root)
    yield Console(clients, everybody.root.message_table)
    clients.dynamodb.raw.close()
    clients.streams.raw.close()


def spoil(stack: Stack, console: Console) -> None:
    """Each kind of wrong row, and a row of no group, on two conversations that no worker has seen."""
    begun = stack.do("producer", "start", "--from", "andrewbrown", "--to", "bayko", "--json", "one")
    group = ("--group", json.loads(begun)["group"])
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "two")  # both rows are stale
    stack.do("producer", "start", "--from", "andrewbrown", "--to", "londo", "three")
    [shown] = [row for row in console.rows(ANDREW) if row["message"]["S"] == "three"]
    console.put({**shown, "sk": {"S": keys.bump(shown["sk"]["S"])}})  # a duplicate
    console.put(shown | texts(message="thre"))  # a wrong text
    [londo] = console.rows(LONDO)
    console.delete(londo)  # lost
    [bayko] = console.rows(BAYKO)
    stack.do("producer", "leave", *group, "bayko")
    console.put(bayko)  # a ghost


def deal_with_a_letter(stack: Stack, console: Console) -> None:
    """A row of no group, which the worker sets aside and people put right."""
    worker = stack.worker()
    worker.wait_for("sweep_done")
    console.put({**keys.row_key(BAYKO, "2026-01-01T00:00:00.000000+00:00"), **texts(mood="glad")})
    worker.wait_for("record_dead_lettered")
    [letter] = json.loads(stack.do("stream-worker", "dead-letters", "list", "--json"))
    stack.do("stream-worker", "dead-letters", "show", letter["sk"])
    repair(stack, "--apply")
    stack.do("stream-worker", "dead-letters", "redrive", "--all")


def record(stack: Stack, tape: Path) -> None:
    """Until something is on the tape."""
    recording = stack.start("stream-worker", "record", str(tape), "--from-start")
    wait_until(lambda: tape.exists() and tape.stat().st_size, "a tape")
    recording.send_signal(signal.SIGTERM)
    assert recording.wait(60) == 0


@pytest.mark.slow
def test_every_right_is_used_and_nothing_is_denied(
    everybody: Cast, played: Stack, console: Console, tmp_path: Path
) -> None:
    """What the runbook's commands need is what the policy gives; logs are read in CloudWatch's own console."""
    spoil(played, console)
    repair(played, "--restore-lost", "--apply")
    deal_with_a_letter(played, console)
    record(played, tmp_path / "tape.jsonl")
    played.do("stream-worker", "doctor")
    assert findings(played) == []
    everybody.people.assert_nothing_was_denied()
    assert everybody.people.idle == LOGS


def test_the_engine_denies_it_all_else(everybody: Cast, account: Cloud) -> None:
    """Rows outside of a transaction, other tables, the tables themselves, more rights; they may walk through both."""
    attempts = Attempts(everybody.people.settings.model_copy(update={"endpoint": account.settings.endpoint}))
    assert len(let_through({**attempts.allowed(), **attempts.scans()})) == 4
    forbidden = (attempts.on_messages, attempts.on_others, attempts.on_state, attempts.lone_writes)
    assert [let_through(calls()) for calls in forbidden] == [[]] * len(forbidden)


def test_rows_are_written_and_messages_are_not(everybody: Cast) -> None:
    """By the document, as the engine does not look at keys; no other table's stream is read, either."""
    attempts = Attempts(everybody.people.settings)
    assert kinds_let_through(attempts) == {
        "Put": {keys.ROW, keys.ROSTER},
        "Update": {keys.ROW},
        "Delete": {keys.ROW},
        "ConditionCheck": {keys.MESSAGE, keys.ROW, keys.ROSTER},
    }
    assert let_through(attempts.streams_elsewhere()) == []
