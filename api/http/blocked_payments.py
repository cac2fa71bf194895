"""Blocked payments: how much money disputes hold back, on any date, as far as was known on any."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Final, Self
from uuid import UUID

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, StringConstraints, field_serializer

from api.http.calls import AskingReadModels, Call
from api.http.describing import reads
from api.http.operations import operations
from api.http.values import (
    AmountOut,
    Answer,
    Code,
    Currency,
    InstantOrDay,
    ListAnswer,
    WholeInQuery,
    in_currency,
)
from application.exports import FileFormat, Sheet
from application.exposure_questions import converted
from application.exposure_sheets import sheet_of_lines
from application.exposures import Exposure, ExposureGroup, Selection
from domain.rates import Rate, Rates

router = operations("/v1/blocked-payments", tag="blocked payments")

_RATE: Final = r"^[A-Z]{3}:[0-9]{1,9}(\.[0-9]{1,9})?:[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _is_a_rate(text: str) -> str:
    if not _rate(text).rate:
        raise ValueError("a rate is more than 0")
    return text


def _rate(text: str) -> Rate:
    currency, rate, on = text.split(":")
    return Rate(currency=currency, rate=Decimal(rate), on=date.fromisoformat(on))


ValidAt = Annotated[
    InstantOrDay | None,
    Query(description="What was blocked then (now, if not said); a date means its end in UTC"),
]
KnownAt = Annotated[
    InstantOrDay | None,
    Query(description="As far as was known then (now, if not said); a date means its end in UTC"),
]
Customer = Annotated[Code | None, Query(description="Only this customer")]
Into = Annotated[
    Currency | None, Query(description="Also all currencies together in this one; see `rate`")
]
RatesGiven = Annotated[
    list[Annotated[str, StringConstraints(pattern=_RATE), AfterValidator(_is_a_rate)]] | None,
    Query(
        alias="rate",
        max_length=200,
        description="What one unit of a currency is worth in `into`, and on which day:"
        " `USD:0.92:2027-03-01`",
    ),
]

MEDIA_TYPES: Final = MappingProxyType(
    {
        FileFormat.CSV: "text/csv; charset=utf-8; header=present",
        FileFormat.CSV_FR: "text/csv; charset=utf-8; header=present",
        FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FileFormat.PARQUET: "application/vnd.apache.parquet",
    },
)

_FILES: Final = {
    media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
    for media_type in MEDIA_TYPES.values()
}


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


class RateStated(ListAnswer):
    """A rate that the caller stated, and that was used."""

    currency: str
    rate: AmountOut
    on: date


class ConvertedView(ListAnswer):
    """All currencies together, at the rates that the caller stated."""

    currency: str
    amount: Decimal
    requested: Decimal
    failed: Decimal
    rates: list[RateStated]

    @field_serializer("amount", "requested", "failed")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class ExposureView(Answer):
    """How much money was blocked. Nothing is summed across currencies without a stated rate."""

    valid_at: datetime
    known_at: datetime | None
    by: ExposureGroup | None
    exposure: list[ExposureRow]
    converted: ConvertedView | None


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
    customer: Customer = None,
    into: Into = None,
    rates: RatesGiven = None,
) -> ExposureView:
    """How much money was blocked, by currency, and by customer, company, reason or age."""
    valid = valid_at or call.services.clock.now()
    found = call.services.exposures.exposure(
        valid_at=valid, known_at=known_at, by=by, among=Selection(customer_id=customer)
    )
    rows = [ExposureRow.model_validate(row) for row in found]
    return ExposureView(
        valid_at=valid,
        known_at=known_at,
        by=by,
        exposure=rows,
        converted=_converted(found, into=into, rates=rates),
    )


@router.get("/lines", operation_id="blocked-payments.lines", responses=reads())
def lines(
    call: AskingReadModels,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    customer: Customer = None,
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


@router.get(
    "/lines/file",
    operation_id="blocked-payments.export",
    response_class=StreamingResponse,
    responses={**reads(), HTTPStatus.OK: {"content": _FILES}},
)
def export(
    call: AskingReadModels,
    file_format: Annotated[FileFormat, Query(alias="format")] = FileFormat.CSV,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    customer: Customer = None,
) -> StreamingResponse:
    """Every document line that was blocked, longest first, as a file."""
    valid = valid_at or call.services.clock.now()
    found = call.services.exposures.every_line(
        valid_at=valid, known_at=known_at, among=Selection(customer_id=customer)
    )
    name = f"blocked-lines-{valid:%Y-%m-%d}"
    return _file(call, sheet_of_lines(found), name=name, file_format=file_format)


def _file(call: Call, sheet: Sheet, *, name: str, file_format: FileFormat) -> StreamingResponse:
    return StreamingResponse(
        call.services.exports.write(sheet, file_format=file_format),
        media_type=MEDIA_TYPES[file_format],
        headers={"Content-Disposition": f'attachment; filename="{name}.{file_format.ending}"'},
    )


def _converted(
    found: Iterable[Exposure], *, into: str | None, rates: Sequence[str] | None
) -> ConvertedView | None:
    if into is None:
        return None
    stated = Rates.of(map(_rate, rates or ()), into=into)
    return ConvertedView.model_validate(converted(found, rates=stated))
