"""What approvals rest on: the matrix in force, and what the customer was given within the year."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from application.case import Case
from application.commands import OnCase
from application.errors import CaseNotFound
from application.ports import Cases, Work
from application.recorded import Recorded
from domain.approvals.matrix import SHIPPED, ApprovalMatrix, Limit
from domain.approvals.policy import ApprovalPolicy, adopt_matrix
from domain.compensations.compensations import Compensations, grant
from domain.disputes.dispute import Dispute
from domain.disputes.negotiating import LevelNeeded, compensation_of, lost_offer, needs

POLICY_ID: Final = uuid5(NAMESPACE_URL, "https://recours.example/approval-policy")
"""An installation has one approval policy."""

C = TypeVar("C", bound=Case)

_CUSTOMERS: Final = uuid5(NAMESPACE_URL, "https://recours.example/compensations")


class ApprovalNeed(NamedTuple):
    """What the approval of a dispute's settlement takes."""

    dispute: Dispute
    matrix: ApprovalMatrix
    parts: tuple[LevelNeeded, ...]


def adopt(on: OnCase, *, limits: tuple[Limit, ...], valid_from: date, cases: Cases) -> Recorded:
    """Adopt an approval matrix; `on.case_id` is `POLICY_ID`."""

    def decide(work: Work) -> UUID:
        adopted = adopt_matrix(limits=limits, valid_from=valid_from, at=on.envelope.at)
        policy = work.find(ApprovalPolicy, POLICY_ID)
        if policy is None:
            return work.begin(ApprovalPolicy, POLICY_ID, adopted).id
        return work.record(policy, adopted).id

    return cases.transact(on.envelope, decide)


def policy(*, cases: Cases) -> ApprovalPolicy | None:
    """Every matrix that was adopted, or nothing while the one that ships counts."""
    return _read(ApprovalPolicy, POLICY_ID, cases)


def approval_need(dispute_id: UUID, *, at: datetime, cases: Cases) -> ApprovalNeed:
    """What the approval of a dispute's settlement would take at a moment.

    Raises:
        CaseNotFound: there is no such dispute.
    """
    dispute = cases.load(Dispute, dispute_id)
    adopted = policy(cases=cases)
    matrix = SHIPPED if adopted is None else adopted.in_force(at)
    if dispute.settlement is None:
        return ApprovalNeed(dispute, matrix, ())
    known = _read(Compensations, identify_compensations(dispute.customer_id), cases)
    # What counts already because this very settlement was approved is not counted twice.
    given = {} if known is None else known.given(at=at, beside=dispute.settlement.settlement_id)
    return ApprovalNeed(dispute, matrix, needs(dispute, matrix=matrix, given=given))


def matrix_in_force(work: Work, *, at: datetime) -> ApprovalMatrix:
    """The matrix by which an approval is decided."""
    policy = work.find(ApprovalPolicy, POLICY_ID)
    return SHIPPED if policy is None else policy.in_force(at)


def given_to(work: Work, dispute: Dispute, *, at: datetime) -> Mapping[str, Decimal]:
    """How much the dispute's customer was given within the year, by currency."""
    known = work.find(Compensations, identify_compensations(dispute.customer_id))
    return {} if known is None else known.given(at=at)


def grant_offer(work: Work, dispute: Dispute) -> None:
    """Count the offer that was just approved, if it gives anything."""
    assert dispute.settlement is not None, "an approval follows a proposal"
    granted = grant(
        customer_id=dispute.customer_id,
        dispute_id=dispute.id,
        settlement_id=dispute.settlement.settlement_id,
        kind=dispute.settlement.kind,
        amounts=compensation_of(dispute),
    )
    if not granted:
        return
    customer = identify_compensations(dispute.customer_id)
    known = work.find(Compensations, customer)
    if known is None:
        work.begin(Compensations, customer, granted)
    else:
        work.record(known, granted)


def take_back_offer(work: Work, *, before: Dispute, after: Dispute) -> None:
    """Let an approved offer count no more that will not be carried out after all."""
    lost = lost_offer(before, after)
    if lost is None:
        return
    known = work.find(Compensations, identify_compensations(after.customer_id))
    if known is not None:
        work.react(known, known.take_back(lost), cause=after)


def _read(kind: type[C], case_id: UUID, cases: Cases) -> C | None:
    try:
        return cases.load(kind, case_id)
    except CaseNotFound:
        return None


def identify_compensations(customer_id: str) -> UUID:
    """One customer has one stream of compensations."""
    return uuid5(_CUSTOMERS, customer_id)
