"""No secret is told to anybody: not in an answer, not in a log, not in an exception."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Final, cast

import psycopg
import pytest
from fastapi import FastAPI
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool
from starlette.testclient import TestClient

from api.http.app import create_app
from application.keys import Keys, KeyTerms, Principal
from application.tokens import IssuerAway
from domain.parties import Role
from infrastructure.bootstrap import Logins
from infrastructure.settings import Settings
from tests.api.doors import Door

Pool = ConnectionPool[Connection[TupleRow]]

PLANTED: Final = "Pl4ntedS3cretPl4ntedS3cretPl4ntedS3cretPl4n"
"""43 letters, as the random part of a key has."""

WRONG_KEY: Final = f"rcs_01234567_{PLANTED}"
TOKEN: Final = f"eyJhbGciOiJSUzI1NiJ9.{PLANTED}.{PLANTED}"

WRONG: Final = {
    "wrong key": [("Authorization", f"Bearer {WRONG_KEY}")],
    "cut key": [("Authorization", f"Bearer {WRONG_KEY[:-1]}")],
    "token": [("Authorization", f"Bearer {TOKEN}")],
    "basic": [("Authorization", f"Basic {PLANTED}")],
    "no scheme": [("Authorization", PLANTED)],
    "two words": [("Authorization", f"Bearer {PLANTED} {PLANTED}")],
    "twice": [("Authorization", f"Bearer {WRONG_KEY}")] * 2,
    "in another header": [("X-Api-Key", PLANTED)],
    "beside a bad header": [("Authorization", f"Bearer {WRONG_KEY}"), ("Accept", "text/html")],
}


class AwayTokens:
    """An issuer that is away."""

    async def authenticate(self, token: str) -> Principal:
        """Raise, with the token within reach of whoever prints too much."""
        raise IssuerAway from ValueError(token)


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("recours", "api", "application", "infrastructure", "uvicorn", "psycopg"):
        caplog.set_level(logging.DEBUG, logger=name)


@pytest.mark.parametrize("sent", [pytest.param(sent, id=name) for name, sent in WRONG.items()])
def test_what_a_refused_caller_sent_is_repeated_nowhere(
    door: Door, caplog: pytest.LogCaptureFixture, sent: list[tuple[str, str]]
) -> None:
    answer = door.stranger(raising=False).get("/v1/cases", headers=sent)

    assert answer.status_code in {401, 406}
    assert PLANTED[:-1] not in answer.text + str(answer.headers) + told(caplog)


@pytest.mark.parametrize("break_it", ["database", "bug", "issuer"])
def test_the_key_of_a_request_that_fails_is_repeated_nowhere(
    door: Door, pool: Pool, caplog: pytest.LogCaptureFixture, break_it: str
) -> None:
    secret = door.services.keys.issue(KeyTerms(subject_id="anna", role=Role.ADMIN)).secret
    client, bearer = door.stranger(raising=False), secret
    if break_it == "database":
        pool.close()
    elif break_it == "bug":
        client = TestClient(failing_app(door), raise_server_exceptions=False)
    else:
        services = replace(door.services, tokens=AwayTokens())
        client, bearer = TestClient(create_app(services), raise_server_exceptions=False), TOKEN

    answer = client.get("/v1/keys", headers={"Authorization": f"Bearer {bearer}"})

    assert answer.status_code in {500, 503}
    everything = answer.text + str(answer.headers) + told(caplog)
    assert secret.rpartition("_")[2] not in everything
    assert PLANTED not in everything


class BrokenKeys:
    """A store of keys with a fault of ours."""

    def recall(self, secret: str) -> None:  # noqa: ARG002 - the port asks for it
        """Fail while the secret is at hand."""
        raise RuntimeError("a fault of ours")


def failing_app(door: Door) -> FastAPI:
    """The API over a store of keys that fails."""
    return create_app(replace(door.services, keys=cast("Keys", BrokenKeys())))


def told(caplog: pytest.LogCaptureFixture) -> str:
    """Everything that was logged, with its tracebacks and whatever hangs on the records."""
    return caplog.text + "".join(str(vars(record)) for record in caplog.records)


def rejected(said: Callable[[], object]) -> str:
    try:
        said()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is to tell nothing
        return "".join(traceback.format_exception(error)) + repr(error)
    raise AssertionError("it was to be refused")


@pytest.mark.parametrize(
    "wrong",
    [
        {"database_url": f"postgresql://anna:{PLANTED}@db:not-a-port/x y=z"},
        {"database_owner_url": f"postgresql://anna:{PLANTED}@db/x"},
        {"recours_erp_secret": f"whsec_{PLANTED}"},
        {"recours_oidc_pseudonym_key": PLANTED},
        {"recours_oidc_pseudonym_key": PLANTED[:20]},
    ],
)
def test_a_setting_that_is_refused_keeps_its_secret(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in wrong.items():
        monkeypatch.setenv(name.upper(), value)

    assert PLANTED[:20] not in rejected(Settings)


def test_what_holds_a_secret_does_not_show_it_when_it_is_printed(door: Door) -> None:
    url = f"postgresql://anna:{PLANTED}@db/x"
    issued = door.services.keys.issue(KeyTerms(subject_id="anna", role=Role.ADMIN))

    assert PLANTED not in repr(Logins(url, url, url, PLANTED))
    assert issued.secret not in repr(issued)


def test_a_database_that_refuses_the_login_does_not_say_its_password() -> None:
    url = f"postgresql://anna:{PLANTED}@127.0.0.1:1/x?connect_timeout=2"

    assert PLANTED not in rejected(lambda: psycopg.connect(url))
