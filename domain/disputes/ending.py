"""Decisions that end a dispute, and those that bring it back."""

from uuid import UUID

from domain.disputes import events
from domain.disputes.blocking import line_held_by
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import LIFECYCLE
from domain.disputes.lines import Allocation
from domain.disputes.settlement import check_allocations
from domain.event import Event
from domain.parties import Actor
from domain.refusals import RuleBroken


class BlockedAlready(RuleBroken):
    """A dispute that blocked a payment was no mistake: it ends by a release."""

    def __init__(self) -> None:
        super().__init__("a block is confirmed; withdraw or settle the dispute instead of voiding")


class NothingDisputed(RuleBroken):
    """Only what is disputed can be cleared."""

    def __init__(self) -> None:
        super().__init__("nothing is disputed any more; record the payment with its invoice")


class NothingToDispute(RuleBroken):
    """A dispute is reopened over money that was paid or returned to collection."""

    def __init__(self) -> None:
        super().__init__("everything was credited or written off; open a new dispute")


def settlement_executed(dispute: Dispute, *, erp_document: str | None, by: Actor) -> list[Event]:
    """Learn that the ERP booked the settlement."""
    LIFECYCLE.require("settlement_executed", dispute.status, by=by)
    assert dispute.settlement is not None, "settling follows a proposal"
    settlement_id = dispute.settlement.settlement_id
    executed = events.SettlementExecuted(settlement_id=settlement_id, erp_document=erp_document)
    return [executed, *_release_of_nothing(dispute)]


def cleared_in_erp(
    dispute: Dispute,
    *,
    payments: tuple[Allocation, ...],
    erp_document: str | None,
    by: Actor,
) -> list[Event]:
    """Learn that the customer paid; what was not paid returns to collection.

    Raises:
        NothingDisputed: nothing was; a mediator may be at work on a dispute that is over.
        LineTwice, UnknownLine, WrongPrecision, AllocationExceedsLine: the lines cannot bear it.
    """
    LIFECYCLE.require("cleared_in_erp", dispute.status, by=by)
    if not dispute.disputed_lines:
        raise NothingDisputed
    check_allocations(payments, accounts=dispute.accounts)
    cleared = events.ClearedInErp(payments=payments, erp_document=erp_document)
    return [cleared, *_release_of_nothing(dispute)]


def withdraw(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take note that the customer no longer contests."""
    LIFECYCLE.require("withdraw", dispute.status, by=by)
    return [events.DisputeWithdrawn(), *_release_of_nothing(dispute)]


def release(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Order the release of an unfounded dispute's payment."""
    LIFECYCLE.require("release", dispute.status, by=by)
    return [events.ReleaseOrdered(), *_release_of_nothing(dispute)]


def release_confirmed(dispute: Dispute, *, block_id: UUID, by: Actor) -> list[Event]:
    """Learn that the ERP released a line in a scope. With the last one, the dispute is resolved.

    Raises:
        BlockSuperseded: the block holds no line of this dispute.
    """
    LIFECYCLE.require("release_confirmed", dispute.status, by=by)
    line_id = line_held_by(dispute, block_id)
    held = set(dispute.unreleased_blocks) - {block_id}
    if not held:
        return [events.PaymentReleased(line_id=line_id, block_id=block_id)]
    partly = any(dispute.holds[other].line_id == line_id for other in held)
    return [events.LineReleased(line_id=line_id, block_id=block_id, partly=partly or None)]


def release_failed(dispute: Dispute, *, block_id: UUID, cause: str, by: Actor) -> list[Event]:
    """Learn that the ERP did not release a line.

    Raises:
        BlockSuperseded: the block holds no line of this dispute.
    """
    LIFECYCLE.require("release_failed", dispute.status, by=by)
    line_id = line_held_by(dispute, block_id)
    return [events.ReleaseFailed(line_id=line_id, block_id=block_id, cause=cause)]


def retry_release(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Ask the ERP again to release what it still holds."""
    LIFECYCLE.require("retry_release", dispute.status, by=by)
    return [events.ReleaseRetried()]


def close(dispute: Dispute, *, root_cause: str, by: Actor) -> list[Event]:
    """Close the resolved dispute, naming its root cause or `none_found`."""
    LIFECYCLE.require("close", dispute.status, by=by)
    return [events.DisputeClosed(root_cause=root_cause)]


def reopen(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Dispute anew what was paid or returned to collection.

    Raises:
        NothingToDispute: nothing was.
    """
    LIFECYCLE.require("reopen", dispute.status, by=by)
    if dispute.accounts and not any(a.paid or a.returned for a in dispute.accounts.values()):
        raise NothingToDispute
    return [events.DisputeReopened()]


def void(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Mark the dispute as opened by mistake.

    Raises:
        BlockedAlready: the ERP has confirmed a block, even if it was lost since.
    """
    LIFECYCLE.require("void", dispute.status, by=by)
    if dispute.was_blocked:
        raise BlockedAlready
    return [events.DisputeVoided()]


def reinstate(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Take the voiding back."""
    LIFECYCLE.require("reinstate", dispute.status, by=by)
    return [events.DisputeReinstated()]


def _release_of_nothing(dispute: Dispute) -> list[Event]:
    return [] if dispute.unreleased_blocks else [events.PaymentReleased()]
