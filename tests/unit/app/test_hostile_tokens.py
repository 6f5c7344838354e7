"""Tokens that somebody would like to pass for the pool's: each is refused, for the right reason."""

import hmac
import json
import math
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from chat_app.errors import TokenInvalid
from chat_app.tokens import Verifier
from tests.unit.app.pool import (
    CLIENT,
    ISSUER,
    KID,
    NOW,
    SUB,
    claims,
    encoded,
    headed,
    header,
    jwk,
    packed,
    private_key,
    public_pem,
    sign,
    verifier,
)

Case = tuple[Callable[[], str | None], str]
DEEP = b"[" * 3000
POOL = ISSUER.rpartition("/")[2]

HEADERS: dict[str, Case] = {
    "none": (lambda: None, "no_token"),
    "empty": (lambda: "", "no_token"),
    "a space": (lambda: " ", "malformed"),
    "only the scheme": (lambda: "Bearer", "malformed"),
    "scheme and space": (lambda: "Bearer ", "malformed"),
    "null": (lambda: "Bearer null", "malformed"),
    "undefined": (lambda: "Bearer undefined", "malformed"),
    "two words": (lambda: "Bearer a b", "malformed"),
    "no scheme": (sign, "malformed"),
    "Basic": (lambda: f"Basic {sign()}", "malformed"),
    "a word behind": (lambda: f"Bearer {sign()} x", "malformed"),
    "two tokens": (lambda: f"Bearer {sign()} {sign()}", "malformed"),
    "doubled header": (lambda: f"Bearer {sign()}, Bearer {sign()}", "malformed"),
    "a space before": (lambda: f" Bearer {sign()}", "malformed"),
    "tab": (lambda: f"Bearer\t{sign()}", "malformed"),
    "no space": (lambda: f"Bearer{sign()}", "malformed"),
    "no-break space": (lambda: f"Bearer\xa0{sign()}", "malformed"),
    "line behind": (lambda: f"Bearer {sign()}\n", "malformed"),
    "zero byte": (lambda: f"Bearer {sign()}\0", "malformed"),
    "wide letters": (lambda: f"\uff22earer {sign()}", "malformed"),
    "half a character": (lambda: "Bearer \ud800.\ud800.\ud800", "malformed"),
    "1 MB": (lambda: "Bearer " + "A" * 2**20, "too_long"),
    "1 MB in a good token": (lambda: f"Bearer {sign(padding='A' * 2**20)}", "too_long"),
    "8 KB of dots": (lambda: "Bearer " + "." * 8000, "malformed"),
    "8 KB of spaces": (lambda: "Bearer" + " " * 8000, "malformed"),
}

SHAPES: dict[str, Case] = {
    "no dots": (lambda: "abc", "malformed"),
    "one dot": (lambda: sign().rpartition(".")[0], "malformed"),
    "five parts": (lambda: f"{sign()}.AAAA.AAAA", "malformed"),
    "empty header": (lambda: f".{sign().partition('.')[2]}", "malformed"),
    "empty claims": (lambda: f"{encoded(header())}..AAAA", "malformed"),
    "empty signature": (lambda: f"{sign().rpartition('.')[0]}.", "malformed"),
    "bad base64": (lambda: f"{sign()[:-3]}!!!", "malformed"),
    "impossible base64": (lambda: f"{encoded(header())}.AAAAA.AAAA", "malformed"),
    "padded base64": (lambda: f"{encoded(header())}==.e30=.AAAA", "malformed"),
    "standard base64": (lambda: f"{encoded(header())}.e+/0.AAAA", "malformed"),
    "letters of elsewhere": (lambda: "\xe9.\u0663.\uff21", "malformed"),
    "header is no JSON": (lambda: packed(b"{", claims()), "malformed"),
    "header is no UTF-8": (lambda: packed(b'{"alg":"\xff"}', claims()), "malformed"),
    "header is a list": (lambda: packed(b"[]", claims()), "malformed"),
    "header is a text": (lambda: packed(b'"RS256"', claims()), "malformed"),
    "header is null": (lambda: packed(b"null", claims()), "malformed"),
    "header is deep": (lambda: packed(DEEP, claims()), "malformed"),
    "claims are no JSON": (lambda: packed(header(), b"{"), "malformed"),
    "claims are no UTF-8": (lambda: packed(header(), b'{"sub":"\xff"}'), "malformed"),
    "claims are a list": (lambda: packed(header(), b"[]"), "malformed"),
    "claims are null": (lambda: packed(header(), b"null"), "malformed"),
    "claims are deep": (lambda: packed(header(), DEEP), "malformed"),
    "a number without end": (lambda: packed(header(), b'{"exp":' + b"9" * 5000 + b"}"), "malformed"),
}

ALGORITHMS: dict[str, Case] = {
    "none": (lambda: f"{encoded(header(alg='none'))}.{encoded(claims())}.AA", "algorithm"),
    "None": (lambda: headed(alg="None"), "algorithm"),
    "NONE": (lambda: headed(alg="NONE"), "algorithm"),
    "left out": (lambda: headed(alg=...), "algorithm"),
    "empty": (lambda: headed(alg=""), "algorithm"),
    "null": (lambda: headed(alg=None), "algorithm"),
    "a list": (lambda: headed(alg=["RS256"]), "algorithm"),
    "NaN": (lambda: headed(alg=math.nan), "algorithm"),
    "small letters": (lambda: headed(alg="rs256"), "algorithm"),
    "said twice": (lambda: packed(b'{"alg":"RS256",' + json.dumps(header(alg="none")).encode()[1:], {}), "algorithm"),
    "HS256 with the public key": (lambda: mixed_up(header(alg="HS256")), "algorithm"),
    "HS256 said to be RS256": (lambda: mixed_up(header()), "signature"),
    "RS384": (lambda: jwt.encode(claims(), private_key(), "RS384", {"kid": KID}), "algorithm"),
    "RS512": (lambda: jwt.encode(claims(), private_key(), "RS512", {"kid": KID}), "algorithm"),
    "PS256": (lambda: jwt.encode(claims(), private_key(), "PS256", {"kid": KID}), "algorithm"),
    "ES256": (lambda: headed(alg="ES256"), "algorithm"),
}

KEYS: dict[str, Case] = {
    "kid left out": (lambda: headed(kid=...), "header"),
    "kid empty": (lambda: headed(kid=""), "header"),
    "kid null": (lambda: headed(kid=None), "malformed"),
    "kid a number": (lambda: headed(kid=5), "malformed"),
    "kid a list": (lambda: headed(kid=[KID]), "malformed"),
    "kid too long": (lambda: headed(kid="a" * 129), "header"),
    "kid a path": (lambda: headed(kid="../../../../dev/null"), "header"),
    "kid a statement": (lambda: headed(kid="x' UNION SELECT 'AA"), "header"),
    "kid with a zero byte": (lambda: headed(kid=f"{KID}\0"), "header"),
    "kid with a line behind": (lambda: headed(kid=f"{KID}\n"), "header"),
    "kid of elsewhere": (lambda: headed(kid="\u0663"), "header"),
    "kid half a character": (lambda: headed(kid="\ud800"), "header"),
    "kid unknown": (lambda: headed(kid="unknown"), "key_unknown"),
    "kid said twice": (lambda: packed(json.dumps(header()).encode()[:-1] + b',"kid":"b"}', {}), "key_unknown"),
    "key in the header": (lambda: packed(header(jwk=jwk(KID, "thief")), claims(), "thief"), "header"),
    "key elsewhere": (lambda: packed(header(jku="https://thief.example/"), claims(), "thief"), "header"),
    "certificate elsewhere": (lambda: headed(x5u="https://thief.example/"), "header"),
    "certificate in the header": (lambda: headed(x5c=["MIIB"]), "header"),
    "key elsewhere is null": (lambda: headed(jku=None), "header"),
    "something critical": (lambda: headed(crit=["exp"], exp=0), "malformed"),
    "detached claims are critical": (lambda: headed(crit=["b64"], b64=True), "header"),
    "detached claims": (lambda: headed(b64=False), "malformed"),
    "another type": (lambda: headed(typ="JWE"), "header"),
    "type null": (lambda: headed(typ=None), "header"),
    "type a list": (lambda: headed(typ=["JWT"]), "header"),
}

SIGNATURES: dict[str, Case] = {
    "of another key": (lambda: packed(header(), claims(), "thief"), "signature"),
    "of another token": (lambda: f"{sign(sub='x').rpartition('.')[0]}.{sign().rpartition('.')[2]}", "signature"),
    "one byte": (lambda: f"{sign().rpartition('.')[0]}.AA", "signature"),
    "zeros": (lambda: f"{sign().rpartition('.')[0]}.{encoded(bytes(256))}", "signature"),
    "too long": (lambda: f"{sign().rpartition('.')[0]}.{encoded(bytes(999))}", "signature"),
}

CLAIMS: dict[str, Case] = {
    "no claims": (lambda: packed(header(), {}), "issuer"),
    "another pool": (lambda: sign(iss=ISSUER.replace("Example01", "Example02")), "issuer"),
    "another region": (lambda: sign(iss=ISSUER.replace("eu-central-1.", "us-east-1.")), "issuer"),
    "another host": (lambda: sign(iss=f"https://thief.example/{POOL}"), "issuer"),
    "issuer with a slash": (lambda: sign(iss=f"{ISSUER}/"), "issuer"),
    "issuer in capitals": (lambda: sign(iss=ISSUER.upper()), "issuer"),
    "issuer unencrypted": (lambda: sign(iss=ISSUER.replace("https", "http")), "issuer"),
    "issuer only the pool": (lambda: sign(iss=POOL), "issuer"),
    "issuer said twice": (lambda: packed(header(), json.dumps(claims()).encode()[:-1] + b',"iss":"x"}'), "issuer"),
    "ID token": (lambda: sign(token_use="id", client_id=..., aud=CLIENT), "token_use"),
    "ID token with a client": (lambda: sign(token_use="id", aud=CLIENT), "token_use"),
    "use in capitals": (lambda: sign(token_use="ACCESS"), "token_use"),
    "another client": (lambda: sign(client_id="thief"), "client"),
    "another client, ours in aud": (lambda: sign(client_id="thief", aud=CLIENT), "client"),
    "only aud": (lambda: sign(client_id=..., aud=CLIENT), "claims"),
    "expired by 1 s": (lambda: sign(exp=NOW - 1), "expired"),
    "expired now": (lambda: sign(exp=NOW), "expired"),
    "expired at the beginning": (lambda: sign(exp=0), "expired"),
    "milliseconds": (lambda: sign(exp=NOW * 1000), "claims"),
    "not yet": (lambda: sign(nbf=NOW + 61), "not_yet"),
    "issued later": (lambda: sign(iat=NOW + 61), "not_yet"),
    "subject empty": (lambda: sign(sub=""), "claims"),
    "subject too long": (lambda: sign(sub="x" * 129), "claims"),
    "subject with a zero byte": (lambda: sign(sub=f"{SUB}\0"), "claims"),
    "subject of elsewhere": (lambda: sign(sub="\u0663"), "claims"),
    "subject half a character": (lambda: sign(sub="\ud800"), "claims"),
}


def mixed_up(head: dict[str, Any]) -> str:
    """Signed with the public key as if it were a secret (CVE-2015-9235)."""
    signed = f"{encoded(head)}.{encoded(claims())}"
    return f"{signed}.{encoded(hmac.digest(public_pem(), signed.encode(), 'sha256'))}"


@pytest.fixture(scope="module")
def ours() -> Verifier:
    """The application's; it takes a token that nobody has touched."""
    ours = verifier()
    assert ours.claims(f"Bearer {sign()}").sub == SUB
    return ours


@pytest.mark.parametrize("name", HEADERS)
def test_what_is_no_bearer_token_is_refused(ours: Verifier, name: str) -> None:
    """One word says why, for the log; none of it is the header's."""
    value, word = HEADERS[name]
    with pytest.raises(TokenInvalid, match=f"^{word}$"):
        ours.claims(value())


@pytest.mark.parametrize(
    ("token", "word"),
    [
        pytest.param(*case, id=f"{kind}: {name}")
        for kind, cases in {
            "shape": SHAPES,
            "algorithm": ALGORITHMS,
            "key": KEYS,
            "signature": SIGNATURES,
            "claims": CLAIMS,
        }.items()
        for name, case in cases.items()
    ],
)
def test_a_hostile_token_is_refused(ours: Verifier, token: Callable[[], str], word: str) -> None:
    """One word says why, for the log; none of it is the token's."""
    with pytest.raises(TokenInvalid, match=f"^{word}$"):
        ours.claims(f"Bearer {token()}")


@pytest.mark.parametrize("value", [None, True, 5, 1.5, [], {}, [CLIENT]], ids=repr)
@pytest.mark.parametrize("name", ["iss", "token_use", "client_id", "sub", "jti"])
def test_a_text_that_is_none_is_refused(ours: Verifier, name: str, value: object) -> None:
    """Each claim that is read, in each type."""
    with pytest.raises(TokenInvalid, match=r"^(issuer|token_use|claims)$"):
        ours.claims(f"Bearer {sign(**{name: value})}")


@pytest.mark.parametrize(
    "value",
    [None, True, False, "", str(NOW), [], {}, -1, -math.inf, math.inf, math.nan, 10**400, 1e300],
    ids=lambda it: repr(it)[:9],
)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_moment_that_is_none_is_refused(ours: Verifier, name: str, value: object) -> None:
    """A text, truth, NaN, a number that no clock can show."""
    with pytest.raises(TokenInvalid, match=r"^claims$"):
        ours.claims(f"Bearer {sign(**{name: value})}")


@pytest.mark.parametrize("name", ["iss", "token_use", "client_id", "sub", "exp"])
def test_a_token_without_one_of_its_claims_is_refused(ours: Verifier, name: str) -> None:
    """Without an end it would be good for ever."""
    with pytest.raises(TokenInvalid, match=r"^(issuer|token_use|claims)$"):
        ours.claims(f"Bearer {sign(**{name: ...})}")
