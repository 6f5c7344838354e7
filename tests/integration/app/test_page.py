"""The page at /: what it may do, and that it is whole. What it does is in tests/browser."""

import re
from pathlib import Path

import pytest

import chat_app
from tests.integration.app.stage import Stage

FOLDER = Path(chat_app.__file__).parent / "page"
MODULES = sorted(FOLDER.glob("*.js"))


def test_its_policy_lets_it_speak_with_us_and_with_cognito_only(shared_stage: Stage) -> None:
    """No script and no style in the page, none from elsewhere, in nobody's frame; text can never become markup."""
    answer = shared_stage.client.get("/")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    cognito = shared_stage.parts.door.cognito
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert policy["connect-src"] == f"'self' {cognito}"
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'",) * 3
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_everything_it_names_is_there(shared_stage: Stage) -> None:
    """Styles, modules, and what modules import; with the types that nosniff asks for."""
    named = set(re.findall(r'(?:href|src)="(/[^"]+)"', (FOLDER / "index.html").read_text()))
    imported = {f"/page/{name}" for module in MODULES for name in re.findall(r'from "\./([^"]+)"', module.read_text())}
    types = {".js": "text/javascript", ".css": "text/css"}
    for path in named | imported:
        answer = shared_stage.client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith(types[Path(path).suffix]), path
    assert {f"/page/{module.name}" for module in MODULES} == imported | {"/page/main.js"}


def test_nothing_else_is_served_beside_it(shared_stage: Stage) -> None:
    """No listing, no way out of its folder."""
    for path in ("/page", "/page/", "/page/../assembly.py", "/page/%2e%2e/assembly.py", "/page/..%2fassembly.py"):
        assert shared_stage.client.get(path).status_code in {404, 405}, path


def test_a_page_is_told_where_one_signs_in(shared_stage: Stage) -> None:
    """And nothing else, before anybody has."""
    door = shared_stage.parts.door
    told = shared_stage.client.get("/page-settings").json()
    assert told == {"cognito": door.cognito, "client_id": door.client_id, "has_worker_view": False}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_module_makes_markup_of_text_or_keeps_anything(module: Path) -> None:
    """Names and messages go in as text; tokens and drafts stay in memory."""
    code = module.read_text()
    markup = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser")
    kept = ("localStorage", "sessionStorage", "indexedDB", "document.cookie")
    assert not [word for word in (*markup, *kept) if word in code]


def test_one_function_sends_the_token() -> None:
    """In one module, at one place, to paths of ours."""
    found = {module.name: module.read_text().count("Bearer") for module in MODULES}
    assert {name: count for name, count in found.items() if count} == {"session.js": 1}


def test_the_worker_is_shown_only_where_that_is_wanted(shared_stage: Stage) -> None:
    """Without APP_WORKER_URLS the route is as if it were not there."""
    answer = shared_stage.ask("bayko", "GET", "/api/worker")
    assert (answer.status_code, answer.json()) == (404, ["not_found"])


def test_who_one_is(shared_stage: Stage) -> None:
    """What the page calls "you"."""
    me = shared_stage.ask("bayko", "GET", "/api/me").json()
    assert me == {"uuid": shared_stage.user("bayko").uuid, "handle": "bayko", "display_name": "Andrew Bayko"}
