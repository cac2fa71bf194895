"""Keys over HTTP: handed out, listed, replaced and taken back, within the admin's own reach."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from application.reach import Reach
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import NOBODY, Said, slug

ADMIN = Role.ADMIN
LYON = Reach(companies=frozenset({"FR01", "FR02"}))


def test_an_admin_hands_out_keys_and_takes_them_back(door: Door) -> None:
    admin = door.client(ADMIN)

    issued = admin.post("/v1/keys", json={"subject_id": "anna", "role": "agent"})
    key, secret = issued.json()["key"], issued.json()["secret"]
    anna = door.stranger()
    anna.headers["Authorization"] = f"Bearer {secret}"
    before = anna.get("/v1/cases").status_code
    revoked = admin.delete(f"/v1/keys/{key['key_id']}").json()

    assert (issued.status_code, issued.headers["Cache-Control"]) == (201, "no-store")
    assert before == 200
    assert revoked["revoked_at"] is not None
    assert slug(anna.get("/v1/cases")) == "key-refused"
    listed = admin.get("/v1/keys")
    assert [one["subject_id"] for one in listed.json()] == ["admin", "anna"]
    assert secret not in listed.text


@pytest.mark.parametrize("role", ["system", "importer", "king"])
def test_no_key_is_made_for_a_role_that_belongs_to_the_product(door: Door, role: str) -> None:
    answer = door.client(ADMIN).post("/v1/keys", json={"subject_id": "anna", "role": role})

    assert slug(answer) == "invalid"


def test_a_key_that_does_not_exist_is_not_revoked(door: Door) -> None:
    assert slug(door.client(ADMIN).delete(f"/v1/keys/{NOBODY}")) == "key-not-found"


@pytest.mark.parametrize(("role", "scopes"), [("connector", []), ("agent", ["erp"])])
def test_a_connector_s_key_says_what_it_is_for_and_no_other_does(
    door: Door, role: str, scopes: list[str]
) -> None:
    said = {"subject_id": "anna", "role": role, "scopes": scopes}

    assert slug(door.client(ADMIN).post("/v1/keys", json=said)) == "scopes-misplaced"


def test_a_connector_s_key_is_listed_with_its_scopes(door: Door) -> None:
    said = {"subject_id": "erp:S4", "role": "connector", "scopes": ["erp", "invoices"]}
    admin = door.client(ADMIN)

    admin.post("/v1/keys", json=said)

    assert sorted(admin.get("/v1/keys").json()[-1]["scopes"]) == ["erp", "invoices"]


def wanted(**changes: object) -> Said:
    """A key for an agent."""
    return {"subject_id": "anna", "role": "agent", **changes}


def holding(door: Door, secret: str) -> TestClient:
    """Somebody with this secret."""
    client = door.stranger()
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def test_a_key_is_issued_on_terms_and_listed_with_them(door: Door) -> None:
    admin = door.client(ADMIN)
    terms = {"companies": ["FR01"], "teams": ["lyon"], "expires_at": "2199-01-01T00:00:00Z"}

    issued = admin.post("/v1/keys", json=wanted(**terms)).json()
    listed = admin.get("/v1/keys").json()[-1]

    assert listed == issued["key"]
    assert {name: listed[name] for name in terms} == terms
    assert issued["secret"].startswith(listed["prefix"] + "_")
    assert listed["last_used_at"] is None


def test_a_key_is_replaced_and_the_old_one_works_for_the_grace_that_was_said(door: Door) -> None:
    admin = door.client(ADMIN)
    old = admin.post("/v1/keys", json=wanted()).json()
    address = f"/v1/keys/{old['key']['key_id']}/rotation"

    rotated = admin.post(address, json={"grace_seconds": 3_600})
    new = rotated.json()
    retiring = admin.get("/v1/keys").json()[1]

    assert (rotated.status_code, rotated.headers["Cache-Control"]) == (201, "no-store")
    assert new["key"]["replaces"] == old["key"]["key_id"] == retiring["key_id"]
    left = datetime.fromisoformat(retiring["retires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < left <= timedelta(hours=1)
    for secret in (old["secret"], new["secret"]):
        assert holding(door, secret).get("/v1/cases").status_code == 200
    assert slug(admin.post(address, json={})) == "key-over"


@pytest.mark.parametrize("grace", [-1, 2_592_001, "60", 1.5, True])
def test_a_grace_lies_between_none_and_thirty_days(door: Door, grace: object) -> None:
    answer = door.client(ADMIN).post(f"/v1/keys/{NOBODY}/rotation", json={"grace_seconds": grace})

    assert slug(answer) == "invalid"


def test_a_key_is_not_issued_for_a_time_that_is_over(door: Door) -> None:
    said = wanted(expires_at="2026-01-01T00:00:00Z")

    assert slug(door.client(ADMIN).post("/v1/keys", json=said)) == "expiry-passed"


@pytest.mark.parametrize(
    "further",
    [{}, {"companies": ["FR03"]}, {"companies": ["FR01", "DE01"]}, {"teams": ["lyon"]}],
)
def test_nobody_hands_out_a_key_that_reaches_further_than_theirs(door: Door, further: Said) -> None:
    admin = door.client(ADMIN, reach=LYON)

    assert slug(admin.post("/v1/keys", json=wanted(**further))) == "reach-exceeded"
    assert admin.post("/v1/keys", json=wanted(companies=["FR02"])).status_code == 201


def test_a_key_beyond_the_admin_s_reach_is_as_if_there_were_none(door: Door) -> None:
    everywhere, local = door.client(ADMIN), door.client(ADMIN, reach=LYON)
    beyond = everywhere.post("/v1/keys", json=wanted()).json()["key"]["key_id"]

    def asked(key_id: object) -> list[tuple[int, str]]:
        answers = [
            local.delete(f"/v1/keys/{key_id}"),
            local.post(f"/v1/keys/{key_id}/rotation", json={}),
        ]
        return [(answer.status_code, slug(answer)) for answer in answers]

    assert asked(beyond) == asked(NOBODY) == [(404, "key-not-found")] * 2
    assert beyond not in {key["key_id"] for key in local.get("/v1/keys").json()}
    assert beyond in {key["key_id"] for key in everywhere.get("/v1/keys").json()}


def test_why_a_key_opens_nothing_is_nobody_s_business(door: Door) -> None:
    admin = door.client(ADMIN)
    secrets = [admin.post("/v1/keys", json=wanted()).json() for _ in range(2)]
    admin.delete(f"/v1/keys/{secrets[0]['key']['key_id']}")
    admin.post(f"/v1/keys/{secrets[1]['key']['key_id']}/rotation", json={"grace_seconds": 0})
    unknown = secrets[0]["secret"][:-4] + "AAAA"
    told = {"type", "title", "status", "detail"}

    answers = [
        holding(door, secret).get("/v1/cases")
        for secret in (unknown, "nonsense", *(one["secret"] for one in secrets))
    ]

    first, *others = [{name: a.json()[name] for name in told} for a in answers]
    assert all(other == first for other in others)
    assert first["status"] == 401
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {
        answers[0].headers["WWW-Authenticate"]
    }
