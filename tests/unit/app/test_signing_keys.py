"""The pool's keys: asked for rarely, kept while they serve, and trouble with them is said once in a clear line."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from chat_app.errors import KeysUnavailable, TokenInvalid
from chat_app.signing_keys import SigningKeys
from tests.fakes.clock import Clock
from tests.fakes.outlets import Lines
from tests.unit.app.pool import KID, URL, Pool, jwk, key_set


class Case:
    """Keys, their endpoint, a clock and a log."""

    def __init__(self, answer: bytes | Exception, within_s: float = 4.0) -> None:
        self.pool, self.clock, self.log = Pool(answer), Clock(), Lines()
        monotonic = self.clock.monotonic
        self.keys = SigningKeys(URL, self.log, fetch=self.pool, within_s=within_s, monotonic=monotonic)

    def answer(self, answer: bytes | Exception) -> None:
        self.pool.answers = [answer]

    def events(self) -> list[str]:
        return [event for event, _ in self.log.lines]


@pytest.fixture
def case() -> Case:
    """An endpoint that is well."""
    return Case(key_set())


def test_a_set_is_fetched_once(case: Case) -> None:
    """Not with each request, as the original's was."""
    for _ in range(100):
        assert case.keys.key(KID)
    assert case.pool.asked == 1


def test_an_old_set_is_fetched_again(case: Case) -> None:
    """No key is trusted for ever."""
    case.keys.key(KID)
    case.answer(key_set(jwk("key-2", "another")))
    case.clock.advance(3601)
    with pytest.raises(TokenInvalid):
        case.keys.key(KID)


def test_the_last_good_set_serves_on(case: Case) -> None:
    """However long the endpoint is away; a line says so, and it is asked again after a moment."""
    case.keys.key(KID)
    case.answer(TimeoutError("timed out"))
    case.clock.advance(3601)
    assert [bool(case.keys.key(KID)) for _ in range(10)] == [True] * 10
    assert (case.pool.asked, case.events()) == (2, ["keys_stale"])
    case.clock.advance(3)
    assert case.keys.key(KID)
    assert case.pool.asked == 3


def test_a_failure_is_not_repeated_by_every_request(case: Case) -> None:
    """One look and one line in two seconds; the first good answer ends it."""
    case.answer(OSError("it is answered with HTTP 500"))
    for _ in range(50):
        with pytest.raises(KeysUnavailable, match="HTTP 500"):
            case.keys.key(KID)
    assert (case.pool.asked, case.events()) == (1, ["keys_unavailable"])
    case.answer(key_set())
    case.clock.advance(3)
    assert case.keys.key(KID)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"{}", 'has no "keys"'),
        (b'{"keys": null}', 'has no "keys"'),
        (b'{"keys": {}}', 'has no "keys"'),
        (b'{"keys": []}', "no RSA key"),
        (b'{"keys": ["x", 1, null, {}]}', "no RSA key"),
        (b'{"message": "Forbidden"}', 'has no "keys"'),
        (b"[]", 'has no "keys"'),
        (b"<html>", "is no JSON"),
        (b"", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (json.dumps({"keys": [{"kid": str(n)} for n in range(17)]}).encode(), "17 keys"),
    ],
    ids=repr,
)
def test_an_answer_that_is_no_set_is_said(answer: bytes, reason: str) -> None:
    """The bootcamp's `KeyError: 'keys'` is a sentence here."""
    case = Case(answer)
    with pytest.raises(KeysUnavailable, match=reason):
        case.keys.key(KID)
    [(event, facts)] = case.log.lines
    assert (event, facts["url"], facts["next"]) == ("keys_unavailable", URL, "retry in 2 s")
    assert reason in facts["reason"]


@pytest.mark.parametrize(
    "odd", [{"use": "enc"}, {"alg": "RS512"}, {"kty": "oct", "k": "c2VjcmV0"}, {"kid": 5}], ids=repr
)
def test_only_keys_for_signatures_of_ours_are_taken(odd: dict[str, Any]) -> None:
    """One that is for something else is as good as not there."""
    case = Case(key_set(jwk("good"), {**jwk(), **odd}))
    assert case.keys.key("good")
    with pytest.raises(TokenInvalid):
        case.keys.key(KID)


def test_who_has_a_set_waits_for_nobody(case: Case) -> None:
    """While one thread asks for a name that was made up, the others go on."""
    case.keys.key(KID)
    case.pool.close_gate()
    case.clock.advance(31)
    with ThreadPoolExecutor(1) as other:
        asks = other.submit(case.keys.key, "made-up")
        assert case.pool.entered.wait(60)
        assert case.keys.key(KID)
        case.pool.gate.set()
        with pytest.raises(TokenInvalid):
            asks.result(60)


def test_a_fetch_that_never_ends_is_given_up() -> None:
    """A byte a second, a name server that is silent: whoever asks hears that there are no keys, each time."""
    case = Case(key_set(), within_s=0.1)
    case.pool.close_gate()
    for _ in range(2):
        with pytest.raises(KeysUnavailable, match="timed out"):
            case.keys.key(KID)
        case.clock.advance(3)
    case.pool.gate.set()
    assert case.keys.key(KID)


Reply = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(reply: Reply) -> Iterator[str]:
    """A server on this machine that answers so; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply(self)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        finally:
            server.shutdown()
            thread.join()


def answering(status: int, body: bytes = b"", **headers: str) -> Reply:
    def reply(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return reply


def test_a_real_endpoint_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine without a proxy, whatever the environment names."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(answering(200, key_set())) as url:
        assert SigningKeys(url, Lines()).key(KID)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answering(500), "HTTP 500"),
        (answering(404), "HTTP 404"),
        (answering(302, Location="/elsewhere"), "HTTP 302"),
        (answering(200, b" " * 1_000_000), "more than 262144 bytes"),
        (lambda _: None, "cannot be had"),
        (lambda _: time.sleep(3), "timed out"),  # noqa: TID251 - an endpoint that hangs
    ],
    ids=["500", "404", "redirect", "a megabyte", "hangs up", "hangs"],
)
def test_a_real_endpoint_that_is_not_well_is_said(reply: Reply, reason: str) -> None:
    """Within its two seconds, and without a trace."""
    with serving(reply) as url, pytest.raises(KeysUnavailable, match=reason):
        SigningKeys(url, Lines()).key(KID)


def test_nobody_at_the_endpoint_is_said() -> None:
    """As is a name that does not exist."""
    for url in ("http://127.0.0.1:9/jwks.json", "http://keys.invalid/jwks.json"):
        with pytest.raises(KeysUnavailable):
            SigningKeys(url, Lines()).key(KID)
