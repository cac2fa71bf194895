"""What can have happened to an invoice, as far as disputes are concerned."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from domain.disputes.lines import Document
from domain.event import Event
from domain.money import Amount


class InvoiceMirrored(Event):
    """The ERP, or whoever opened a dispute first, told us of the invoice line."""

    type: ClassVar[str] = "invoice.mirrored"

    customer_id: str
    document: Document
    open_amount: Amount
    currency: str
    invoiced_on: date | None = None
    due_on: date | None = None


class InvoiceCleared(Event):
    """The ERP cleared this much of the invoice: it was paid or credited."""

    type: ClassVar[str] = "invoice.cleared"

    amount: Amount


class InvoiceClearingReset(Event):
    """The ERP took a clearing back: this much is open again."""

    type: ClassVar[str] = "invoice.clearing_reset"

    amount: Amount


class InvoiceDisputed(Event):
    """A dispute claims this much of the open amount."""

    type: ClassVar[str] = "invoice.disputed"

    dispute_id: UUID
    amount: Amount


class InvoiceDisputeReduced(Event):
    """A dispute claims this much less."""

    type: ClassVar[str] = "invoice.dispute_reduced"

    dispute_id: UUID
    amount: Amount


class InvoiceDisputeEnded(Event):
    """A dispute claims nothing of the invoice any more."""

    type: ClassVar[str] = "invoice.dispute_ended"

    dispute_id: UUID
