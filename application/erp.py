"""The port to the ERP: asks it to block a payment, to release it, and what became of it.

Everything is idempotent by the block's id, because a lost answer can only be met by asking again.

    ErpError
    ├── ErpUnavailable   no answer, or none that can be believed: the outcome is unknown
    └── ErpRefused       the ERP says that the request itself is wrong: a person must look
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from application.errors import ApplicationError


class ErpError(ApplicationError):
    """The ERP did not do what was asked."""


class ErpUnavailable(ErpError):
    """The outcome is unknown; repeat with the same block id."""


class ErpRefused(ErpError):
    """The request itself is wrong; repeating it changes nothing, so a person must look."""

    def __init__(self, title: str, *, problem_type: str, detail: str | None) -> None:
        super().__init__(title if detail is None else f"{title}: {detail}")
        self.title = title
        self.problem_type = problem_type
        self.detail = detail


class ErpBlockState(StrEnum):
    """What the ERP says about a block."""

    PENDING = "pending"
    """Asked for, or being released, and not decided yet: look it up again later."""
    CONFIRMED = "confirmed"
    """The block stands. After a release it means, with a reason, that the release was denied."""
    REJECTED = "rejected"
    """The ERP decided against the block, with a reason: nothing is blocked."""
    RELEASED = "released"
    """No block stands any more. Without a release asked for, somebody removed it by hand."""


@dataclass(frozen=True, slots=True)
class ErpDocument:
    """The line of an ERP document whose payment is blocked."""

    system: str
    company_code: str
    number: str
    line: int


@dataclass(frozen=True, slots=True)
class BlockOrder:
    """What the ERP is asked to block, for whom and why."""

    block_id: UUID
    holder: str
    """Who holds the block; each holder releases only its own."""
    document: ErpDocument
    scope: str
    """dunning | collection | interest | payment_run"""
    amount: Decimal
    currency: str
    reason_code: str
    review_by: date


@dataclass(frozen=True, slots=True)
class ErpReply:
    """A block as the ERP sees it now."""

    state: ErpBlockState
    reference: str | None
    """The ERP's own name for the block; always there once it is confirmed."""
    reason: str | None
    decided_at: datetime | None
    """When the ERP decided, by its own clock; always there unless the state is pending."""


class Erp(Protocol):
    """An ERP that can hold payments back. Every call may be repeated with the same block id."""

    def request_block(self, order: BlockOrder) -> ErpReply:
        """Ask for a block; a block that was already asked for is answered as it stands now.

        Raises:
            ErpUnavailable: no answer or a broken one; repeat with the same block id.
            ErpRefused: the order is wrong, or differs from the one given under this id before.
        """
        ...

    def release_block(self, block_id: UUID) -> ErpReply:
        """Ask to lift a block; an id the ERP never met is remembered as released.

        So a block request that was delayed on its way can no longer set a block afterwards.

        Raises:
            ErpUnavailable: no answer or a broken one; repeat with the same block id.
            ErpRefused: the request is wrong.
        """
        ...

    def look_up(self, block_id: UUID) -> ErpReply | None:
        """Return the block as it stands now, or nothing when the ERP never met this id.

        Raises:
            ErpUnavailable: no answer or a broken one; ask again.
            ErpRefused: the question is wrong.
        """
        ...
