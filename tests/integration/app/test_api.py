"""Patterns A to D over HTTP, and what one may do with one's own messages: Cruddur's routes and JSON."""

import re
from uuid import UUID

import pytest

from tests.integration.app.stage import Stage


def test_the_first_message_makes_a_conversation_that_both_see(stage: Stage) -> None:
    """Pattern D answers where it is; pattern B shows each the other."""
    answer = stage.say("andrewbrown", "Hello", to="bayko")
    assert answer.status_code == 200
    group = answer.json()["message_group_uuid"]
    assert answer.json() == {"message_group_uuid": group}
    [seen] = stage.groups("bayko")
    assert seen == {**seen, "uuid": group, "handle": "andrewbrown", "display_name": "Andrew Brown", "message": "Hello"}
    assert [row["handle"] for row in stage.groups("andrewbrown")] == ["bayko"]


def test_a_message_into_a_group_is_answered_as_it_is_listed(stage: Stage) -> None:
    """Pattern C gives back all that pattern A will show, and the group."""
    group = stage.group("andrewbrown", "bayko")
    sent = stage.say("bayko", " Hi\r\nthere ", group=group).json()
    assert sent.pop("message_group_uuid") == group
    assert set(sent) == {"uuid", "display_name", "handle", "message", "created_at"}
    assert sent["message"] == "Hi\nthere"
    assert stage.messages("andrewbrown", group)[-1] == sent


def test_times_are_the_servers(stage: Stage) -> None:
    """Whatever a client says about it."""
    group = stage.group("andrewbrown", "bayko")
    body = {"message": "x", "message_group_uuid": group, "created_at": "1999", "sk": "1999", "user_uuid": "me"}
    sent = stage.ask("bayko", "POST", "/api/messages", json=body).json()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", sent["created_at"])
    assert sent["handle"] == "bayko"


def test_the_newest_page_is_oldest_first_and_links_to_older_ones(stage: Stage) -> None:
    """Bodies stay lists of 20; every message is seen once."""
    group = stage.group("andrewbrown", "bayko", "m0")
    for number in range(1, 45):
        stage.say("bayko", f"m{number}", group=group)
    pages, path = [], f"/api/messages/{group}"
    while path:
        answer = stage.ask("andrewbrown", "GET", path)
        pages.append([message["message"] for message in answer.json()])
        path = answer.links.get("next", {}).get("url", "")
    assert [len(page) for page in pages] == [20, 20, 5]
    assert [text for page in reversed(pages) for text in page] == [f"m{number}" for number in range(45)]


def test_conversations_are_paged_too(stage: Stage, crowd: list[str]) -> None:
    """25 of them: 20, then 5, newest first."""
    for handle in crowd:
        stage.say("andrewbrown", f"to {handle}", to=handle)
    first = stage.ask("andrewbrown", "GET", "/api/message_groups")
    second = stage.ask("andrewbrown", "GET", first.links["next"]["url"])
    assert [row["handle"] for row in first.json() + second.json()] == crowd[::-1]
    assert len(first.json()) == 20
    assert "next" not in second.links


def test_a_user_is_shown_by_handle(stage: Stage) -> None:
    """Three facts, no email, no Cognito id."""
    bayko = stage.user("bayko")
    answer = stage.ask("londo", "GET", "/api/users/@bayko/short")
    assert answer.json() == {"uuid": bayko.uuid, "handle": "bayko", "display_name": "Andrew Bayko"}
    missing = stage.ask("londo", "GET", "/api/users/@nobody/short")
    assert (missing.status_code, missing.json()) == (404, ["user_not_found"])


def test_one_edits_and_deletes_ones_own_message(stage: Stage) -> None:
    """By its uuid and its place, as it is listed."""
    group = stage.group("andrewbrown", "bayko")
    sent = stage.say("andrewbrown", "Helo", group=group).json()
    where = {"params": {"created_at": sent["created_at"]}}
    path = f"/api/messages/{group}/{sent['uuid']}"
    edited = stage.ask("andrewbrown", "PUT", path, json={"message": "Hello!"}, **where)
    assert edited.json() == {**sent, "message": "Hello!"}
    assert stage.messages("bayko", group)[-1]["message"] == "Hello!"
    assert stage.ask("andrewbrown", "DELETE", path, **where).status_code == 204
    assert [message["message"] for message in stage.messages("bayko", group)] == ["Hello"]


def test_a_message_is_named_by_uuid_and_place_together(stage: Stage) -> None:
    """One of another place is not this one, even if both are one's own."""
    group = stage.group("andrewbrown", "bayko")
    one, other = (stage.say("andrewbrown", text, group=group).json() for text in ("one", "other"))
    path = f"/api/messages/{group}/{one['uuid']}"
    answer = stage.ask("andrewbrown", "DELETE", path, params={"created_at": other["created_at"]})
    assert (answer.status_code, answer.json()) == (404, ["message_not_found"])
    assert len(stage.messages("bayko", group)) == 3


def test_a_plus_sign_that_came_as_a_space_is_one(stage: Stage) -> None:
    """`created_at` ends in +00:00, and whoever puts it into an address as it is means that."""
    group = stage.group("andrewbrown", "bayko")
    [sent] = stage.messages("andrewbrown", group)
    path = f"/api/messages/{group}/{sent['uuid']}?created_at={sent['created_at']}"
    assert stage.ask("andrewbrown", "DELETE", path).status_code == 204


@pytest.mark.parametrize("place", ["0" * 32, str(UUID(int=0)), "newest", "", "2026-01-01", "2026-01-01T" + "0" * 40])
def test_a_place_that_is_none_is_refused_unread(stage: Stage, place: str) -> None:
    """A uuid in its stead would be looked for through the whole group."""
    group = stage.group("andrewbrown", "bayko")
    path = f"/api/messages/{group}/{UUID(int=0)}"
    answer = stage.ask("andrewbrown", "DELETE", path, params={"created_at": place})
    assert (answer.status_code, answer.json()) == (422, ["created_at_invalid"])


@pytest.mark.parametrize(("method", "body"), [("PUT", {"message": "changed"}), ("DELETE", None)])
def test_nobody_changes_somebody_elses_message(stage: Stage, method: str, body: dict[str, str] | None) -> None:
    """Not even who is in the group, nor under the uuid of one's own."""
    group = stage.group("andrewbrown", "bayko", "mine")
    [message] = stage.messages("bayko", group)
    own = stage.say("bayko", "own", group=group).json()
    for uuid, status in ((message["uuid"], 403), (own["uuid"], 404)):
        path = f"/api/messages/{group}/{uuid}"
        answer = stage.ask("bayko", method, path, json=body, params={"created_at": message["created_at"]})
        assert answer.status_code == status
    assert [seen["message"] for seen in stage.messages("bayko", group)] == ["mine", "own"]


def test_who_leaves_sees_the_group_no_more_until_somebody_writes(stage: Stage) -> None:
    """The others keep it; a second leave finds nothing."""
    group = stage.group("andrewbrown", "bayko")
    assert stage.ask("bayko", "DELETE", f"/api/message_groups/{group}").status_code == 204
    assert stage.groups("bayko") == []
    assert stage.ask("bayko", "GET", f"/api/messages/{group}").status_code == 404
    assert stage.ask("bayko", "DELETE", f"/api/message_groups/{group}").status_code == 404
    assert len(stage.groups("andrewbrown")) == 1
    stage.say("andrewbrown", "Come back", group=group)
    assert [row["message"] for row in stage.groups("bayko")] == ["Come back"]


def test_a_document_describes_the_api_and_a_page_shows_it(stage: Stage) -> None:
    """Every route with its refusals; the page may run its own script only."""
    paths = stage.client.get("/openapi.json").json()["paths"]
    assert {"401", "404", "422", "503"} <= set(paths["/api/messages"]["post"]["responses"])
    page = stage.client.get("/docs")
    assert "'sha256-" in page.headers["content-security-policy"]
    used = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert used
    assert all(stage.client.get(place).status_code == 200 for place in used if not place.startswith("data:"))
