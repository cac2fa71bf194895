"""The lines of a dispute, and where each line's money went.

Per line and currency, always: original + adjusted = current + paid + credited + written off
+ otherwise cleared + returned to collection.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.money import Amount, check_amount
from domain.refusals import RuleBroken

Text = Annotated[str, StringConstraints(min_length=1)]
ZERO: Final = Decimal(0)


class Document(BaseModel):
    """An ERP document, by the ERP's own keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Text
    company_code: Text
    number: Text
    line: Annotated[int, Field(ge=1)] = 1


class Line(BaseModel):
    """What is disputed of one document line. Amounts are gross; `vat` is the part that is VAT."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line_id: UUID
    invoice_id: UUID
    document: Document
    open_amount: Amount
    amount: Amount
    vat: Amount = ZERO
    currency: str
    reason_code: Text
    requested_action: str | None = None


class Allocation(BaseModel):
    """A part of one line's amount."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line_id: UUID
    amount: Amount


class AmountOutOfRange(RuleBroken):
    """A disputed amount is more than nothing and no more than is open."""

    def __init__(self, amount: Decimal, *, most: Decimal) -> None:
        super().__init__(f"the amount {amount} must be more than 0 and at most {most}")
        self.amount = amount
        self.most = most


class UnknownLine(RuleBroken):
    """The dispute has no such line."""

    def __init__(self, line_id: UUID) -> None:
        super().__init__(f"the dispute has no line {line_id}")
        self.line_id = line_id


class LineTwice(RuleBroken):
    """A line, or a document line, is disputed once in a dispute."""

    def __init__(self, line_id: UUID) -> None:
        super().__init__(f"line {line_id}, or its document, is named twice")
        self.line_id = line_id


class LinesUnlike(RuleBroken):
    """Only lines of one document in one currency can be merged."""

    def __init__(self) -> None:
        super().__init__("lines can be merged when they dispute the same document line")


@dataclass(frozen=True, slots=True)
class Account:
    """One line's money: what was disputed, and what became of it."""

    line: Line
    original: Decimal
    adjusted: Decimal = ZERO
    current: Decimal = ZERO
    paid: Decimal = ZERO
    credited: Decimal = ZERO
    written_off: Decimal = ZERO
    otherwise_cleared: Decimal = ZERO
    returned: Decimal = ZERO

    @classmethod
    def opened(cls, line: Line) -> Self:
        """Everything disputed is current at first."""
        return cls(line=line, original=line.amount, current=line.amount)

    @property
    def conserved(self) -> bool:
        """Whether nothing was lost and nothing came from nowhere (invariant 4)."""
        cleared = self.paid + self.credited + self.written_off + self.otherwise_cleared
        return self.original + self.adjusted == self.current + cleared + self.returned

    def adjust(self, by: Decimal) -> Self:
        """Dispute more, or less."""
        return replace(self, adjusted=self.adjusted + by, current=self.current + by)

    def absorb(self, other: "Account") -> Self:
        """Take another line's money in, wherever it went."""
        return replace(
            self,
            adjusted=self.adjusted + other.original + other.adjusted,
            current=self.current + other.current,
            paid=self.paid + other.paid,
            credited=self.credited + other.credited,
            written_off=self.written_off + other.written_off,
            otherwise_cleared=self.otherwise_cleared + other.otherwise_cleared,
            returned=self.returned + other.returned,
        )

    def pay(self, amount: Decimal) -> Self:
        """The customer paid."""
        return replace(self, current=self.current - amount, paid=self.paid + amount)

    def credit(self, amount: Decimal) -> Self:
        """We gave the amount back."""
        return replace(self, current=self.current - amount, credited=self.credited + amount)

    def write_off(self, amount: Decimal) -> Self:
        """We gave the amount up."""
        return replace(self, current=self.current - amount, written_off=self.written_off + amount)

    def clear_otherwise(self, amount: Decimal) -> Self:
        """The amount was settled by goods or by netting."""
        return replace(
            self,
            current=self.current - amount,
            otherwise_cleared=self.otherwise_cleared + amount,
        )

    def return_rest(self) -> Self:
        """What is left is owed, and collected as usual."""
        return replace(self, current=ZERO, returned=self.returned + self.current)

    def take_back(self) -> Self:
        """What was paid or returned to collection is disputed again."""
        return replace(
            self,
            current=self.current + self.paid + self.returned,
            paid=ZERO,
            returned=ZERO,
        )


def check_line(line: Line) -> None:
    """Refuse a line that disputes nothing, more than is open, or an impossible amount.

    Raises:
        AmountOutOfRange: not more than 0, more than the open amount, or more VAT than amount.
        UnknownCurrency: not an ISO 4217 code.
        WrongPrecision: more decimal places than the currency has.
    """
    for amount in (line.open_amount, line.amount, line.vat):
        check_amount(amount, currency=line.currency)
    if not ZERO < line.amount <= line.open_amount:
        raise AmountOutOfRange(line.amount, most=line.open_amount)
    if not ZERO <= line.vat <= line.amount:
        raise AmountOutOfRange(line.vat, most=line.amount)
