"""What customers owe: the mirrored invoices, what is open of them, and what of it is disputed."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final

from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from domain.invoices import events
from infrastructure.read_models.projection import (
    KeyedRows,
    Projection,
    Row,
    Table,
    insert,
    kind_of,
)

_INVOICE: Final = Table(
    "receivable",
    ("invoice_id",),
    (
        "invoice_id",
        "customer_id",
        "company_code",
        "document",
        "document_line",
        "currency",
        "amount",
        "invoiced_on",
        "due_on",
        "recorded_at",
        "valid_at",
    ),
)
_CLAIM: Final = Table(
    "receivable_claim", ("invoice_id", "dispute_id"), ("invoice_id", "dispute_id", "amount")
)
_ENTRY: Final = Table(
    "receivable_entry",
    ("position",),
    ("position", "invoice_id", "kind", "amount", "valid_at", "recorded_at"),
)
_OPEN: Final = "open"
_DISPUTED: Final = "disputed"
_ZERO: Final = Decimal(0)


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    concerned = [recorded for recorded in page if kind_of(recorded) == "invoice"]
    invoices = KeyedRows(cursor, _INVOICE, (recorded.stream_id for recorded in concerned))
    claims = KeyedRows(cursor, _CLAIM, (recorded.stream_id for recorded in concerned))
    entries: list[Row] = []
    for recorded in concerned:
        if isinstance(recorded.event, events.InvoiceMirrored):
            invoices.put(_invoice(recorded, recorded.event))
        kind, amount = _change(claims, recorded)
        invoice = invoices[recorded.stream_id]
        # A fact counts from when it happened, but not before those that it was decided on.
        valid_at = max(invoice["valid_at"], _happened(recorded))
        invoices.put({**invoice, "valid_at": valid_at})
        if amount:
            entries.append(
                {
                    "position": recorded.position,
                    "invoice_id": recorded.stream_id,
                    "kind": kind,
                    "amount": amount,
                    "valid_at": valid_at,
                    "recorded_at": recorded.recorded_at,
                }
            )
    invoices.save()
    claims.save()
    insert(cursor, _ENTRY, entries)


def _happened(recorded: RecordedEvent) -> datetime:
    """An invoice is owed from its own date on, whenever we heard of it."""
    event, at = recorded.event, recorded.envelope.occurred_at
    if isinstance(event, events.InvoiceMirrored) and event.invoiced_on is not None:
        return min(at, datetime.combine(event.invoiced_on, time.min, UTC))
    return at


def _change(claims: KeyedRows, recorded: RecordedEvent) -> tuple[str, Decimal]:
    invoice_id, event = recorded.stream_id, recorded.event
    match event:
        case events.InvoiceMirrored(open_amount=amount):
            return _OPEN, amount
        case events.InvoiceCleared(amount=amount):
            return _OPEN, -amount
        case events.InvoiceClearingReset(amount=amount):
            return _OPEN, amount
        case events.InvoiceDisputed(dispute_id=dispute_id, amount=amount):
            change = amount
        case events.InvoiceDisputeReduced(dispute_id=dispute_id, amount=amount):
            change = -amount
        case events.InvoiceDisputeEnded(dispute_id=dispute_id):
            claim = claims.get(invoice_id, dispute_id)
            change = _ZERO if claim is None else -claim["amount"]
        case _:
            return _OPEN, _ZERO
    claim = claims.get(invoice_id, dispute_id)
    before = _ZERO if claim is None else claim["amount"]
    claims.put({"invoice_id": invoice_id, "dispute_id": dispute_id, "amount": before + change})
    return _DISPUTED, change


def _invoice(recorded: RecordedEvent, mirrored: events.InvoiceMirrored) -> Row:
    return {
        "invoice_id": recorded.stream_id,
        "customer_id": mirrored.customer_id,
        "company_code": mirrored.document.company_code,
        "document": mirrored.document.number,
        "document_line": mirrored.document.line,
        "currency": mirrored.currency,
        "amount": mirrored.open_amount,
        "invoiced_on": mirrored.invoiced_on,
        "due_on": mirrored.due_on,
        "recorded_at": recorded.recorded_at,
        "valid_at": _happened(recorded),
    }


RECEIVABLES: Final = Projection("receivables", (_INVOICE, _CLAIM, _ENTRY), _project)
