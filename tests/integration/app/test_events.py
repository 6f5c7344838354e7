"""GET /api/events: one's own conversations, as they change."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from chat_app.api.caller import claimed
from chat_app.live import Lists, Live
from chat_app.tokens import Claims
from producer import membership
from shared.conversations import Conversations
from shared.errors import Throttled
from shared.postgres import Database
from tests.fakes.faulty import Faulty, refused
from tests.fakes.native import fine
from tests.integration.app.stage import Stage

Told = list[tuple[str, Any]]


def told(stage: Stage, handle: str) -> Told:
    """The events of one stream, which ends by itself."""
    answer = stage.ask(handle, "GET", "/api/events")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    return [_event(block) for block in answer.text.split("\n\n") if block and not block.startswith(":")]


def live_of(stage: Stage, lists: Lists, stream_s: float) -> Live:
    """Another pair of eyes for the same application."""
    return Live(lists, stage.parts.metrics, stage.parts.log, every_s=0.05, stream_s=stream_s)


def _event(block: str) -> tuple[str, Any]:
    name, data = block.split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_the_list_is_told_as_the_list_route_tells_it(stage: Stage) -> None:
    """At once, once, and in the same words."""
    stage.group("bayko", "andrewbrown", "Hello")
    stage.group("londo", "andrewbrown", "Good morning")
    [(name, data)] = told(stage, "andrewbrown")
    assert name == "conversations"
    assert data == {"conversations": stage.groups("andrewbrown"), "next": None}
    assert [found["message"] for found in data["conversations"]] == ["Good morning", "Hello"]


def test_a_long_list_says_where_the_rest_is(stage: Stage, crowd: list[str]) -> None:
    """Twenty, and the same next page that the list's own `Link` names."""
    for handle in crowd:
        stage.say("bayko", "Hello", to=handle)
    [(_, data)] = told(stage, "bayko")
    assert len(data["conversations"]) == 20
    rest = stage.ask("bayko", "GET", data["next"]).json()
    assert len(rest) == 5
    listed = stage.ask("bayko", "GET", "/api/message_groups")
    assert f"<{data['next']}>" in listed.headers["link"]


def test_nobody_elses_list_is_told(stage: Stage) -> None:
    """A stream is of the caller's own rows, whoever talks."""
    stage.group("bayko", "andrewbrown", "between us")
    assert told(stage, "londo") == [("conversations", {"conversations": [], "next": None})]


def test_what_is_left_goes_from_the_list(stage: Stage) -> None:
    """Who leaves sees it at once in every other tab."""
    group = stage.group("bayko", "andrewbrown")
    membership.leave(stage.parts.chat, group, stage.user("andrewbrown"))
    [(_, data)] = told(stage, "andrewbrown")
    assert data["conversations"] == []


def test_a_stream_ends_with_the_token(stage: Stage, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a moment later than the token it was opened with."""
    patient = live_of(stage, stage.parts.chat.read, stream_s=600)
    monkeypatch.setattr(stage.app.state, "parts", replace(stage.parts, live=patient))
    [(sub,)] = database.rows("SELECT cognito_user_id FROM users WHERE handle = 'bayko'")
    ending = Claims(str(sub), "", expires_at=int(time.time()) + 1)
    monkeypatch.setattr(stage.app, "dependency_overrides", {claimed: lambda: ending})
    assert told(stage, "bayko")


def test_trouble_is_an_event_and_then_the_list_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three looks fail: `unavailable` once, and the list when it can be read, though it is as it was."""
    stage.group("bayko", "andrewbrown")
    faulty = Faulty(stage.parts.chat.client.raw)
    faulty.meet("query", fine, fine, *[refused(Throttled())] * 3)
    lists = Conversations(faulty, stage.parts.chat.table)
    monkeypatch.setattr(stage.app.state, "parts", replace(stage.parts, live=live_of(stage, lists, stream_s=0.6)))
    assert [name for name, _ in told(stage, "bayko")] == ["conversations", "unavailable", "conversations"]
