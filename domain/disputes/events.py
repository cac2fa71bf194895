"""What can have happened to a dispute. These shapes are the storage format."""

from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.blocks.events import Scope
from domain.contacts import ContactRecorded
from domain.disputes.lines import Allocation, Line
from domain.disputes.settlement import Settlement
from domain.event import Event
from domain.money import Amount


class LineBlock(BaseModel):
    """Which block holds which line, and in which scope; only the block tells it of old ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line_id: UUID
    block_id: UUID
    scope: Scope | None = None


class JudgmentOutcome(StrEnum):
    """Whom the court found right."""

    FOR_CUSTOMER = "for_customer"
    FOR_COMPANY = "for_company"
    PARTLY = "partly"


class CorrectableDisputeField(StrEnum):
    """What may be corrected of a line later."""

    REASON_CODE = "reason_code"
    REQUESTED_ACTION = "requested_action"


class DisputeOpened(Event):
    """A customer contests a claim. `complaint_id` names the complaint it grew out of, if any."""

    type: ClassVar[str] = "dispute.opened"

    customer_id: str
    complaint_id: UUID | None = None
    reason_code: str
    requested_action: str | None = None
    lines: tuple[Line, ...] = ()


class LineAdded(Event):
    """One more document line is disputed."""

    type: ClassVar[str] = "dispute.line_added"

    line: Line


class LineReduced(Event):
    """Less of the line is disputed; `amount` returns to collection's ordinary course."""

    type: ClassVar[str] = "dispute.line_reduced"

    line_id: UUID
    amount: Amount


class LineSplit(Event):
    """A part of a line became a line of its own. The amounts are conserved."""

    type: ClassVar[str] = "dispute.line_split"

    line_id: UUID
    part: Line


class LinesMerged(Event):
    """One line went into another of the same document. The amounts are conserved."""

    type: ClassVar[str] = "dispute.lines_merged"

    line_id: UUID
    into_line_id: UUID


class BlockRequested(Event):
    """The ERP is to hold these lines back; until it confirms, nothing is blocked.

    `superseded` names the blocks that hold a line of the dispute no more, for what they were to
    hold is asked for anew, or given up.
    """

    type: ClassVar[str] = "dispute.block_requested"

    blocks: tuple[LineBlock, ...]
    review_by: date
    superseded: tuple[UUID, ...] | None = None


class LineBlockConfirmed(Event):
    """The ERP holds this line back; others are still awaited.

    `partly`: in the scope of this block; other scopes of the line are awaited too.
    """

    type: ClassVar[str] = "dispute.line_block_confirmed"

    line_id: UUID
    block_id: UUID
    partly: bool | None = None


class PaymentBlocked(Event):
    """The ERP holds the last line back: the payment is blocked."""

    type: ClassVar[str] = "dispute.payment_blocked"

    line_id: UUID
    block_id: UUID


class BlockFailed(Event):
    """The ERP refused a block (nothing is held), or did not answer in time (nobody knows)."""

    type: ClassVar[str] = "dispute.block_failed"

    line_id: UUID
    block_id: UUID
    refused: bool
    cause: str


class ManualConfirmationProposed(Event):
    """One person saw the block in the ERP; a second one must confirm it."""

    type: ClassVar[str] = "dispute.manual_confirmation_proposed"


class BlockConfirmedManually(Event):
    """A second person saw the block in the ERP."""

    type: ClassVar[str] = "dispute.block_confirmed_manually"

    blocks: tuple[LineBlock, ...]


class BlockDrifted(Event):
    """The block is gone in the ERP, though nobody here released it."""

    type: ClassVar[str] = "dispute.block_drifted"

    line_id: UUID
    block_id: UUID


class InformationRequested(Event):
    """The customer was asked something that we need to know."""

    type: ClassVar[str] = "dispute.information_requested"

    question: str
    answer_by: AwareDatetime | None = None


class InformationProvided(Event):
    """The customer gave what was asked."""

    type: ClassVar[str] = "dispute.information_provided"

    answer: str


class WaitExpired(Event):
    """The answer did not come in time; the dispute is ours to move again."""

    type: ClassVar[str] = "dispute.wait_expired"


class SettlementProposed(Event):
    """Somebody proposes how to settle; a manager must approve."""

    type: ClassVar[str] = "dispute.settlement_proposed"

    settlement: Settlement


class SettlementApproved(Event):
    """Somebody other than the proposer approved; the offer goes to the customer."""

    type: ClassVar[str] = "dispute.settlement_approved"

    settlement_id: UUID
    level: int | None = None
    """The level of the approval matrix that was needed; nothing where none was asked for."""
    matrix: int | None = None
    """The number of the matrix that was in force; 0 is the one that ships with the product."""


class ApprovalRefused(Event):
    """A manager, or somebody of finance, did not approve."""

    type: ClassVar[str] = "dispute.approval_refused"

    settlement_id: UUID


class SettlementAccepted(Event):
    """The customer accepts the offer."""

    type: ClassVar[str] = "dispute.settlement_accepted"

    settlement_id: UUID


class SettlementRefused(Event):
    """The customer does not accept the offer."""

    type: ClassVar[str] = "dispute.settlement_refused"

    settlement_id: UUID


class OfferExpired(Event):
    """The customer did not answer the offer in time."""

    type: ClassVar[str] = "dispute.offer_expired"

    settlement_id: UUID


class SettlementExecuted(Event):
    """The ERP booked the settlement."""

    type: ClassVar[str] = "dispute.settlement_executed"

    settlement_id: UUID
    erp_document: str | None = None


class SettlementFailed(Event):
    """The ERP could not book the settlement."""

    type: ClassVar[str] = "dispute.settlement_failed"

    settlement_id: UUID
    cause: str


class DisputeRejected(Event):
    """A manager finds the dispute unfounded; the customer may contest this."""

    type: ClassVar[str] = "dispute.rejected"

    how_to_contest: str


class RejectionContested(Event):
    """The customer does not accept the rejection."""

    type: ClassVar[str] = "dispute.rejection_contested"


class DisputeReferredToMediator(Event):
    """The customer went to the mediator."""

    type: ClassVar[str] = "dispute.referred_to_mediator"

    mediator: str


class DisputeMediationConcluded(Event):
    """The mediator concluded."""

    type: ClassVar[str] = "dispute.mediation_concluded"

    conclusion: str


class LitigationStarted(Event):
    """The matter went to court."""

    type: ClassVar[str] = "dispute.litigation_started"

    court: str


class JudgmentGiven(Event):
    """The court decided."""

    type: ClassVar[str] = "dispute.judgment_given"

    outcome: JudgmentOutcome


class ClearedInErp(Event):
    """The customer paid: the ERP cleared these amounts. The rest returns to collection."""

    type: ClassVar[str] = "dispute.cleared_in_erp"

    payments: tuple[Allocation, ...]
    erp_document: str | None = None


class DisputeWithdrawn(Event):
    """The customer no longer contests."""

    type: ClassVar[str] = "dispute.withdrawn"


class ReleaseOrdered(Event):
    """The unfounded dispute's payment is to be released."""

    type: ClassVar[str] = "dispute.release_ordered"


class LineReleased(Event):
    """The ERP released this line; others are still held.

    `partly`: in the scope of this block; other scopes of the line are still held too.
    """

    type: ClassVar[str] = "dispute.line_released"

    line_id: UUID
    block_id: UUID
    partly: bool | None = None


class PaymentReleased(Event):
    """Nothing is held back any more. Without a block there was nothing to release."""

    type: ClassVar[str] = "dispute.payment_released"

    line_id: UUID | None = None
    block_id: UUID | None = None


class ReleaseFailed(Event):
    """The ERP did not release a line."""

    type: ClassVar[str] = "dispute.release_failed"

    line_id: UUID
    block_id: UUID
    cause: str


class ReleaseRetried(Event):
    """The ERP is asked again to release what it still holds."""

    type: ClassVar[str] = "dispute.release_retried"


class DisputeClosed(Event):
    """The dispute is over and its root cause is named (`none_found` counts as named)."""

    type: ClassVar[str] = "dispute.closed"

    root_cause: str


class DisputeReopened(Event):
    """The dispute lives again: what was paid or returned to collection is disputed anew."""

    type: ClassVar[str] = "dispute.reopened"


class DisputeVoided(Event):
    """The dispute was opened by mistake; nothing was ever blocked."""

    type: ClassVar[str] = "dispute.voided"


class DisputeReinstated(Event):
    """The dispute was no mistake after all."""

    type: ClassVar[str] = "dispute.reinstated"


class DisputeContactRecorded(ContactRecorded):
    """A contact with the customer about the dispute."""

    type: ClassVar[str] = "dispute.contact_recorded"


class DisputeNoteAdded(Event):
    """An internal note. It is not a contact."""

    type: ClassVar[str] = "dispute.note_added"

    text: str


class DisputeEvidenceAdded(Event):
    """A document was added; the envelope names it by its content."""

    type: ClassVar[str] = "dispute.evidence_added"


class DisputeCorrected(Event):
    """Something recorded earlier was wrong; the earlier event stays as it is."""

    type: ClassVar[str] = "dispute.corrected"

    corrects_version: int
    line_id: UUID | None = None
    field: CorrectableDisputeField
    was: str | None = None
    now: str | None = None
