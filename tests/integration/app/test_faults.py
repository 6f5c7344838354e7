"""What the application stands on fails under it: 503 with a time to try again, and no restart afterwards."""

import re
import socket
from contextlib import closing
from http import HTTPStatus
from itertools import takewhile
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from chat_app.shares import MAX_GROUPS, Shares
from devstack.postgres import Postgres
from shared.errors import Conflict, Throttled
from shared.postgres import Database
from shared.settings import Settings
from tests.fakes.faulty import Faulty, refused
from tests.integration.app.stage import Stage, prepare, staged


def test_postgres_goes_and_comes_back(app_settings: Settings, tokens: dict[str, str], tmp_path: Path) -> None:
    """503 while it is away, 200 when it is back, in one process; a dead pooled connection is nobody's error."""
    with Postgres(tmp_path) as postgres:
        settings = app_settings.model_copy(update={"database_url": SecretStr(postgres.url)})
        prepare(settings)
        with staged(settings, tokens) as stage:
            assert stage.groups("bayko") == []
            postgres.kill()
            answer = stage.ask("bayko", "GET", "/api/message_groups")
            assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (503, ["unavailable"], "1")
            assert stage.client.get("/readyz").status_code == 503
            postgres.start()
            assert any(stage.ask("bayko", "GET", "/api/message_groups").status_code == 200 for _ in range(20))
            assert stage.client.get("/readyz").status_code == 200


def test_postgres_restarted_between_two_requests_is_nobodys_error(
    app_settings: Settings, tokens: dict[str, str], tmp_path: Path
) -> None:
    """The connections that are kept are dead, and the next request gets another."""
    with Postgres(tmp_path) as postgres:
        settings = app_settings.model_copy(update={"database_url": SecretStr(postgres.url)})
        prepare(settings)
        with staged(settings, tokens) as stage:
            assert stage.groups("bayko") == []
            postgres.stop()
            postgres.start()
            assert stage.ask("bayko", "GET", "/api/message_groups").status_code == 200


def meeting(stage: Stage) -> Faulty:
    """From here on the client may meet accidents."""
    client = Faulty(stage.parts.chat.client.raw)
    object.__setattr__(stage.parts.chat, "client", client)
    return client


@pytest.mark.parametrize("error", [Throttled(), Conflict()])
def test_a_moment_of_throttling_is_waited_out(stage: Stage, error: Exception) -> None:
    """The caller does not hear of it."""
    group = stage.group("andrewbrown", "bayko")
    meeting(stage).meet("transact_write_items", *[refused(error)] * 2)
    assert stage.say("bayko", "Hi", group=group).status_code == 200


def test_throttling_that_lasts_is_said(stage: Stage) -> None:
    """Bounded retries, then 503 and when to come again; the message is not stored."""
    group = stage.group("andrewbrown", "bayko")
    meeting(stage).meet("transact_write_items", *[refused(Throttled())] * 1000)
    answer = stage.say("bayko", "Hi", group=group)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(stage.messages("bayko", group)) == 1


def test_an_engine_that_hangs_is_given_up(app_settings: Settings, tokens: dict[str, str]) -> None:
    """It takes the connection and never answers: 503 in the end, not a request that stays open."""
    prepare(app_settings)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        endpoint = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with staged(app_settings.model_copy(update={"dynamodb_endpoint": endpoint}), tokens) as stage:
            answer = stage.ask("bayko", "GET", "/api/message_groups")
    assert (answer.status_code, answer.json()) == (503, ["unavailable"])


def test_keys_that_cannot_be_had_are_the_servers_trouble(app_settings: Settings, tokens: dict[str, str]) -> None:
    """503 and a line in the log: the callers' tokens may be as good as ever."""
    settings = app_settings.model_copy(update={"keys_url": f"{app_settings.endpoint}/nothing"})
    prepare(settings)
    with staged(settings, tokens) as stage:
        answer = stage.ask("bayko", "GET", "/api/message_groups")
    assert (answer.status_code, answer.json()) == (503, ["unavailable"])


def test_a_share_that_is_used_up_is_said(stage: Stage) -> None:
    """429 for who asks too much, and for nobody else."""
    object.__setattr__(stage.parts, "shares", Shares(2))
    group = stage.group("andrewbrown", "bayko")
    answers = [stage.say("andrewbrown", "again", group=group) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert 1 <= int(answers[1].headers["retry-after"]) <= 120
    assert stage.say("bayko", "calm", group=group).status_code == 200


def test_looks_and_first_messages_have_shares_of_their_own(stage: Stage) -> None:
    """Ten looks for each message, and a sixth of the messages by somebody's handle; a look a second comes back."""
    object.__setattr__(stage.parts, "shares", Shares(6))
    assert [stage.say("bayko", "Hi", to=to).status_code for to in ("andrewbrown", "londo")] == [200, 429]
    looks = (stage.ask("londo", "GET", "/api/message_groups").status_code for _ in range(600))
    assert 60 <= len(list(takewhile(lambda status: status == HTTPStatus.OK, looks))) < 600


@pytest.mark.parametrize(("method", "body"), [("PUT", {"message": "x"}), ("DELETE", None)])
def test_edits_and_deletes_count_as_messages(stage: Stage, method: str, body: dict[str, str] | None) -> None:
    """They cost the table as much."""
    group = stage.group("andrewbrown", "bayko")
    [sent] = stage.messages("andrewbrown", group)
    object.__setattr__(stage.parts, "shares", Shares(1))
    stage.say("andrewbrown", "the one of this minute", group=group)
    path = f"/api/messages/{group}/{sent['uuid']}"
    answer = stage.ask("andrewbrown", method, path, json=body, params={"created_at": sent["created_at"]})
    assert answer.status_code == 429


def test_nobody_collects_conversations_without_end(stage: Stage) -> None:
    """At the most there may be, writing to somebody new is refused, to somebody known is not."""
    stage.group("andrewbrown", "bayko")
    me = stage.user("andrewbrown")
    for number in range(MAX_GROUPS - 1):
        item = {"pk": {"S": f"GRP#{me.uuid}"}, "sk": {"S": f"2020-{number}"}, "message_group_uuid": {"S": str(number)}}
        stage.parts.chat.client.call("put_item", TableName=stage.parts.chat.table, Item=item)
    refused_ = stage.say("andrewbrown", "Hello", to="londo")
    assert (refused_.status_code, refused_.json()) == (422, ["too_many_message_groups"])
    assert stage.say("andrewbrown", "Hello", to="bayko").status_code == 200


def test_a_caller_whom_the_table_does_not_know_is_told_so(stage: Stage, database: Database) -> None:
    """A token of the pool, of nobody in the table: the code that the original has for it."""
    database.rows("UPDATE users SET cognito_user_id = NULL WHERE handle = 'bayko'")
    answer = stage.ask("bayko", "GET", "/api/message_groups")
    assert (answer.status_code, answer.json()) == (422, ["cognito_user_id_blank"])


def test_connections_that_are_kept_are_bounded(database_url: str) -> None:
    """The server ends a statement, and a host that is gone is noticed."""
    with closing(Database(database_url, pool=1)) as database:
        assert database.rows("SHOW statement_timeout") == [("5s",)]
        with database.connection() as connection:
            kept = connection.info.get_parameters()
    assert (kept["tcp_user_timeout"], kept["keepalives_idle"]) == ("10000", "5")


def test_a_database_that_refuses_is_unavailable(stage: Stage, database: Database) -> None:
    """A role without rights, a column that is gone: 503 with the reason in the log, not a 500."""
    database.rows("ALTER TABLE users RENAME COLUMN display_name TO name")
    answer = stage.ask("bayko", "GET", "/api/message_groups")
    assert (answer.status_code, answer.json()) == (503, ["unavailable"])
    database.rows("ALTER TABLE users RENAME COLUMN name TO display_name")
    database.rows("DROP TABLE idempotency_keys")
    assert stage.say("bayko", "Hi", to="londo", headers={"Idempotency-Key": "k"}).status_code == 503
    assert stage.groups("bayko") == []


def test_a_mistake_of_ours_is_a_500_without_a_word_of_anybodys(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    """The log says where, and quotes no message; the answer is a warning, as an alarm counts those."""
    text = str(uuid4())

    def broken(*_: object, **__: object) -> None:
        raise ValueError(text)

    object.__setattr__(stage.parts.chat, "clock", broken)
    answer = stage.say("bayko", text, to="londo")
    assert (answer.status_code, answer.json()) == (500, ["internal_error"])
    said = "".join(capfd.readouterr())
    assert text not in said
    assert re.search(r"\[warning +\] request_answered .*status=500", said)
