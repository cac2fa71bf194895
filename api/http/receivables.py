"""What customers owe at the end of a financial year: the French table of late payments, and DSO."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Self

from fastapi import Query
from pydantic import StringConstraints

from api.http.calls import AskingReadModels
from api.http.describing import reads
from api.http.operations import operations
from api.http.values import AmountOut, Answer, Code, Day, InstantOrDay, ListAnswer, in_currency
from application.exposure_questions import check_between
from application.receivables import Band, LatePayments, late_payments

router = operations("/v1/receivables", tag="receivables")

_SALES: Final = r"^[A-Z]{3}:[0-9]{1,14}(\.[0-9]{1,4})?$"

SalesGiven = Annotated[
    list[Annotated[str, StringConstraints(pattern=_SALES)]] | None,
    Query(
        max_length=200,
        description="The year's sales of `company`, VAT included, by currency: `EUR:1250000.00`;"
        " those that were mirrored, if not said",
    ),
]


class BandRow(ListAnswer):
    """A column of the table."""

    standing: str
    number: int
    amount: str
    percentage: AmountOut | None

    @classmethod
    def of(cls, band: Band, *, currency: str) -> Self:
        """Show a column at its currency's precision."""
        return cls(
            standing=str(band.standing),
            number=band.number,
            amount=in_currency(band.amount, currency=currency),
            percentage=band.percentage,
        )


class LatePaymentsTable(Answer):
    """The table of one legal entity in one currency, VAT included.

    `bands` and their total `late` are its part (A), `disputed` its part (B). What has no term that
    we know (`undated`) and what is not due yet (`not_due`) is in neither.
    """

    company_code: str
    currency: str
    sales: str
    sales_stated: bool
    bands: list[BandRow]
    late: BandRow
    disputed: BandRow
    undated: BandRow
    not_due: BandRow
    dso: AmountOut | None
    dso_without_disputes: AmountOut | None

    @classmethod
    def of(cls, table: LatePayments) -> Self:
        """Show a table at its currency's precision."""

        def shown(band: Band) -> BandRow:
            return BandRow.of(band, currency=table.currency)

        return cls(
            company_code=table.company_code,
            currency=table.currency,
            sales=in_currency(table.sales, currency=table.currency),
            sales_stated=table.sales_stated,
            bands=list(map(shown, table.bands)),
            late=shown(table.late),
            disputed=shown(table.disputed),
            undated=shown(table.undated),
            not_due=shown(table.not_due),
            dso=table.dso,
            dso_without_disputes=table.dso_without_disputes,
        )


class LatePaymentsView(Answer):
    """The tables of a financial year, by legal entity and currency."""

    first: date
    closing: date
    known_at: datetime | None
    tables: list[LatePaymentsTable]


@router.get("/late-payments", operation_id="receivables.late-payments", responses=reads())
def late(
    call: AskingReadModels,
    first: Annotated[Day, Query(alias="from", description="The first day of the year")],
    closing: Annotated[Day, Query(description="Its last day")],
    known_at: InstantOrDay | None = None,
    company: Annotated[Code | None, Query()] = None,
    sales: SalesGiven = None,
) -> LatePaymentsView:
    """Unpaid issued invoices by how late they are (French D. 441-6), disputed ones apart; DSO."""
    check_between(first, closing)
    found = late_payments(
        call.services.receivables,
        first=first,
        closing=closing,
        known_at=known_at,
        companies=_only(company),
        stated=_stated(sales),
    )
    tables = list(map(LatePaymentsTable.of, found))
    return LatePaymentsView(first=first, closing=closing, known_at=known_at, tables=tables)


def _only(company: str | None) -> frozenset[str] | None:
    return None if company is None else frozenset({company})


def _stated(sales: Sequence[str] | None) -> Mapping[str, Decimal]:
    return {
        currency: Decimal(amount) for currency, _, amount in (s.partition(":") for s in sales or ())
    }
