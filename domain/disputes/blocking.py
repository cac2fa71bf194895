"""Decisions about blocking the payment. A block is true only once the ERP has confirmed it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from domain.blocks.events import Scope
from domain.disputes import events
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import LIFECYCLE
from domain.event import Event
from domain.parties import Actor, Role
from domain.refusals import RuleBroken


class NothingToBlock(RuleBroken):
    """A block holds back a line that disputes something, in one scope or several."""

    def __init__(self) -> None:
        super().__init__(
            "no scope of a disputed line is left to block; add a line, or name a scope, first"
        )


class ReviewInThePast(RuleBroken):
    """Every block is reviewed by a day to come."""

    def __init__(self, review_by: date) -> None:
        super().__init__(f"review_by {review_by.isoformat()} lies before the request")
        self.review_by = review_by


class BlockSuperseded(RuleBroken):
    """The block is not, or no longer, the one that holds a line of this dispute."""

    def __init__(self, block_id: UUID) -> None:
        super().__init__(f"block {block_id} does not hold a line of this dispute")
        self.block_id = block_id


class BlockInUse(RuleBroken):
    """What holds a line of a dispute is released by the dispute."""

    def __init__(self, dispute_id: UUID) -> None:
        super().__init__(f"the block holds a line of dispute {dispute_id}; release it there")
        self.dispute_id = dispute_id


class NoWitness(RuleBroken):
    """Manual confirmation takes two people; nobody has proposed it yet."""

    def __init__(self) -> None:
        super().__init__("somebody of finance or a manager must first propose the confirmation")


class SecondPersonNeeded(RuleBroken):
    """Manual confirmation takes somebody of finance and a manager, two different people."""

    def __init__(self, proposed_by: str, role: Role) -> None:
        other = Role.MANAGER if role is Role.FINANCE else Role.FINANCE
        super().__init__(f"{proposed_by} ({role}) proposed it; another person ({other}) confirms")
        self.proposed_by = proposed_by


class OtherBlocksUnconfirmed(RuleBroken):
    """The second person confirms the very blocks that wait for it, all of them."""

    def __init__(self, block_ids: Sequence[UUID]) -> None:
        named = ", ".join(map(str, block_ids))
        super().__init__(f"these blocks wait for a confirmation: {named}; look for them in the ERP")
        self.block_ids = block_ids


def request_block(
    dispute: Dispute,
    *,
    block_ids: Mapping[tuple[UUID, Scope], UUID],
    review_by: date,
    by: Actor,
    at: datetime,
) -> list[Event]:
    """Ask the ERP to hold back every line in every scope in which it does not hold it yet.

    `block_ids` gives a fresh identity for the block of each line and scope. A scope that is not
    named and not confirmed is given up: without it the payment may be blocked at once.

    Raises:
        NothingToBlock: nothing is disputed, or nothing left to be asked for or given up.
        ReviewInThePast: `review_by` lies before the request.
    """
    LIFECYCLE.require("request_block", dispute.status, by=by)
    superseded = dispute.unconfirmed_blocks
    held = {hold.line_id for hold in dispute.holds.values() if hold.confirmed}
    asked = {line_id for line_id, _ in block_ids}
    if not (asked or superseded) or not held | asked >= set(dispute.disputed_lines):
        raise NothingToBlock
    if review_by < at.date():
        raise ReviewInThePast(review_by)
    blocks = tuple(
        events.LineBlock(line_id=line_id, block_id=block_id, scope=scope)
        for (line_id, scope), block_id in block_ids.items()
    )
    requested = events.BlockRequested(
        blocks=blocks, review_by=review_by, superseded=superseded or None
    )
    return [requested, *_held_without(dispute, superseded=superseded, asked=block_ids)]


def block_confirmed(dispute: Dispute, *, block_id: UUID, by: Actor) -> list[Event]:
    """Learn that the ERP holds a line in a scope. With the last one, the payment is blocked.

    Raises:
        BlockSuperseded: the block holds no line of this dispute.
    """
    LIFECYCLE.require("block_confirmed", dispute.status, by=by)
    line_id = line_held_by(dispute, block_id)
    awaited = set(dispute.unconfirmed_blocks) - {block_id}
    if not awaited and set(dispute.lines_to_block) <= {line_id}:
        return [events.PaymentBlocked(line_id=line_id, block_id=block_id)]
    partly = any(dispute.holds[other].line_id == line_id for other in awaited)
    return [
        events.LineBlockConfirmed(line_id=line_id, block_id=block_id, partly=partly or None),
    ]


def block_failed(
    dispute: Dispute,
    *,
    block_id: UUID,
    refused: bool,
    cause: str,
    by: Actor,
) -> list[Event]:
    """Learn that the ERP refused a block, or did not answer in time.

    Raises:
        BlockSuperseded: the block holds no line of this dispute.
    """
    LIFECYCLE.require("block_failed", dispute.status, by=by)
    line_id = line_held_by(dispute, block_id)
    failed = events.BlockFailed(line_id=line_id, block_id=block_id, refused=refused, cause=cause)
    return [failed]


def propose_manual_confirmation(dispute: Dispute, *, by: Actor) -> list[Event]:
    """Say that the block was seen in the ERP; a second person must confirm it."""
    LIFECYCLE.require("propose_manual_confirmation", dispute.status, by=by)
    return [events.ManualConfirmationProposed()]


def confirm_block_manually(dispute: Dispute, *, seen: Collection[UUID], by: Actor) -> list[Event]:
    """Confirm as the second person that the ERP holds every line: these blocks were seen there.

    Raises:
        NoWitness: nobody proposed it.
        SecondPersonNeeded: the same person, or two of the same role.
        NothingToBlock: nothing is disputed, or a line was never requested.
        OtherBlocksUnconfirmed: what was seen is not what waits for a confirmation.
    """
    LIFECYCLE.require("confirm_block_manually", dispute.status, by=by)
    witness = dispute.witness
    if witness is None:
        raise NoWitness
    if witness.subject_id == by.subject_id or witness.role is by.role:
        raise SecondPersonNeeded(witness.subject_id, witness.role)
    unconfirmed = dispute.unconfirmed_blocks
    holds = {block_id: dispute.holds[block_id] for block_id in unconfirmed}
    if not holds or {hold.line_id for hold in holds.values()} != set(dispute.lines_to_block):
        raise NothingToBlock
    if set(seen) != set(unconfirmed):
        raise OtherBlocksUnconfirmed(unconfirmed)
    blocks = tuple(
        events.LineBlock(line_id=hold.line_id, block_id=block_id, scope=hold.scope)
        for block_id, hold in holds.items()
    )
    return [events.BlockConfirmedManually(blocks=blocks)]


def block_drifted(dispute: Dispute, *, block_id: UUID, by: Actor) -> list[Event]:
    """Learn that a block is gone in the ERP, though nobody here released it.

    Raises:
        BlockSuperseded: the block holds no line of this dispute.
    """
    LIFECYCLE.require("block_drifted", dispute.status, by=by)
    line_id = line_held_by(dispute, block_id)
    return [events.BlockDrifted(line_id=line_id, block_id=block_id)]


def check_superseded(dispute: Dispute, *, block_id: UUID) -> None:
    """Refuse to let go of a block that the dispute still counts on.

    Raises:
        BlockInUse: the block holds a line of the dispute.
    """
    if dispute.line_of(block_id) is not None:
        raise BlockInUse(dispute.id)


def line_held_by(dispute: Dispute, block_id: UUID) -> UUID:
    """Find the line that the block holds.

    Raises:
        BlockSuperseded: the block holds no line of this dispute.
    """
    line_id = dispute.line_of(block_id)
    if line_id is None:
        raise BlockSuperseded(block_id)
    return line_id


def _held_without(
    dispute: Dispute, *, superseded: Collection[UUID], asked: Collection[tuple[UUID, Scope]]
) -> list[Event]:
    """What is held in full once the superseded blocks count no more, and nothing else is asked."""
    awaited = {line_id for line_id, _ in asked}
    given_up = dict.fromkeys(dispute.holds[block_id].line_id for block_id in superseded)
    held = {hold.line_id: block_id for block_id, hold in dispute.holds.items() if hold.confirmed}
    full = [line_id for line_id in given_up if line_id not in awaited]
    told: list[Event] = [
        events.LineBlockConfirmed(line_id=line_id, block_id=held[line_id]) for line_id in full
    ]
    if not awaited:
        told[-1] = events.PaymentBlocked(line_id=full[-1], block_id=held[full[-1]])
    return told
