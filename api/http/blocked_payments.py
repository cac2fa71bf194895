"""Blocked payments: how much money disputes hold back, on any date, as far as was known on any."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import field_serializer

from api.http.calls import AskingReadModels
from api.http.describing import reads
from api.http.values import (
    Answer,
    Code,
    InstantOrDay,
    ListAnswer,
    WholeInQuery,
    in_currency,
)
from application.exposures import ExposureGroup, Selection

router = APIRouter(prefix="/v1/blocked-payments", tags=["blocked payments"])

ValidAt = Annotated[
    InstantOrDay | None,
    Query(description="What was blocked then (now, if not said); a date means its end in UTC"),
]
KnownAt = Annotated[
    InstantOrDay | None,
    Query(description="As far as was known then (now, if not said); a date means its end in UTC"),
]


class ExposureRow(ListAnswer):
    """How much money is blocked in one currency, in one group.

    `amount` is what the ERP holds back. What it was asked and has not answered (`requested`), and
    what it refused, left unanswered or lost (`failed`), is not in it.
    """

    currency: str
    group: str | None
    amount: Decimal
    requested: Decimal
    failed: Decimal
    lines: int

    @field_serializer("amount", "requested", "failed")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class ExposureView(Answer):
    """How much money was blocked. Nothing is summed across currencies."""

    valid_at: datetime
    known_at: datetime | None
    by: ExposureGroup | None
    exposure: list[ExposureRow]


class BlockedLineRow(ListAnswer):
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

    @field_serializer("amount")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class BlockedLinesView(Answer):
    """Which document lines were blocked, longest first."""

    valid_at: datetime
    known_at: datetime | None
    lines: list[BlockedLineRow]
    has_more: bool
    """More lines were blocked than `limit` lets through; ask by customer, or for more."""

    @classmethod
    def of(
        cls,
        rows: list[BlockedLineRow],
        *,
        valid_at: datetime,
        known_at: datetime | None,
        limit: int,
    ) -> Self:
        """Keep the first `limit` of the rows, which are one more where there are more."""
        return cls(
            valid_at=valid_at,
            known_at=known_at,
            lines=rows[:limit],
            has_more=len(rows) > limit,
        )


@router.get("", operation_id="blocked-payments.exposure", responses=reads())
def exposure(
    call: AskingReadModels,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    by: Annotated[ExposureGroup | None, Query()] = None,
) -> ExposureView:
    """How much money was blocked, by currency, and by customer, company, reason or age."""
    valid = valid_at or call.services.clock.now()
    found = call.services.exposures.exposure(valid_at=valid, known_at=known_at, by=by)
    rows = [ExposureRow.model_validate(row) for row in found]
    return ExposureView(valid_at=valid, known_at=known_at, by=by, exposure=rows)


@router.get("/lines", operation_id="blocked-payments.lines", responses=reads())
def lines(
    call: AskingReadModels,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    customer: Annotated[Code | None, Query()] = None,
    limit: Annotated[WholeInQuery, Query(ge=1, le=1_000)] = 100,
) -> BlockedLinesView:
    """Which document lines were blocked, longest first."""
    valid = valid_at or call.services.clock.now()
    found = call.services.exposures.lines(
        valid_at=valid,
        known_at=known_at,
        among=Selection(customer_id=customer),
        limit=limit + 1,
    )
    rows = [BlockedLineRow.model_validate(row) for row in found]
    return BlockedLinesView.of(rows, valid_at=valid, known_at=known_at, limit=limit)
