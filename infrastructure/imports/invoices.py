"""Invoices, some of them disputed, as an accounts-receivable system exports them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Final, TypeVar

from infrastructure.imports.columns import Column, pick_columns
from infrastructure.imports.files import Table
from infrastructure.imports.rejects import RejectedRow
from infrastructure.imports.values import ANSWERS, BadValue, Choices, Dates, Texts, Values

_MAX_DIGITS: Final = 18
"""What `numeric(18, …)` holds: ledgers and ERP systems exchange no longer amounts."""

_AMOUNT: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)

_COLUMNS: Final = tuple(
    Column(name=name, required=True)
    for name in (
        "countryCode",
        "customerID",
        "invoiceNumber",
        "InvoiceDate",
        "DueDate",
        "InvoiceAmount",
        "Disputed",
        "SettledDate",
    )
)

_DIALECTS: Final = MappingProxyType({"invoices": tuple(column.name for column in _COLUMNS)})


V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice, and whether its customer disputes it."""

    line: int
    key: str
    """Customer and number: numbers are only unique within a customer's account."""
    content: str
    """A digest of every value below: a second row with this key must have the same one."""
    country_code: str
    customer_id: str
    number: str
    """Text: leading zeros are part of it."""
    invoiced_on: date
    due_on: date
    amount: Decimal
    """With all decimals of its currency; always more than zero."""
    disputed: bool
    settled_on: date | None
    """Nothing while the invoice is open."""


def read_invoices(
    table: Table,
    *,
    currency: str,
    exponent: int,
    today: date,
) -> Iterator[InvoiceRow | RejectedRow]:
    """Give every row of the file as an invoice, or say why it is none.

    The file states no currency: every amount is taken to be in `currency`, which has `exponent`
    decimals. Of two numbers in a date the month comes first. Duplicates are passed on.

    Raises:
        UnknownHeader: at once, when the file holds no invoices.
        UnreadableFile: while reading, when the file ends too early.
    """
    pick = pick_columns(table, columns=_COLUMNS, known=_DIALECTS)
    return _read(table, pick=pick, reader=_Reader(currency, exponent=exponent, today=today))


class _Amounts(Values[Decimal]):
    """Amounts in plain digits with a decimal point, as exact as the currency and not more."""

    def __init__(self, column: str, *, currency: str, exponent: int) -> None:
        super().__init__(column, required=True)
        self._currency = currency
        self._exponent = exponent

    def meaning(self, text: str | None) -> Decimal:
        match = _AMOUNT.fullmatch(text or "")
        if match is None:
            raise self.refuse(text or "", problem="is not a plain positive number like 1234.50")
        whole, decimals = match[1], match[2] or ""
        if len(decimals) > self._exponent:
            problem = f"has more than the {self._exponent} decimals of {self._currency}"
            raise self.refuse(match[0], problem=problem)
        if len(whole.lstrip("0")) + self._exponent > _MAX_DIGITS:
            raise self.refuse(match[0], problem=f"has more than {_MAX_DIGITS} digits")
        amount = Decimal(f"{whole}.{decimals.ljust(self._exponent, '0')}")
        if not amount:
            raise self.refuse(match[0], problem="is zero")
        return amount


class _Reader:
    """Turns a record's eight texts into an invoice."""

    def __init__(self, currency: str, *, exponent: int, today: date) -> None:
        country, customer, number, invoiced, due, amount, disputed, settled = (
            column.name for column in _COLUMNS
        )
        self._country = Texts(country, required=True)
        self._customer = Texts(customer, required=True)
        self._number = Texts(number, required=True)
        self._invoiced = Dates(invoiced, today=today, required=True)
        self._due = Dates(due, today=None, required=True)
        self._amount = _Amounts(amount, currency=currency, exponent=exponent)
        self._disputed = Choices(disputed, choices=ANSWERS, blank=None, required=True)
        self._settled = Dates(settled, today=today)

    def row(self, line: int, *, texts: tuple[str, ...]) -> InvoiceRow:
        """Give the invoice.

        Raises:
            BadValue: one of the texts means nothing, or together they mean the impossible.
        """
        country, customer, number, invoiced, due, amount, disputed, settled = texts
        invoiced_on = _present(self._invoiced[invoiced])
        settled_on = self._settled[settled]
        if settled_on is not None and settled_on < invoiced_on:
            problem = f"{settled_on} lies before {self._invoiced.column} {invoiced_on}"
            raise BadValue(self._settled.column, problem=problem)
        customer_id, invoice = _present(self._customer[customer]), _present(self._number[number])
        values = (
            _present(self._country[country]),
            customer_id,
            invoice,
            invoiced_on,
            _present(self._due[due]),
            self._amount[amount],
            _present(self._disputed[disputed]),
            settled_on,
        )
        content = sha256("\0".join(map(str, values)).encode()).hexdigest()
        return InvoiceRow(line, f"invoice:{customer_id}:{invoice}", content, *values)


def _present(value: V | None) -> V:
    assert value is not None, "a reader refuses an empty field where a value is required"
    return value


def _read(
    table: Table,
    *,
    pick: Callable[[list[str]], tuple[str, ...]],
    reader: _Reader,
) -> Iterator[InvoiceRow | RejectedRow]:
    for record in table.records():
        if isinstance(record, RejectedRow):
            yield record
            continue
        line, fields = record
        try:
            row = reader.row(line, texts=pick(fields))
        except BadValue as problem:
            yield RejectedRow(line, str(problem), tuple(fields))
        else:
            yield row
