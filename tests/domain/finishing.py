"""Bringing any case to its end, step by step, by what its status offers: no status is a trap."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NoReturn, TypeVar

from hypothesis import strategies as st

from application.case import Case
from domain.blocks.block import PaymentBlock
from domain.blocks.events import Scope
from domain.blocks.lifecycle import Status as BlockStatus
from domain.complaints.complaint import Complaint
from domain.complaints.lifecycle import Status as ComplaintStatus
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import Status
from domain.disputes.settlement import SettlementKind
from domain.parties import SYSTEM, Actor
from tests import examples as an
from tests.domain.asking import Desk

C = TypeVar("C", bound=Case)

MOST_STEPS: Final = 60

COMPLAINT_GOES_ON: Final[Mapping[ComplaintStatus, tuple[str, Actor]]] = MappingProxyType(
    {
        ComplaintStatus.RECEIVED: ("start_review", an.ANNA),
        ComplaintStatus.ACKNOWLEDGED: ("start_review", an.ANNA),
        ComplaintStatus.IN_PROGRESS: ("send_final_response", an.ANNA),
        ComplaintStatus.AWAITING_CUSTOMER: ("wait_expired", SYSTEM),
        ComplaintStatus.AWAITING_INTERNAL: ("answer_handover", an.ANNA),
        ComplaintStatus.ESCALATED: ("de_escalate", an.MARC),
        ComplaintStatus.IN_MEDIATION: ("leave_mediation", an.ANNA),
        ComplaintStatus.RESPONDED: ("accept_response", an.ANNA),
    },
)
DISPUTE_GOES_ON: Final[Mapping[Status, tuple[str, Actor]]] = MappingProxyType(
    {
        Status.OPENED: ("request_block", an.ANNA),
        Status.BLOCK_FAILED: ("request_block", an.ANNA),
        Status.PAYMENT_BLOCKED: ("propose_settlement", an.ANNA),
        Status.AWAITING_CUSTOMER: ("wait_expired", SYSTEM),
        Status.AWAITING_APPROVAL: ("approve", an.MARC),
        Status.SETTLEMENT_OFFERED: ("customer_accepts", an.ANNA),
        Status.SETTLING: ("settlement_executed", an.ERP),
        Status.UNFOUNDED: ("release", an.FAYE),
        Status.IN_MEDIATION: ("mediation_concluded", an.MARC),
        Status.IN_LITIGATION: ("judgment_given", an.MARC),
        Status.RELEASE_FAILED: ("retry_release", an.FAYE),
        Status.RESOLVED: ("close", an.ANNA),
    },
)
BLOCK_GOES_ON: Final[Mapping[BlockStatus, tuple[str, Actor]]] = MappingProxyType(
    {
        BlockStatus.REQUESTED: ("send", SYSTEM),
        BlockStatus.SENT: ("confirm", an.ERP),
        BlockStatus.RELEASE_REQUESTED: ("confirm_release", an.ERP),
        BlockStatus.RELEASE_UNCONFIRMED: ("confirm_release", an.ERP),
    },
)


def finish_everything(desk: Desk) -> None:
    """Bring every dispute, then every complaint, then every block to its end."""
    for dispute in desk.cases.all(Dispute):
        _repeat(_dispute_goes_on, desk, dispute)
    for complaint in desk.cases.all(Complaint):
        _repeat(_complaint_goes_on, desk, complaint)
    for block in desk.cases.all(PaymentBlock):
        _repeat(_block_goes_on, desk, block)


def _repeat(step: Callable[[Desk, C], bool], desk: Desk, case: C) -> None:
    for _ in range(MOST_STEPS):
        if not step(desk, desk.cases.load(type(case), case.id)):
            return
    raise AssertionError("the case goes round in circles")


def _dispute_goes_on(desk: Desk, dispute: Dispute) -> bool:
    if dispute.status in {Status.CLOSED, Status.VOIDED}:
        return False
    if dispute.status in {Status.BLOCK_PENDING, Status.RELEASE_PENDING}:
        holding = [desk.cases.load(PaymentBlock, held) for held in dispute.unreleased_blocks]
        moved = [_block_goes_on(desk, block) for block in holding]
        assert any(moved), f"a dispute {dispute.status} waits for no answer of the ERP"
        return True
    action, actor = DISPUTE_GOES_ON[dispute.status]
    if action == "request_block" and not dispute.lines_to_block:
        action, actor = "withdraw", an.ANNA
    if action == "approve" and dispute.proposed_by == actor.subject_id:
        actor = an.MONA
    kind = SettlementKind.REJECTION
    settlement = an.settlement(settlement_id=desk.new(), kind=kind, allocations=())
    choices = {"settlement": settlement, "scopes": (Scope.DUNNING,)}
    desk.ask(action, dispute, by=actor, draw=_nothing, **choices)
    return True


def _complaint_goes_on(desk: Desk, complaint: Complaint) -> bool:
    if complaint.status is ComplaintStatus.CLOSED:
        return False
    action, actor = COMPLAINT_GOES_ON[complaint.status]
    desk.ask(action, complaint, by=actor, draw=_nothing)
    return True


def _block_goes_on(desk: Desk, block: PaymentBlock) -> bool:
    if block.status not in BLOCK_GOES_ON:
        return False
    action, actor = BLOCK_GOES_ON[block.status]
    desk.ask(action, block, by=actor, draw=_nothing)
    return True


def _nothing(strategy: st.SearchStrategy[Any]) -> NoReturn:  # Any: what a strategy makes
    raise AssertionError(f"an ending leaves nothing to chance, but {strategy} was to be drawn")
