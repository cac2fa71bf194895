"""What can have happened to a payment block. These shapes are the storage format."""

from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.disputes.lines import Document
from domain.event import Event
from domain.money import Amount


class Scope(StrEnum):
    """What the ERP holds back: independent of one another, and per holder."""

    DUNNING = "dunning"
    COLLECTION = "collection"
    INTEREST = "interest"
    PAYMENT_RUN = "payment_run"


class BlockOrdered(Event):
    """A dispute wants a document line held back in the ERP."""

    type: ClassVar[str] = "block.ordered"

    dispute_id: UUID
    line_id: UUID
    document: Document
    scope: Scope
    amount: Amount
    currency: str
    reason_code: str
    review_by: date


class BlockSent(Event):
    """The order is on its way to the ERP, for the `attempt`th time."""

    type: ClassVar[str] = "block.sent"

    attempt: int


class BlockConfirmed(Event):
    """The ERP holds the document back."""

    type: ClassVar[str] = "block.confirmed"

    erp_reference: str | None = None


class BlockRejected(Event):
    """The ERP refused."""

    type: ClassVar[str] = "block.rejected"

    cause: str


class BlockUnconfirmed(Event):
    """The ERP did not answer in time."""

    type: ClassVar[str] = "block.unconfirmed"


class BlockConfirmedByPeople(Event):
    """Two people saw the block in the ERP."""

    type: ClassVar[str] = "block.confirmed_by_people"


class BlockLost(Event):
    """The block is gone in the ERP, though nobody here released it."""

    type: ClassVar[str] = "block.drifted"


class ReleaseRequested(Event):
    """The ERP is to release the document."""

    type: ClassVar[str] = "block.release_requested"


class BlockReleased(Event):
    """The ERP released the document."""

    type: ClassVar[str] = "block.released"


class ReleaseUnconfirmed(Event):
    """The ERP did not release the document, or did not answer in time."""

    type: ClassVar[str] = "block.release_unconfirmed"

    cause: str
