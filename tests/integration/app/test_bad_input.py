"""Input that cannot be used: a code for each mistake, and never a trace."""

import asyncio
import json
from typing import Any

import pytest

from chat_app.api.guard import Guard
from tests.integration.app.stage import NOBODY, ORIGIN, Stage

LONG = "x" * 1025
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no text": ({"handle": "bayko"}, ["message_blank"]),
    "null text": ({"message": None, "handle": "bayko"}, ["message_blank"]),
    "blank text": ({"message": " \n ", "handle": "bayko"}, ["message_blank"]),
    "invisible text": ({"message": "\u200b", "handle": "bayko"}, ["message_blank"]),
    "long text": ({"message": LONG, "handle": "bayko"}, ["message_exceed_max_chars"]),
    "control characters": ({"message": "a\x00b", "handle": "bayko"}, ["message_has_control_chars"]),
    "text is a number": ({"message": 5, "handle": "bayko"}, ["message_invalid"]),
    "half a character": ({"message": "\ud800", "handle": "bayko"}, ["message_has_control_chars"]),
    "nobody named": ({"message": "x"}, ["user_reciever_handle_blank"]),
    "blank handle": ({"message": "x", "handle": " "}, ["user_reciever_handle_blank"]),
    "unknown handle": ({"message": "x", "handle": "nobody"}, ["user_reciever_handle_unknown"]),
    "no handle at all": ({"message": "x", "handle": "GRP#1\n"}, ["user_reciever_handle_unknown"]),
    "oneself": ({"message": "x", "handle": "andrewbrown"}, ["user_reciever_is_oneself"]),
    "blank group": ({"message": "x", "message_group_uuid": ""}, ["message_group_uuid_blank"]),
    "a key as group": ({"message": "x", "message_group_uuid": f"{NOBODY}#"}, ["message_group_uuid_invalid"]),
    "digits of elsewhere": (
        {"message": "x", "message_group_uuid": "\uff15" + str(NOBODY)[1:]},
        ["message_group_uuid_invalid"],
    ),
    "a UUID in words of Python's": (
        {"message": "x", "message_group_uuid": f"urn:uuid:{NOBODY}"},
        ["message_group_uuid_invalid"],
    ),
    "two mistakes": ({"message": "", "message_group_uuid": ""}, ["message_blank", "message_group_uuid_blank"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_message_that_cannot_be_is_refused_with_codes(shared_stage: Stage, name: str) -> None:
    """422 and a list, as the original's form shows them; nothing is written."""
    body, codes = CASES[name]
    answer = shared_stage.ask("andrewbrown", "POST", "/api/messages", content=json.dumps(body), headers=JSON)
    assert (answer.status_code, answer.json()) == (422, codes)
    assert shared_stage.groups("andrewbrown") == []


ASKED = "authorization,content-type,idempotency-key,traceparent"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"text"', b"null", b"\xff", b"[" * 8000, b'{"message":' * 1000, b'{"message": NaN}'],
    ids=repr,
)
def test_a_body_that_is_no_message_is_refused(shared_stage: Stage, content: bytes) -> None:
    """Not JSON, not an object, nested without end: 422."""
    answer = shared_stage.ask("andrewbrown", "POST", "/api/messages", content=content, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()


def test_a_body_of_more_than_16_kb_is_refused_unread(shared_stage: Stage) -> None:
    """Said beforehand or not; one of that size is read."""
    large = b'{"message": "x"' + b" " * 16 * 1024 + b"}"
    for content in (large, iter([large[:9000], large[9000:]])):
        answer = shared_stage.ask("andrewbrown", "POST", "/api/messages", content=content, headers=JSON)
        assert (answer.status_code, answer.json()) == (413, ["body_too_large"])
    fits = large[: 16 * 1024 - 20] + b"}"
    assert shared_stage.ask("andrewbrown", "POST", "/api/messages", content=fits, headers=JSON).status_code == 422


def test_a_body_that_does_not_come_is_not_waited_for(shared_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends it has not yet said who they are, and holds a connection."""
    monkeypatch.setattr("chat_app.api.guard.BODY_S", 0.05)
    said: list[Any] = []

    async def never() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/api/messages", "headers": [], "query_string": b""}
    asyncio.run(Guard(shared_stage.app, shared_stage.parts)(scope, never, send))
    assert (said[0]["status"], said[1]["body"]) == (408, b'["body_too_slow"]')


@pytest.mark.parametrize("cursor", ["", "x", "%00", "../..", "AAAA" * 500, "é", "4pyT"])
def test_a_cursor_that_is_none_gives_no_trace(shared_stage: Stage, cursor: str) -> None:
    """Refused, or read as a place in one's own list."""
    answer = shared_stage.ask("andrewbrown", "GET", "/api/message_groups", params={"cursor": cursor})
    assert answer.status_code in {200, 422}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/messages/undefined", 422),
        ("/api/messages/..%2f..%2fetc", 404),
        ("/api/users/@%00/short", 404),
        ("/api/users/@a%20b/short", 404),
        ("/api/nothing", 404),
        ("/api/message_groups/", 404),
        ("//api//message_groups", 404),
        ("/api/health", 404),
    ],
)
def test_a_path_that_leads_nowhere_is_answered_in_the_same_form(shared_stage: Stage, path: str, status: int) -> None:
    """A list of codes, whatever is wrong."""
    answer = shared_stage.ask("andrewbrown", "GET", path)
    assert answer.status_code == status
    assert isinstance(answer.json(), list)


def test_two_authorization_headers_are_none(shared_stage: Stage) -> None:
    """The doubled header that cost the bootcamp hours: refused, not guessed at."""
    bearer = f"Bearer {shared_stage.tokens['bayko']}"
    answer = shared_stage.client.get(
        "/api/message_groups", headers=[("Authorization", bearer), ("Authorization", bearer)]
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer null", "Bearer undefined", "{token}", "Bearer {token} {token}"]
)
def test_a_header_without_a_proper_bearer_token_is_refused(shared_stage: Stage, header: str) -> None:
    """401 with a challenge, never a 500."""
    value = header.format(token=shared_stage.tokens["bayko"])
    answer = shared_stage.client.get("/api/message_groups", headers={"Authorization": value})
    assert (answer.status_code, answer.json()) == (401, {})
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("key", ["", "ä", "a b", "x" * 201])
def test_an_idempotency_key_that_is_none_is_refused(shared_stage: Stage, key: str) -> None:
    """Printable ASCII, 200 characters at most."""
    headers = {"Idempotency-Key": key.encode()}
    answer = shared_stage.say("andrewbrown", "x", to="bayko", headers=headers)
    assert (answer.status_code, answer.json()) == (422, ["idempotency_key_invalid"])


def test_only_pages_of_the_named_origins_may_call(shared_stage: Stage) -> None:
    """Exactly these, without cookies; refusals can be read by them, too."""
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    for origin, allowed in ((ORIGIN, ORIGIN), (f"{ORIGIN}.evil.example", None), ("null", None)):
        answer = shared_stage.client.options("/api/messages", headers={"Origin": origin, **ask})
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in answer.headers
    for method in ("GET", "PUT", "DELETE"):
        wanted = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": ASKED}
        assert shared_stage.client.options("/api/messages", headers={"Origin": ORIGIN, **wanted}).status_code == 200
    refused = shared_stage.client.get("/api/message_groups", headers={"Origin": ORIGIN})
    assert refused.headers["access-control-expose-headers"] == "Link, Retry-After"
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, ORIGIN)


def test_every_answer_tells_browsers_to_be_careful(shared_stage: Stage) -> None:
    """JSON is JSON, is not kept, and is framed nowhere; nobody is told what software this is."""
    for answer in (shared_stage.ask("bayko", "GET", "/api/message_groups"), shared_stage.client.get("/healthz")):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_markup_is_text(shared_stage: Stage) -> None:
    """It is stored and given back as it was written: whoever shows it escapes it."""
    text = "<script>alert(1)</script>"
    group = shared_stage.group("londo", "bayko", text)
    answer = shared_stage.ask("bayko", "GET", f"/api/messages/{group}")
    assert answer.json()[0]["message"] == text
    assert answer.headers["content-type"] == "application/json"
