"""The figures over real files are those that the files themselves give, reckoned plainly."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import pytest

from application.exposures import ExposureGroup
from application.receivables import LATE, Band, late_payments
from domain.disputes import events
from domain.event import Event
from infrastructure.imports.importing import import_invoices
from infrastructure.read_models.owed import PostgresReceivables
from tests import examples as an
from tests.databases import Database
from tests.infrastructure.imports.import_examples import StoppedClock
from tests.infrastructure.read_models.histories import Fact, write_history
from tests.infrastructure.read_models.office import Office, Pool

Original = Callable[[str], Path]

DAYS: Final = [date(year, month, 15) for year in (2012, 2013) for month in range(1, 13)]


class Invoice(NamedTuple):
    """A row of the file."""

    company: str
    customer: str
    amount: Decimal
    disputed: bool
    invoiced: date
    due: date
    settled: date


def invoices_in(path: Path) -> list[Invoice]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            Invoice(
                company=row["countryCode"],
                customer=row["customerID"],
                amount=Decimal(row["InvoiceAmount"]),
                disputed=row["Disputed"] == "Yes",
                invoiced=day(row["InvoiceDate"]),
                due=day(row["DueDate"]),
                settled=day(row["SettledDate"]),
            )
            for row in csv.DictReader(file)
        ]


def day(text: str) -> date:
    month, number, year = map(int, text.split("/"))
    return date(year, month, number)


def end_of(on: date) -> datetime:
    return datetime.combine(on, time.max, UTC)


@pytest.fixture
def office(pool: Pool) -> Office:
    return Office.open(pool)


def test_the_invoices_file_gives_its_own_figures(original: Original, office: Office) -> None:
    path = original("b2b-invoices-disputed/invoices.csv")
    import_invoices(path, currency="EUR", cases=office.cases, clock=StoppedClock(), rejects=None)
    office.project()
    invoices = invoices_in(path)
    for on in DAYS:
        for by, of in ((ExposureGroup.CUSTOMER, "customer"), (ExposureGroup.COMPANY, "company")):
            blocked: defaultdict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
            for row in invoices:
                if row.disputed and row.invoiced <= on < row.settled:
                    blocked["EUR", getattr(row, of)] += row.amount
            found = office.exposures.exposure(valid_at=end_of(on), known_at=None, by=by)
            assert {(e.currency, e.group): e.amount for e in found if e.amount} == blocked
    for closing in (date(2012, 12, 31), date(2013, 6, 30)):
        check_late_payments(office, invoices, closing)


def check_late_payments(office: Office, invoices: list[Invoice], closing: date) -> None:
    first = date(closing.year, 1, 1)
    tables = late_payments(
        PostgresReceivables(office.pool),
        first=first,
        closing=closing,
        known_at=None,
        companies=None,
        stated={},
    )
    assert tables
    for table in tables:
        ours = [row for row in invoices if row.company == table.company_code]
        owed = [row for row in ours if row.invoiced <= closing < row.settled]
        apart = [row for row in owed if row.disputed]
        assert told(table.disputed) == summed(apart)
        for band in table.bands:
            first_day, last = limits(band)
            alike = [row for row in owed if not row.disputed]
            alike = [row for row in alike if first_day <= (closing - row.due).days <= last]
            assert told(band) == summed(alike)
        assert table.late.number == sum(b.number for b in table.bands if b.standing in LATE)
        assert table.sales == sum(row.amount for row in ours if first <= row.invoiced <= closing)


def told(band: Band) -> tuple[int, Decimal]:
    return band.number, band.amount


def summed(rows: list[Invoice]) -> tuple[int, Decimal]:
    return len(rows), sum((row.amount for row in rows), Decimal(0))


def limits(band: Band) -> tuple[int, int]:
    """The first and the last day of a band."""
    days = str(band.standing).removesuffix("+").split("-")
    return int(days[0]), 10**6 if band.standing == "91+" else int(days[-1])


class Change(NamedTuple):
    """An invoice is blocked, or no longer, from an instant on."""

    invoice: str
    at: datetime
    blocked: bool


def changes_in(path: Path) -> list[Change]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return [
        Change(thing["id"], datetime.fromisoformat(change["time"]), change["value"] == "Yes")
        for thing in document["objects"]
        if thing["type"] == "Invoice"
        for change in thing["attributes"]
        if change["name"] == "is_blocked"
    ]


def test_the_invoices_of_the_ocel_example_are_blocked_when_it_says_so(
    original: Original, office: Office, database: Database
) -> None:
    changes = changes_in(original("ocel2/ocel20_example.jsonocel"))
    write_history(database, list(as_history(changes)))
    office.project()
    seen = set[int]()
    for instant in {change.at for change in changes}:
        stands = {c.invoice: c.blocked for c in sorted(changes, key=at_of) if c.at <= instant}
        found = office.exposures.exposure(valid_at=instant, known_at=None, by=None)
        assert sum(e.lines for e in found) == sum(stands.values())
        seen.add(sum(stands.values()))
    assert seen == {0, 1}


def at_of(change: Change) -> datetime:
    return change.at


def as_history(changes: list[Change]) -> Iterator[Fact]:
    """A dispute over 1.00 EUR for each invoice: the example tells no amounts."""
    names = sorted({change.invoice for change in changes})
    both = {name: {"line_id": line_of(name), "block_id": block_of(name)} for name in names}
    earliest = min(change.at for change in changes)
    for name in names:
        line = an.line(line_id=line_of(name), amount=Decimal(1), vat=Decimal(0))
        opened = an.opened(complaint_id=None, lines=(line,))
        yield fact(dispute_of(name), opened, earliest)
        ordered = an.ordered(dispute_id=dispute_of(name), line_id=line_of(name), amount=Decimal(1))
        yield fact(block_of(name), ordered, earliest)
    for change in sorted(changes, key=at_of):
        event = events.PaymentBlocked if change.blocked else events.PaymentReleased
        if change.at > earliest:
            yield fact(dispute_of(change.invoice), event(**both[change.invoice]), change.at)


def fact(
    stream_id: UUID,
    event: Event,
    at: datetime,
) -> Fact:
    return Fact(stream_id, event, an.envelope(occurred_at=at), at)


def dispute_of(name: str) -> UUID:
    return an.numbered(0xD000 + int(name[1:]))


def line_of(name: str) -> UUID:
    return an.numbered(0x1000 + int(name[1:]))


def block_of(name: str) -> UUID:
    return an.numbered(0xB000 + int(name[1:]))
