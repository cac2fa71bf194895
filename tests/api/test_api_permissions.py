"""Which role may do what: the table, and that every address asks it."""

from typing import Final

import pytest

from api.http.permissions import PERMITTED, Operation
from application.keys import GRANTABLE
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import NOBODY, Said, begin, complaint, dispute, document, slug

AGENT, MANAGER, FINANCE = Role.AGENT, Role.MANAGER, Role.FINANCE
AUDITOR, CONNECTOR, ADMIN = Role.AUDITOR, Role.CONNECTOR, Role.ADMIN
READERS: Final = {AGENT, MANAGER, FINANCE, AUDITOR, ADMIN}

OPEN: Final = {"health.live", "health.ready"}

ASKS: Final[dict[str, set[Role]]] = {
    "complaints.register": {AGENT, MANAGER, FINANCE, CONNECTOR},
    "disputes.open": {AGENT, MANAGER, FINANCE},
    "invoices.mirror": {FINANCE, CONNECTOR},
    "invoices.clear": {FINANCE, CONNECTOR},
    "invoices.reset_clearing": {FINANCE, CONNECTOR},
    "complaints.read": READERS | {CONNECTOR},
    "disputes.read": READERS | {CONNECTOR},
    "payment-blocks.read": READERS | {CONNECTOR},
    "invoices.read": READERS | {CONNECTOR},
    "disputes.payment-blocks": READERS | {CONNECTOR},
    "cases.list": READERS,
    "cases.timeline": READERS,
    "cases.audit-trail": READERS,
    "cases.contacts": READERS,
    "cases.history": READERS,
    "customers.contacts": READERS,
    "blocked-payments.exposure": READERS,
    "blocked-payments.lines": READERS,
    "projections.list": {AUDITOR, ADMIN},
    "keys.issue": {ADMIN},
    "keys.list": {ADMIN},
    "keys.revoke": {ADMIN},
}
STEPS: Final = {AGENT, MANAGER, FINANCE, CONNECTOR, ADMIN}
"""Who may take steps at all; which, and when, the lifecycles say."""


def test_every_operation_is_permitted_to_somebody_who_can_have_a_key() -> None:
    assert set(PERMITTED) == set(Operation)
    assert all(roles and roles <= set(GRANTABLE) for roles in PERMITTED.values())


@pytest.mark.parametrize("role", GRANTABLE)
def test_a_role_comes_as_far_as_the_table_says_and_no_further(door: Door, role: Role) -> None:
    client = door.client(role)
    for path, methods in door.app.openapi()["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"]
            if name in OPEN:
                continue
            address = path.replace("{case_id}", str(NOBODY)).replace("{key_id}", str(NOBODY))
            answer = client.request(
                method, address.replace("{customer_id}", "C-1"), headers={"If-Match": "*"}
            )
            refused = answer.status_code == 403
            assert refused == (role not in ASKS.get(name, STEPS)), f"{role} {name}: {answer.text}"


def test_every_address_asks_for_a_key(door: Door) -> None:
    stranger = door.stranger()
    for path, methods in door.app.openapi()["paths"].items():
        for method, operation in methods.items():
            answer = stranger.request(method, path.replace("{case_id}", str(NOBODY)))
            expected = 200 if operation["operationId"] in OPEN else 401
            assert answer.status_code == expected, f"{method} {path}"


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi", "Bearer rcs_00000000_" + "A" * 43],
)
def test_what_is_no_key_opens_nothing(door: Door, authorization: str) -> None:
    answer = door.stranger().get("/v1/cases", headers={"Authorization": authorization})

    assert slug(answer) in {"key-missing", "key-refused"}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_actor_is_who_holds_the_key_and_never_what_the_body_says(door: Door) -> None:
    anna = door.client(AGENT, subject_id="anna")
    case = begin(anna, "/v1/complaints", complaint())

    forged = anna.post("/v1/complaints", json=complaint(actor={"subject_id": "marc"}))
    (event,) = anna.get(f"{case.replace('complaints', 'cases')}/history").json()

    assert slug(forged) == "invalid"
    assert event["envelope"]["actor"] == {"kind": "agent", "subject_id": "anna", "role": "agent"}


@pytest.mark.parametrize(
    ("role", "address", "said"),
    [
        (CONNECTOR, "/v1/complaints", complaint(channel="portal")),
        (FINANCE, "/v1/disputes", dispute()),
        (
            CONNECTOR,
            "/v1/invoices",
            {
                "customer_id": "C-1",
                "document": document(),
                "open_amount": "250.00",
                "currency": "EUR",
            },
        ),
    ],
)
def test_who_may_begin_a_case_begins_it(door: Door, role: Role, address: str, said: Said) -> None:
    client = door.client(role)

    assert client.get(begin(client, address, said)).json()["version"] >= 1


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
