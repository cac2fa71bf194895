"""What a case offers somebody and what a refusal offers them are the same."""

from typing import Final

import pytest
from starlette.testclient import TestClient

from api.http.actions import NOUNS, Kind
from api.http.permissions import PERMISSIONS
from application.keys import GRANTABLE, Principal
from application.scopes import ConnectorScope
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import begin, complaint, dispute, slug, taken
from tests.api.test_every_step import BODIES

EVERYBODY: Final = [
    *((role, frozenset[ConnectorScope]()) for role in GRANTABLE if role is not Role.CONNECTOR),
    *((Role.CONNECTOR, frozenset({scope})) for scope in ConnectorScope),
    (Role.CONNECTOR, frozenset(ConnectorScope)),
]
IDLE: Final = frozenset({ConnectorScope.INVOICES, ConnectorScope.EVENTS})
"""Scopes of no step of a complaint or a dispute."""


def compare(client: TestClient, kind: Kind, case: str, principal: Principal) -> int:
    """Try every step that the table of permissions lets pass; answers how many were refused."""
    compared = 0
    for action, noun in NOUNS[kind].items():
        if not PERMISSIONS[f"{kind}.{action}"].permits(principal):
            continue
        shown, body = client.get(case), BODIES.get(action, {})
        answer = client.post(f"{case}/{noun}", json=body, headers={"If-Match": "*"})
        if answer.status_code != 409 or slug(answer) != "action-not-allowed":
            continue
        offered = [link["name"] for link in shown.json()["allowed_actions"]]
        assert answer.json()["allowed"] == offered
        assert answer.json()["detail"].endswith(f": {', '.join(offered) or 'nothing'}")
        compared += 1
    return compared


@pytest.mark.parametrize(("role", "scopes"), EVERYBODY)
def test_a_refusal_offers_what_the_case_offers(
    door: Door, role: Role, scopes: frozenset[ConnectorScope]
) -> None:
    agent = door.client(Role.AGENT)
    closed = begin(agent, "/v1/complaints", complaint())
    taken(agent, closed, "withdrawal")
    opened = begin(agent, "/v1/disputes", dispute())
    taken(agent, opened, "withdrawal")
    client = door.client(role, scopes=scopes)
    principal = Principal(subject_id=str(role), role=role, scopes=scopes)

    compared = sum(
        compare(client, kind, case, principal)
        for kind, case in ((Kind.COMPLAINT, closed), (Kind.DISPUTE, opened))
        if PERMISSIONS[f"{kind}.read"].permits(principal)
    )
    assert compared or role is Role.AUDITOR or (scopes and scopes <= IDLE)
