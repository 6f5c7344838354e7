"""The requests that the original's frontend makes, in its order and with its headers: it could point at this API.

They are those of Cruddur's `lib/Requests.js`, `MessageForm`, `MessageGroupsPage`, `MessageGroupNewPage` and
`MessageGroupPage` (week X of the bootcamp): a status other than 200 is a list of errors there.
"""

import json
from pathlib import Path
from typing import Any

from tests.integration.app.stage import ORIGIN, Stage

RECORDED: list[dict[str, Any]] = json.loads(Path(__file__).with_name("cruddur_frontend.json").read_text())


def test_the_originals_frontend_gets_what_it_asks_for(stage: Stage) -> None:
    """Each request as it is recorded; a later one uses what an earlier one was told."""
    told: dict[str, str] = {}
    for step in RECORDED:
        answer = play(stage, step, told)
        assert answer.status_code == step["status"], step["what"]
        assert answer.headers["access-control-allow-origin"] == ORIGIN, step["what"]
        if "preflight" not in step:
            judge(step, answer.json(), told)


def play(stage: Stage, step: dict[str, Any], told: dict[str, str]) -> Any:
    if "preflight" in step:
        method, path = step["preflight"]
        asked = {
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        return stage.client.options(path, headers={"Origin": ORIGIN, **asked})
    method, path = step["request"]
    token = stage.tokens[step["who"]] if step["who"] else "null"
    headers = {"Origin": ORIGIN, "Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    body: dict[str, Any] = {"content": filled(json.dumps(step["json"]), told)} if "json" in step else {}
    return stage.client.request(method, filled(path, told), headers=headers, **body)


def judge(step: dict[str, Any], said: Any, told: dict[str, str]) -> None:
    what = step["what"]
    if "body" in step:
        assert said == step["body"], what
    if "keys" in step:
        assert sorted(said) == sorted(step["keys"]), what
    if "each" in step:
        assert len(said) == step["length"], what
        assert all(sorted(entry) == sorted(step["each"]) for entry in said), what
    if "remember" in step:
        told[step["remember"]] = said[step["remember"]]


def filled(text: str, told: dict[str, str]) -> str:
    for name, value in told.items():
        text = text.replace("{" + name + "}", value)
    return text
