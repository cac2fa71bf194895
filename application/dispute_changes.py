"""What a change of a dispute brings with it: its blocks, its invoices and its complaint."""

from collections.abc import Callable, Sequence
from uuid import UUID

from application.blocks import order_release
from application.commands import OnCase
from application.compensations import take_back_offer
from application.invoices import claim_again, drop_claims
from application.ports import Cases, Work
from application.recorded import Recorded
from domain.complaints.complaint import Complaint
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import Status
from domain.event import Event
from domain.parties import SYSTEM

Decision = Callable[[Dispute], Sequence[Event]]
"""What is recorded of a dispute as it stands, or a refusal."""


def load(work: Work, *, on: OnCase) -> Dispute:
    """Read the dispute that a command is about."""
    return work.load(Dispute, on.case_id, expected_version=on.expected_version)


def change(on: OnCase, *, decision: Decision, cases: Cases) -> Recorded:
    """Record what is decided about the dispute, and what its customer loses by it."""

    def decide(work: Work) -> UUID:
        before = load(work, on=on)
        dispute = work.record(before, decision(before))
        take_back_offer(work, before=before, after=dispute)
        return dispute.id

    return cases.transact(on.envelope, decide)


def let_go(on: OnCase, *, decision: Decision, cases: Cases) -> Recorded:
    """Record what makes the dispute let go of its money, with its blocks and invoices.

    From that moment the orders to release stand in the blocks and the invoices are claimed no
    more: the ERP clears them before it tells of the last release.
    """

    def decide(work: Work) -> UUID:
        before = load(work, on=on)
        dispute = work.record(before, decision(before))
        take_back_offer(work, before=before, after=dispute)
        order_release(work, dispute, blocks=before.unreleased_blocks)
        drop_claims(work, dispute)
        return dispute.id

    return cases.transact(on.envelope, decide)


def conclude(on: OnCase, *, decision: Decision, cases: Cases) -> Recorded:
    """Record what ends the dispute, with its complaint, which has exactly one open dispute."""

    def decide(work: Work) -> UUID:
        dispute = load(work, on=on)
        held = dispute.unreleased_blocks
        dispute = work.record(dispute, decision(dispute))
        if dispute.status is Status.VOIDED:
            order_release(work, dispute, blocks=held)
            drop_claims(work, dispute)
        if dispute.complaint_id is not None:
            complaint = work.load(Complaint, dispute.complaint_id)
            concluded = complaint.dispute_concluded(dispute_id=dispute.id, by=SYSTEM)
            work.react(complaint, concluded, cause=dispute)
        return dispute.id

    return cases.transact(on.envelope, decide)


def resume(on: OnCase, *, decision: Decision, cases: Cases) -> Recorded:
    """Record what brings the dispute back, with its complaint and its claims on invoices."""

    def decide(work: Work) -> UUID:
        before = load(work, on=on)
        dispute = work.record(before, decision(before))
        claim_again(work, dispute)
        if before.is_over and dispute.complaint_id is not None:
            complaint = work.load(Complaint, dispute.complaint_id)
            resumed = complaint.dispute_resumed(dispute_id=dispute.id, by=SYSTEM)
            work.react(complaint, resumed, cause=dispute)
        return dispute.id

    return cases.transact(on.envelope, decide)
