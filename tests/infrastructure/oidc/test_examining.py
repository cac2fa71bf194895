"""The doctor names what is wrong with an issuer, and what to do about it."""

from collections.abc import Generator
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from infrastructure.examined import Examined, Health
from infrastructure.examining import examine
from infrastructure.settings import Settings
from tests.infrastructure.oidc.issuer import AUDIENCE, PSEUDONYM_KEY, TestIssuer, serving


@pytest.fixture
def issuer() -> Generator[TestIssuer]:
    with serving(TestIssuer(keys={"one": RSAKey.generate_key(2048)})) as answering:
        yield answering


@pytest.fixture
def settings(tmp_path: Path, issuer: TestIssuer) -> Settings:
    return Settings(
        database_url=None,
        recours_data=tmp_path / "nothing",
        recours_oidc_issuer=issuer.url,
        recours_oidc_audience=AUDIENCE,
        recours_oidc_pseudonym_key=SecretStr(PSEUDONYM_KEY),
    )


def examined(settings: Settings, **changes: object) -> Examined:
    (found,) = [
        one for one in examine(settings.model_copy(update=changes)) if one.subject == "issuer"
    ]
    return found


def test_an_issuer_with_a_usable_key_is_well(settings: Settings, issuer: TestIssuer) -> None:
    found = examined(settings)

    assert (found.health, found.found) == (Health.GOOD, f"1 usable keys of {issuer.url}")


def test_without_an_issuer_the_doctor_says_how_to_name_one(settings: Settings) -> None:
    found = examined(settings, recours_oidc_issuer=None)

    assert found.health is Health.NOTE
    assert "RECOURS_OIDC_ISSUER" in (found.fix or "")


def test_an_issuer_without_a_usable_key_is_a_fault(settings: Settings, issuer: TestIssuer) -> None:
    issuer.keys = {}

    found = examined(settings)

    assert found.health is Health.FAULT
    assert "no key that signatures can be checked with" in found.found
    assert found.fix is not None


def test_an_issuer_that_nobody_finds_is_a_fault(settings: Settings, issuer: TestIssuer) -> None:
    issuer.status = 404

    assert "answers with status 404" in examined(settings).found


@pytest.mark.parametrize(
    "address", ["http://issuer.example", "https://user:hunter2@issuer.example", "issuer"]
)
def test_an_address_at_which_others_could_answer_is_a_fault(
    settings: Settings, address: str
) -> None:
    found = examined(settings, recours_oidc_issuer=address)

    assert found.health is Health.FAULT
    assert "https://" in found.found
    assert "hunter2" not in found.found
