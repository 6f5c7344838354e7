"""Nobody reads or writes what is not theirs: every route there is, with every id that is somebody else's."""

import re
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from chat_app.api import users
from chat_app.api.application import build
from chat_app.api.caller import PUBLIC, demand_callers
from chat_app.api.parts import Parts
from producer import membership
from shared.errors import SettingInvalid
from tests.fakes.faulty import Faulty, meanwhile
from tests.integration.app.stage import NOBODY, Stage

OF_NO_GROUP = {"/api/message_groups", "/api/users/@{handle}/short", "/api/me", "/api/events", "/api/worker"}


def everybody() -> str:
    return "everything"


def routes() -> list[APIRoute]:
    """The application's route table, which needs no engine to be looked at."""
    app = build(cast("Parts", SimpleNamespace(origins=())))
    return [route for found in iter_route_contexts(app.routes) if isinstance(route := found.original_route, APIRoute)]


PRIVATE = [route for route in routes() if PUBLIC not in route.tags]
OF_A_GROUP = [route for route in PRIVATE if route.path not in OF_NO_GROUP]


def ids(route: APIRoute) -> str:
    return f"{method_of(route)} {route.path}"


def method_of(route: APIRoute) -> str:
    assert route.methods
    return min(route.methods)


def request_of(route: APIRoute, group: str, message: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    """A request of this route about a group and a message in it; a new parameter has no value here, and fails."""
    values = {"message_group_uuid": group, "message_uuid": message["uuid"], "handle": "bayko"}
    path = re.sub(r"{(\w+)}", lambda found: values[found[1]], route.path)
    body = {"message": "I was here", "message_group_uuid": group}
    more: dict[str, Any] = {"json": body} if route.body_field else {}
    return method_of(route), path, {**more, "params": {"created_at": message["created_at"]}}


@pytest.mark.parametrize("route", OF_A_GROUP, ids=ids)
def test_a_foreign_group_is_answered_as_one_that_does_not_exist(stage: Stage, route: APIRoute) -> None:
    """404, the same body, nothing written, and the same calls of DynamoDB, so that time tells nothing either."""
    group = stage.group("andrewbrown", "bayko", "for bayko only")
    [message] = stage.messages("bayko", group)
    before = everything(stage)
    answers = []
    for uuid in (group, str(NOBODY)):
        method, path, more = request_of(route, uuid, message)
        with calls_of(stage) as calls:
            answer = stage.ask("londo", method, path, **more)
        answers.append((answer.status_code, answer.content, calls))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (404, b'["message_group_not_found"]')
    assert everything(stage) == before


@pytest.mark.parametrize("route", PRIVATE, ids=ids)
def test_without_a_token_nothing_is_told(stage: Stage, route: APIRoute) -> None:
    """401, an empty object, a challenge; whatever exists."""
    method, path, more = request_of(route, str(NOBODY), {"uuid": str(NOBODY), "created_at": "2026-01-01T00:00:00"})
    broken = {"content": b"{", "headers": {"Content-Type": "application/json"}}
    for asked in (more, broken, {"params": {"cursor": "x" * 3000}}):
        answer = stage.client.request(method, path, **asked)
        assert (answer.status_code, answer.json()) == (401, {})
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_every_route_asks_who_calls_or_says_that_it_does_not() -> None:
    """A route that forgets it keeps the application from starting."""
    assert refused_with(lambda app: app.add_api_route("/api/forgotten", everybody))
    assert refused_with(lambda app: app.mount("/api/forgotten", FastAPI()))
    router = APIRouter(prefix="/api")
    router.add_api_route("/forgotten", everybody)
    assert refused_with(lambda app: app.include_router(router))


def test_the_application_does_not_start_with_a_route_that_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks at all routes when it is built."""
    router = APIRouter()
    router.add_api_route("/api/forgotten", everybody)
    monkeypatch.setattr(users, "router", router)
    with pytest.raises(SettingInvalid, match="/api/forgotten asks nobody"):
        routes()


def refused_with(add: Callable[[FastAPI], object]) -> bool:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    demand_callers(app)
    add(app)
    with pytest.raises(SettingInvalid, match="/api/forgotten asks nobody"):
        demand_callers(app)
    return True


def test_a_cursor_leads_into_no_other_list(stage: Stage) -> None:
    """It is a position, not a key: with another one goes on in one's own list, and in the group that was asked for."""
    own = stage.group("londo", "bayko", "older")
    shared = stage.group("andrewbrown", "bayko", "newer")
    stage.say("andrewbrown", "newest", group=shared)
    me = stage.user("andrewbrown").uuid
    stage.group("andrewbrown", "londo", "last")
    cursor = stage.parts.chat.read.of_user(me, limit=1).cursor
    seen = stage.ask("londo", "GET", "/api/message_groups", params={"cursor": cursor}).json()
    assert [row["uuid"] for row in seen] == [own]
    foreign = stage.parts.chat.read.messages(shared, limit=1).cursor
    read = stage.ask("londo", "GET", f"/api/messages/{own}", params={"cursor": foreign}).json()
    assert [message["message"] for message in read] == ["older"]


def test_who_left_can_write_no_more(stage: Stage) -> None:
    """Until somebody writes to them again."""
    group = stage.group("andrewbrown", "bayko")
    stage.ask("bayko", "DELETE", f"/api/message_groups/{group}")
    assert stage.say("bayko", "still here", group=group).status_code == 404
    assert [message["message"] for message in stage.messages("andrewbrown", group)] == ["Hello"]


def test_who_leaves_while_they_write_stores_nothing(stage: Stage) -> None:
    """Membership is a condition of the write itself: a check before it would have been passed."""
    group = stage.group("andrewbrown", "bayko")
    leave = partial(membership.leave, stage.parts.chat, group, stage.user("bayko"))
    client = Faulty(stage.parts.chat.client.raw)
    client.meet("transact_write_items", meanwhile(leave))
    object.__setattr__(stage.parts.chat, "client", client)
    assert stage.say("bayko", "one more thing", group=group).status_code == 404
    assert [message["message"] for message in stage.messages("andrewbrown", group)] == ["Hello"]


def test_a_row_of_another_conversation_is_never_overwritten(stage: Stage) -> None:
    """The original's BatchWriteItem put a new conversation over one that stood at the same moment."""
    moment = stage.parts.chat.clock()
    chat = stage.parts.chat
    object.__setattr__(chat, "clock", lambda: moment)  # a clock that stands still
    for handle in ("bayko", "londo"):
        stage.group("andrewbrown", handle, f"to {handle}")
    assert {row["message"] for row in stage.groups("andrewbrown")} == {"to bayko", "to londo"}


def everything(stage: Stage) -> list[Any]:
    items = stage.parts.chat.client.items("scan", TableName=stage.parts.chat.table)
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


class calls_of:  # noqa: N801 - it reads as a verb
    """The names of the calls of DynamoDB that are made meanwhile."""

    def __init__(self, stage: Stage) -> None:
        self._events = stage.parts.chat.client.raw.meta.events
        self._seen: list[str] = []

    def _hear(self, model: Any, **_: Any) -> None:
        self._seen.append(model.name)

    def __enter__(self) -> list[str]:
        self._events.register("before-call.dynamodb", self._hear)
        return self._seen

    def __exit__(self, *_: object) -> None:
        self._events.unregister("before-call.dynamodb", self._hear)
