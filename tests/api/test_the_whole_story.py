"""One complaint from the first contact to the released payment, through the door, by several."""

from datetime import UTC, datetime

from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import CUSTOMER, LAST_DAY, Said, begin, complaint, line, taken

RECEIVED = "2026-01-05T08:00:00Z"


def test_a_complaint_becomes_a_blocked_dispute_and_ends_with_the_payment_released(
    door: Door,
) -> None:
    anna = door.client(Role.AGENT, subject_id="anna")
    marc = door.client(Role.MANAGER, subject_id="marc")
    faye = door.client(Role.FINANCE, subject_id="faye")
    worker = door.client(Role.ADMIN, subject_id="worker")
    erp = door.client(Role.CONNECTOR, subject_id="erp")
    alan = door.client(Role.AUDITOR, subject_id="alan")

    case = begin(anna, "/v1/complaints", complaint(first_received_at=RECEIVED, channel="email"))
    taken(anna, case, "acknowledgement")
    taken(anna, case, "review", reason="first in the queue")
    taken(
        anna,
        case,
        "contacts",
        direction="outbound",
        channel="phone",
        reached="yes",
        promised_next_contact="2199-01-01T09:00:00Z",
    )
    opened = taken(anna, case, "dispute", reason_code="goods_damaged", lines=[line()])
    dispute = f"/v1/disputes/{opened['id']}"
    assert anna.get(case).json()["dispute_id"] == opened["id"]

    asked = taken(faye, dispute, "block-request", review_by=LAST_DAY)
    assert (asked["status"], asked["is_blocked"]) == ("block_pending", False)
    (held,) = asked["lines"]
    block = f"/v1/payment-blocks/{held['blocks'][0]['block_id']}"
    taken(worker, block, "sending")
    taken(erp, block, "confirmation", erp_reference="ERP-77")
    blocked = anna.get(dispute).json()
    assert (blocked["status"], blocked["is_blocked"]) == ("payment_blocked", True)
    while_blocked = datetime.now(UTC)

    offered = taken(
        anna,
        dispute,
        "settlement",
        kind="credit_note",
        allocations=[{"line_id": held["line_id"], "amount": "80.00"}],
    )
    approved = offered["settlement"]["settlement_id"]
    taken(marc, dispute, "approval", settlement_id=approved)
    taken(anna, dispute, "settlement-acceptance", channel="phone")
    settled = taken(erp, dispute, "settlement-execution", erp_document="CN-1")
    assert settled["status"] == "release_pending"
    taken(erp, block, "release-confirmation")
    assert anna.get(dispute).json()["status"] == "resolved"
    taken(anna, dispute, "closure", root_cause="packaging")
    assert anna.get(case).json()["status"] == "in_progress"
    taken(anna, case, "final-response", response="80.00 EUR back", how_to_contest="Write to us")
    closed = taken(anna, case, "response-acceptance")
    assert (closed["status"], closed["first_received_at"]) == ("closed", RECEIVED)

    (account,) = anna.get(dispute).json()["lines"]
    assert (account["current"], account["credited"], account["returned"]) == (
        "0.00",
        "80.00",
        "20.00",
    )
    door.projector.catch_up()
    assert exposed(alan.get("/v1/blocked-payments").json()) == []
    then = {"valid_at": while_blocked.isoformat(), "by": "customer"}
    assert exposed(alan.get("/v1/blocked-payments", params=then).json()) == [
        ("EUR", CUSTOMER, "100.00")
    ]
    assert told(alan.get(f"{dispute.replace('disputes', 'cases')}/timeline").json()) == [
        ("complaint.registered", "anna"),
        ("complaint.acknowledged", "anna"),
        ("complaint.review_started", "anna"),
        ("complaint.contact_recorded", "anna"),
        ("complaint.escalated", "anna"),
        ("complaint.dispute_opened", "anna"),
        ("dispute.opened", "anna"),
        ("dispute.block_requested", "faye"),
        ("block.ordered", "faye"),
        ("block.sent", "worker"),
        ("block.confirmed", "erp"),
        ("dispute.payment_blocked", "erp"),
        ("dispute.settlement_proposed", "anna"),
        ("dispute.settlement_approved", "marc"),
        ("dispute.settlement_accepted", "anna"),
        ("dispute.settlement_executed", "erp"),
        ("block.release_requested", "system"),
        ("block.released", "erp"),
        ("dispute.payment_released", "erp"),
        ("dispute.closed", "anna"),
        ("complaint.dispute_concluded", "system"),
        ("complaint.final_response_sent", "anna"),
        ("complaint.response_accepted", "anna"),
    ]


def exposed(answer: Said) -> list[tuple[str, str | None, str]]:
    return [(row["currency"], row["group"], row["amount"]) for row in answer["exposure"]]


def told(entries: list[Said]) -> list[tuple[str, str]]:
    """What happened to the family, without the mirror of the invoice."""
    return [(e["type"], e["actor_id"]) for e in entries if e["case_kind"] != "invoice"]
