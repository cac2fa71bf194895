"""What customers owe at the end of a financial year."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from rich.text import Text

from api.command_line.opening import catch_up, opened
from api.command_line.output import Column, answer_json, money, plain_amount, show, table
from application.errors import ApplicationError
from application.exposure_questions import check_between
from application.receivables import Band, LatePayments, late_payments
from domain.money import exponent_of

_COLUMNS: Final = (
    Column("days late"),
    Column("invoices", align="right"),
    Column("amount", align="right"),
    Column("% of sales", align="right"),
)


class SalesUnreadable(ApplicationError):
    """Sales are stated as a currency and an amount."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} states no sales; write for example EUR:1250000.00")


def show_late_payments(
    *,
    first: date,
    closing: date,
    known_at: datetime | None,
    company: str | None,
    sales: Sequence[str],
    as_json: bool,
) -> None:
    """Show a table for each legal entity and currency."""
    check_between(first, closing)
    stated = dict(map(_sales, sales))
    with opened() as wiring:
        catch_up(wiring)
        found = late_payments(
            wiring.services.receivables,
            first=first,
            closing=closing,
            known_at=known_at,
            companies=None if company is None else frozenset({company}),
            stated=stated,
        )
    if as_json:
        answer_json({"from": first, "closing": closing, "tables": list(map(_plain, found))})
        return
    for each in found:
        _show(each, closing=closing)
    if not found:
        show("nothing")


def _show(told: LatePayments, *, closing: date) -> None:
    title = f"{told.company_code}, {told.currency}: issued invoices unpaid on {closing}, with VAT"
    show(Text(title, style="bold"))
    show(table(_COLUMNS, _rows(told)))
    source = "as stated" if told.sales_stated else "as mirrored"
    show(f"sales {money(told.sales, told.currency)}, {source}")
    if told.dso is not None:
        show(f"DSO {told.dso} days, without disputes {told.dso_without_disputes} days")
    show()


def _rows(told: LatePayments) -> Iterator[Sequence[object]]:
    for band in told.bands:
        yield _row(str(band.standing), band, told.currency)
    yield _row("total, 1 day and more", told.late, told.currency)
    yield _row("left out: disputed", told.disputed, told.currency)
    yield _row("left out: no term known", told.undated, told.currency)
    yield _row("not due yet", told.not_due, told.currency)


def _row(title: str, band: Band, currency: str) -> Sequence[object]:
    share = "" if band.percentage is None else f"{band.percentage}"
    return title, str(band.number), money(band.amount, currency), share


def _plain(told: LatePayments) -> dict[str, object]:
    def plain(band: Band) -> dict[str, object]:
        amount = plain_amount(band.amount, told.currency)
        return {
            "standing": str(band.standing),
            "number": band.number,
            "amount": amount,
            "percentage": band.percentage,
        }

    return {
        "company_code": told.company_code,
        "currency": told.currency,
        "sales": plain_amount(told.sales, told.currency),
        "sales_stated": told.sales_stated,
        "bands": list(map(plain, told.bands)),
        "late": plain(told.late),
        "disputed": plain(told.disputed),
        "undated": plain(told.undated),
        "not_due": plain(told.not_due),
        "dso": told.dso,
        "dso_without_disputes": told.dso_without_disputes,
    }


def _sales(text: str) -> tuple[str, Decimal]:
    currency, _, amount = text.partition(":")
    try:
        sales = Decimal(amount)
    except InvalidOperation as error:
        raise SalesUnreadable(text) from error
    exponent_of(currency)
    if not (sales.is_finite() and sales > 0):
        raise SalesUnreadable(text)
    return currency, sales
