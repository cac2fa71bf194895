"""An invoice is mirrored once; a disputed one is blocked from its date to its settlement."""

import csv
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application import disputes
from application.imports.circumstances import on_imported
from application.imports.report import ImportReport
from application.invoices import LineClaim, identify_invoice
from domain.blocks.block import PaymentBlock
from domain.blocks.events import BlockOrdered
from domain.blocks.lifecycle import Status as BlockStatus
from domain.disputes.dispute import Dispute
from domain.disputes.events import DisputeClosed, PaymentBlocked, PaymentReleased
from domain.disputes.lifecycle import Status
from domain.disputes.lines import Document
from domain.invoices.invoice import Invoice
from domain.money import UnknownCurrency
from infrastructure.event_store.cases import RecordedCases
from infrastructure.imports.importing import import_invoices
from tests.databases import Database
from tests.infrastructure.imports.import_examples import (
    StoppedClock,
    csv_of,
    facts,
    invoice,
    lines_of,
    open_cases,
    streams,
)

Write = Callable[[bytes | str], Path]
Original = Callable[[str], Path]

DOCUMENT = Document(system="import", company_code="391", number="0000611365")
INVOICED, SETTLED = date(2013, 1, 2), date(2013, 1, 15)


@pytest.fixture
def cases(database: Database) -> Iterator[RecordedCases]:
    with open_cases(database.application_url, schema=database.schema) as opened:
        yield opened


def imported(path: Path, cases: RecordedCases, *, rejects: Path | None = None) -> ImportReport:
    return import_invoices(path, currency="EUR", cases=cases, clock=StoppedClock(), rejects=rejects)


def told(write: Write, cases: RecordedCases, *rows: dict[str, str]) -> ImportReport:
    return imported(write(csv_of(rows)), cases)


def the_invoice(cases: RecordedCases) -> Invoice:
    return cases.load(Invoice, identify_invoice(DOCUMENT))


def the_dispute(cases: RecordedCases) -> Dispute:
    (dispute,) = (d for d in map(cases.find, streams(cases)) if isinstance(d, Dispute))
    return dispute


def the_block(cases: RecordedCases) -> PaymentBlock:
    (block,) = (b for b in map(cases.find, streams(cases)) if isinstance(b, PaymentBlock))
    return block


def test_an_undisputed_invoice_is_mirrored_and_cleared(write: Write, cases: RecordedCases) -> None:
    report = told(write, cases, invoice())

    assert report == ImportReport(
        read=1, accepted=1, already_known=0, rejected=0, complaints=0, disputes=0, events=2
    )
    assert facts(cases) == [
        ("invoice.mirrored", INVOICED, None),
        ("invoice.cleared", SETTLED, None),
    ]
    assert the_invoice(cases).open_amount == 0


def test_an_open_invoice_stays_open(write: Write, cases: RecordedCases) -> None:
    told(write, cases, invoice(SettledDate=""))

    assert the_invoice(cases).open_amount == Decimal("55.94")


def test_an_open_dispute_blocks_the_whole_invoice_from_its_date(
    write: Write, cases: RecordedCases
) -> None:
    report = told(write, cases, invoice(Disputed="Yes", SettledDate=""))

    dispute, block = the_dispute(cases), the_block(cases)
    assert report.disputes == 1
    assert dispute.status is Status.PAYMENT_BLOCKED
    assert block.status is BlockStatus.CONFIRMED
    assert block.order.amount == the_invoice(cases).disputed == Decimal("55.94")
    assert block.order.review_by == date(2013, 2, 1)
    assert {day for _, day, _ in facts(cases)} == {INVOICED}


def test_a_settled_dispute_released_its_payment_on_the_day_of_the_settlement(
    write: Write, cases: RecordedCases
) -> None:
    told(write, cases, invoice(Disputed="Yes"))

    # Whether the claim ends with the payment or with the release is the domain's to say.
    assert [fact for fact in facts(cases)[-7:] if fact[0] != "invoice.dispute_ended"] == [
        ("dispute.cleared_in_erp", SETTLED, None),
        ("block.release_requested", SETTLED, None),
        ("block.released", SETTLED, "block_not_stated"),
        ("dispute.payment_released", SETTLED, "block_not_stated"),
        ("dispute.closed", SETTLED, "root_cause_not_stated"),
        ("invoice.cleared", SETTLED, None),
    ]
    dispute = the_dispute(cases)
    (account,) = dispute.accounts.values()
    assert dispute.status is Status.CLOSED
    assert account.paid == Decimal("55.94")
    assert the_block(cases).status is BlockStatus.RELEASED
    assert the_invoice(cases).disputed == the_invoice(cases).open_amount == 0
    (closed,) = (r.event for r in cases.everything() if isinstance(r.event, DisputeClosed))
    assert closed.root_cause == "none_found"


def test_a_dispute_settled_on_the_day_of_the_invoice_is_taken_in(
    write: Write, cases: RecordedCases
) -> None:
    told(write, cases, invoice(Disputed="Yes", SettledDate="1/2/2013"))

    assert the_dispute(cases).status is Status.CLOSED
    assert {day for _, day, _ in facts(cases)} == {INVOICED}


def test_a_block_is_never_reviewed_before_it_begins(write: Write, cases: RecordedCases) -> None:
    told(write, cases, invoice(Disputed="Yes", DueDate="1/1/2013"))

    assert the_block(cases).order.review_by == INVOICED


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (invoice(SettledDate=""), invoice()),
        (invoice(SettledDate=""), invoice(SettledDate="", Disputed="Yes")),
        (invoice(SettledDate="", Disputed="Yes"), invoice(Disputed="Yes")),
        (invoice(SettledDate=""), invoice(Disputed="Yes")),
    ],
)
def test_a_later_export_adds_what_is_missing_and_no_more(
    write: Write,
    cases: RecordedCases,
    earlier: dict[str, str],
    later: dict[str, str],
) -> None:
    told(write, cases, earlier)

    report = told(write, cases, later)

    assert (report.accepted, report.events > 0) == (1, True)
    assert told(write, cases, later).already_known == 1
    assert told(write, cases, earlier).already_known == 1
    grown = the_invoice(cases)
    settled = bool(later["SettledDate"])
    assert grown.open_amount == (0 if settled else Decimal("55.94"))
    assert bool(grown.claims) is (later["Disputed"] == "Yes" and not settled)


def test_a_settlement_releases_a_dispute_that_the_later_export_no_longer_mentions(
    write: Write, cases: RecordedCases
) -> None:
    told(write, cases, invoice(SettledDate="", Disputed="Yes"))

    told(write, cases, invoice(Disputed="No"))

    assert the_dispute(cases).status is Status.CLOSED
    assert the_invoice(cases).open_amount == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"InvoiceAmount": "55.95"}, "amount 55.94, not 55.95"),
        ({"customerID": "0379-OTHER"}, "customer 0379-NEVHP, not 0379-OTHER"),
        ({"InvoiceDate": "1/3/2013"}, "date 2013-01-02, not 2013-01-03"),
        ({"DueDate": "2/2/2013"}, "due date 2013-02-01, not 2013-02-02"),
        ({"Disputed": "Yes"}, "is open and 0 of it is disputed already"),
    ],
)
def test_a_row_that_contradicts_the_invoice_is_rejected_with_the_reason(
    write: Write, cases: RecordedCases, tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    rejects = tmp_path / "rejects.csv"
    rows = [invoice(), invoice() | change, invoice(invoiceNumber="2")]

    report = imported(write(csv_of(rows)), cases, rejects=rejects)

    assert (report.accepted, report.rejected) == (2, 1)
    assert lines_of(rejects) == ["3"]
    assert reason in rejects.read_text(encoding="utf-8")


def test_an_invoice_that_a_person_disputes_is_not_cleared_behind_their_back(
    write: Write, cases: RecordedCases
) -> None:
    told(write, cases, invoice(SettledDate=""))
    dispute_id = uuid4()
    disputes.open_directly(
        on_imported(dispute_id, on=INVOICED, correlation_id=dispute_id),
        customer_id="0379-NEVHP",
        reason_code="short_delivery",
        requested_action=None,
        lines=[
            LineClaim(
                line_id=uuid4(),
                document=DOCUMENT,
                open_amount=Decimal("55.94"),
                amount=Decimal(10),
                currency="EUR",
                reason_code="short_delivery",
            ),
        ],
        cases=cases,
    )

    report = told(write, cases, invoice())

    assert (report.rejected, report.events) == (1, 0)


def test_a_currency_that_does_not_exist_is_refused_at_once(
    write: Write, cases: RecordedCases
) -> None:
    path = write(csv_of([invoice()]))

    with pytest.raises(UnknownCurrency):
        import_invoices(path, currency="EURO", cases=cases, clock=StoppedClock())


def test_a_second_import_adds_nothing(original: Original, cases: RecordedCases) -> None:
    path = original("b2b-invoices-disputed/invoices.csv")

    first = imported(path, cases)
    second = imported(path, cases)

    assert (first.read, first.accepted, first.rejected) == (1_494, 1_494, 0)
    assert (first.complaints, first.disputes) == (0, 298)
    assert (second.already_known, second.accepted, second.events) == (1_494, 0, 0)


def test_the_blocked_amount_of_every_day_is_that_of_the_file(
    original: Original, cases: RecordedCases
) -> None:
    path = original("b2b-invoices-disputed/invoices.csv")

    imported(path, cases)

    blocked, expected = _blocked_by_block(cases), _disputed_in(path)
    for day in (date(2012, 2, 1), date(2012, 12, 31), date(2013, 6, 30), date(2014, 1, 1)):
        assert _on(day, blocked) == _on(day, expected)
    assert _on(date(2013, 6, 30), blocked) > 0


Spell = tuple[date, date, Decimal]


def _on(day: date, spells: list[Spell]) -> Decimal:
    return sum((amount for begin, end, amount in spells if begin <= day < end), Decimal(0))


def _blocked_by_block(cases: RecordedCases) -> list[Spell]:
    amounts: dict[UUID, Decimal] = {}
    begins: dict[UUID, datetime] = {}
    spells: list[Spell] = []
    for recorded in cases.everything():
        match recorded.event:
            case BlockOrdered(amount=amount):
                amounts[recorded.stream_id] = amount
            case PaymentBlocked(block_id=block_id):
                begins[block_id] = recorded.envelope.occurred_at
            case PaymentReleased(block_id=UUID() as block_id):
                begin, end = begins[block_id].date(), recorded.envelope.occurred_at.date()
                spells.append((begin, end, amounts[block_id]))
            case _:
                pass
    return spells


def _disputed_in(path: Path) -> list[Spell]:
    def day(text: str) -> date:
        month, day_of_month, year = map(int, text.split("/"))
        return date(year, month, day_of_month)

    with path.open(encoding="utf-8", newline="") as file:
        return [
            (day(row["InvoiceDate"]), day(row["SettledDate"]), Decimal(row["InvoiceAmount"]))
            for row in csv.DictReader(file)
            if row["Disputed"] == "Yes"
        ]
