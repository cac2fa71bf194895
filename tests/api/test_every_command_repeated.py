"""Every command of the API, sent twice: recorded once, and answered alike to the byte."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from httpx2 import Response
from starlette.testclient import TestClient

from api.http.actions import NOUNS
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import LAST_DAY, Said, complaint, dispute, document, line

OF_THE_REQUEST: Final = frozenset({"x-correlation-id", "x-request-id", "idempotency-replayed"})
QUESTION: Final = {"question": "Which pallet?"}
REPLY: Final = {"answer": "The second one."}
CONTACT: Final = {"direction": "outbound", "channel": "phone", "reached": "voicemail"}
PROOF: Final = {
    "evidence": [{"sha256": "5e" * 32, "media_type": "image/jpeg", "name": "pallet.jpg"}]
}
FINAL: Final = {"response": "We are sorry.", "how_to_contest": "Write to us."}
INVOICE: Final = {
    "customer_id": "C-1001",
    "document": document(number="9000077"),
    "open_amount": "250.00",
    "currency": "EUR",
}


@dataclass
class Twice:
    """Whoever sends everything twice, and keeps count of what was sent."""

    door: Door
    taken: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    _keys: int = 0

    def __post_init__(self) -> None:
        self._clients = {role: self.door.client(role) for role in Role if role in ROLES}

    def begin(self, role: Role, kind: str, said: Said) -> str:
        """Begin a case; answers where it is read."""
        return str(self._send(self._clients[role], f"/v1/{kind}", said, {}).headers["Location"])

    def take(self, role: Role, case: str, noun: str, **said: Any) -> Said:  # noqa: ANN401 - JSON
        """Take a step; answers with the case that it is answered with."""
        client = self._clients[role]
        seen = {"If-Match": client.get(case).headers["ETag"]}
        self.taken.add((case.split("/")[2], noun))
        shown: Said = self._send(client, f"{case}/{noun}", said, seen).json()
        return shown

    def _send(
        self, client: TestClient, address: str, said: Said, headers: dict[str, str]
    ) -> Response:
        self._keys += 1
        headers = {**headers, "Idempotency-Key": f"twice-{self._keys}"}
        first, again = (client.post(address, json=said, headers=headers) for _ in range(2))
        assert first.status_code in {200, 201}, f"{address}: {first.text}"
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert _told(again) == _told(first)
        return first


ROLES: Final = frozenset({Role.AGENT, Role.MANAGER, Role.FINANCE, Role.CONNECTOR, Role.ADMIN})
A, M, F, ERP, SYSTEM = Role.AGENT, Role.MANAGER, Role.FINANCE, Role.CONNECTOR, Role.ADMIN


def _told(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {n: v for n, v in answer.headers.items() if n not in OF_THE_REQUEST}
    return answer.status_code, answer.content, headers


def handle_complaint(twice: Twice) -> None:
    case = twice.begin(A, "complaints", complaint())
    twice.take(A, case, "acknowledgement")
    twice.take(A, case, "review")
    twice.take(A, case, "information-request", **QUESTION)
    twice.take(A, case, "information", **REPLY)
    twice.take(A, case, "information-request", **QUESTION)
    twice.take(SYSTEM, case, "wait-expiry")
    twice.take(A, case, "handover", **QUESTION, to_queue="returns")
    twice.take(A, case, "handover-answer", **REPLY)
    twice.take(A, case, "escalation")
    twice.take(M, case, "de-escalation")
    twice.take(A, case, "contacts", **CONTACT)
    twice.take(A, case, "notes", text="calls every day")
    twice.take(A, case, "evidence", **PROOF)
    twice.take(A, case, "corrections", corrects_version=1, field="category", now="delivery.late")
    twice.take(A, case, "routing", queue="returns")
    twice.take(A, case, "claim")
    twice.take(A, case, "claim-release")
    twice.take(A, case, "root-cause", root_cause="packaging")


def end_complaint(twice: Twice) -> None:
    case = twice.begin(A, "complaints", complaint())
    twice.take(A, case, "final-response", **FINAL)
    twice.take(A, case, "contestation")
    twice.take(A, case, "mediation", mediator="CM2C")
    twice.take(M, case, "mediation-conclusion", outcome="agreement")
    twice.take(A, case, "final-response", **FINAL)
    twice.take(A, case, "response-acceptance")
    twice.take(A, case, "reopening")
    twice.take(A, case, "final-response", **FINAL)
    twice.take(SYSTEM, case, "response-window-expiry")
    twice.take(A, case, "mediation", mediator="CM2C")
    twice.take(A, case, "mediation-exit")
    twice.take(A, case, "withdrawal")
    again = twice.begin(A, "complaints", complaint())
    twice.take(A, again, "merge", into_complaint_id=case.rpartition("/")[2])
    other = twice.begin(A, "complaints", complaint())
    twice.take(A, other, "dispute", reason_code="goods_damaged", lines=[line()])


def keep_lines(twice: Twice) -> None:
    case = twice.begin(F, "disputes", dispute(lines=[line(document=document(number="1"))]))
    more = twice.take(F, case, "lines", line=line(document=document(number="2")))
    line_id = more["lines"][0]["line_id"]
    twice.take(F, case, "line-reduction", line_id=line_id, amount="10.00")
    split = twice.take(F, case, "line-split", line_id=line_id, amount="20.00", reason_code="price")
    part_id = split["lines"][-1]["line_id"]
    twice.take(F, case, "line-merge", line_id=part_id, into_line_id=line_id)
    twice.take(F, case, "contacts", **CONTACT)
    twice.take(F, case, "notes", text="calls every day")
    twice.take(F, case, "evidence", **PROOF)
    twice.take(F, case, "corrections", corrects_version=1, field="reason_code", now="price")
    twice.take(M, case, "voiding")
    twice.take(A, case, "reinstatement")
    twice.take(A, case, "withdrawal")


def open_blocked(twice: Twice, *, number: str) -> tuple[str, str]:
    """A dispute whose one line the ERP has been asked to hold; answers with its block too."""
    case = twice.begin(F, "disputes", dispute(lines=[line(document=document(number=number))]))
    return case, request_block(twice, case)


def request_block(twice: Twice, case: str) -> str:
    (held,) = twice.take(F, case, "block-request", review_by=LAST_DAY)["lines"]
    block = f"/v1/payment-blocks/{held['blocks'][0]['block_id']}"
    twice.take(SYSTEM, block, "sending")
    return block


def propose_and_approve(twice: Twice, case: str) -> str:
    proposed = twice.take(A, case, "settlement", kind="rejection")
    settlement_id = str(proposed["settlement"]["settlement_id"])
    twice.take(M, case, "approval", settlement_id=settlement_id)
    return settlement_id


def settle(twice: Twice) -> None:
    case, block = open_blocked(twice, number="3")
    twice.take(ERP, block, "rejection", cause="cleared already")
    twice.take(F, case, "manual-confirmation-proposal")
    twice.take(M, case, "manual-confirmation", block_ids=[block.rpartition("/")[2]])
    twice.take(A, case, "information-request", **QUESTION)
    twice.take(A, case, "information", **REPLY)
    twice.take(A, case, "information-request", **QUESTION)
    twice.take(SYSTEM, case, "wait-expiry")
    twice.take(A, case, "settlement", kind="rejection")
    twice.take(M, case, "approval-refusal")
    for ending, role in (("settlement-refusal", A), ("offer-expiry", SYSTEM)):
        propose_and_approve(twice, case)
        twice.take(role, case, ending)
    settlement_id = propose_and_approve(twice, case)
    twice.take(A, case, "settlement-acceptance")
    twice.take(ERP, case, "settlement-failure", cause="period closed")
    twice.take(M, case, "approval", settlement_id=settlement_id)
    twice.take(A, case, "settlement-acceptance")
    twice.take(ERP, case, "settlement-execution", erp_document="CN-1")
    twice.take(ERP, block, "release-failure", cause="locked")
    twice.take(F, case, "payment-release-retry")
    twice.take(ERP, block, "release-confirmation")
    twice.take(A, case, "closure", root_cause="none_found")
    twice.take(A, case, "reopening")


def reject(twice: Twice) -> None:
    case, unanswered = open_blocked(twice, number="4")
    twice.take(SYSTEM, unanswered, "wait-expiry")
    block = request_block(twice, case)
    twice.take(ERP, unanswered, "release-failure", cause="locked")
    twice.take(SYSTEM, unanswered, "release-request")
    twice.take(ERP, block, "confirmation")
    twice.take(ERP, block, "drift")
    block = request_block(twice, case)
    twice.take(ERP, block, "confirmation")
    twice.take(M, case, "rejection", how_to_contest="Write to us.")
    twice.take(A, case, "contestation")
    twice.take(A, case, "mediation", mediator="CM2C")
    twice.take(M, case, "mediation-conclusion", conclusion="Half of it.")
    twice.take(F, case, "litigation", court="Tribunal de commerce de Paris")
    twice.take(M, case, "judgment", outcome="partly")
    twice.take(M, case, "rejection", how_to_contest="Write to us.")
    twice.take(F, case, "payment-release")


def clear(twice: Twice) -> None:
    case, _ = open_blocked(twice, number="5")
    twice.take(ERP, case, "clearing")
    invoice = twice.begin(F, "invoices", INVOICE)
    twice.take(F, invoice, "clearing", amount="50.00")
    twice.take(F, invoice, "clearing-reset", amount="50.00")


Story = Callable[[Twice], None]

STORIES: Final[tuple[Story, ...]] = (
    handle_complaint,
    end_complaint,
    keep_lines,
    settle,
    reject,
    clear,
)


def test_every_command_is_recorded_once_and_answered_alike(door: Door) -> None:
    twice = Twice(door)

    for story in STORIES:
        story(twice)

    assert twice.taken == {(str(k), noun) for k, nouns in NOUNS.items() for noun in nouns.values()}
