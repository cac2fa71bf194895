"""What customers owe at the end of a year: by how late it is, with what is disputed apart."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest

from application.receivables import LatePayments, SalesOfWhom, late_payments
from domain.event import Event
from domain.invoices import events
from infrastructure.read_models.owed import PostgresReceivables
from infrastructure.read_models.receivables import RECEIVABLES
from tests import examples as an
from tests.databases import Database
from tests.infrastructure.read_models.histories import Fact, write_history
from tests.infrastructure.read_models.office import Office

FIRST: Final = date(2027, 1, 1)
CLOSING: Final = date(2027, 3, 31)
JANUARY: Final = date(2027, 1, 10)


def at(day: date) -> datetime:
    return datetime.combine(day, an.MONDAY.timetz())


def fact(number: int, event: Event, happened: date, recorded: date) -> Fact:
    envelope = an.envelope(occurred_at=at(happened))
    return Fact(an.numbered(0x900 + number), event, envelope, at(recorded))


def invoice(number: int, *, days_late: int | None, amount: str = "100.00") -> Fact:
    """An invoice of January whose term lies so many days before the closing."""
    due_on = None if days_late is None else CLOSING - timedelta(days=days_late)
    mirrored = an.mirrored(
        document=an.document(number=str(number)),
        open_amount=Decimal(amount),
        invoiced_on=JANUARY,
        due_on=due_on,
    )
    return fact(number, mirrored, JANUARY, JANUARY)


def table(
    office: Office, database: Database, facts: list[Fact], *, known_at: datetime | None = None
) -> LatePayments:
    write_history(database, sorted(facts, key=lambda told: told.recorded_at))
    office.project(RECEIVABLES)
    return tables(office, known_at=known_at)[0]


def tables(
    office: Office,
    *,
    known_at: datetime | None = None,
    companies: frozenset[str] | None = None,
    stated: dict[str, Decimal] | None = None,
) -> tuple[LatePayments, ...]:
    return late_payments(
        PostgresReceivables(office.pool),
        first=FIRST,
        closing=CLOSING,
        known_at=known_at,
        companies=companies,
        stated=stated or {},
    )


@pytest.mark.parametrize(
    ("days", "standing"),
    [
        (0, "0"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91+"),
    ],
)
def test_an_unpaid_invoice_stands_in_the_band_of_its_days(
    days: int, standing: str, office: Office, database: Database
) -> None:
    told = table(office, database, [invoice(1, days_late=days)])
    (band,) = [band for band in told.bands if band.number]

    assert (band.standing, band.amount, band.percentage) == (standing, Decimal(100), Decimal(100))
    assert told.late.number == (0 if standing == "0" else 1)


def test_what_is_not_due_and_what_has_no_term_is_in_no_band(
    office: Office, database: Database
) -> None:
    told = table(office, database, [invoice(1, days_late=-1), invoice(2, days_late=None)])

    assert (told.late.number, told.not_due.number, told.undated.number) == (0, 1, 1)


def test_a_disputed_invoice_stands_apart_whole_until_its_dispute_ends(
    office: Office, database: Database
) -> None:
    disputed = events.InvoiceDisputed(dispute_id=an.DISPUTE_ID, amount=Decimal(40))
    ended = events.InvoiceDisputeEnded(dispute_id=an.DISPUTE_ID)
    facts = [
        *(invoice(number, days_late=45) for number in (1, 2, 3)),
        fact(1, disputed, date(2027, 2, 1), date(2027, 2, 1)),
        fact(2, disputed, date(2027, 2, 1), date(2027, 2, 1)),
        fact(2, ended, date(2027, 3, 1), date(2027, 3, 1)),
    ]
    told = table(office, database, facts)

    assert (told.disputed.number, told.disputed.amount) == (1, Decimal(100))
    assert (told.late.number, told.late.amount) == (2, Decimal(200))
    assert told.late.percentage == Decimal("66.67")
    assert (told.dso, told.dso_without_disputes) == (Decimal("90.0"), Decimal("78.0"))


def test_what_is_paid_is_not_owed_and_a_reset_clearing_is_owed_again(
    office: Office, database: Database
) -> None:
    cleared = events.InvoiceCleared(amount=Decimal(100))
    reset = events.InvoiceClearingReset(amount=Decimal(25))
    facts = [
        *(invoice(number, days_late=5) for number in (1, 2)),
        fact(1, cleared, date(2027, 2, 1), date(2027, 2, 1)),
        fact(2, cleared, date(2027, 2, 1), date(2027, 2, 1)),
        fact(2, reset, date(2027, 3, 1), date(2027, 3, 1)),
    ]

    told = table(office, database, facts)

    assert (told.late.number, told.late.amount, told.sales) == (1, Decimal(25), Decimal(200))


def test_a_payment_that_was_not_known_yet_was_owed_as_far_as_we_knew(
    office: Office, database: Database
) -> None:
    cleared = events.InvoiceCleared(amount=Decimal(100))
    late = fact(1, cleared, date(2027, 3, 30), date(2027, 4, 5))
    facts = [invoice(1, days_late=5), late]

    assert table(office, database, facts).late.number == 0
    assert tables(office, known_at=at(CLOSING))[0].late.number == 1


def test_stated_sales_are_those_of_one_company(office: Office, database: Database) -> None:
    table(office, database, [invoice(1, days_late=5)])
    ours = frozenset({"FR01"})
    (told,) = tables(office, companies=ours, stated={"EUR": Decimal(1000)})

    assert (told.late.percentage, told.sales_stated) == (Decimal(10), True)
    assert tables(office, companies=frozenset({"FR02"})) == ()
    with pytest.raises(SalesOfWhom):
        tables(office, stated={"EUR": Decimal(1000)})


def test_without_sales_there_is_no_percentage(office: Office, database: Database) -> None:
    before = an.mirrored(invoiced_on=FIRST - timedelta(days=40), due_on=FIRST)
    told = table(office, database, [fact(1, before, JANUARY, JANUARY)])

    assert (told.late.number, told.late.percentage, told.dso) == (1, None, None)
