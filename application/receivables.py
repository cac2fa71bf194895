"""What customers owe at the end of a financial year, and how late they are.

The table is that of article D. 441-6 of the French commercial code, I, 2°: issued invoices whose
term has passed and that are unpaid at the closing, by how late they are, with what is disputed
apart (IV). We mirror no supplier's invoices, so there is no table of those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final, Protocol, Self
from uuid import UUID

from application.reach import Reach
from domain.refusals import RuleBroken

_ZERO: Final = Decimal(0)
_PER_CENT: Final = Decimal("0.01")
_DAY_TENTH: Final = Decimal("0.1")


class Standing(StrEnum):
    """Where an unpaid invoice stands at the closing."""

    ON_TIME = "0"
    """Its term is the day of the closing."""
    UP_TO_30 = "1-30"
    UP_TO_60 = "31-60"
    UP_TO_90 = "61-90"
    BEYOND = "91+"
    NOT_DUE = "not_due"
    UNDATED = "undated"
    """We do not know its term."""
    DISPUTED = "disputed"


LATE: Final = (Standing.UP_TO_30, Standing.UP_TO_60, Standing.UP_TO_90, Standing.BEYOND)


class SalesOfWhom(RuleBroken):
    """The year's sales are those of one legal entity."""

    def __init__(self) -> None:
        super().__init__("name the company whose sales you state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """The unpaid invoices that stand alike."""

    company_code: str
    currency: str
    standing: str
    number: int
    amount: Decimal
    """What is open of them."""
    disputed: Decimal
    """What of that is disputed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What a legal entity invoiced in a currency in the year, as far as it was mirrored."""

    company_code: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A column of the table."""

    standing: Standing
    number: int
    amount: Decimal
    percentage: Decimal | None
    """Of the year's sales; nothing where there were none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePayments:
    """The table of one legal entity in one currency, VAT included."""

    company_code: str
    currency: str
    sales: Decimal
    sales_stated: bool
    """Whether the caller stated them; otherwise they are what was mirrored."""
    bands: tuple[Band, ...]
    """(A): the term is the closing's day, and late by up to 30, 60, 90 days, or more."""
    late: Band
    """(A): one day late and more, in total. Its standing is that of the first such band."""
    disputed: Band
    """(B): left out of (A), because they are disputed."""
    undated: Band
    """Left out of (A), because we do not know their term."""
    not_due: Band
    dso: Decimal | None
    """Open receivables, divided by sales, times the days of the period."""
    dso_without_disputes: Decimal | None
    """The same without what is disputed of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dunnable:
    """An open invoice line, and how much of it may be reminded of."""

    invoice_id: UUID
    customer_id: str
    company_code: str
    document: str
    document_line: int
    currency: str
    due_on: date | None
    open_amount: Decimal
    blocked: Decimal
    """What the ERP holds back from reminders, until it has let go; never more than is open."""
    requested: Decimal
    """What it was asked to hold back, and has not answered."""

    @property
    def collectible(self) -> Decimal:
        """The undisputed rest."""
        return self.open_amount - self.blocked


class Receivables(Protocol):
    """Where the mirrored invoices are asked."""

    def within(self, reach: Reach) -> Self:
        """The same answers about the companies within a reach.

        An invoice belongs to no team: whom teams limit sees none.
        """
        ...

    def unpaid(
        self, *, closing: date, known_at: datetime | None, companies: frozenset[str] | None
    ) -> tuple[Unpaid, ...]:
        """The invoices unpaid at the end of a day in UTC, by where they stand."""
        ...

    def sold(
        self,
        *,
        first: date,
        closing: date,
        known_at: datetime | None,
        companies: frozenset[str] | None,
    ) -> tuple[Sold, ...]:
        """What was invoiced from one day to another."""
        ...

    def dunning(
        self, *, company: str | None, after: UUID | None, limit: int
    ) -> tuple[Dunnable, ...]:
        """The invoice lines that are open now, by their identity, from behind one on."""
        ...


def late_payments(
    receivables: Receivables,
    *,
    first: date,
    closing: date,
    known_at: datetime | None,
    companies: frozenset[str] | None,
    stated: Mapping[str, Decimal],
) -> tuple[LatePayments, ...]:
    """The tables of a year; `stated` are sales by currency, of the one company that is asked for.

    Raises:
        SalesOfWhom: sales are stated and several companies are asked for.
    """
    if stated and (companies is None or len(companies) != 1):
        raise SalesOfWhom
    unpaid = receivables.unpaid(closing=closing, known_at=known_at, companies=companies)
    sold = receivables.sold(first=first, closing=closing, known_at=known_at, companies=companies)
    days = (closing - first).days + 1
    sales = {(each.company_code, each.currency): each.amount for each in sold}
    keys = sorted({*sales, *((each.company_code, each.currency) for each in unpaid)})
    return tuple(
        _table(
            company_code,
            currency,
            [u for u in unpaid if (u.company_code, u.currency) == (company_code, currency)],
            sales=stated.get(currency, sales.get((company_code, currency), _ZERO)),
            sales_stated=currency in stated,
            days=days,
        )
        for company_code, currency in keys
    )


def _table(
    company_code: str,
    currency: str,
    unpaid: Sequence[Unpaid],
    *,
    sales: Decimal,
    sales_stated: bool,
    days: int,
) -> LatePayments:
    def band(*standings: Standing) -> Band:
        alike = [each for each in unpaid if each.standing in standings]
        amount = sum((each.amount for each in alike), _ZERO)
        return Band(
            standing=standings[0],
            number=sum(each.number for each in alike),
            amount=amount,
            percentage=_divided(100 * amount, sales, unit=_PER_CENT),
        )

    owed = sum((each.amount for each in unpaid), _ZERO)
    disputed = sum((each.disputed for each in unpaid), _ZERO)
    return LatePayments(
        company_code=company_code,
        currency=currency,
        sales=sales,
        sales_stated=sales_stated,
        bands=tuple(band(standing) for standing in (Standing.ON_TIME, *LATE)),
        late=band(*LATE),
        disputed=band(Standing.DISPUTED),
        undated=band(Standing.UNDATED),
        not_due=band(Standing.NOT_DUE),
        dso=_divided(owed * days, sales, unit=_DAY_TENTH),
        dso_without_disputes=_divided((owed - disputed) * days, sales, unit=_DAY_TENTH),
    )


def _divided(amount: Decimal, by: Decimal, *, unit: Decimal) -> Decimal | None:
    return (amount / by).quantize(unit, ROUND_HALF_EVEN) if by else None
