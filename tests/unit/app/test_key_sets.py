"""Sets of keys in which something is odd, threads that want keys at once, and answers that come slowly."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chat_app.errors import KeysUnavailable, TokenInvalid
from chat_app.fetch import fetch
from chat_app.signing_keys import SigningKeys, keys_of
from tests.fakes.clock import Clock
from tests.fakes.outlets import Lines
from tests.unit.app.pool import KID, URL, Pool, jwk, key_set, private_key

patient = settings(deadline=None)  # time is no part of what is shown
ODD = some.none() | some.integers() | some.text(max_size=5) | some.sampled_from(["AQAB", "RSA", "AA", "Ag", "_" * 400])


class Scene:
    """Keys, the pool, a clock that stands still, a log."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.pool, self.clock, self.log = Pool(*answers), Clock(), Lines()
        self.keys = SigningKeys(URL, self.log, fetch=self.pool, monotonic=self.clock.monotonic)

    def said(self) -> list[str]:
        return [event for event, _ in self.log.lines]


@pytest.mark.parametrize(
    "odd",
    [
        {"n": "AA"},
        {"n": ...},
        {"e": ...},
        {"e": "Ag"},
        {"n": 5},
        {"n": "\u00e9"},
        {"kid": ["a"]},
        {"kid": ...},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": ["RSA"]},
        {"use": None},
        {"alg": "HS256"},
    ],
    ids=repr,
)
def test_a_key_that_cannot_be_used_costs_the_others_nothing(odd: dict[str, Any]) -> None:
    """RFC 7517, 5: it is passed over."""
    assert list(keys_of(key_set(jwk(**{"kid": "odd"} | odd), jwk()))) == [KID]


def test_a_weak_key_is_none() -> None:
    """NIST SP 800-131A: whoever can factor 1,024 bits could sign."""
    with pytest.raises(ValueError, match="no RSA key"):
        keys_of(key_set(jwk(bits=1024, owner="weak")))


def test_a_key_without_a_purpose_is_one_for_signatures() -> None:
    """`use` and `alg` may be left out."""
    assert list(keys_of(key_set(jwk(use=..., alg=...)))) == [KID]


def test_the_private_part_of_a_key_is_not_read() -> None:
    """A pool that shows it has worse trouble, but we only ever check signatures."""
    numbers = private_key().private_numbers()
    assert keys_of(key_set(jwk(d=f"{numbers.d:x}", p="AA")))[KID].key.public_numbers() == numbers.public_numbers


def test_sixteen_keys_are_a_set() -> None:
    """Seventeen are not: a pool has two."""
    assert len(keys_of(key_set(*(jwk(str(number)) for number in range(16))))) == 16
    with pytest.raises(ValueError, match="17 keys"):
        keys_of(key_set(*(jwk(str(number)) for number in range(17))))


@pytest.mark.parametrize("answer", [b"[" * 60_000, b'{"keys":' * 9000, b'{"keys": [' + b"9" * 5000 + b"]}"], ids=len)
def test_an_answer_without_end_is_no_set(answer: bytes) -> None:
    """Nested so deeply, or of numbers so long, that the parser gives up."""
    scene = Scene(answer)
    with pytest.raises(KeysUnavailable):
        scene.keys.key(KID)
    assert scene.said() == ["keys_unavailable"]


@patient
@given(some.dictionaries(some.sampled_from(["kid", "kty", "use", "alg", "n", "e", "d"]), ODD), some.binary())
def test_any_answer_is_a_set_or_none(changes: dict[str, Any], answer: bytes) -> None:
    """Nothing but ValueError, which is what is caught."""
    for one in (answer, key_set(jwk(**changes)), json.dumps(changes).encode()):
        with suppress(ValueError):
            assert all(isinstance(kid, str) for kid in keys_of(one))


def test_threads_that_have_no_set_make_one_fetch() -> None:
    """All of them get what the one of them got."""
    scene, together = Scene(), Barrier(8)

    def ask(_: int) -> bool:
        together.wait(100)
        return bool(scene.keys.key(KID))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == [True] * 8
    assert scene.pool.asked == 1


def test_while_an_old_set_is_fetched_again_it_serves() -> None:
    """However long the endpoint takes."""
    scene = Scene()
    scene.keys.key(KID)
    scene.clock.advance(3600)
    scene.pool.close_gate()
    with ThreadPoolExecutor(1) as other:
        held = other.submit(scene.keys.key, KID)
        assert scene.pool.entered.wait(100)
        assert scene.keys.key(KID)
        scene.pool.gate.set()
        assert held.result(100)
    assert scene.pool.asked == 2


def test_a_set_serves_for_an_hour() -> None:
    """It is not asked for again before, if every token's key is in it."""
    scene = Scene()
    for _ in range(60):
        scene.keys.key(KID)
        scene.clock.advance(59)
    assert scene.pool.asked == 1


def test_made_up_keys_at_an_endpoint_that_is_away_are_unknown() -> None:
    """The set is good: 401, one question and one line in two seconds; and it is found again when it answers."""
    scene = Scene(key_set(), OSError("away"), key_set(jwk("new")))
    scene.keys.key(KID)
    scene.clock.advance(31)
    for _ in range(1000):
        with pytest.raises(TokenInvalid, match=r"^key_unknown$"):
            scene.keys.key("new")
    assert (scene.pool.asked, scene.said()) == (2, ["keys_stale"])
    scene.clock.advance(2)
    assert scene.keys.key("new")


def test_a_set_is_not_taken_from_an_answer_that_has_none() -> None:
    """The last good one serves on, whatever comes instead of the next."""
    scene = Scene(key_set(), b'{"keys": []}')
    scene.keys.key(KID)
    scene.clock.advance(3600)
    assert scene.keys.key(KID)
    [(event, facts)] = scene.log.lines
    assert (event, facts["next"]) == ("keys_stale", "retry in 2 s")


@contextmanager
def trickling(head: bytes, drop: bytes) -> Iterator[str]:
    """A server that says `head`, then `drop` again and again, or hangs up if there is none; its address."""
    gone = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client, suppress(OSError):
                client.recv(4096)
                client.sendall(head)
                while drop and not gone.wait(0.02):
                    client.sendall(drop)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            gone.set()
            thread.join()


def test_an_answer_that_trickles_in_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time for the socket, the whole of it never would."""
    monkeypatch.setattr("chat_app.fetch._SOCKET_S", 0.3)
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"
    with trickling(ok, b" ") as url, pytest.raises(TimeoutError, match="timed out"):
        fetch(url)


def test_an_answer_that_breaks_off_is_no_set() -> None:
    """Half of a set is not used."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + key_set()[:-9]
    with trickling(half, b"") as url, pytest.raises(KeysUnavailable, match="no JSON"):
        SigningKeys(url, Lines()).key(KID)


def test_no_other_address_is_gone_to() -> None:
    """Keys are where the settings say: whoever can answer for it with a redirect must not choose them."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0)
        head = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{elsewhere.getsockname()[1]}/\r\n\r\n".encode()
        with trickling(head, b"") as url, pytest.raises(KeysUnavailable, match="HTTP 302"):
            SigningKeys(url, Lines()).key(KID)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_what_speaks_no_http_is_said() -> None:
    """A port that belongs to something else."""
    with trickling(b"SSH-2.0-OpenSSH_9.6\r\n", b"") as url, pytest.raises(KeysUnavailable, match="OpenSSH"):
        SigningKeys(url, Lines()).key(KID)
