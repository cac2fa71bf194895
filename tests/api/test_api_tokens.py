"""An issuer's tokens at the door, beside API keys."""

import asyncio
from collections.abc import Generator
from dataclasses import replace
from typing import Final

import pytest
from fastapi.security import HTTPAuthorizationCredentials
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.http.app import create_app
from api.http.entering import is_still_let_in
from application.tokens import IN_WORDS, TokenFault
from domain.parties import Role
from infrastructure.oidc.checking import IssuedTokens
from infrastructure.oidc.claims import ClaimRules
from infrastructure.oidc.issuer import Issuer
from tests.api.doors import Door
from tests.api.requests import begin, complaint, slug
from tests.infrastructure.oidc.bad_tokens import BAD
from tests.infrastructure.oidc.issuer import (
    AUDIENCE,
    NOW,
    PSEUDONYM_KEY,
    TestIssuer,
    serving,
)
from tests.infrastructure.oidc.test_tokens import Hands

KEY: Final = RSAKey.generate_key(2048)

EXAMPLES: Final = dict(BAD.values())
"""One bad token of each fault."""

PLANTED: Final = "anna.planted@example.com"


@pytest.fixture
def issuer() -> Generator[TestIssuer]:
    with serving(TestIssuer(keys={"one": KEY})) as answering:
        yield answering


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def open_door(door: Door, issuer: TestIssuer, hands: Hands) -> Generator[Door]:
    """The door, where tokens are taken too."""
    rules = ClaimRules(
        issuer=issuer.url,
        audience=AUDIENCE,
        pseudonym_key=SecretStr(PSEUDONYM_KEY),
        companies_claim="companies",
    )
    made = IssuedTokens(Issuer(name=issuer.url), rules=rules, clock=hands, seconds=hands.seconds)
    with made as tokens:
        services = replace(door.services, tokens=tokens)
        yield Door(create_app(services), services, door.projector)


def bearing(door: Door, token: str) -> TestClient:
    client = door.stranger()
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_an_event_names_who_bore_the_token_by_a_pseudonym(
    open_door: Door, issuer: TestIssuer
) -> None:
    token = issuer.token(sub=PLANTED, email=PLANTED, companies=["*"])
    anna = bearing(open_door, token)
    anna.headers["Idempotency-Key"] = "1"

    case = begin(anna, "/v1/complaints", complaint())
    history = anna.get(f"{case.replace('complaints', 'cases')}/history")

    actor = history.json()[0]["envelope"]["actor"]
    assert actor["subject_id"].startswith("oidc:")
    assert (actor["kind"], actor["role"]) == ("agent", "agent")
    assert PLANTED not in history.text


def test_a_token_opens_what_its_role_may(open_door: Door, issuer: TestIssuer) -> None:
    auditor = bearing(open_door, issuer.token(role="auditor", companies=["*"]))

    refused = auditor.get("/v1/keys")

    assert auditor.get("/v1/projections").status_code == 200
    assert slug(refused) == "not-permitted"
    assert (
        refused.headers["WWW-Authenticate"] == 'Bearer realm="recours", error="insufficient_scope"'
    )


def test_a_token_reaches_as_far_as_its_claims(open_door: Door, issuer: TestIssuer) -> None:
    admin = bearing(open_door, issuer.token(role="admin", companies=["FR01"]))
    wanted = {"subject_id": "ben", "role": "agent"}

    assert slug(admin.post("/v1/keys", json=wanted)) == "reach-exceeded"
    assert admin.post("/v1/keys", json=wanted | {"companies": ["FR01"]}).status_code == 201


def test_keys_open_the_door_beside_tokens(open_door: Door) -> None:
    assert open_door.client(Role.AUDITOR).get("/v1/projections").status_code == 200
    assert slug(bearing(open_door, "rcs_nonsense").get("/v1/keys")) == "key-refused"


def test_where_no_issuer_is_named_a_token_is_a_key_that_nobody_has(
    door: Door, issuer: TestIssuer
) -> None:
    assert slug(bearing(door, issuer.token()).get("/v1/projections")) == "key-refused"


@pytest.mark.parametrize("fault", TokenFault)
def test_a_refused_token_is_told_its_fault_and_nothing_of_it_is_repeated(
    open_door: Door, issuer: TestIssuer, fault: TokenFault
) -> None:
    token = EXAMPLES[fault](issuer)

    answer = bearing(open_door, token).get("/v1/projections")

    assert slug(answer) == "token-refused"
    assert answer.json()["fault"] == fault
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge == (
        f'Bearer realm="recours", error="invalid_token", error_description="{IN_WORDS[fault]}"'
    )
    told = answer.text + challenge
    assert all(part not in told for part in token.split(".") if part)
    assert issuer.url not in told


def test_while_the_issuer_is_away_a_token_cannot_be_checked(
    open_door: Door, issuer: TestIssuer
) -> None:
    issuer.status = 500

    answer = bearing(open_door, issuer.token(exp=NOW + 300)).get("/v1/projections")

    assert (slug(answer), answer.headers["Retry-After"]) == ("issuer-away", "1")
    assert open_door.client(Role.AUDITOR).get("/v1/projections").status_code == 200


def test_who_listens_with_a_token_is_let_in_until_it_ends(
    open_door: Door, issuer: TestIssuer, hands: Hands
) -> None:
    token = issuer.token(companies=["*"])
    bearer = HTTPAuthorizationCredentials(scheme="Bearer", credentials=token)

    def is_let_in() -> bool:
        return asyncio.run(is_still_let_in(open_door.services, bearer, "events.stream"))

    before = is_let_in()
    hands.passed = 361

    assert before
    assert not is_let_in()
