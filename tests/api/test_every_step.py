"""Every step of every lifecycle, by every role, answers as its table says."""

from typing import Final

import pytest
from starlette.testclient import TestClient

from api.http.actions import NOUNS, Kind
from api.http.permissions import PERMISSIONS
from application.keys import GRANTABLE
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import (
    LAST_DAY,
    NOBODY,
    Said,
    begin,
    complaint,
    dispute,
    document,
    line,
    slug,
    taken,
)

QUESTION: Final = {"question": "Which pallet?"}
REPLY: Final = {"answer": "The second one."}
CONTACT: Final = {"direction": "outbound", "channel": "phone", "reached": "yes"}
CORRECTION: Final = {"corrects_version": 1}
PLENTY: Final = line(open_amount="1000000.00")
ON_LINE: Final = {"line_id": str(NOBODY), "amount": "1.00"}

BODIES: Final[dict[str, Said]] = {
    "request_information": QUESTION,
    "provide_information": REPLY,
    "hand_over": {**QUESTION, "to_queue": "returns"},
    "answer_handover": REPLY,
    "open_dispute": {"reason_code": "goods_damaged"},
    "send_final_response": {"response": "Sorry.", "how_to_contest": "Write to us."},
    "merge_duplicate": {"into_complaint_id": str(NOBODY)},
    "refer_to_mediator": {"mediator": "CM2C"},
    "record_contact": CONTACT,
    "add_note": {"text": "calls every day"},
    "route": {"queue": "returns"},
    "link_root_cause": {"root_cause": "packaging"},
    "add_line": {"line": {**PLENTY, "document": document(number="9000044")}},
    "reduce_line": ON_LINE,
    "split_line": {**ON_LINE, "reason_code": "price"},
    "merge_lines": {"line_id": str(NOBODY), "into_line_id": str(NOBODY)},
    "request_block": {"review_by": LAST_DAY},
    "propose_settlement": {"kind": "rejection"},
    "approve": {"settlement_id": str(NOBODY)},
    "confirm_block_manually": {"block_ids": [str(NOBODY)]},
    "settlement_failed": {"cause": "period closed"},
    "reject_as_unfounded": {"how_to_contest": "Write to us."},
    "start_litigation": {"court": "Tribunal de commerce de Paris"},
    "judgment_given": {"outcome": "partly"},
    "close": {"root_cause": "none_found"},
    "reject": {"cause": "cleared already"},
    "fail_release": {"cause": "locked"},
}
BY_KIND: Final[dict[tuple[Kind, str], Said]] = {
    (Kind.COMPLAINT, "mediation_concluded"): {"outcome": "agreement"},
    (Kind.DISPUTE, "mediation_concluded"): {"conclusion": "Half of it."},
    (Kind.COMPLAINT, "correct"): {**CORRECTION, "field": "category", "now": "delivery.late"},
    (Kind.DISPUTE, "correct"): {**CORRECTION, "field": "reason_code", "now": "price"},
}
EARLIER: Final = {"merge_duplicate": "case-not-found", "request_release": "rule-broken"}
"""Steps that look at another case before they look at their own table."""

STEPS: Final = [
    (kind, action) for kind in (Kind.COMPLAINT, Kind.DISPUTE, Kind.BLOCK) for action in NOUNS[kind]
]


def a_case(door: Door, kind: Kind) -> str:
    """A case of the kind that has just begun."""
    faye = door.client(Role.FINANCE)
    if kind is Kind.COMPLAINT:
        return begin(faye, "/v1/complaints", complaint())
    case = begin(faye, "/v1/disputes", dispute(lines=[PLENTY]))
    if kind is Kind.DISPUTE:
        return case
    asked = taken(faye, case, "block-request", review_by=LAST_DAY)
    return f"/v1/payment-blocks/{asked['lines'][0]['blocks'][0]['block_id']}"


@pytest.mark.parametrize("kind", [Kind.COMPLAINT, Kind.DISPUTE, Kind.BLOCK])
def test_a_step_is_taken_by_the_roles_to_which_it_is_offered_and_refused_to_the_others(
    door: Door, kind: Kind
) -> None:
    clients = [door.client(role) for role in GRANTABLE]
    for action in NOUNS[kind]:
        said = BY_KIND.get((kind, action), BODIES.get(action, {}))
        for client in clients:
            case = a_case(door, kind)
            offered = {link["name"] for link in client.get(case).json()["allowed_actions"]}

            answer = client.post(
                f"{case}/{NOUNS[kind][action]}", json=said, headers={"If-Match": "*"}
            )

            if action not in offered:
                refused = {"action-not-allowed", "not-permitted", EARLIER.get(action)}
                assert slug(answer) in refused, answer.text
            elif answer.status_code >= 400:
                assert slug(answer) in {"rule-broken", "case-not-found"}, answer.text
            else:
                assert answer.json()["version"] >= 1


def one_who_may(door: Door, operation: str) -> TestClient:
    """A client of a role that may ask for this at all."""
    return door.client(min(PERMISSIONS[operation].roles, default=Role.CONNECTOR))


@pytest.mark.parametrize(("kind", "action"), STEPS)
def test_a_step_says_what_it_needs(door: Door, kind: Kind, action: str) -> None:
    answer = one_who_may(door, f"{kind}.{action}").post(
        f"/v1/{kind}/{NOBODY}/{NOUNS[kind][action]}",
        json={"colour": "blue"},
        headers={"If-Match": "*"},
    )

    assert slug(answer) == "invalid"
    needed = BY_KIND.get((kind, action), BODIES.get(action, {}))
    pointers = {fault["pointer"] for fault in answer.json()["errors"]}
    assert pointers <= {"/colour", *(f"/{name}" for name in needed)}
