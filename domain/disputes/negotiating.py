"""Decisions between the block and the settlement: questions, offers, mediators, courts."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from domain.approvals.matrix import ApprovalMatrix, Limit
from domain.disputes import events
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import LIFECYCLE
from domain.disputes.lines import ZERO
from domain.disputes.settlement import Settlement, check_settlement, compensation
from domain.event import Event
from domain.parties import Actor, Role
from domain.refusals import RuleBroken


class NotBlocked(RuleBroken):
    """Only money that the ERP holds back, and that is still disputed, is settled."""

    def __init__(self) -> None:
        super().__init__("nothing disputed is blocked now; reopen the dispute and block it first")


class ApprovedByProposer(RuleBroken):
    """Nobody approves their own proposal (invariant 8)."""

    def __init__(self, proposed_by: str) -> None:
        super().__init__(f"{proposed_by} proposed this settlement; somebody else must approve it")
        self.proposed_by = proposed_by


class OtherSettlementProposed(RuleBroken):
    """An approval is of what its author has read, and of nothing proposed since."""

    def __init__(self, settlement_id: UUID) -> None:
        super().__init__(f"settlement {settlement_id} is proposed; read that one and decide again")
        self.settlement_id = settlement_id


class LevelNeeded(NamedTuple):
    """What a settlement gives in one currency, and who may approve that."""

    amount: Decimal
    given: Decimal
    """What the customer was given before, within twelve months."""
    needed: Limit


class ApprovalBeyondLimit(RuleBroken):
    """A role approves up to its limit, for one settlement and for the customer's year."""

    def __init__(self, part: LevelNeeded) -> None:
        currency, level, role = part.needed.currency, part.needed.level, part.needed.role
        super().__init__(
            f"{part.amount} {currency}, after {part.given} {currency} given to the customer within"
            f" twelve months, goes to level {level} ({role})",
        )
        self.part = part


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


def approve(
    dispute: Dispute,
    *,
    settlement_id: UUID,
    matrix: ApprovalMatrix,
    given: Mapping[str, Decimal],
    by: Actor,
) -> list[Event]:
    """Approve a settlement as it was read; it goes to the customer.

    `given` says how much the customer was given within the year, by currency; a currency that it
    does not name counts as nothing. Who writes down what another system approved is asked for no
    level.

    Raises:
        ApprovedByProposer: by its own proposer.
        OtherSettlementProposed: what was read is no longer what is proposed.
        ApprovalBeyondLimit: it takes a higher level of the matrix.
    """
    LIFECYCLE.require("approve", dispute.status, by=by)
    if dispute.proposed_by == by.subject_id:
        raise ApprovedByProposer(by.subject_id)
    offered = _offered(dispute).settlement_id
    if settlement_id != offered:
        raise OtherSettlementProposed(offered)
    if by.role is Role.IMPORTER:
        return [events.SettlementApproved(settlement_id=settlement_id)]
    parts = needs(dispute, matrix=matrix, given=given)
    for part in parts:
        if not matrix.reaches(by.role, needed=part.needed, kind=_offered(dispute).kind):
            raise ApprovalBeyondLimit(part)
    level = max((part.needed.level for part in parts), default=1)
    return [
        events.SettlementApproved(settlement_id=settlement_id, level=level, matrix=matrix.number)
    ]


def needs(
    dispute: Dispute, *, matrix: ApprovalMatrix, given: Mapping[str, Decimal]
) -> tuple[LevelNeeded, ...]:
    """Which level the proposed settlement takes, in each currency in which it gives something."""
    kind, parts = _offered(dispute).kind, list[LevelNeeded]()
    for currency, amount in compensation_of(dispute).items():
        before = given.get(currency, ZERO)
        needed = matrix.needed(kind, currency=currency, amount=amount, given=before)
        parts.append(LevelNeeded(amount, before, needed))
    return tuple(parts)


def refuse_approval(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Do not approve the proposed settlement."""
    LIFECYCLE.require("refuse_approval", dispute.status, by=by)
    return [events.ApprovalRefused(settlement_id=_offered(dispute).settlement_id)]


def customer_accepts(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take note that the customer accepts the offer."""
    LIFECYCLE.require("customer_accepts", dispute.status, by=by)
    return [events.SettlementAccepted(settlement_id=_offered(dispute).settlement_id)]


def customer_refuses(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take note that the customer does not accept the offer."""
    LIFECYCLE.require("customer_refuses", dispute.status, by=by)
    return [events.SettlementRefused(settlement_id=_offered(dispute).settlement_id)]


def offer_expired(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take the offer back because nobody answered it."""
    LIFECYCLE.require("offer_expired", dispute.status, by=by)
    return [events.OfferExpired(settlement_id=_offered(dispute).settlement_id)]


def settlement_failed(dispute: Dispute, *, cause: str, by: Actor) -> list[Event]:
    """Learn that the ERP could not book the settlement."""
    LIFECYCLE.require("settlement_failed", dispute.status, by=by)
    return [events.SettlementFailed(settlement_id=_offered(dispute).settlement_id, cause=cause)]


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


def compensation_of(dispute: Dispute) -> dict[str, Decimal]:
    """How much the proposed settlement gives the customer, by currency."""
    return compensation(_offered(dispute), accounts=dispute.accounts)


def lost_offer(before: Dispute, after: Dispute) -> UUID | None:
    """The approved settlement that will not be carried out after all, or nothing."""
    kept = {after.approved, after.executed}
    return None if before.approved in kept else before.approved


def _offered(dispute: Dispute) -> Settlement:
    assert dispute.settlement is not None, "these statuses follow a proposal"
    return dispute.settlement
