"""Tables that leave the house as files: typed cells in, bytes out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from application.errors import ApplicationError

Cell = str | Decimal | int | date | datetime | None


class FileFormat(StrEnum):
    """In which form a table leaves."""

    CSV = "csv"
    """RFC 4180, UTF-8."""
    CSV_FR = "csv-fr"
    """As a French Excel opens it: semicolons, decimal commas, a byte order mark."""
    XLSX = "xlsx"
    PARQUET = "parquet"

    @property
    def ending(self) -> str:
        """How the names of such files end."""
        return self.value.partition("-")[0]


class FormatUnavailable(ApplicationError):
    """What writes this form is not installed."""

    def __init__(self, file_format: FileFormat, *, extra: str) -> None:
        super().__init__(f"{file_format} needs what recours[{extra}] installs")
        self.file_format = file_format


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    AMOUNT = "amount"
    NUMBER = "number"
    DAY = "day"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its French title, and what it holds."""

    name: str
    french: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with a name; its rows are taken once, one after the other."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]


class Exports(Protocol):
    """What writes tables as files."""

    def write(self, sheet: Sheet, *, file_format: FileFormat) -> Iterator[bytes]:
        """The file, piece by piece, in memory that does not grow with it.

        Raises:
            FormatUnavailable: at once, when what writes it is not installed.
        """
        ...
