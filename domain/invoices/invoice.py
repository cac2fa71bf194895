"""An invoice line as a mirror of the ERP's: how much is open, and how much of it is disputed.

Every dispute claims its amount here, in the transaction that opens it, so that two disputes at
once cannot dispute more than is open (invariant 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Self
from uuid import UUID

from domain.disputes.lines import ZERO, AmountOutOfRange, Document
from domain.event import Envelope, Event
from domain.invoices import events
from domain.money import check_amount
from domain.refusals import RuleBroken


class DisputedBeyondOpen(RuleBroken):
    """All open disputes together dispute at most what is open (invariant 5)."""

    def __init__(self, *, open_amount: Decimal, disputed: Decimal, wanted: Decimal) -> None:
        super().__init__(
            f"{wanted} cannot be disputed: {open_amount} is open and {disputed} of it is"
            " disputed already",
        )
        self.open_amount = open_amount
        self.disputed = disputed
        self.wanted = wanted


class ClearedWhileDisputed(RuleBroken):
    """What is disputed is not cleared behind the dispute's back (invariant 5)."""

    def __init__(self, *, undisputed: Decimal) -> None:
        super().__init__(
            f"only {undisputed} is open and undisputed; record with the dispute that it was"
            " cleared or settled, and with the invoice afterwards",
        )
        self.undisputed = undisputed


class InvoiceOfOtherCustomer(RuleBroken):
    """A customer disputes their own invoices."""

    def __init__(self) -> None:
        super().__init__("the invoice belongs to another customer")


class InvoiceInOtherCurrency(RuleBroken):
    """An invoice is disputed in its own currency."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"the invoice is in {currency}; dispute it in that currency")
        self.currency = currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What the decisions about an invoice line need to remember."""

    id: UUID
    version: int
    customer_id: str
    document: Document
    currency: str
    open_amount: Decimal
    due_on: date | None
    cleared: Decimal = ZERO
    claims: Mapping[UUID, Decimal] = field(default_factory=dict[UUID, Decimal])
    """How much each open dispute claims, by dispute."""

    @classmethod
    def born(cls, case_id: UUID, event: Event, envelope: Envelope) -> Self:
        """Begin the memory with the first event of the stream."""
        assert isinstance(event, events.InvoiceMirrored), "an invoice begins mirrored"
        del envelope
        return cls(
            id=case_id,
            version=1,
            customer_id=event.customer_id,
            document=event.document,
            currency=event.currency,
            open_amount=event.open_amount,
            due_on=event.due_on,
        )

    def after(self, event: Event, envelope: Envelope) -> Self:
        """Take a recorded fact in. Never refuses, never raises."""
        del envelope
        moved = replace(self, version=self.version + 1)
        match event:
            case events.InvoiceCleared():
                return moved._cleared(event.amount)
            case events.InvoiceClearingReset():
                return moved._cleared(-event.amount)
            case events.InvoiceDisputed():
                return moved._claimed(event.dispute_id, by=event.amount)
            case events.InvoiceDisputeReduced():
                return moved._claimed(event.dispute_id, by=-event.amount)
            case events.InvoiceDisputeEnded():
                rest = {k: v for k, v in self.claims.items() if k != event.dispute_id}
                return replace(moved, claims=rest)
            case _:
                return moved

    @property
    def disputed(self) -> Decimal:
        """How much of the open amount open disputes claim together."""
        return sum(self.claims.values(), start=ZERO)

    def clear(self, *, amount: Decimal) -> list[Event]:
        """Learn that the ERP cleared a part of the invoice.

        Raises:
            WrongPrecision: more decimal places than the currency has.
            AmountOutOfRange: not more than 0, or more than is open.
            ClearedWhileDisputed: less would be open than is disputed.
        """
        check_amount(amount, currency=self.currency)
        if not ZERO < amount <= self.open_amount:
            raise AmountOutOfRange(amount, most=self.open_amount)
        if self.disputed > self.open_amount - amount:
            raise ClearedWhileDisputed(undisputed=self.open_amount - self.disputed)
        return [events.InvoiceCleared(amount=amount)]

    def reset_clearing(self, *, amount: Decimal) -> list[Event]:
        """Learn that the ERP took a clearing back.

        Raises:
            WrongPrecision: more decimal places than the currency has.
            AmountOutOfRange: not more than 0, or more than was cleared.
        """
        check_amount(amount, currency=self.currency)
        if not ZERO < amount <= self.cleared:
            raise AmountOutOfRange(amount, most=self.cleared)
        return [events.InvoiceClearingReset(amount=amount)]

    def dispute(
        self,
        *,
        dispute_id: UUID,
        customer_id: str,
        amount: Decimal,
        currency: str,
    ) -> list[Event]:
        """Claim a part of the open amount for a dispute.

        Raises:
            InvoiceOfOtherCustomer: another customer's invoice.
            InvoiceInOtherCurrency: another currency.
            DisputedBeyondOpen: more than is open and not disputed yet.
        """
        if customer_id != self.customer_id:
            raise InvoiceOfOtherCustomer
        if currency != self.currency:
            raise InvoiceInOtherCurrency(self.currency)
        if self.disputed + amount > self.open_amount:
            raise DisputedBeyondOpen(
                open_amount=self.open_amount,
                disputed=self.disputed,
                wanted=amount,
            )
        return [events.InvoiceDisputed(dispute_id=dispute_id, amount=amount)]

    def reduce_dispute(self, *, dispute_id: UUID, amount: Decimal) -> list[Event]:
        """Claim less for a dispute."""
        return [events.InvoiceDisputeReduced(dispute_id=dispute_id, amount=amount)]

    def end_dispute(self, *, dispute_id: UUID) -> list[Event]:
        """Claim nothing for a dispute any more."""
        if dispute_id not in self.claims:
            return []
        return [events.InvoiceDisputeEnded(dispute_id=dispute_id)]

    def _cleared(self, amount: Decimal) -> Self:
        return replace(
            self,
            open_amount=self.open_amount - amount,
            cleared=self.cleared + amount,
        )

    def _claimed(self, dispute_id: UUID, *, by: Decimal) -> Self:
        claims = {**self.claims, dispute_id: self.claims.get(dispute_id, ZERO) + by}
        return replace(self, claims=claims)


def mirror_invoice(
    *,
    customer_id: str,
    document: Document,
    open_amount: Decimal,
    currency: str,
    invoiced_on: date | None,
    due_on: date | None,
) -> list[Event]:
    """Begin the mirror of an invoice line.

    Raises:
        UnknownCurrency: not an ISO 4217 code.
        WrongPrecision: more decimal places than the currency has.
        AmountOutOfRange: a negative open amount.
    """
    check_amount(open_amount, currency=currency)
    if open_amount < ZERO:
        raise AmountOutOfRange(open_amount, most=open_amount)
    return [
        events.InvoiceMirrored(
            customer_id=customer_id,
            document=document,
            open_amount=open_amount,
            currency=currency,
            invoiced_on=invoiced_on,
            due_on=due_on,
        ),
    ]
