"""Access tokens that are good, and what is believed of them."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chat_app.errors import KeysUnavailable, TokenInvalid
from chat_app.tokens import MAX_TOKEN, Claims, Verifier
from tests.fakes.clock import Clock
from tests.unit.app.pool import (
    KID,
    NOW,
    SUB,
    Pool,
    claims,
    encoded,
    headed,
    header,
    jwk,
    key_set,
    packed,
    sign,
    verifier,
)

patient = settings(deadline=None)  # time is no part of what is shown
ANY_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=9),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def ours() -> Verifier:
    """The application's."""
    return verifier()


def test_a_token_of_the_pool_says_whose_it_is(ours: Verifier) -> None:
    """Subject, the token's own name, its end."""
    assert ours.claims(f"Bearer {sign()}") == Claims(SUB, "9c41", NOW + 300)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "bEaReR   "])
def test_the_scheme_is_bearer_in_any_case(ours: Verifier, scheme: str) -> None:
    """RFC 9110, 11.1: it is case-insensitive; spaces may follow it."""
    assert ours.claims(scheme + sign()).sub == SUB


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW + 1},
        {"exp": NOW + 0.5},
        {"iat": NOW + 60, "nbf": NOW + 60},
        {"iat": ..., "auth_time": ...},
        {"client_id": "another"},
        {"aud": "whatever", "scope": 5, "username": "\ud800"},
        {"sub": "x" * 128},
    ],
    ids=repr,
)
def test_what_no_rule_is_about_may_be_as_it_is(ours: Verifier, changes: dict[str, Any]) -> None:
    """The edges of the rules, and claims that nothing is made of."""
    assert ours.claims(f"Bearer {sign(**changes)}").sub


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt"])
def test_a_token_may_say_that_it_is_one(ours: Verifier, typ: str) -> None:
    """Cognito's have no `typ`; those of RFC 9068 have."""
    assert ours.claims(f"Bearer {headed(typ=typ)}").sub == SUB


def test_a_token_without_a_name_has_an_empty_one(ours: Verifier) -> None:
    """Old pools leave `jti` out; the moment of the end is whole seconds."""
    assert ours.claims(f"Bearer {sign(jti=..., exp=NOW + 7.9)}") == Claims(SUB, "", NOW + 7)


def test_of_two_claims_of_one_name_the_last_is_read(ours: Verifier) -> None:
    """RFC 7519, 4 allows that or a refusal; the check and what is believed read the same one."""
    doubled = b'{"sub":"somebody","exp":1,' + json.dumps(claims()).encode()[1:]
    assert ours.claims(f"Bearer {packed(header(), doubled)}") == Claims(SUB, "9c41", NOW + 300)


def test_the_largest_header_is_read_and_a_larger_one_is_not(ours: Verifier) -> None:
    """8 KB: the limit counts before anything is parsed."""
    spaces = " " * (MAX_TOKEN - len("Bearer") - len(sign()))
    assert ours.claims(f"Bearer{spaces}{sign()}").sub == SUB
    with pytest.raises(TokenInvalid, match=r"^too_long$"):
        ours.claims(f"Bearer{spaces} {sign()}")


def test_time_is_the_clock_that_it_was_given(ours: Verifier) -> None:
    """The same token, a second before its end and at it."""
    last = replace(ours, clock=lambda: NOW + 299)
    end = replace(ours, clock=lambda: NOW + 300)
    assert last.claims(f"Bearer {sign()}").expires_at == NOW + 300
    with pytest.raises(TokenInvalid, match=r"^expired$"):
        end.claims(f"Bearer {sign()}")


def test_a_thousand_made_up_keys_ask_the_pool_once_more_at_most() -> None:
    """Who makes names up does not make us ask; half a minute later one question is allowed again."""
    pool, clock = Pool(), Clock()
    ours = verifier(pool, clock)
    ours.claims(f"Bearer {sign()}")
    for round_ in (1, 2):
        clock.advance(30)
        for number in range(1000):
            with pytest.raises(TokenInvalid, match=r"^key_unknown$"):
                ours.claims(f"Bearer {encoded(header(kid=f'made-up-{number}'))}.e30.AA")
        assert pool.asked == 1 + round_


def test_without_keys_nothing_is_said_about_a_token() -> None:
    """503, not 401: a client must not sign its user out for it."""
    with pytest.raises(KeysUnavailable, match="nobody there"):
        verifier(Pool(OSError("nobody there"))).claims(f"Bearer {sign()}")


def test_after_the_pool_changed_its_keys_tokens_of_both_are_good() -> None:
    """As long as the pool shows both."""
    pool, clock = Pool(key_set(), key_set(jwk(), jwk("new", "new"))), Clock()
    ours = verifier(pool, clock)
    assert ours.claims(f"Bearer {sign()}").sub == SUB
    clock.advance(31)
    assert ours.claims(f"Bearer {packed(header(kid='new'), claims(), 'new')}").sub == SUB
    assert ours.claims(f"Bearer {sign()}").sub == SUB


@patient
@given(some.text() | some.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_header_is_refused_in_one_way(text: str) -> None:
    """Nothing but TokenInvalid, with one word that holds nothing of the header."""
    for value in (text, f"Bearer {text}"):
        with pytest.raises(TokenInvalid, match=r"^(no_token|malformed)$"):
            verifier().claims(value)


@patient
@given(some.data())
def test_a_good_token_with_a_part_replaced_is_refused(data: some.DataObject) -> None:
    """Wherever it is touched."""
    token = sign()
    start = data.draw(some.integers(0, len(token) - 1))
    end = data.draw(some.integers(start, min(start + 9, len(token))))
    touched = token[:start] + data.draw(some.text("AQgwabc019-_.", max_size=9)) + token[end:]
    if touched != token:
        with pytest.raises(TokenInvalid):
            verifier().claims(f"Bearer {touched}")


@patient
@given(ANY_JSON, some.dictionaries(some.sampled_from(["alg", "kid", "typ", "crit", "b64", "zip"]), ANY_JSON))
def test_any_header_of_a_token_is_refused_in_one_way(whole: Any, changes: dict[str, Any]) -> None:
    """Signed by the pool or not: no key is looked for in what is no header."""
    for head in (whole, header(**changes)):
        with suppress(TokenInvalid):
            assert verifier().claims(f"Bearer {packed(json.dumps(head).encode(), claims())}").sub == SUB


@patient
@given(ANY_JSON, some.dictionaries(some.sampled_from(sorted(claims())), ANY_JSON))
def test_any_claims_are_refused_in_one_way(whole: Any, changes: dict[str, Any]) -> None:
    """Even if the pool signs them: what is believed is of the right kind."""
    for body in (whole, claims(**changes)):
        with suppress(TokenInvalid):
            said = verifier().claims(f"Bearer {packed(header(), json.dumps(body).encode())}")
            assert (type(said.sub), type(said.jti), type(said.expires_at)) == (str, str, int)


def test_the_name_of_a_key_may_be_any_base64(ours: Verifier) -> None:
    """AWS's hold `+`, `/` and `=`."""
    assert set("+/_-=") <= set(KID)
    assert ours.claims(f"Bearer {sign()}")
