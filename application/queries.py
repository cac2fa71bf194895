"""What users can ask about cases, and what the answers hold.

Every answer is built from read models, which follow the history; `Questions.wait_for` lets a caller
who knows a position wait until they have come that far. Codes and values only: sentences are made
where they are shown.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Protocol, Self
from uuid import UUID

from application.reach import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing that happened to a case or to what belongs to it (its dispute, its blocks)."""

    position: int
    case_id: UUID
    case_kind: str
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: str
    actor_id: str
    actor_role: str
    channel: str
    reason: str | None
    facts: dict[str, Any]
    """The event as it was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, when, why, and what the case was before and after."""

    position: int
    case_id: UUID
    case_kind: str
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: str
    actor_id: str
    actor_role: str
    channel: str
    reason: str | None
    correlation_id: UUID
    causation_id: str | None
    status_before: str | None
    status_after: str | None
    changes: dict[str, Any]
    """What the event set; for a correction, `was` and `now`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact with a customer, or an attempt at one."""

    position: int
    case_id: UUID
    customer_id: str
    direction: str
    channel: str
    reached: str
    summary: str | None
    occurred_at: datetime
    recorded_at: datetime
    promised_next_contact: datetime | None
    waiting_since: datetime | None
    """Since when the customer had been waiting when the contact was made."""
    actor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Where a customer stands with us on one case now."""

    case_id: UUID
    customer_id: str
    waiting_since: datetime | None
    """Since when the customer waits for us; nothing when the last word was ours."""
    last_reached_at: datetime | None
    promised_next_contact: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A complaint or a dispute as a list shows it."""

    case_id: UUID
    case_kind: str
    version: int
    status: str
    is_open: bool
    customer_id: str
    category: str
    language: str | None
    complaint_id: UUID | None
    dispute_id: UUID | None
    queue: str | None
    claimed_by: str | None
    opened_at: datetime
    """First received, for a complaint; opened, for a dispute."""
    last_event_at: datetime
    waiting_since: datetime | None
    promised_next_contact: datetime | None
    amount: Decimal | None
    currency: str | None


class WorkOrder(StrEnum):
    """In which order a list of cases is read."""

    WAITING = "waiting"
    """The customers who wait longest first."""
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFilter:
    """Which cases a list holds; what is not said does not matter."""

    case_kind: str | None = None
    status: str | None = None
    is_open: bool | None = None
    customer_id: str | None = None
    queue: str | None = None
    claimed_by: str | None = None
    words: str | None = None
    """Words of the customer's text, category or references; accents and case do not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPage:
    """A part of a list of cases, and the cursor behind which the next part begins."""

    items: tuple[WorkItem, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """A payment block as it stands."""

    block_id: UUID
    dispute_id: UUID
    line_id: UUID
    status: str
    system: str
    company_code: str
    document: str
    document_line: int
    scope: str
    amount: Decimal
    currency: str
    reason_code: str
    review_by: date
    attempts: int
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """How far a read model has come."""

    name: str
    position: int
    lag: int
    """Events recorded and not projected yet."""
    failed_position: int | None
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a list that is read in the order of the history."""

    after: int = 0
    """The position behind which it begins."""
    limit: int | None = None
    """How many entries it has at most."""


WHOLE: Final = Part()


class Questions(Protocol):
    """What can be asked of the read models."""

    def within(self, reach: Reach) -> Self:
        """The same questions, answered as if there were nothing outside a reach.

        `wait_for`, `last_position`, `confirmed_blocks`, `unfinished_blocks` and `projections` are
        about the product itself.
        """
        ...

    def sees(self, case_id: UUID) -> bool:
        """Whether the read models know the case, and it lies within."""
        ...

    def wait_for(self, position: int, *, seconds: float) -> bool:
        """Wait until every read model has come to the position; answers whether it did in time."""
        ...

    def last_position(self) -> int:
        """The position of the last event; 0 while there is none."""
        ...

    def timeline(self, case_id: UUID, *, part: Part = WHOLE) -> tuple[TimelineEntry, ...]:
        """Everything that happened to a case and to what belongs to it, oldest first."""
        ...

    def audit_trail(self, case_id: UUID, *, part: Part = WHOLE) -> tuple[AuditEntry, ...]:
        """Who did what to this case, oldest first."""
        ...

    def contacts(self, case_id: UUID, *, part: Part = WHOLE) -> tuple[Contact, ...]:
        """The contacts with the customer about a case and what belongs to it, oldest first."""
        ...

    def customer_contacts(self, customer_id: str, *, part: Part = WHOLE) -> tuple[Contact, ...]:
        """The contacts with a customer over all cases, oldest first."""
        ...

    def customer_waiting(self, customer_id: str) -> tuple[Waiting, ...]:
        """Where a customer stands with us, on each case."""
        ...

    def worklist(
        self,
        wanted: WorkFilter,
        *,
        order: WorkOrder,
        limit: int,
        cursor: str | None,
    ) -> WorkPage:
        """Cases, page by page.

        Raises:
            BadCursor: the cursor is not one that this list gave.
        """
        ...

    def work_item(self, case_id: UUID) -> WorkItem | None:
        """One case as a list shows it."""
        ...

    def blocks_of(self, dispute_id: UUID) -> tuple[BlockView, ...]:
        """The payment blocks of a dispute."""
        ...

    def confirmed_blocks(self, *, after: UUID | None, limit: int) -> tuple[BlockView, ...]:
        """The blocks that we hold for confirmed, by their identity, from behind one on."""
        ...

    def unfinished_blocks(self, *, limit: int) -> tuple[BlockView, ...]:
        """The blocks for which the ERP must be asked something, longest unchanged first.

        What it tells is durable, so that it may leave the house.
        """
        ...

    def projections(self) -> tuple[ProjectionStatus, ...]:
        """How far each read model has come."""
        ...
