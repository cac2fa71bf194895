"""Decisions between the block and the settlement: questions, offers, mediators, courts."""

from datetime import datetime
from uuid import UUID

from domain.disputes import events
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import LIFECYCLE
from domain.disputes.settlement import Settlement, check_settlement
from domain.event import Event
from domain.parties import Actor
from domain.refusals import RuleBroken


class NotBlocked(RuleBroken):
    """Only money that the ERP holds back, and that is still disputed, is settled."""

    def __init__(self) -> None:
        super().__init__("nothing disputed is blocked now; reopen the dispute and block it first")


class ApprovedByProposer(RuleBroken):
    """Nobody approves their own proposal (invariant 8)."""

    def __init__(self, proposed_by: str) -> None:
        super().__init__(f"{proposed_by} proposed this settlement; another manager must approve it")
        self.proposed_by = proposed_by


class OtherSettlementProposed(RuleBroken):
    """An approval is of what its author has read, and of nothing proposed since."""

    def __init__(self, settlement_id: UUID) -> None:
        super().__init__(f"settlement {settlement_id} is proposed; read that one and decide again")
        self.settlement_id = settlement_id


def request_information(
    dispute: Dispute,
    *,
    question: str,
    answer_by: datetime | None,
    by: Actor,
) -> list[Event]:
    """Ask the customer something."""
    LIFECYCLE.require("request_information", dispute.status, by=by)
    return [events.InformationRequested(question=question, answer_by=answer_by)]


def provide_information(dispute: Dispute, *, answer: str, by: Actor) -> list[Event]:
    """Take the customer's answer in."""
    LIFECYCLE.require("provide_information", dispute.status, by=by)
    return [events.InformationProvided(answer=answer)]


def wait_expired(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Stop waiting for the customer."""
    LIFECYCLE.require("wait_expired", dispute.status, by=by)
    return [events.WaitExpired()]


def propose_settlement(dispute: Dispute, *, settlement: Settlement, by: Actor) -> list[Event]:
    """Propose how to settle.

    Raises:
        NotBlocked: the ERP does not hold every line, or nothing is disputed any more.
        AllocationMissing, AllocationSuperfluous, AllocationExceedsLine, LineTwice, UnknownLine,
            WrongPrecision: the lines cannot bear the allocation (invariant 9).
    """
    LIFECYCLE.require("propose_settlement", dispute.status, by=by)
    if not dispute.is_blocked:
        raise NotBlocked
    check_settlement(settlement, accounts=dispute.accounts)
    return [events.SettlementProposed(settlement=settlement)]


def approve(dispute: Dispute, *, settlement_id: UUID, by: Actor) -> list[Event]:
    """Approve a settlement as it was read; it goes to the customer.

    A proposal never changes: another one has another identity.

    Raises:
        ApprovedByProposer: by its own proposer.
        OtherSettlementProposed: what was read is no longer what is proposed.
    """
    LIFECYCLE.require("approve", dispute.status, by=by)
    if dispute.proposed_by == by.subject_id:
        raise ApprovedByProposer(by.subject_id)
    if settlement_id != _offered(dispute):
        raise OtherSettlementProposed(_offered(dispute))
    return [events.SettlementApproved(settlement_id=settlement_id)]


def refuse_approval(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Do not approve the proposed settlement."""
    LIFECYCLE.require("refuse_approval", dispute.status, by=by)
    return [events.ApprovalRefused(settlement_id=_offered(dispute))]


def customer_accepts(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take note that the customer accepts the offer."""
    LIFECYCLE.require("customer_accepts", dispute.status, by=by)
    return [events.SettlementAccepted(settlement_id=_offered(dispute))]


def customer_refuses(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take note that the customer does not accept the offer."""
    LIFECYCLE.require("customer_refuses", dispute.status, by=by)
    return [events.SettlementRefused(settlement_id=_offered(dispute))]


def offer_expired(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take the offer back because nobody answered it."""
    LIFECYCLE.require("offer_expired", dispute.status, by=by)
    return [events.OfferExpired(settlement_id=_offered(dispute))]


def settlement_failed(dispute: Dispute, *, cause: str, by: Actor) -> list[Event]:
    """Learn that the ERP could not book the settlement."""
    LIFECYCLE.require("settlement_failed", dispute.status, by=by)
    return [events.SettlementFailed(settlement_id=_offered(dispute), cause=cause)]


def reject_as_unfounded(dispute: Dispute, *, how_to_contest: str, by: Actor) -> list[Event]:
    """Find the dispute unfounded, and tell the customer how to contest that."""
    LIFECYCLE.require("reject_as_unfounded", dispute.status, by=by)
    return [events.DisputeRejected(how_to_contest=how_to_contest)]


def contest(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take note that the customer does not accept the rejection."""
    LIFECYCLE.require("contest", dispute.status, by=by)
    return [events.RejectionContested()]


def refer_to_mediator(dispute: Dispute, *, mediator: str, by: Actor) -> list[Event]:
    """Take note that the customer went to the mediator."""
    LIFECYCLE.require("refer_to_mediator", dispute.status, by=by)
    return [events.DisputeReferredToMediator(mediator=mediator)]


def mediation_concluded(dispute: Dispute, *, conclusion: str, by: Actor) -> list[Event]:
    """Take the mediator's conclusion in."""
    LIFECYCLE.require("mediation_concluded", dispute.status, by=by)
    return [events.DisputeMediationConcluded(conclusion=conclusion)]


def start_litigation(dispute: Dispute, *, court: str, by: Actor) -> list[Event]:
    """Take note that the matter went to court."""
    LIFECYCLE.require("start_litigation", dispute.status, by=by)
    return [events.LitigationStarted(court=court)]


def judgment_given(
    dispute: Dispute,
    *,
    outcome: events.JudgmentOutcome,
    by: Actor,
) -> list[Event]:
    """Take the court's decision in."""
    LIFECYCLE.require("judgment_given", dispute.status, by=by)
    return [events.JudgmentGiven(outcome=outcome)]


def _offered(dispute: Dispute) -> UUID:
    assert dispute.settlement is not None, "these statuses follow a proposal"
    return dispute.settlement.settlement_id
