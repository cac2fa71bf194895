"""What can be asked for about disputes."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from application.blocks import order_release
from application.commands import OnCase
from application.compensations import given_to, grant_offer, matrix_in_force
from application.dispute_changes import change, conclude, let_go, load, resume
from application.invoices import LineClaim, claim
from application.ports import Cases, Identities, Work
from application.recorded import Recorded
from domain.blocks.block import PaymentBlock, order_block
from domain.blocks.events import Scope
from domain.disputes import blocking, ending, negotiating, opening
from domain.disputes.dispute import Dispute
from domain.disputes.events import JudgmentOutcome
from domain.disputes.lines import Allocation
from domain.disputes.settlement import Settlement
from domain.invoices.invoice import Invoice


def open_directly(
    on: OnCase,
    *,
    customer_id: str,
    reason_code: str,
    requested_action: str | None,
    lines: Sequence[LineClaim],
    cases: Cases,
) -> Recorded:
    """Open a dispute that no complaint preceded.

    The disputed invoices change with it, so that none is disputed beyond what is open.
    """

    def decide(work: Work) -> UUID:
        events = opening.open_dispute(
            customer_id=customer_id,
            complaint_id=None,
            reason_code=reason_code,
            requested_action=requested_action,
            lines=tuple(line.as_line() for line in lines),
        )
        dispute = work.begin(Dispute, on.case_id, events)
        for line in lines:
            claim(work, line, dispute=dispute)
        return dispute.id

    return cases.transact(on.envelope, decide)


def add_line(on: OnCase, *, line: LineClaim, cases: Cases) -> Recorded:
    """Dispute one more document line; its invoice changes with it."""

    def decide(work: Work) -> UUID:
        dispute = load(work, on=on)
        added = opening.add_line(dispute, line=line.as_line(), by=on.by)
        claim(work, line, dispute=work.record(dispute, added))
        return dispute.id

    return cases.transact(on.envelope, decide)


def reduce_line(on: OnCase, *, line_id: UUID, amount: Decimal, cases: Cases) -> Recorded:
    """Dispute less of a line; its invoice changes with it."""

    def decide(work: Work) -> UUID:
        dispute = load(work, on=on)
        reduced = opening.reduce_line(dispute, line_id=line_id, amount=amount, by=on.by)
        dispute = work.record(dispute, reduced)
        invoice = work.load(Invoice, dispute.accounts[line_id].line.invoice_id)
        freed = invoice.reduce_dispute(dispute_id=dispute.id, amount=amount)
        work.react(invoice, freed, cause=dispute)
        return dispute.id

    return cases.transact(on.envelope, decide)


def split_line(
    on: OnCase,
    *,
    line_id: UUID,
    amount: Decimal,
    reason_code: str,
    part_id: UUID,
    cases: Cases,
) -> Recorded:
    """Make a part of a line a line of its own, with its own reason."""
    return change(
        on,
        decision=lambda dispute: opening.split_line(
            dispute,
            line_id=line_id,
            part_id=part_id,
            amount=amount,
            reason_code=reason_code,
            by=on.by,
        ),
        cases=cases,
    )


def merge_lines(on: OnCase, *, line_id: UUID, into_line_id: UUID, cases: Cases) -> Recorded:
    """Put a line into another one of the same document line."""
    return change(
        on,
        decision=lambda d: opening.merge_lines(
            d, line_id=line_id, into_line_id=into_line_id, by=on.by
        ),
        cases=cases,
    )


def request_block(
    on: OnCase,
    *,
    review_by: date,
    scopes: Sequence[Scope],
    identities: Identities,
    cases: Cases,
) -> Recorded:
    """Ask the ERP to hold back every line in every scope in which it does not hold it yet.

    The block of each line and scope is a case of its own and begins with the request; a block of
    an earlier request that nobody answered is released, so that the ERP holds nothing for nobody.
    """

    def decide(work: Work) -> UUID:
        dispute = load(work, on=on)
        fresh = {wanted: identities.new() for wanted in dispute.unheld(scopes)}
        superseded = dispute.unconfirmed_blocks
        requested = blocking.request_block(
            dispute,
            block_ids=fresh,
            review_by=review_by,
            by=on.by,
            at=on.envelope.at,
        )
        dispute = work.record(dispute, requested)
        for (line_id, scope), block_id in fresh.items():
            _begin_block(work, dispute, line_id, block_id, scope=scope, review_by=review_by)
        order_release(work, dispute, blocks=superseded)
        return dispute.id

    return cases.transact(on.envelope, decide)


def propose_manual_confirmation(on: OnCase, *, cases: Cases) -> Recorded:
    """Say that the block was seen in the ERP; a second person must confirm it."""
    return change(
        on, decision=lambda d: blocking.propose_manual_confirmation(d, by=on.by), cases=cases
    )


def confirm_block_manually(on: OnCase, *, seen: Collection[UUID], cases: Cases) -> Recorded:
    """Confirm as the second person that the ERP holds every line; the blocks learn of it."""

    def decide(work: Work) -> UUID:
        dispute = load(work, on=on)
        unconfirmed = dispute.unconfirmed_blocks
        work.record(dispute, blocking.confirm_block_manually(dispute, seen=seen, by=on.by))
        for block_id in unconfirmed:
            block = work.load(PaymentBlock, block_id)
            work.record(block, block.confirm_by_people(by=on.by))
        return dispute.id

    return cases.transact(on.envelope, decide)


def request_information(
    on: OnCase,
    *,
    question: str,
    answer_by: datetime | None,
    cases: Cases,
) -> Recorded:
    """Ask the customer something."""
    return change(
        on,
        decision=lambda dispute: negotiating.request_information(
            dispute,
            question=question,
            answer_by=answer_by,
            by=on.by,
        ),
        cases=cases,
    )


def provide_information(on: OnCase, *, answer: str, cases: Cases) -> Recorded:
    """Take the customer's answer in."""
    return change(
        on,
        decision=lambda d: negotiating.provide_information(d, answer=answer, by=on.by),
        cases=cases,
    )


def wait_expired(on: OnCase, *, cases: Cases) -> Recorded:
    """Stop waiting for the customer."""
    return change(
        on, decision=lambda dispute: negotiating.wait_expired(dispute, by=on.by), cases=cases
    )


def propose_settlement(on: OnCase, *, settlement: Settlement, cases: Cases) -> Recorded:
    """Propose how to settle."""
    return change(
        on,
        decision=lambda d: negotiating.propose_settlement(d, settlement=settlement, by=on.by),
        cases=cases,
    )


def approve(on: OnCase, *, settlement_id: UUID, cases: Cases) -> Recorded:
    """Approve a settlement as it was read; it goes to the customer.

    The customer's compensations change with it, so that two approvals at once do not exceed a
    limit together.
    """

    def decide(work: Work) -> UUID:
        dispute = load(work, on=on)
        approved = negotiating.approve(
            dispute,
            settlement_id=settlement_id,
            matrix=matrix_in_force(work, at=on.envelope.at),
            given=given_to(work, dispute, at=on.envelope.at),
            by=on.by,
        )
        grant_offer(work, work.record(dispute, approved))
        return dispute.id

    return cases.transact(on.envelope, decide)


def refuse_approval(on: OnCase, *, cases: Cases) -> Recorded:
    """Do not approve the proposed settlement."""
    return change(
        on, decision=lambda dispute: negotiating.refuse_approval(dispute, by=on.by), cases=cases
    )


def customer_accepts(on: OnCase, *, cases: Cases) -> Recorded:
    """Take note that the customer accepts the offer."""
    return change(
        on, decision=lambda dispute: negotiating.customer_accepts(dispute, by=on.by), cases=cases
    )


def customer_refuses(on: OnCase, *, cases: Cases) -> Recorded:
    """Take note that the customer does not accept the offer."""
    return change(
        on, decision=lambda dispute: negotiating.customer_refuses(dispute, by=on.by), cases=cases
    )


def offer_expired(on: OnCase, *, cases: Cases) -> Recorded:
    """Take the offer back because nobody answered it."""
    return change(
        on, decision=lambda dispute: negotiating.offer_expired(dispute, by=on.by), cases=cases
    )


def settlement_executed(on: OnCase, *, erp_document: str | None, cases: Cases) -> Recorded:
    """Learn that the ERP booked the settlement; the blocks are to be released."""
    return let_go(
        on,
        decision=lambda d: ending.settlement_executed(d, erp_document=erp_document, by=on.by),
        cases=cases,
    )


def settlement_failed(on: OnCase, *, cause: str, cases: Cases) -> Recorded:
    """Learn that the ERP could not book the settlement."""
    return change(
        on, decision=lambda d: negotiating.settlement_failed(d, cause=cause, by=on.by), cases=cases
    )


def reject_as_unfounded(on: OnCase, *, how_to_contest: str, cases: Cases) -> Recorded:
    """Find the dispute unfounded, and tell the customer how to contest that."""
    return change(
        on,
        decision=lambda d: negotiating.reject_as_unfounded(
            d, how_to_contest=how_to_contest, by=on.by
        ),
        cases=cases,
    )


def contest(on: OnCase, *, cases: Cases) -> Recorded:
    """Take note that the customer does not accept the rejection."""
    return change(on, decision=lambda dispute: negotiating.contest(dispute, by=on.by), cases=cases)


def refer_to_mediator(on: OnCase, *, mediator: str, cases: Cases) -> Recorded:
    """Take note that the customer went to the mediator."""
    return change(
        on,
        decision=lambda d: negotiating.refer_to_mediator(d, mediator=mediator, by=on.by),
        cases=cases,
    )


def mediation_concluded(on: OnCase, *, conclusion: str, cases: Cases) -> Recorded:
    """Take the mediator's conclusion in."""
    return change(
        on,
        decision=lambda d: negotiating.mediation_concluded(d, conclusion=conclusion, by=on.by),
        cases=cases,
    )


def start_litigation(on: OnCase, *, court: str, cases: Cases) -> Recorded:
    """Take note that the matter went to court."""
    return change(
        on, decision=lambda d: negotiating.start_litigation(d, court=court, by=on.by), cases=cases
    )


def judgment_given(on: OnCase, *, outcome: JudgmentOutcome, cases: Cases) -> Recorded:
    """Take the court's decision in."""
    return change(
        on, decision=lambda d: negotiating.judgment_given(d, outcome=outcome, by=on.by), cases=cases
    )


def cleared_in_erp(
    on: OnCase,
    *,
    payments: tuple[Allocation, ...],
    erp_document: str | None,
    cases: Cases,
) -> Recorded:
    """Learn that the customer paid; the blocks are to be released."""
    return let_go(
        on,
        decision=lambda dispute: ending.cleared_in_erp(
            dispute,
            payments=payments,
            erp_document=erp_document,
            by=on.by,
        ),
        cases=cases,
    )


def withdraw(on: OnCase, *, cases: Cases) -> Recorded:
    """Take note that the customer no longer contests; the blocks are to be released."""
    return let_go(on, decision=lambda dispute: ending.withdraw(dispute, by=on.by), cases=cases)


def release(on: OnCase, *, cases: Cases) -> Recorded:
    """Order the release of an unfounded dispute's payment."""
    return let_go(on, decision=lambda dispute: ending.release(dispute, by=on.by), cases=cases)


def retry_release(on: OnCase, *, cases: Cases) -> Recorded:
    """Ask the ERP again to release what it still holds."""
    return let_go(on, decision=lambda dispute: ending.retry_release(dispute, by=on.by), cases=cases)


def close(on: OnCase, *, root_cause: str, cases: Cases) -> Recorded:
    """Close the resolved dispute, naming its root cause; its complaint goes on with it."""
    return conclude(
        on, decision=lambda d: ending.close(d, root_cause=root_cause, by=on.by), cases=cases
    )


def void(on: OnCase, *, cases: Cases) -> Recorded:
    """Mark the dispute as opened by mistake; its complaint goes on with it."""
    return conclude(on, decision=lambda dispute: ending.void(dispute, by=on.by), cases=cases)


def reopen(on: OnCase, *, cases: Cases) -> Recorded:
    """Dispute anew what was paid or returned to collection; its complaint comes back with it."""
    return resume(on, decision=lambda dispute: ending.reopen(dispute, by=on.by), cases=cases)


def reinstate(on: OnCase, *, cases: Cases) -> Recorded:
    """Take the voiding back; its complaint comes back with it."""
    return resume(on, decision=lambda dispute: ending.reinstate(dispute, by=on.by), cases=cases)


def _begin_block(
    work: Work,
    dispute: Dispute,
    line_id: UUID,
    block_id: UUID,
    *,
    scope: Scope,
    review_by: date,
) -> None:
    account = dispute.accounts[line_id]
    ordered = order_block(
        dispute_id=dispute.id,
        line_id=line_id,
        document=account.line.document,
        scope=scope,
        amount=account.current,
        currency=account.line.currency,
        reason_code=account.line.reason_code,
        review_by=review_by,
    )
    work.begin(PaymentBlock, block_id, ordered)
