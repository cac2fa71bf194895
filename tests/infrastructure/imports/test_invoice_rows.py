"""An invoice is read exactly, or is rejected with a reason."""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infrastructure.imports.columns import UnknownHeader
from infrastructure.imports.files import open_table
from infrastructure.imports.invoices import InvoiceRow, read_invoices
from infrastructure.imports.rejects import RejectedRow

Write = Callable[[bytes | str], Path]
Original = Callable[[str], Path]

TODAY = date(2026, 1, 31)
GOOD = {
    "countryCode": "391",
    "customerID": "0379-NEVHP",
    "invoiceNumber": "0000611365",
    "InvoiceDate": "1/2/2013",
    "DueDate": "2/1/2013",
    "InvoiceAmount": "55.9",
    "Disputed": "No",
    "SettledDate": "1/15/2013",
}


def rows_of(path: Path, *, exponent: int = 2) -> list[InvoiceRow | RejectedRow]:
    with open_table(path) as table:
        return list(read_invoices(table, currency="EUR", exponent=exponent, today=TODAY))


def csv_of(*rows: dict[str, str]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def one(write: Write, *, exponent: int = 2, **values: str) -> InvoiceRow | RejectedRow:
    return read_one(write, GOOD | values, exponent=exponent)


def read_one(
    write: Write, values: dict[str, str], *, exponent: int = 2
) -> InvoiceRow | RejectedRow:
    (row,) = rows_of(write(csv_of(values)), exponent=exponent)
    return row


def taken(row: InvoiceRow | RejectedRow) -> InvoiceRow:
    assert isinstance(row, InvoiceRow)
    return row


def reason(row: InvoiceRow | RejectedRow) -> str:
    assert isinstance(row, RejectedRow)
    return row.reason


def test_an_invoice_is_read_whole(write: Write) -> None:
    row = taken(one(write))
    assert row == InvoiceRow(
        line=2,
        key="invoice:0379-NEVHP:0000611365",
        content=row.content,
        country_code="391",
        customer_id="0379-NEVHP",
        number="0000611365",
        invoiced_on=date(2013, 1, 2),
        due_on=date(2013, 2, 1),
        amount=Decimal("55.90"),
        disputed=False,
        settled_on=date(2013, 1, 15),
    )


@pytest.mark.parametrize("rename", [str.upper, str.lower, "_{}".format, " {} ".format])
def test_a_header_may_be_spelled_freely_and_have_more_columns(
    write: Write, rename: Callable[[str], str]
) -> None:
    row = {rename(name): value for name, value in GOOD.items()} | {"PaperlessBill": "Paper"}
    (read,) = rows_of(write(csv_of(row)))
    assert read == taken(one(write))


@pytest.mark.parametrize("missing", GOOD)
def test_a_file_without_a_needed_column_is_refused(write: Write, missing: str) -> None:
    header = ",".join(name for name in GOOD if name != missing)
    with (
        open_table(write(f"{header}\n")) as table,
        pytest.raises(UnknownHeader, match=f"no column for {missing}"),
    ):
        read_invoices(table, currency="EUR", exponent=2, today=TODAY)


@pytest.mark.parametrize("missing", [name for name in GOOD if name != "SettledDate"])
def test_an_invoice_without_a_needed_value_is_rejected(write: Write, missing: str) -> None:
    assert reason(read_one(write, GOOD | {missing: " "})).startswith(f"{missing} is")


@pytest.mark.parametrize("disputed", ["Yes", "yes", "YES "])
def test_a_disputed_invoice_without_settlement_is_still_open(write: Write, disputed: str) -> None:
    row = taken(one(write, Disputed=disputed, SettledDate=""))
    assert (row.disputed, row.settled_on) == (True, None)


def test_nothing_is_settled_before_it_is_invoiced(write: Write) -> None:
    assert taken(one(write, SettledDate="1/2/2013")).settled_on == date(2013, 1, 2)
    assert reason(one(write, SettledDate="1/1/2013")) == (
        "SettledDate 2013-01-01 lies before InvoiceDate 2013-01-02"
    )


@pytest.mark.parametrize("column", ["InvoiceDate", "SettledDate"])
def test_what_has_not_happened_yet_is_rejected(write: Write, column: str) -> None:
    assert "lies after 2026-01-31" in reason(read_one(write, GOOD | {column: "2/1/2026"}))


def test_an_invoice_may_be_due_in_the_future(write: Write) -> None:
    assert taken(one(write, DueDate="12/31/2026")).due_on == date(2026, 12, 31)


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "0.00",
        "-5",
        "+5",
        "NaN",
        "inf",
        "1e999",
        "1e2",
        "5\uff15",
        "1,000.00",
        "55,9",
        "$5",
        ".5",
    ],
)
def test_what_is_no_plain_positive_amount_is_rejected(write: Write, amount: str) -> None:
    assert reason(one(write, InvoiceAmount=amount)).startswith("InvoiceAmount is")


@pytest.mark.parametrize(
    ("amount", "exponent"), [("55.941", 2), ("55.940", 2), ("94.0", 0), ("1.0001", 3)]
)
def test_an_amount_finer_than_its_currency_is_rejected(
    write: Write, amount: str, exponent: int
) -> None:
    row = one(write, exponent=exponent, InvoiceAmount=amount)
    assert f"has more than the {exponent} decimals of EUR" in reason(row)


def test_an_amount_longer_than_any_ledger_holds_is_rejected(write: Write) -> None:
    assert taken(one(write, InvoiceAmount="9" * 16)).amount == Decimal("9" * 16)
    assert "has more than 18 digits" in reason(one(write, InvoiceAmount="9" * 17))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    units=st.integers(min_value=1, max_value=10**18 - 1),
    exponent=st.sampled_from([0, 2, 3, 4]),
)
def test_every_amount_of_a_currency_comes_back_exactly(
    write: Write, units: int, exponent: int
) -> None:
    amount = Decimal(units).scaleb(-exponent)
    row = taken(one(write, exponent=exponent, InvoiceAmount=f"{amount:f}"))
    assert row.amount == amount
    assert row.amount.as_tuple().exponent == -exponent


def test_one_key_with_two_contents_can_be_told_from_a_repetition(write: Write) -> None:
    rows = rows_of(
        write(csv_of(GOOD, GOOD | {"InvoiceAmount": "55.90"}, GOOD | {"Disputed": "Yes"}))
    )
    first, again, other = map(taken, rows)
    assert first.key == again.key == other.key
    assert first.content == again.content != other.content


def test_the_original_is_read_without_a_reject(original: Original) -> None:
    rows = [taken(row) for row in rows_of(original("b2b-invoices-disputed/invoices.csv"))]
    assert len(rows) == len({row.key for row in rows}) == 1_494
    assert sum(row.disputed for row in rows) == 298
    assert all(len(row.number) == 10 or not row.number.startswith("0") for row in rows)
