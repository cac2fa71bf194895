"""Tables as files: what a spreadsheet opens is what was written, and nothing of it is a formula."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from io import BytesIO, StringIO
from typing import Any, Final

import pytest

from application.exports import Cell, Column, FileFormat, Kind, Sheet
from infrastructure.exports.csv_files import neutralised
from infrastructure.exports.files import FileExports
from tests.spreadsheets import book_of, rows_of

parquet: Final[Any] = import_module("pyarrow.parquet")  # Any: it ships no types

COLUMNS: Final = (
    Column("customer", "client"),
    Column("amount", "montant", Kind.AMOUNT),
    Column("lines", "lignes", Kind.NUMBER),
    Column("invoiced_on", "facturé le", Kind.DAY),
    Column("blocked_since", "bloqué depuis", Kind.INSTANT),
)
AT: Final = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
ROW: Final = ('Café; «Été», "Sud"', Decimal("-1234.50"), 3, date(2027, 2, 1), AT)

DANGEROUS: Final = ("=1+1", "+33 1", "-2", "@SUM(A1)", "\tx", "\rx", "\n=x", "\uff1d1+1")


def sheet(*rows: tuple[Cell, ...]) -> Sheet:
    return Sheet(name="blocked_lines", columns=COLUMNS, rows=rows)


def written(told: Sheet, file_format: FileFormat) -> bytes:
    return b"".join(FileExports().write(told, file_format=file_format))


def test_csv_is_what_rfc_4180_says() -> None:
    text = written(sheet(ROW), FileFormat.CSV).decode()

    assert text.endswith("\r\n")
    assert list(csv.reader(StringIO(text, newline=""))) == [
        ["customer", "amount", "lines", "invoiced_on", "blocked_since"],
        [ROW[0], "-1234.50", "3", "2027-02-01", "2027-03-01T09:30:00Z"],
    ]


def test_french_csv_is_what_a_french_excel_opens() -> None:
    content = written(sheet(ROW), FileFormat.CSV_FR)

    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")) == [
        ["client", "montant", "lignes", "facturé le", "bloqué depuis"],
        [ROW[0], "-1234,50", "3", "01/02/2027", "01/03/2027 09:30:00"],
    ]


@pytest.mark.parametrize("text", DANGEROUS)
@pytest.mark.parametrize("file_format", [FileFormat.CSV, FileFormat.CSV_FR])
def test_no_text_of_a_csv_file_begins_a_formula(text: str, file_format: FileFormat) -> None:
    content = written(sheet((text, *ROW[1:])), file_format).decode("utf-8-sig")
    delimiter = ";" if file_format is FileFormat.CSV_FR else ","
    _, (cell, amount, *_) = csv.reader(StringIO(content, newline=""), delimiter=delimiter)

    assert cell == "'" + text
    assert amount[0] == "-", "a negative number is no text"


def test_harmless_text_stays_as_it_is() -> None:
    assert neutralised("Café = Été") == "Café = Été"


def test_xlsx_holds_real_numbers_and_dates() -> None:
    _, row = rows_of(written(sheet(ROW), FileFormat.XLSX))
    customer, amount, lines, invoiced_on, since = row

    assert (customer, amount, lines) == (ROW[0], -1234.5, 3)
    assert (invoiced_on, since) == (datetime(2027, 2, 1), datetime(2027, 3, 1, 9, 30))  # noqa: DTZ001 - a spreadsheet knows no zones


@pytest.mark.parametrize("text", [*DANGEROUS, "https://example.org", "0042", "{=1+1}"])
def test_text_stays_text_in_xlsx(text: str) -> None:
    book = book_of(written(sheet((text, *ROW[1:])), FileFormat.XLSX))
    cell = book.worksheets[0]["A2"]

    assert cell.data_type == "s"
    assert cell.hyperlink is None


def test_an_amount_with_more_digits_than_a_spreadsheet_keeps_stays_text_to_the_cent() -> None:
    amount = Decimal("12345678901234567.89")
    _, row = rows_of(written(sheet((ROW[0], amount, *ROW[2:])), FileFormat.XLSX))

    assert row[1] == str(amount)


def test_parquet_keeps_amounts_exact_and_instants_in_utc() -> None:
    content = written(sheet(ROW, (None,) * 5), FileFormat.PARQUET)
    read = parquet.read_table(BytesIO(content)).to_pylist()

    assert read[0] == dict(zip((column.name for column in COLUMNS), ROW, strict=True))
    assert set(read[1].values()) == {None}


def test_csv_leaves_before_its_last_row_is_read() -> None:
    taken: list[int] = []

    def rows() -> Iterator[tuple[Cell, ...]]:
        for number in range(10_000):
            taken.append(number)
            yield ROW

    told = Sheet(name="long", columns=COLUMNS, rows=rows())
    pieces = FileExports().write(told, file_format=FileFormat.CSV)
    next(pieces)
    next(pieces)

    assert 0 < len(taken) < 10_000
