"""The invariants of the trade, over every case there is."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final
from uuid import UUID

from domain.blocks.block import PaymentBlock
from domain.blocks.lifecycle import Status as BlockStatus
from domain.complaints.complaint import Complaint
from domain.complaints.lifecycle import Status as ComplaintStatus
from domain.disputes import events
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import Status
from domain.invoices.invoice import Invoice
from tests.domain.remembered_cases import RememberedCases

ZERO: Final = Decimal(0)
HELD: Final = frozenset(
    {
        Status.PAYMENT_BLOCKED,
        Status.AWAITING_CUSTOMER,
        Status.AWAITING_APPROVAL,
        Status.SETTLEMENT_OFFERED,
        Status.SETTLING,
        Status.UNFOUNDED,
        Status.IN_MEDIATION,
        Status.IN_LITIGATION,
    },
)
OFFERED: Final = frozenset({Status.AWAITING_APPROVAL, Status.SETTLEMENT_OFFERED, Status.SETTLING})
LET_GO: Final = frozenset({Status.RELEASE_PENDING, Status.RELEASE_FAILED})
OVER: Final = frozenset({Status.RESOLVED, Status.CLOSED, Status.VOIDED})
UNDER_WAY: Final = frozenset({BlockStatus.REQUESTED, BlockStatus.SENT})
RELEASING: Final = frozenset({BlockStatus.RELEASE_REQUESTED, BlockStatus.RELEASE_UNCONFIRMED})


def check_invariants(cases: RememberedCases) -> None:
    """Everything that holds at any time."""
    _a_complaint_in_dispute_has_exactly_one_open_dispute(cases)
    _every_account_is_conserved(cases)
    _no_invoice_is_disputed_beyond_what_is_open(cases)
    _from_payment_blocked_to_the_release_the_erp_holds_every_disputed_line(cases)
    _a_dispute_and_its_blocks_tell_the_same(cases)
    _a_resolved_dispute_holds_nothing_and_disputes_nothing(cases)
    _nobody_gets_back_more_than_is_disputed(cases)
    _whoever_waits_for_the_erp_waits_for_an_answer_to_come(cases)


def check_endings(cases: RememberedCases) -> None:
    """Everything that holds once every case was brought to its end."""
    check_invariants(cases)
    assert {dispute.status for dispute in cases.all(Dispute)} <= {Status.CLOSED, Status.VOIDED}
    assert {c.status for c in cases.all(Complaint)} <= {ComplaintStatus.CLOSED}
    assert all(block.is_over for block in cases.all(PaymentBlock))


def _a_complaint_in_dispute_has_exactly_one_open_dispute(cases: RememberedCases) -> None:
    # Invariant 3: a complaint in mediation is in dispute, too, if that is where it leads back to.
    for complaint in cases.all(Complaint):
        of_it = [d for d in cases.all(Dispute) if d.complaint_id == complaint.id]
        running = [dispute.id for dispute in of_it if not dispute.is_over]
        standing = complaint.standing
        disputed = ComplaintStatus.IN_DISPUTE in {standing.status, *standing.resume}
        assert len(running) == int(disputed)
        assert complaint.dispute_id == (running[0] if running else None)


def _every_account_is_conserved(cases: RememberedCases) -> None:
    # Invariant 4.
    for dispute in cases.all(Dispute):
        for account in dispute.accounts.values():
            assert account.conserved
            assert account.current >= ZERO


def _no_invoice_is_disputed_beyond_what_is_open(cases: RememberedCases) -> None:
    # Invariant 5, and each dispute claims exactly what its lines dispute.
    current: defaultdict[tuple[UUID, UUID], Decimal] = defaultdict(Decimal)
    for dispute in cases.all(Dispute):
        for account in dispute.accounts.values():
            if account.current:
                current[account.line.invoice_id, dispute.id] += account.current
    claimed = {
        (invoice.id, dispute_id): amount
        for invoice in cases.all(Invoice)
        for dispute_id, amount in invoice.claims.items()
    }
    assert claimed == current
    for invoice in cases.all(Invoice):
        assert ZERO <= invoice.disputed <= invoice.open_amount


def _from_payment_blocked_to_the_release_the_erp_holds_every_disputed_line(
    cases: RememberedCases,
) -> None:
    # Invariant 6. A mediator may be at work on a dispute that is over; nothing is held then.
    for dispute in cases.all(Dispute):
        if dispute.status in HELD and not OVER & {*dispute.standing.resume}:
            assert dispute.is_blocked
            held = {hold.line_id for hold in dispute.holds.values()}
            assert held >= set(dispute.disputed_lines)
            for block_id, hold in dispute.holds.items():
                if hold.line_id in dispute.disputed_lines:
                    block = cases.load(PaymentBlock, block_id)
                    assert block.status is BlockStatus.CONFIRMED
                    assert block.order.scope is hold.scope


def _a_dispute_and_its_blocks_tell_the_same(cases: RememberedCases) -> None:
    # What the dispute believes to be held is held, and nothing is held for nobody.
    for block in cases.all(PaymentBlock):
        dispute = cases.load(Dispute, block.dispute_id)
        if block.id not in dispute.holds:
            assert block.status in RELEASING or block.is_over
        elif dispute.status not in LET_GO:
            confirmed = block.status is BlockStatus.CONFIRMED
            assert dispute.holds[block.id].confirmed is confirmed


def _a_resolved_dispute_holds_nothing_and_disputes_nothing(cases: RememberedCases) -> None:
    # Invariant 7.
    for dispute in cases.all(Dispute):
        if OVER & {dispute.status, *dispute.standing.resume}:
            assert dispute.disputed_lines == ()
            assert dispute.unreleased_blocks == ()
            for block_id in _last_blocks(cases, dispute):
                assert cases.load(PaymentBlock, block_id).is_over


def _nobody_gets_back_more_than_is_disputed(cases: RememberedCases) -> None:
    # Invariant 9.
    for dispute in cases.all(Dispute):
        for account in dispute.accounts.values():
            given = account.credited + account.written_off + account.otherwise_cleared
            assert ZERO <= given <= account.original + account.adjusted
        if dispute.status in OFFERED:
            assert dispute.settlement is not None
            for allocation in dispute.settlement.allocations:
                assert allocation.amount <= dispute.accounts[allocation.line_id].current


def _whoever_waits_for_the_erp_waits_for_an_answer_to_come(cases: RememberedCases) -> None:
    # A dispute that waits for nothing would wait for ever.
    for dispute in cases.all(Dispute):
        awaited = [cases.load(PaymentBlock, held) for held in dispute.unreleased_blocks]
        statuses = {block.status for block in awaited}
        if dispute.status is Status.BLOCK_PENDING:
            assert statuses & UNDER_WAY
        if dispute.status is Status.RELEASE_PENDING:
            assert BlockStatus.RELEASE_REQUESTED in statuses
        if dispute.status is Status.RELEASE_FAILED:
            assert statuses & RELEASING


def _last_blocks(cases: RememberedCases, dispute: Dispute) -> Iterator[UUID]:
    """The blocks that held the lines when they were let go."""
    last: set[UUID] = set()
    for recorded in cases.history(dispute.id):
        match recorded.event:
            case events.BlockRequested(blocks=blocks, superseded=superseded):
                last = last - set(superseded or ()) | {block.block_id for block in blocks}
            case events.DisputeReopened() | events.DisputeVoided():
                last = set()
            case _:
                pass
    yield from last
