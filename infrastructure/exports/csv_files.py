"""CSV: RFC 4180, and as a French Excel opens it. No cell is ever taken for a formula."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from typing import Final

from application.exports import Cell, Sheet

ROWS_AT_ONCE: Final = 500

_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""The last four are the wide forms of the first four, which spreadsheets in Asia take too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How cells are written and told apart."""

    separator: str
    point: str
    day: str
    instant: str
    mark: str = ""
    """What the file begins with."""
    in_french: bool = False


RFC_4180: Final = Dialect(separator=",", point=".", day="%Y-%m-%d", instant="%Y-%m-%dT%H:%M:%SZ")
FRENCH: Final = Dialect(
    separator=";",
    point=",",
    day="%d/%m/%Y",
    instant="%d/%m/%Y %H:%M:%S",
    mark="\ufeff",
    in_french=True,
)


def write_csv(sheet: Sheet, *, dialect: Dialect) -> Iterator[bytes]:
    """The file, some hundred rows at a time."""
    titles = [column.french if dialect.in_french else column.name for column in sheet.columns]
    yield (dialect.mark + _lines([titles], dialect)).encode()
    rows = iter(sheet.rows)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        cells = [[_text(cell, dialect) for cell in row] for row in some]
        yield _lines(cells, dialect).encode()


def neutralised(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe stands before what begins one."""
    return "'" + text if text.startswith(_BEGINS_A_FORMULA) else text


def _lines(rows: list[list[str]], dialect: Dialect) -> str:
    written = StringIO(newline="")
    csv.writer(written, delimiter=dialect.separator, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def _text(cell: Cell, dialect: Dialect) -> str:
    match cell:
        case None:
            return ""
        case str():
            return neutralised(cell)
        case Decimal():
            return format(cell, "f").replace(".", dialect.point)
        case datetime():
            return cell.astimezone(UTC).strftime(dialect.instant)
        case date():
            return cell.strftime(dialect.day)
        case int():
            return str(cell)
