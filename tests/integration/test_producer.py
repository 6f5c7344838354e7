"""The commands as a user types them: exit status, one sentence, JSON."""

import json
from pathlib import Path

import pytest

from producer.schema import TTL
from shared.dynamo import Clients
from shared.settings import Settings
from tests.integration.cli import Producer

COMMANDS = (
    *("schema-load", "seed", "scan", "start", "send", "edit", "delete", "join", "leave"),
    *("list-conversations", "get-conversation", "traffic"),
)
UNKNOWN = "6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Producer:
    """The command without any setting."""
    return Producer(monkeypatch, capsys)


@pytest.fixture
def producer(bare: Producer, settings: Settings) -> Producer:
    """The command with tables on the embedded engine."""
    bare.setenv("AWS_ENDPOINT_URL", settings.endpoint or "")
    bare.setenv("AWS_REGION", settings.region or "")
    bare.setenv("AWS_ACCESS_KEY_ID", "test")
    bare.setenv("AWS_SECRET_ACCESS_KEY", "test")
    bare.setenv("DDB_MESSAGE_TABLE", settings.message_table)
    bare.setenv("WORKER_STATE_TABLE", settings.state_table)
    assert bare("schema-load").status == 0
    return bare


def items(producer: Producer) -> int:
    return len(producer("scan", "--json").out.splitlines())


def test_a_conversation_from_end_to_end(producer: Producer) -> None:
    """Start, answer, edit, delete, leave, and what each list shows."""
    group = producer("start", "--from", "bayko", "--to", "londo", "hi", "--json").data["group"]
    assert producer("send", "--from", "londo", "--group", group, "hello").status == 0
    assert producer("edit", "--from", "londo", "--group", group, "hello!").status == 0
    assert producer("delete", "--from", "bayko", "--group", group).status == 0
    shown = producer("get-conversation", group)
    assert shown.out.endswith("Londo Mollari: hello!\n")
    assert producer("leave", "londo", "--group", group).status == 0
    assert producer("list-conversations", "londo").out == ""
    assert producer("join", "londo", "--group", group).status == 0
    assert "Andrew Bayko" in producer("list-conversations", "londo").out


def test_three_talk(producer: Producer) -> None:
    """`--to` may be given again."""
    sent = producer("start", "--from", "bayko", "--to", "londo", "--to", "andrewbrown", "hi all", "--json")
    group = sent.data["group"]
    assert producer("list-conversations", "andrewbrown", "--json").data["conversations"][0]["group"] == group


def test_seed_writes_once(producer: Producer) -> None:
    """A hundred messages, both rows at the last; the second run writes nothing and says so."""
    assert "100 messages written" in producer("seed").err
    before = producer("scan", "--json").out
    again = producer("seed")
    assert "nothing to do" in again.err
    assert producer("scan", "--json").out == before
    [row] = producer("list-conversations", "bayko", "--json").data["conversations"]
    page = producer("get-conversation", row["group"], "--limit", "1", "--json").data
    assert (row["text"], row["last_message_at"]) == (page["messages"][0]["text"], page["messages"][0]["created_at"])


def test_pages_and_their_price(producer: Producer) -> None:
    """`--limit`, `--cursor` and `--capacity` on both listings."""
    producer("seed")
    group = producer("list-conversations", "bayko", "--json").data["conversations"][0]["group"]
    first = producer("get-conversation", group, "--limit", "60", "--json", "--capacity").data
    rest = producer("get-conversation", group, "--limit", "60", "--json", "--cursor", first["cursor"]).data
    assert (len(first["messages"]), len(rest["messages"]), rest["cursor"]) == (60, 40, None)
    assert first["capacity"] > 0
    assert "capacity: " in producer("list-conversations", "bayko", "--capacity").err
    assert "more: --cursor" in producer("get-conversation", group).err


def test_scan_shows_all_pages(producer: Producer) -> None:
    """Also with a limit, and as DynamoDB JSON."""
    producer("seed")
    assert len(producer("scan").out.splitlines()) == 104
    lines = producer("scan", "--json", "--limit", "3").out.splitlines()
    assert [set(json.loads(line)) >= {"pk", "sk"} for line in lines] == [True] * 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["send", "--from", "bayko", "--to", "londo", ""], "The text is empty"),
        (["send", "--from", "bayko", "--to", "londo", " \n "], "The text is empty"),
        (["send", "--from", "bayko", "--to", "londo", "x" * 1025], "The text has 1,025 characters"),
        (["send", "--from", "bayko", "--to", "londo", "a\x1b[2J"], "control character (U+001B)"),
        (
            ["send", "--from", "bayko", "--to", "nobody", "hi"],
            'Nobody has the handle "nobody": there are andrewbrown, bayko, londo.',
        ),
        (["send", "--from", "Bayko", "--to", "londo", "hi"], 'did you mean "bayko"?'),
        (["send", "--from", "bayko", "--to", "bayko", "hi"], "A conversation needs somebody else."),
        (["send", "--from", "bayko", "--group", UNKNOWN, "hi"], f"Nobody knows the group {UNKNOWN}"),
        (["send", "--from", "bayko", "hi"], "either --to HANDLE or --group UUID"),
        (["send", "--from", "bayko", "--group", "17", "hi"], '"17" is no group UUID.'),
        (["get-conversation", "rubbish"], '"rubbish" is no group UUID.'),
        (["leave", "bayko", "--group", "rubbish"], '"rubbish" is no group UUID.'),
        (["edit", "--from", "bayko", "--group", UNKNOWN, "hi"], 'There is no message of "bayko"'),
        (["join", "bayko", "--group", UNKNOWN], f"Nobody knows the group {UNKNOWN}"),
        (["get-conversation", UNKNOWN], f"Nobody knows the group {UNKNOWN}"),
        (["list-conversations", "bayko", "--cursor", "?"], "The cursor is none of ours"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(producer: Producer, words: list[str], sentence: str) -> None:
    """Exit 2, no stack trace, an empty table."""
    result = producer(*words)
    assert result.status == 2
    assert sentence in " ".join(result.err.split())
    assert "Traceback" not in result.err
    assert items(producer) == 0


def test_a_missing_table_is_one_sentence(producer: Producer) -> None:
    """It names the command that makes it."""
    producer.setenv("DDB_MESSAGE_TABLE", "nowhere")
    result = producer("list-conversations", "bayko")
    assert (result.status, result.out) == (2, "")
    assert "`producer schema-load --enable-stream`" in result.err


@pytest.mark.parametrize("words", [["seed"], ["traffic"], ["schema-load", "--drop"]])
def test_big_changes_elsewhere_need_the_tables_name(bare: Producer, words: list[str]) -> None:
    """On AWS itself, nothing is sent before the name is repeated."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        bare.setenv(name, "test")
    bare.setenv("AWS_REGION", "us-east-1")
    result = bare(*words)
    assert result.status == 2
    assert "--yes-table cruddur-messages" in result.err


def test_drop_empties_the_tables(producer: Producer) -> None:
    """Both are made anew."""
    producer("seed")
    assert producer("schema-load", "--drop").status == 0
    assert items(producer) == 0


def test_no_region_and_no_credentials_are_one_sentence_each(bare: Producer) -> None:
    """Exit 2; each names the variable."""
    assert "AWS_REGION" in bare("scan").err
    bare.setenv("AWS_REGION", "us-east-1")
    result = bare("scan")
    assert result.status == 2
    assert "AWS_ACCESS_KEY_ID" in result.err


@pytest.mark.slow
@pytest.mark.only_on("ministack", reason="no engine is asked: once is enough")
def test_an_engine_that_is_away_is_waited_for_and_then_given_up(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line about the wait, then exit 3."""
    monkeypatch.setattr("producer.commands.session.PATIENCE_S", 15.0)  # botocore alone takes some seconds
    producer.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    result = producer("scan")
    assert result.status == 3
    assert "Trying again" in result.err


def test_traffic_leaves_one_row_for_each_member(producer: Producer, clients: Clients, settings: Settings) -> None:
    """With edits, deletes, leaves and rejoins: no duplicate row, no row of nobody's, the counts as asked."""
    words = ["--users", "8", "--groups", "10", "--edits", "0.2", "--deletes", "0.1", "--churn", "0.3", "--seed", "7"]
    counts = producer("traffic", "--total", "120", *words, "--json").data
    assert (counts["messages"], counts["refused"]) == (120, 0)
    assert min(counts["edits"], counts["deletes"], counts["leaves"], counts["joins"]) > 0
    found = list(clients.dynamodb.items("scan", TableName=settings.message_table))
    rows = [item for item in found if item["pk"]["S"].startswith("GRP#")]
    places = {(row["pk"]["S"], row["message_group_uuid"]["S"]) for row in rows}
    left = {
        (f"GRP#{item['sk']['S']}", item["pk"]["S"].removeprefix("ROS#"))
        for item in found
        if item["pk"]["S"].startswith("ROS#") and "left_at" in item
    }
    assert len(places) == len(rows)
    assert not places & left


def test_send_can_wait_for_the_worker(producer: Producer) -> None:
    """Without one it gives up: the message is stored, the row does not move; exit 3."""
    first = producer("send", "--from", "bayko", "--to", "londo", "first makes the rows", "--wait", "5")
    assert (first.status, first.err) == (0, "a new conversation: its rows were written with the message\n")
    result = producer("send", "--from", "bayko", "--to", "londo", "second needs a worker", "--wait", "0.1")
    assert result.status == 3
    assert 'written, but no row shows it after 0.1 s: see "stream-worker doctor".' in result.err


def test_traffic_goes_on_in_the_same_groups(producer: Producer) -> None:
    """The same seed a second time makes no further group."""
    producer("traffic", "--total", "20", "--users", "6", "--groups", "4")
    before = producer("scan", "--json").out.count('"GRP#')
    producer("traffic", "--total", "20", "--users", "6", "--groups", "4")
    assert producer("scan", "--json").out.count('"GRP#') == before


def test_users_come_from_a_file(producer: Producer, tmp_path: Path) -> None:
    """`USERS_FILE` replaces the three that come with us."""
    file = tmp_path / "users.json"
    file.write_text(json.dumps([{"uuid": UNKNOWN, "handle": "zoe", "display_name": "Zoe"}]))
    producer.setenv("USERS_FILE", str(file))
    assert producer("list-conversations", "zoe").status == 0
    assert producer("list-conversations", "bayko").status == 2


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help_with_an_example(bare: Producer, command: str) -> None:
    """`--help` works without any setting."""
    result = bare(*filter(None, [command, "--help"]))
    assert result.status == 0
    assert not command or f"Example: producer {command}" in " ".join(result.out.split())


def test_the_version_is_printed(bare: Producer) -> None:
    """`producer --version`."""
    assert bare("--version").out.strip()[0].isdigit()


def test_state_items_expire(producer: Producer, clients: Clients, settings: Settings) -> None:
    """The state table's time to live is on."""
    status = clients.dynamodb.call("describe_time_to_live", TableName=settings.state_table)
    assert producer
    assert status["TimeToLiveDescription"]["AttributeName"] == TTL
