"""Which keys are taken from an issuer, and what it may answer to be believed."""

import asyncio
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from pydantic import SecretStr

from application.ports import Clock
from application.tokens import IssuerAway
from infrastructure.oidc.checking import IssuedTokens
from infrastructure.oidc.claims import ClaimRules
from infrastructure.oidc.issuer import LARGEST_DOCUMENT, Issuer, IssuerFault, UnusableIssuer
from infrastructure.oidc.issuer_keys import usable_keys
from tests.infrastructure.oidc.issuer import (
    AUDIENCE,
    NOW,
    PSEUDONYM_KEY,
    TestIssuer,
    public,
    serving,
)

KEY: Final = RSAKey.generate_key(2048)
GOOD: Final = public(KEY, kid="one")
CURVE: Final = ECKey.generate_key("P-256")


class StandingClock(Clock):
    """It is always the same time."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW, UTC)


@pytest.fixture
def issuer() -> Generator[TestIssuer]:
    with serving(TestIssuer(keys={"one": KEY})) as answering:
        yield answering


def fetched(issuer: TestIssuer, **places: str) -> int:
    return len(asyncio.run(Issuer(name=issuer.url, **places).fetch_keys()))


def test_keys_are_found_by_discovery_or_where_the_settings_say(issuer: TestIssuer) -> None:
    assert fetched(issuer) == 1
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]
    assert fetched(issuer, jwks_url=f"{issuer.url}/elsewhere") == 1
    assert issuer.asked[-1] == "/elsewhere"


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example",
        "ftp://issuer.example",
        "https://",
        "issuer.example",
        "https://user:hunter2@issuer.example",
        "https://issuer.example/#a",
        "https://issuer.example/?a",
        "http://127.0.0.1.evil.example",
        "http://169.254.169.254",
    ],
)
def test_an_issuer_is_reached_so_that_nobody_else_can_answer(url: str) -> None:
    with pytest.raises(UnusableIssuer):
        Issuer(name=url)
    with pytest.raises(UnusableIssuer):
        Issuer(name="https://issuer.example", jwks_url=url)


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "http://evil.example/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": 7},
    ],
)
def test_a_discovery_document_is_about_its_issuer_and_leads_to_a_safe_place(
    issuer: TestIssuer, discovery: dict[str, Any]
) -> None:
    issuer.discovery = discovery

    with pytest.raises(IssuerFault, match="discovery document"):
        fetched(issuer)


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_no_redirect_is_followed_and_no_error_read(issuer: TestIssuer, status: int) -> None:
    issuer.status = status

    with pytest.raises(IssuerFault, match=f"status {status}"):
        fetched(issuer)
    assert len(issuer.asked) == 1


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"keys": []}, "no key"),
        ({"keys": "many"}, "no key"),
        ({}, "no key"),
        ([], "no JSON object"),
        ("x" * LARGEST_DOCUMENT, "more than"),
    ],
)
def test_a_document_without_keys_is_a_fault(issuer: TestIssuer, document: object, why: str) -> None:
    issuer.document = document

    with pytest.raises(IssuerFault, match=why):
        fetched(issuer)


def test_an_issuer_that_drips_is_given_up(issuer: TestIssuer) -> None:
    issuer.dripping = True
    rules = ClaimRules(issuer=issuer.url, audience=AUDIENCE, pseudonym_key=SecretStr(PSEUDONYM_KEY))
    checking = IssuedTokens(
        Issuer(name=issuer.url), rules=rules, clock=StandingClock(), patience=0.2
    )

    with checking as tokens, pytest.raises(IssuerAway):
        asyncio.run(tokens.authenticate(issuer.token()))


def test_a_port_where_nobody_answers_is_a_fault() -> None:
    with serving(TestIssuer(keys={})) as gone:
        url = gone.url

    with pytest.raises(IssuerFault, match="gives no answer: ConnectError"):
        asyncio.run(Issuer(name=url).fetch_keys())


@pytest.mark.parametrize(
    "key",
    [
        GOOD | {"use": "enc"},
        GOOD | {"key_ops": ["encrypt"]},
        GOOD | {"key_ops": "verify"},
        GOOD | {"alg": "HS256"},
        GOOD | {"alg": "ES256"},
        GOOD | {"alg": 7},
        GOOD | {"kid": 7},
        GOOD | {"kty": "EC"},
        GOOD | {"n": "AQAB"},
        GOOD | {"n": "!"},
        GOOD | {"n": 7},
        {name: value for name, value in GOOD.items() if name != "e"},
        KEY.as_dict(private=True),
        OctKey.generate_key(256).as_dict(private=True),
        public(ECKey.generate_key("P-521")),
        public(ECKey.generate_key("secp256k1")),
        public(OKPKey.generate_key("X25519")),
        public(CURVE) | {"x": public(CURVE)["y"]},
        {},
        7,
    ],
)
def test_a_key_that_does_not_fit_is_passed_over(key: object) -> None:
    assert [good.kid for good in usable_keys({"keys": [key, GOOD]})] == ["one"]


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [
        (GOOD, {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
        (GOOD | {"alg": "PS256"}, {"PS256"}),
        (public(CURVE), {"ES256"}),
        (public(OKPKey.generate_key("Ed25519"), alg="EdDSA"), {"EdDSA", "Ed25519"}),
    ],
)
def test_a_key_is_used_with_its_own_algorithms_only(key: object, algorithms: set[str]) -> None:
    (usable,) = usable_keys({"keys": [key]})

    assert usable.algorithms == algorithms
