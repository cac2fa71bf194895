"""XLSX with real numbers and dates, in memory that does not grow with the rows."""

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import IO, Any, Final, TypeAlias

from application.exports import Cell, Kind, Sheet

xlsxwriter: Any = import_module("xlsxwriter")  # Any: it ships no marker of types
_Book: TypeAlias = Any  # the same
_Page: TypeAlias = Any  # the same
_Look: TypeAlias = Any  # the same

MOST_ROWS: Final = 1_048_575
"""Rows of a worksheet below its titles; what is more goes on the next one."""

MOST_DIGITS: Final = 15
"""Digits that a spreadsheet's number keeps; a longer amount stays text, to the cent."""

_FORMATS: Final = {
    Kind.DAY: "yyyy-mm-dd",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
    Kind.NUMBER: "0",
}
_WIDTHS: Final = {Kind.TEXT: 20, Kind.AMOUNT: 16, Kind.NUMBER: 8, Kind.DAY: 12, Kind.INSTANT: 20}


def write_xlsx(sheet: Sheet, *, into: IO[bytes]) -> None:
    """Write the whole file."""
    with xlsxwriter.Workbook(into, {"constant_memory": True}) as book:
        _Writer(book, sheet).write()


class _Writer:
    def __init__(self, book: _Book, sheet: Sheet) -> None:
        self._book = book
        self._sheet = sheet
        self._bold: _Look = book.add_format({"bold": True})
        self._formats: dict[Kind, _Look] = {
            kind: book.add_format({"num_format": shown}) for kind, shown in _FORMATS.items()
        }
        self._amounts: dict[int, _Look] = {}

    def write(self) -> None:
        page, place = self._page(1), 0
        for number, row in enumerate(self._sheet.rows):
            place = number % MOST_ROWS
            if number and not place:
                page = self._page(1 + number // MOST_ROWS)
            for column, cell in enumerate(row):
                self._cell(page, place + 1, column, cell)

    def _page(self, number: int) -> _Page:
        name = self._sheet.name[:28] if number == 1 else f"{self._sheet.name[:28]} {number}"
        page: _Page = self._book.add_worksheet(name)
        page.freeze_panes(1, 0)
        for place, column in enumerate(self._sheet.columns):
            page.set_column(place, place, _WIDTHS[column.kind])
            page.write_string(0, place, column.name, self._bold)
        return page

    def _cell(self, page: _Page, row: int, column: int, cell: Cell) -> None:
        # Never `write`, which makes formulas and links of texts that look like them.
        match cell:
            case None:
                pass
            case str():
                page.write_string(row, column, cell)
            case Decimal() if len(cell.as_tuple().digits) > MOST_DIGITS:
                page.write_string(row, column, format(cell, "f"))
            case Decimal():
                page.write_number(row, column, float(cell), self._amount(cell))
            case datetime():
                plain = cell.astimezone(UTC).replace(tzinfo=None)
                page.write_datetime(row, column, plain, self._formats[Kind.INSTANT])
            case date():
                page.write_datetime(row, column, cell, self._formats[Kind.DAY])
            case int():
                page.write_number(row, column, cell, self._formats[Kind.NUMBER])

    def _amount(self, amount: Decimal) -> _Look:
        exponent = amount.as_tuple().exponent
        places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        if places not in self._amounts:
            shown = "#,##0" + ("." + "0" * places if places else "")
            self._amounts[places] = self._book.add_format({"num_format": shown})
        return self._amounts[places]
