"""Rates from a file: CSV of currency, rate and date, with a header."""

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from application.errors import ApplicationError
from domain.rates import Rate, Rates


class RatesUnreadable(ApplicationError):
    """The file does not state rates."""

    def __init__(self, path: Path, *, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}; write for example USD,0.92,2027-03-01")


def read_rates(path: Path | None, *, into: str) -> Rates:
    """Read the file, or take no rates at all where there is none.

    Raises:
        RatesUnreadable: a line of it is no rate.
        RateTwice, UnknownCurrency: its rates cannot stand together.
    """
    if path is None:
        return Rates.of((), into=into)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        next(lines, None)
        stated = [_rate(path, lines.line_num, cells) for cells in lines if cells]
    return Rates.of(stated, into=into)


def _rate(path: Path, line: int, cells: list[str]) -> Rate:
    try:
        currency, rate, on = (cell.strip() for cell in cells)
        worth = Decimal(rate)
        if not (worth.is_finite() and worth > 0):
            raise RatesUnreadable(path, line=line, problem=f"{rate} is no rate")
        return Rate(currency=currency, rate=worth, on=date.fromisoformat(on))
    except (ValueError, InvalidOperation) as error:
        raise RatesUnreadable(path, line=line, problem="it is no rate") from error
