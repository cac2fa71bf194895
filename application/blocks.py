"""What can be asked for about payment blocks: each step changes the block and its dispute."""

from collections.abc import Callable, Sequence
from uuid import UUID

from application.commands import OnCase
from application.ports import Cases, Work
from application.recorded import Recorded
from domain.blocks.block import PaymentBlock
from domain.disputes import blocking, ending
from domain.disputes.dispute import Dispute
from domain.event import Event
from domain.parties import SYSTEM


def send(on: OnCase, *, cases: Cases) -> Recorded:
    """Note, before asking the ERP, that it is asked (again)."""

    def decide(work: Work) -> UUID:
        block = work.load(PaymentBlock, on.case_id, expected_version=on.expected_version)
        return work.record(block, block.send(by=on.by)).id

    return cases.transact(on.envelope, decide)


def confirm(on: OnCase, *, erp_reference: str | None, cases: Cases) -> Recorded:
    """Learn that the ERP holds the document back. With the last line, the payment is blocked."""
    return _change_both(
        on,
        cases,
        lambda block: block.confirm(erp_reference=erp_reference, by=on.by),
        lambda dispute: blocking.block_confirmed(dispute, block_id=on.case_id, by=on.by),
    )


def reject(on: OnCase, *, cause: str, cases: Cases) -> Recorded:
    """Learn that the ERP refused."""
    return _change_both(
        on,
        cases,
        lambda block: block.reject(cause=cause, by=on.by),
        lambda dispute: blocking.block_failed(
            dispute,
            block_id=on.case_id,
            refused=True,
            cause=cause,
            by=on.by,
        ),
    )


def give_up(on: OnCase, *, cases: Cases) -> Recorded:
    """Stop waiting for the ERP's answer; whether it holds the document, nobody knows."""
    return _change_both(
        on,
        cases,
        lambda block: block.give_up(by=on.by),
        lambda dispute: blocking.block_failed(
            dispute,
            block_id=on.case_id,
            refused=False,
            cause="no_answer",
            by=on.by,
        ),
    )


def drift(on: OnCase, *, cases: Cases) -> Recorded:
    """Learn that the block is gone in the ERP, though nobody here released it."""
    return _change_both(
        on,
        cases,
        lambda block: block.drift(by=on.by),
        lambda dispute: blocking.block_drifted(dispute, block_id=on.case_id, by=on.by),
    )


def confirm_release(on: OnCase, *, cases: Cases) -> Recorded:
    """Learn that the ERP released the document. With the last line, the dispute is resolved."""
    return _change_both(
        on,
        cases,
        lambda block: block.confirm_release(by=on.by),
        lambda dispute: ending.release_confirmed(dispute, block_id=on.case_id, by=on.by),
    )


def fail_release(on: OnCase, *, cause: str, cases: Cases) -> Recorded:
    """Learn that the ERP did not release the document, or did not answer in time."""
    return _change_both(
        on,
        cases,
        lambda block: block.fail_release(cause=cause, by=on.by),
        lambda dispute: ending.release_failed(
            dispute,
            block_id=on.case_id,
            cause=cause,
            by=on.by,
        ),
    )


def retry_release(on: OnCase, *, cases: Cases) -> Recorded:
    """Ask the ERP again to release a superseded block, which no dispute waits for."""

    def decide(work: Work) -> UUID:
        block = work.load(PaymentBlock, on.case_id, expected_version=on.expected_version)
        dispute = work.load(Dispute, block.dispute_id)
        blocking.check_superseded(dispute, block_id=block.id)
        return work.record(block, block.request_release(by=on.by)).id

    return cases.transact(on.envelope, decide)


def order_release(work: Work, dispute: Dispute, *, blocks: Sequence[UUID]) -> None:
    """Order the release of these blocks, as far as the ERP may hold them unasked to let go."""
    for block_id in blocks:
        block = work.load(PaymentBlock, block_id)
        if block.may_be_held:
            work.react(block, block.request_release(by=SYSTEM), cause=dispute)


def _change_both(
    on: OnCase,
    cases: Cases,
    decision: Callable[[PaymentBlock], Sequence[Event]],
    consequence: Callable[[Dispute], Sequence[Event]],
) -> Recorded:
    # The dispute tells which of its lines the ERP holds, so that two answers at once for two
    # lines meet in its stream. A superseded block concerns its dispute no more.
    def decide(work: Work) -> UUID:
        block = work.load(PaymentBlock, on.case_id, expected_version=on.expected_version)
        dispute = work.load(Dispute, block.dispute_id)
        work.record(block, decision(block))
        if dispute.line_of(block.id) is not None:
            work.record(dispute, consequence(dispute))
        return block.id

    return cases.transact(on.envelope, decide)
