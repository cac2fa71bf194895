"""Which role may do what: the table, and that every address asks it."""

import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount
from starlette.testclient import TestClient

from api.http.actions import NOUNS, Kind
from api.http.entering import UnguardedRoute, refuse_unguarded_routes
from api.http.errors import KeyMissing
from api.http.operations import operations as guarded
from api.http.permissions import OPEN, PERMISSIONS, TABLE
from api.http.rates import Rates
from application.keys import GRANTABLE
from application.scopes import ConnectorScope
from domain.blocks.lifecycle import LIFECYCLE as BLOCKS
from domain.complaints.lifecycle import LIFECYCLE as COMPLAINTS
from domain.disputes.lifecycle import LIFECYCLE as DISPUTES
from domain.lifecycle import Lifecycle
from domain.parties import ACTS_FOR, Party, Role
from tests.api.doors import Door
from tests.api.requests import NOBODY, Said, begin, complaint, dispute, document, slug

AGENT, MANAGER, FINANCE = Role.AGENT, Role.MANAGER, Role.FINANCE
AUDITOR, CONNECTOR, ADMIN = Role.AUDITOR, Role.CONNECTOR, Role.ADMIN
INTAKE, INVOICES, ERP, EVENTS = ConnectorScope
READERS: Final = {AGENT, MANAGER, FINANCE, AUDITOR, ADMIN}
STAFF: Final = {AGENT, MANAGER, FINANCE}

BESIDE_THE_STEPS: Final[dict[str, tuple[set[Role], set[ConnectorScope]]]] = {
    "complaints.register": (STAFF, {INTAKE}),
    "complaints.read": (READERS, {INTAKE}),
    "disputes.open": (STAFF, set()),
    "disputes.read": (READERS, {INTAKE, ERP}),
    "disputes.payment-blocks": (READERS, {ERP}),
    "payment-blocks.read": (READERS, {ERP}),
    "invoices.mirror": ({FINANCE}, {INVOICES}),
    "invoices.clear": ({FINANCE}, {INVOICES}),
    "invoices.reset_clearing": ({FINANCE}, {INVOICES}),
    "invoices.read": (READERS, {INVOICES, ERP}),
    "cases.list": (READERS, set()),
    "cases.timeline": (READERS, set()),
    "cases.audit-trail": (READERS, set()),
    "cases.contacts": (READERS, set()),
    "cases.history": (READERS, set()),
    "customers.contacts": (READERS, set()),
    "blocked-payments.exposure": (READERS, set()),
    "blocked-payments.lines": (READERS, set()),
    "events.list": (READERS, {EVENTS}),
    "events.stream": (READERS, {EVENTS}),
    **{
        f"webhooks.{name}": ({ADMIN}, set())
        for name in "create list read replace delete rotate_secret deliveries resend".split()
    },
    "blocked-payments.export": (READERS, set()),
    "blocked-payments.series": (READERS, set()),
    "blocked-payments.bridge": (READERS, set()),
    "blocked-payments.learnt": (READERS, set()),
    "blocked-payments.entries": (READERS, set()),
    "receivables.late-payments": (READERS, set()),
    "dunning.list": (READERS, {ERP}),
    "projections.list": ({AUDITOR, ADMIN}, set()),
    "metrics.read": ({AUDITOR, ADMIN}, set()),
    "disputes.approval": (READERS, set()),
    "approval-policy.read": (READERS, set()),
    "approval-policy.adopt": ({ADMIN}, set()),
    "keys.issue": ({ADMIN}, set()),
    "keys.list": ({ADMIN}, set()),
    "keys.rotate": ({ADMIN}, set()),
    "keys.revoke": ({ADMIN}, set()),
}
LIFECYCLES: Final[Mapping[Kind, Lifecycle[Any]]] = {
    Kind.COMPLAINT: COMPLAINTS,
    Kind.DISPUTE: DISPUTES,
    Kind.BLOCK: BLOCKS,
}
SPEAKS_FOR: Final = {Party.CUSTOMER: INTAKE, Party.MEDIATOR: INTAKE, Party.ERP: ERP}
"""For whom a connector takes steps, and the scope that it needs to do so."""

KNOCKING: Final = [
    *((role, frozenset[ConnectorScope]()) for role in GRANTABLE if role is not CONNECTOR),
    *((CONNECTOR, frozenset({scope})) for scope in ConnectorScope),
]


def steps() -> dict[str, set[Party]]:
    """Every step that has an address, by its operation, with those whose step it is."""
    return {
        f"{kind}.{action}": {
            party for step in lifecycle.steps if step.action == action for party in step.who
        }
        for kind, lifecycle in LIFECYCLES.items()
        for action in NOUNS[kind]
    }


def permitted(operation: str) -> tuple[set[Role], set[ConnectorScope]]:
    """Who should be let in: for a step those who may record it, else as written above."""
    if operation not in steps():
        return BESIDE_THE_STEPS[operation]
    parties = steps()[operation]
    roles = {role for role in GRANTABLE if role is not CONNECTOR and ACTS_FOR[role] & parties}
    return roles, {SPEAKS_FOR[party] for party in parties & ACTS_FOR[CONNECTOR]}


def test_a_row_names_those_who_are_meant_and_a_step_those_who_may_ever_take_it() -> None:
    told = {row.operation: (set(row.roles), set(row.scopes)) for row in TABLE}

    assert told == {row.operation: permitted(row.operation) for row in TABLE}
    assert set(told) == set(steps()) | set(BESIDE_THE_STEPS)


def test_an_operation_has_one_row_and_somebody_who_can_have_a_key() -> None:
    assert len(PERMISSIONS) == len(TABLE)
    assert PERMISSIONS.keys().isdisjoint(OPEN)
    assert all(row.roles or row.scopes for row in TABLE)
    assert all(row.roles <= set(GRANTABLE) - {CONNECTOR} for row in TABLE)
    assert {scope for row in TABLE for scope in row.scopes} == set(ConnectorScope)


def test_the_table_names_what_is_served_and_nothing_else(door: Door) -> None:
    served = {name for _, _, name in operations(door.app)}

    assert served == PERMISSIONS.keys() | OPEN


@pytest.mark.parametrize(("role", "scopes"), KNOCKING)
def test_somebody_comes_as_far_as_the_table_says_and_no_further(
    door: Door, role: Role, scopes: frozenset[ConnectorScope]
) -> None:
    client = door.client(role, scopes=scopes)
    for method, path, name in operations(door.app):
        if name in OPEN:
            continue
        # A live stream would not end, so it is asked for in a way that is refused.
        headers = {"If-Match": "*", "Last-Event-ID": "none"}
        answer = client.request(method, path, headers=headers)
        roles, wanted = permitted(name)
        welcome = role in roles or not wanted.isdisjoint(scopes)
        assert (answer.status_code == 403) == (not welcome), f"{role} {name}: {answer.text}"
        assert welcome or slug(answer) == "not-permitted"


def test_every_address_asks_for_a_key_before_it_looks_at_anything_else(door: Door) -> None:
    stranger = door.stranger()
    for method, path, name in operations(door.app, identity="no-identity"):
        answer = stranger.request(method, path, params={"limit": "-1"})
        assert answer.status_code == (422 if name in OPEN else 401), f"{method} {path}"


def test_the_document_says_of_each_operation_who_may(door: Door) -> None:
    for methods in door.app.openapi()["paths"].values():
        for operation in methods.values():
            name = operation["operationId"]
            if name in OPEN:
                assert operation["security"] == []
                assert not operation["responses"].keys() & {"401", "403"}
                continue
            roles, scopes = permitted(name)
            assert (set(operation["x-roles"]), set(operation["x-connector-scopes"])) == (
                roles,
                scopes,
            )
            assert operation["security"] == [{"HTTPBearer": []}]
            assert operation["responses"].keys() >= {"401", "403"}
            assert "Permitted to: " in operation["description"]


def operations(app: FastAPI, *, identity: object = NOBODY) -> list[tuple[str, str, str]]:
    """Every operation: its method, an address of it, and its id."""
    return [
        (method, re.sub(r"{\w+}", str(identity), str(found.path)), str(route.operation_id))
        for found in iter_route_contexts(app.routes)
        if isinstance(route := found.original_route, APIRoute)
        for method in sorted(route.methods or ())
    ]


@pytest.mark.parametrize("operation_id", [None, "doors.open"])
def test_no_application_starts_with_an_address_of_which_the_table_says_nothing(
    operation_id: str | None,
) -> None:
    app, router = FastAPI(docs_url=None, redoc_url=None), APIRouter()
    router.add_api_route("/doors", lambda: None, operation_id=operation_id)
    app.include_router(router)

    with pytest.raises(UnguardedRoute, match="/doors"):
        refuse_unguarded_routes(app)


def test_no_application_starts_with_an_address_that_asks_nobody_who_they_are() -> None:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.add_api_route("/doors", lambda: None, operation_id="cases.list")

    with pytest.raises(UnguardedRoute, match="asks nobody"):
        refuse_unguarded_routes(app)


def test_no_application_starts_with_something_mounted_that_the_table_does_not_name() -> None:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.router.routes.append(Mount("/backdoor", app=FastAPI()))

    with pytest.raises(UnguardedRoute, match="/backdoor"):
        refuse_unguarded_routes(app)


def test_an_address_that_never_asks_who_calls_is_guarded_all_the_same(door: Door) -> None:
    app, router = FastAPI(), guarded(tag="doors")
    router.add_api_route("/doors", lambda: "open", operation_id="cases.list")
    app.router.routes.extend(router.routes)
    app.state.tenants = door.app.state.tenants
    app.state.rates = Rates(principals=0, strangers=0)

    with pytest.raises(KeyMissing):
        TestClient(app).get("/doors")


def test_a_second_authorization_is_not_chosen_from(door: Door) -> None:
    good = door.client(ADMIN).headers["Authorization"]
    headers = [("Authorization", good), ("Authorization", "Bearer rcs_0")]

    for sent in (headers, headers[::-1]):
        assert slug(door.stranger().get("/v1/keys", headers=sent)) == "key-refused"


def test_a_connector_is_offered_what_its_scope_opens(door: Door) -> None:
    case = begin(door.client(AGENT), "/v1/complaints", complaint())
    intake = door.client(CONNECTOR, scopes=frozenset({INTAKE}))
    either = begin(door.client(FINANCE), "/v1/disputes", dispute())

    offered = {link["name"] for link in intake.get(case).json()["allowed_actions"]}
    to_intake = {link["name"] for link in intake.get(either).json()["allowed_actions"]}
    to_both = {
        link["name"] for link in door.client(CONNECTOR).get(either).json()["allowed_actions"]
    }

    assert offered == {
        "escalate",
        "withdraw",
        "record_contact",
        "add_evidence",
    }
    assert to_both - to_intake == {"cleared_in_erp"}


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi", "Bearer rcs_00000000_" + "A" * 43],
)
def test_what_is_no_key_opens_nothing(door: Door, authorization: str) -> None:
    answer = door.stranger().get("/v1/cases", headers={"Authorization": authorization})

    assert slug(answer) in {"key-missing", "key-refused"}
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="recours"')


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
