"""A token opens the door to whom the issuer says, and every other token opens nothing."""

import asyncio
import hmac
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from pydantic import SecretStr

from application.keys import GRANTABLE, Principal
from application.ports import Clock
from application.reach import EVERYWHERE, Reach
from application.scopes import ConnectorScope
from application.tokens import IssuerAway, TokenFault, TokenRefused
from domain.parties import Role
from infrastructure.oidc.checking import IssuedTokens
from infrastructure.oidc.claims import ClaimRules
from infrastructure.oidc.issuer import Issuer
from infrastructure.oidc.known_keys import FRESH, PAUSE, STALE
from tests.infrastructure.oidc.bad_tokens import BAD, STRANGER, with_header
from tests.infrastructure.oidc.issuer import (
    AUDIENCE,
    NOW,
    PSEUDONYM_KEY,
    Claims,
    TestIssuer,
    encoded,
    serving,
    signed,
)

FAULT: Final = TokenFault


class Hands(Clock):
    """Both clocks: the time of day, and the seconds that pass."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW + self.passed, UTC)

    def seconds(self) -> float:
        return self.passed


@pytest.fixture(scope="module")
def pair() -> dict[str, RSAKey]:
    return {"one": RSAKey.generate_key(2048)}


@pytest.fixture
def issuer(pair: dict[str, RSAKey]) -> Generator[TestIssuer]:
    with serving(TestIssuer(keys=dict(pair))) as answering:
        yield answering


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def tokens(issuer: TestIssuer, hands: Hands) -> Generator[IssuedTokens]:
    with checking(issuer, hands) as made:
        yield made


def checking(issuer: TestIssuer, hands: Hands, **names: str) -> IssuedTokens:
    rules = ClaimRules(
        issuer=issuer.url, audience=AUDIENCE, pseudonym_key=SecretStr(PSEUDONYM_KEY), **names
    )
    return IssuedTokens(Issuer(name=issuer.url), rules=rules, clock=hands, seconds=hands.seconds)


def borne(tokens: IssuedTokens, token: str) -> Principal:
    return asyncio.run(tokens.authenticate(token))


def fault_of(tokens: IssuedTokens, token: str) -> TokenFault:
    with pytest.raises(TokenRefused) as refused:
        borne(tokens, token)
    return refused.value.fault


@pytest.mark.parametrize("role", [role for role in GRANTABLE if role is not Role.CONNECTOR])
def test_a_token_opens_the_door_as_the_role_that_it_names(
    issuer: TestIssuer, tokens: IssuedTokens, role: Role
) -> None:
    principal = borne(tokens, issuer.token(role=str(role)))

    assert (principal.role, principal.reach, principal.scopes) == (role, EVERYWHERE, frozenset())


def test_a_subject_stands_in_events_as_a_pseudonym_that_only_the_key_leads_to(
    issuer: TestIssuer, tokens: IssuedTokens
) -> None:
    anna, again, ben = (
        borne(tokens, issuer.token(sub=sub, jti=jti)).subject_id
        for sub, jti in (("anna@example.com", "1"), ("anna@example.com", "2"), ("ben", "3"))
    )

    expected = hmac.new(
        PSEUDONYM_KEY.encode(), f"{issuer.url}\nanna@example.com".encode(), sha256
    ).hexdigest()
    assert anna == again == f"oidc:{expected[:32]}"
    assert ben != anna


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", STRANGER),
        ("PS256", STRANGER),
        ("ES256", ECKey.generate_key("P-256")),
        ("ES384", ECKey.generate_key("P-384")),
        ("EdDSA", OKPKey.generate_key("Ed25519")),
        ("Ed25519", OKPKey.generate_key("Ed25519")),
    ],
)
def test_each_accepted_algorithm_is_checked_with_a_key_that_fits_it(
    issuer: TestIssuer, tokens: IssuedTokens, algorithm: str, key: RSAKey | ECKey | OKPKey
) -> None:
    issuer.keys["two"] = key
    header = {"alg": algorithm, "kid": "two"}
    by = "Ed25519" if algorithm == "EdDSA" else algorithm

    good = signed(header, issuer.claims(), key=key, algorithm=by)
    forged = good[: good.rindex(".") + 1] + encoded(b"\1" * len(good.rpartition(".")[2]))

    assert borne(tokens, good).role is Role.AGENT
    assert fault_of(tokens, forged) is FAULT.SIGNATURE


@pytest.mark.parametrize("bad", [pytest.param(bad, id=name) for name, bad in BAD.items()])
def test_a_bad_token_opens_nothing_and_is_told_its_fault(
    issuer: TestIssuer, tokens: IssuedTokens, bad: tuple[TokenFault, Callable[[TestIssuer], str]]
) -> None:
    fault, make = bad

    assert borne(tokens, issuer.token()).role is Role.AGENT
    assert fault_of(tokens, make(issuer)) is fault


def test_every_fault_has_an_example() -> None:
    assert {fault for fault, _ in BAD.values()} == set(TokenFault)


def test_the_clocks_may_lie_a_minute_apart(issuer: TestIssuer, tokens: IssuedTokens) -> None:
    assert borne(tokens, issuer.token(iat=NOW + 60, nbf=NOW + 60)).role is Role.AGENT
    assert borne(tokens, issuer.token(exp=NOW - 59)).role is Role.AGENT


def test_a_token_that_was_checked_ends_when_it_says(
    issuer: TestIssuer, tokens: IssuedTokens, hands: Hands
) -> None:
    token = issuer.token(exp=NOW + 5)
    borne(tokens, token)

    hands.passed = 4
    assert borne(tokens, token).role is Role.AGENT
    hands.passed = 66
    assert fault_of(tokens, token) is FAULT.EXPIRED


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ("openid intake erp", frozenset({ConnectorScope.INTAKE, ConnectorScope.ERP})),
        (["erp"], frozenset({ConnectorScope.ERP})),
        (None, frozenset[ConnectorScope]()),
        (7, frozenset[ConnectorScope]()),
    ],
)
def test_a_connector_s_token_names_its_scopes(
    issuer: TestIssuer, tokens: IssuedTokens, said: object, scopes: frozenset[ConnectorScope]
) -> None:
    assert borne(tokens, issuer.token(role="connector", scope=said)).scopes == scopes
    assert borne(tokens, issuer.token(role="admin", scope=said)).scopes == frozenset()


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        ("roles", {"roles": ["offline_access", "manager"]}),
        ("realm_access.roles", {"realm_access": {"roles": ["uma", "manager"]}}),
        ("https://recours.example/role", {"https://recours.example/role": "manager"}),
    ],
)
def test_a_claim_is_named_as_the_issuer_names_it(
    issuer: TestIssuer, hands: Hands, path: str, claims: Claims
) -> None:
    with checking(issuer, hands, role_claim=path, subject_claim="oid") as tokens:
        principal = borne(tokens, issuer.token(role=None, sub=None, oid="anna", **claims))
        assert fault_of(tokens, issuer.token(oid="anna")) is FAULT.CLAIM

    assert principal.role is Role.MANAGER


@pytest.mark.parametrize(
    ("companies", "teams", "reach"),
    [
        (
            ["FR01", "FR02"],
            "lyon",
            Reach(companies=frozenset({"FR01", "FR02"}), teams=frozenset({"lyon"})),
        ),
        (["*"], ["lyon"], Reach(teams=frozenset({"lyon"}))),
        ("*", "*", EVERYWHERE),
    ],
)
def test_a_token_reaches_what_its_claims_name(
    issuer: TestIssuer, hands: Hands, companies: object, teams: object, reach: Reach
) -> None:
    with checking(issuer, hands, companies_claim="companies", teams_claim="teams") as tokens:
        assert borne(tokens, issuer.token(companies=companies, teams=teams)).reach == reach


@pytest.mark.parametrize("companies", [None, [], "", [""], 7, {"FR01": 1}])
def test_where_a_limit_is_expected_none_is_never_understood_as_no_limit(
    issuer: TestIssuer, hands: Hands, companies: object
) -> None:
    with checking(issuer, hands, companies_claim="companies") as tokens:
        assert fault_of(tokens, issuer.token(companies=companies)) is FAULT.CLAIM


def test_a_new_key_is_looked_up_once_however_many_tokens_name_it(
    issuer: TestIssuer, tokens: IssuedTokens, hands: Hands
) -> None:
    borne(tokens, issuer.token())
    issuer.keys = {"two": STRANGER}
    hands.passed = PAUSE
    token = issuer.token(kid="two")

    async def crowd() -> list[Principal]:
        return await asyncio.gather(*(tokens.authenticate(token) for _ in range(20)))

    assert len(asyncio.run(crowd())) == 20
    assert issuer.asked.count("/keys") == 2


def test_strange_keys_make_no_more_than_one_look_up_in_a_while(
    issuer: TestIssuer, tokens: IssuedTokens, hands: Hands
) -> None:
    borne(tokens, issuer.token())
    for n in range(50):
        hands.passed = n * PAUSE / 25
        assert fault_of(tokens, with_header(kid=f"strange-{n}")(issuer)) is FAULT.KEY

    assert issuer.asked.count("/keys") == 2


def test_a_withdrawn_key_is_believed_until_the_keys_are_looked_up_again(
    issuer: TestIssuer, tokens: IssuedTokens, hands: Hands
) -> None:
    old = issuer.token(exp=NOW + 5_000)
    borne(tokens, old)
    issuer.keys = {"two": STRANGER}

    hands.passed = FRESH + 1
    assert borne(tokens, old).role is Role.AGENT  # which begins the look-up
    hands.passed += PAUSE + 31
    borne(tokens, issuer.token(kid="two", exp=NOW + 5_000))

    assert fault_of(tokens, old) is FAULT.KEY


def test_known_keys_go_on_working_while_the_issuer_is_away_but_not_for_ever(
    issuer: TestIssuer, tokens: IssuedTokens, hands: Hands
) -> None:
    borne(tokens, issuer.token())
    issuer.status = 500

    hands.passed = STALE - 1
    assert borne(tokens, issuer.token(iat=NOW, exp=NOW + 2 * STALE)).role is Role.AGENT
    with pytest.raises(IssuerAway):
        borne(tokens, issuer.token(iat=NOW + STALE, exp=NOW + 2 * STALE, header={"kid": "two"}))
    hands.passed = STALE + 60
    with pytest.raises(IssuerAway):
        borne(tokens, issuer.token(iat=NOW + 1, exp=NOW + 2 * STALE))


def test_a_silent_issuer_keeps_nobody_waiting_whose_key_is_known(
    issuer: TestIssuer, tokens: IssuedTokens, hands: Hands
) -> None:
    borne(tokens, issuer.token())
    issuer.hold.clear()
    hands.passed = PAUSE

    async def both() -> tuple[bool, Principal]:
        waiting = asyncio.create_task(tokens.authenticate(with_header(kid="two")(issuer)))
        await asyncio.sleep(0)
        served = await tokens.authenticate(issuer.token(jti="2"))
        still_waiting = not waiting.done()
        issuer.hold.set()
        with pytest.raises(TokenRefused):
            await waiting
        return still_waiting, served

    still_waiting, served = asyncio.run(both())

    assert still_waiting
    assert served.role is Role.AGENT


def test_the_first_token_waits_for_the_keys_and_is_told_when_there_are_none(
    issuer: TestIssuer, tokens: IssuedTokens, hands: Hands
) -> None:
    issuer.status = 503
    with pytest.raises(IssuerAway):
        borne(tokens, issuer.token())
    issuer.status = 200
    with pytest.raises(IssuerAway):
        borne(tokens, issuer.token())  # not asked again so soon

    hands.passed = PAUSE
    assert borne(tokens, issuer.token()).role is Role.AGENT
