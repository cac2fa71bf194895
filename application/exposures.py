"""How much money disputes hold back: what finance can ask, at any two times, and the answers.

`valid_at` asks what was so then, `known_at` as far as we knew then (now, without it). Only what the
ERP has confirmed is blocked; what it was asked and has not answered, and what it refused, left
unanswered or lost, stands beside it and is never added in. Nothing is summed across currencies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol, Self
from uuid import UUID

from application.reach import Reach

AGES: Final = (30, 60, 90, 180)
"""The last day of each bucket of ages but the last, which is open."""


class BlockState(StrEnum):
    """How the ERP's side of a block stands."""

    REQUESTED = "requested"
    """Asked for, and not answered yet."""
    CONFIRMED = "confirmed"
    """Held back: blocked."""
    FAILED = "failed"
    """Refused, left unanswered, or gone in the ERP."""


class Movement(StrEnum):
    """Why a line's amount in a state changed."""

    NEW = "new"
    """Blocked for the first time."""
    RESTORED = "restored"
    """Blocked again, after the block was lost or released."""
    INCREASED = "increased"
    REDUCED = "reduced"
    """Less is disputed."""
    SETTLED = "settled"
    """Released after a settlement was executed."""
    PAID = "paid"
    """Released after the customer paid."""
    WITHDRAWN = "withdrawn"
    """Released after the customer withdrew."""
    UNFOUNDED = "unfounded"
    """Released after the dispute was found unfounded."""
    RELEASED = "released"
    """Released otherwise."""
    LOST = "lost"
    """The ERP no longer holds it, though nobody released it."""
    CORRECTED = "corrected"
    """Moved from one group to another, because what was recorded of the line was wrong."""
    ASKED = "asked"
    CONFIRMED = "confirmed"
    FAILED = "failed"


class Step(StrEnum):
    """How far apart the points of a series are."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ExposureGroup(StrEnum):
    """By what money is grouped, beside its currency."""

    CUSTOMER = "customer"
    COMPANY = "company"
    REASON = "reason"
    AGE = "age"
    """Days since the dispute was opened."""
    INVOICE_AGE = "invoice_age"
    """Days since the invoice's date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which lines count; what is not said does not matter."""

    companies: frozenset[str] | None = None
    """Only these legal entities: none at all, if there is none in it."""
    customer_id: str | None = None
    currency: str | None = None
    by: ExposureGroup | None = None
    group: str | None = None
    """With `by`: only the lines of this group."""
    ages: tuple[int, ...] = AGES


EVERYTHING: Final = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How much money is blocked in one currency, in one group."""

    currency: str
    group: str | None
    """The customer, company or reason, or a bucket of ages such as `31-60`; `unknown` for the age
    of an invoice without a date. Nothing in a total."""
    amount: Decimal
    """Blocked: the ERP has confirmed it."""
    requested: Decimal
    failed: Decimal
    lines: int
    """How many document lines are blocked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposurePoint:
    """How much money was blocked in one currency at one instant of a series."""

    valid_at: datetime
    currency: str
    amount: Decimal
    requested: Decimal
    failed: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedLine:
    """One document line that is blocked."""

    dispute_id: UUID
    line_id: UUID
    customer_id: str
    company_code: str
    document: str
    document_line: int
    reason_code: str
    currency: str
    amount: Decimal
    opened_at: datetime
    blocked_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What one kind of movement adds up to."""

    movement: Movement
    amount: Decimal
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """How one figure became another in one currency: opening and movements make the closing."""

    currency: str
    opening: Decimal
    movements: tuple[Moved, ...]
    closing: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of the ledger: what happened after and until, as far as was learnt after and until."""

    valid_after: datetime | None = None
    valid_until: datetime
    known_after: datetime | None = None
    known_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One signed row of the ledger, with the event behind it: who, when, why."""

    position: int
    entry: int
    dispute_id: UUID
    line_id: UUID
    state: str
    movement: str
    customer_id: str
    company_code: str
    document: str
    document_line: int
    reason_code: str
    currency: str
    amount: Decimal
    valid_at: datetime
    """From when on it counts."""
    recorded_at: datetime
    case_id: UUID
    """The case whose event it is: the dispute, or the block."""
    version: int
    type: str
    occurred_at: datetime
    actor_kind: str
    actor_id: str
    actor_role: str
    reason: str | None


class Exposures(Protocol):
    """Where the ledger of blocked money is asked."""

    def within(self, reach: Reach) -> Self:
        """The same figures, of the cases that lie within a reach and no others."""
        ...

    def exposure(
        self,
        *,
        valid_at: datetime,
        known_at: datetime | None,
        by: ExposureGroup | None,
        among: Selection = EVERYTHING,
    ) -> tuple[Exposure, ...]:
        """How much was blocked, by currency and group."""
        ...

    def series(
        self,
        ends: Sequence[datetime],
        *,
        known_at: datetime | None,
        among: Selection = EVERYTHING,
    ) -> tuple[ExposurePoint, ...]:
        """How much was blocked at each of these instants, earliest first, by currency."""
        ...

    def bridge(
        self,
        *,
        valid_from: datetime,
        valid_until: datetime,
        known_at: datetime | None,
        among: Selection = EVERYTHING,
    ) -> tuple[Bridge, ...]:
        """What became of the money that was blocked at one instant until another."""
        ...

    def learnt(
        self,
        *,
        valid_at: datetime,
        known_from: datetime,
        known_until: datetime | None,
        among: Selection = EVERYTHING,
    ) -> tuple[Bridge, ...]:
        """What we learnt late about one instant, between two times of knowing."""
        ...

    def lines(
        self,
        *,
        valid_at: datetime,
        known_at: datetime | None,
        among: Selection = EVERYTHING,
        limit: int | None,
    ) -> tuple[BlockedLine, ...]:
        """Which document lines were blocked, longest first."""
        ...

    def every_line(
        self, *, valid_at: datetime, known_at: datetime | None, among: Selection = EVERYTHING
    ) -> Iterator[BlockedLine]:
        """The same, however many, a few at a time."""
        ...

    def entries(
        self,
        window: Window,
        *,
        state: BlockState | None = BlockState.CONFIRMED,
        movement: Movement | None = None,
        among: Selection = EVERYTHING,
        after: tuple[int, int] | None = None,
        limit: int,
    ) -> tuple[LedgerEntry, ...]:
        """The signed rows behind a figure, in the order in which we learnt them.

        Without a beginning they add up to the figure at `valid_until` and `known_until`; `after` is
        the position and entry behind which to go on.
        """
        ...
