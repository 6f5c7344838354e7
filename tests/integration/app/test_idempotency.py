"""A request that comes twice with one Idempotency-Key stores one message."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from shared.errors import OutcomeUnknown
from shared.postgres import Database
from tests.fakes.faulty import Faulty, lost
from tests.integration.app.stage import Stage

KEY = {"Idempotency-Key": "4f1c"}


def test_a_request_sent_twice_is_answered_twice_and_stored_once(stage: Stage) -> None:
    """Into a group, and to somebody; with the same answer."""
    first, again = (stage.say("andrewbrown", "Hello", to="bayko", headers=KEY) for _ in range(2))
    assert first.json() == again.json()
    group = first.json()["message_group_uuid"]
    other = {"Idempotency-Key": "5a2d"}
    answers = [stage.say("bayko", "Hi", group=group, headers=other).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert [message["message"] for message in stage.messages("bayko", group)] == ["Hello", "Hi"]


def test_at_the_same_moment_too(stage: Stage) -> None:
    """Eight at once make the same attempt: one message."""
    group = stage.group("andrewbrown", "bayko")
    send = partial(stage.say, "bayko", "Hi", group=group, headers=KEY)
    with ThreadPoolExecutor(8) as people:
        answers = [answer.json() for answer in people.map(lambda _: send(), range(8))]
    assert all(answer == answers[0] for answer in answers)
    assert [message["message"] for message in stage.messages("bayko", group)] == ["Hello", "Hi"]


def test_a_message_that_was_deleted_since_does_not_come_back(stage: Stage) -> None:
    """A client that repeats its request late gets its answer, and nothing is stored."""
    group = stage.group("andrewbrown", "bayko")
    sent = stage.say("bayko", "Hi", group=group, headers=KEY).json()
    path = f"/api/messages/{group}/{sent['uuid']}"
    stage.ask("bayko", "DELETE", path, params={"created_at": sent["created_at"]})
    assert stage.say("bayko", "Hi", group=group, headers=KEY).json() == sent
    assert [message["message"] for message in stage.messages("bayko", group)] == ["Hello"]


def test_a_refused_request_leaves_no_place_in_the_past(stage: Stage) -> None:
    """Who was refused and is let in later writes now, not before the message that let them in."""
    group = stage.group("andrewbrown", "bayko")
    stage.ask("bayko", "DELETE", f"/api/message_groups/{group}")
    assert stage.say("bayko", "I told you", group=group, headers=KEY).status_code == 404
    stage.say("andrewbrown", "Come back", group=group)
    assert stage.say("bayko", "I told you", group=group, headers=KEY).status_code == 200
    assert [message["message"] for message in stage.messages("bayko", group)] == ["Hello", "Come back", "I told you"]


def test_the_key_is_the_callers_own(stage: Stage) -> None:
    """Somebody else's request with it is another one."""
    group = stage.group("andrewbrown", "bayko")
    for handle in ("andrewbrown", "bayko"):
        assert stage.say(handle, "Hi", group=group, headers=KEY).status_code == 200
    assert len(stage.messages("bayko", group)) == 3


def test_a_key_with_another_message_is_refused(stage: Stage) -> None:
    """Another text, another group, another receiver: it would be silently lost otherwise."""
    group = stage.group("andrewbrown", "bayko")
    stage.say("bayko", "one", group=group, headers=KEY)
    other = stage.group("bayko", "londo")
    for text, where in (("two", {"group": group}), ("one", {"group": other}), ("one", {"to": "andrewbrown"})):
        answer = stage.say("bayko", text, headers=KEY, **where)
        assert (answer.status_code, answer.json()) == (422, ["idempotency_key_reused"])


def test_a_lost_answer_and_a_second_request_make_one_message(stage: Stage) -> None:
    """The first is stored, the client hears 503 and tries again."""
    group = stage.group("andrewbrown", "bayko")
    client = Faulty(stage.parts.chat.client.raw)
    object.__setattr__(stage.parts.chat, "client", client)
    settle = type(stage.parts.keys).settle
    client.meet("transact_write_items", lost)

    def fails(*_: object) -> None:
        raise OutcomeUnknown

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(stage.parts.keys), "settle", fails)
        assert stage.say("bayko", "Hi", group=group, headers=KEY).status_code == 503
        patch.setattr(type(stage.parts.keys), "settle", settle)
    assert stage.say("bayko", "Hi", group=group, headers=KEY).status_code == 200
    assert [message["message"] for message in stage.messages("bayko", group)] == ["Hello", "Hi"]


def test_a_key_is_kept_for_a_day(stage: Stage, database: Database) -> None:
    """Then it is gone with a later request, and stands for a new message."""
    group = stage.group("andrewbrown", "bayko")
    stage.say("bayko", "Hi", group=group, headers=KEY)
    database.rows("UPDATE idempotency_keys SET expires_at = expires_at - interval '25 hours'")
    stage.say("bayko", "Hi", group=group, headers={"Idempotency-Key": "another"})
    assert database.rows("SELECT key FROM idempotency_keys") == [("another",)]
    stage.say("bayko", "Hi", group=group, headers=KEY)
    assert len(stage.messages("bayko", group)) == 4
    database.rows("UPDATE idempotency_keys SET expires_at = expires_at - interval '25 hours'")
    assert stage.say("bayko", "Hi", group=group, headers=KEY).status_code == 200
    assert len(stage.messages("bayko", group)) == 5
