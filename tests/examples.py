"""One good example of everything. A test names only the field that it is about.

Functions take changes by the field's name: `line(amount=Decimal(30))`.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from domain.blocks.block import PaymentBlock
from domain.blocks.events import BlockOrdered, Scope
from domain.blocks.lifecycle import Status as BlockStatus
from domain.complaints.complaint import Complaint
from domain.complaints.events import ComplaintRegistered, Language, References
from domain.complaints.lifecycle import Status as ComplaintStatus
from domain.disputes.dispute import Dispute
from domain.disputes.events import DisputeOpened
from domain.disputes.lifecycle import Status as DisputeStatus
from domain.disputes.lines import Account, Allocation, Document, Line
from domain.disputes.settlement import Settlement, SettlementKind
from domain.event import Channel, Envelope, Evidence
from domain.invoices.events import InvoiceMirrored
from domain.invoices.invoice import Invoice
from domain.lifecycle import Standing
from domain.parties import SYSTEM, Actor, ActorKind, Role

ANNA: Final = Actor(kind=ActorKind.AGENT, subject_id="anna", role=Role.AGENT)
MARC: Final = Actor(kind=ActorKind.AGENT, subject_id="marc", role=Role.MANAGER)
MONA: Final = Actor(kind=ActorKind.AGENT, subject_id="mona", role=Role.MANAGER)
FAYE: Final = Actor(kind=ActorKind.AGENT, subject_id="faye", role=Role.FINANCE)
ALAN: Final = Actor(kind=ActorKind.AUDITOR, subject_id="alan", role=Role.AUDITOR)
ERP: Final = Actor(kind=ActorKind.ERP, subject_id="erp", role=Role.CONNECTOR)
ADA: Final = Actor(kind=ActorKind.SYSTEM, subject_id="ada", role=Role.ADMIN)
IVO: Final = Actor(kind=ActorKind.SYSTEM, subject_id="ivo", role=Role.IMPORTER)

STAFF: Final = (ANNA, MARC, MONA, FAYE, ALAN, ERP, ADA, IVO, SYSTEM)
"""Somebody of every role, and two managers."""

BY_ROLE: Final = MappingProxyType({actor.role: actor for actor in reversed(STAFF)})

MONDAY: Final = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
TUESDAY: Final = MONDAY + timedelta(days=1)
FRIDAY: Final = MONDAY + timedelta(days=4)
NEXT_YEAR: Final = MONDAY + timedelta(days=400)
END_OF_MARCH: Final = date(2027, 3, 31)

CUSTOMER: Final = "C-1001"
OTHER_CUSTOMER: Final = "C-2002"


def numbered(number: int) -> UUID:
    """An identity that a reader of a failure can tell from the others."""
    return UUID(int=number)


COMPLAINT_ID: Final = numbered(0xC01)
EARLIER_COMPLAINT_ID: Final = numbered(0xC00)
DISPUTE_ID: Final = numbered(0xD01)
LINE_ID: Final = numbered(0x101)
OTHER_LINE_ID: Final = numbered(0x102)
PART_ID: Final = numbered(0x103)
INVOICE_ID: Final = numbered(0x901)
BLOCK_ID: Final = numbered(0xB01)
OTHER_BLOCK_ID: Final = numbered(0xB02)
SETTLEMENT_ID: Final = numbered(0x501)
CORRELATION_ID: Final = numbered(0xCC1)

Change = Any  # Any: each field has its own type, and the model's constructor checks it


def envelope(**changes: Change) -> Envelope:
    """Anna acts on Monday, on the phone."""
    usual: dict[str, Change] = {
        "actor": ANNA,
        "channel": Channel.PHONE,
        "occurred_at": MONDAY,
        "correlation_id": CORRELATION_ID,
    }
    return Envelope(**{**usual, **changes})


def evidence(**changes: Change) -> Evidence:
    """A photograph of the damaged goods."""
    usual: dict[str, Change] = {
        "sha256": "5e" * 32,
        "media_type": "image/jpeg",
        "name": "damaged-pallet.jpg",
    }
    return Evidence(**{**usual, **changes})


def registered(**changes: Change) -> ComplaintRegistered:
    """A customer complains in French about a delivery."""
    usual: dict[str, Change] = {
        "customer_id": CUSTOMER,
        "first_received_at": MONDAY,
        "text": "La palette est arrivée abîmée.",
        "category": "delivery.damaged",
        "language": Language.FRENCH,
        "wanted_outcome": "credit_note",
        "contact_point": "logistique@client.example",
        "references": References(order="CMD-7", invoice="FA-2027-0042"),
    }
    return ComplaintRegistered(**{**usual, **changes})


def document(**changes: Change) -> Document:
    """The first line of an invoice in the ERP."""
    usual: dict[str, Change] = {"system": "S4", "company_code": "FR01", "number": "9000042"}
    return Document(**{**usual, **changes})


def line(**changes: Change) -> Line:
    """100.00 EUR of an invoice of 250.00 EUR are disputed."""
    usual: dict[str, Change] = {
        "line_id": LINE_ID,
        "invoice_id": INVOICE_ID,
        "document": document(),
        "open_amount": Decimal("250.00"),
        "amount": Decimal("100.00"),
        "vat": Decimal("16.67"),
        "currency": "EUR",
        "reason_code": "goods_damaged",
        "requested_action": "credit_note",
    }
    return Line(**{**usual, **changes})


def other_line(**changes: Change) -> Line:
    """50.00 EUR of another line of the same invoice."""
    usual: dict[str, Change] = {
        "line_id": OTHER_LINE_ID,
        "invoice_id": numbered(0x902),
        "document": document(line=2),
        "amount": Decimal("50.00"),
        "vat": Decimal("8.33"),
    }
    return line(**{**usual, **changes})


def opened(**changes: Change) -> DisputeOpened:
    """A dispute over one line that grew out of a complaint."""
    usual: dict[str, Change] = {
        "customer_id": CUSTOMER,
        "complaint_id": COMPLAINT_ID,
        "reason_code": "goods_damaged",
        "requested_action": "credit_note",
        "lines": (line(),),
    }
    return DisputeOpened(**{**usual, **changes})


def ordered(**changes: Change) -> BlockOrdered:
    """The dispute wants its line kept out of the dunning run."""
    usual: dict[str, Change] = {
        "dispute_id": DISPUTE_ID,
        "line_id": LINE_ID,
        "document": document(),
        "scope": Scope.DUNNING,
        "amount": Decimal("100.00"),
        "currency": "EUR",
        "reason_code": "goods_damaged",
        "review_by": END_OF_MARCH,
    }
    return BlockOrdered(**{**usual, **changes})


def mirrored(**changes: Change) -> InvoiceMirrored:
    """250.00 EUR of the invoice are open."""
    usual: dict[str, Change] = {
        "customer_id": CUSTOMER,
        "document": document(),
        "open_amount": Decimal("250.00"),
        "currency": "EUR",
        "invoiced_on": date(2027, 2, 1),
        "due_on": END_OF_MARCH,
    }
    return InvoiceMirrored(**{**usual, **changes})


def settlement(**changes: Change) -> Settlement:
    """A credit note of 40.00 EUR on the line."""
    usual: dict[str, Change] = {
        "settlement_id": SETTLEMENT_ID,
        "kind": SettlementKind.CREDIT_NOTE,
        "allocations": (Allocation(line_id=LINE_ID, amount=Decimal("40.00")),),
    }
    return Settlement(**{**usual, **changes})


def complaint(**changes: Change) -> Complaint:
    """A complaint that has just arrived."""
    usual: dict[str, Change] = {
        "id": COMPLAINT_ID,
        "version": 1,
        "standing": Standing(ComplaintStatus.RECEIVED),
        "customer_id": CUSTOMER,
        "first_received_at": MONDAY,
    }
    return Complaint(**{**usual, **changes})


def dispute(**changes: Change) -> Dispute:
    """A dispute over one line that has just been opened."""
    usual: dict[str, Change] = {
        "id": DISPUTE_ID,
        "version": 1,
        "standing": Standing(DisputeStatus.OPENED),
        "customer_id": CUSTOMER,
        "complaint_id": COMPLAINT_ID,
        "accounts": {LINE_ID: Account.opened(line())},
    }
    return Dispute(**{**usual, **changes})


def block(**changes: Change) -> PaymentBlock:
    """A block that has just been ordered."""
    usual: dict[str, Change] = {
        "id": BLOCK_ID,
        "version": 1,
        "standing": Standing(BlockStatus.REQUESTED),
        "dispute_id": DISPUTE_ID,
        "order": ordered(),
    }
    return PaymentBlock(**{**usual, **changes})


def invoice(**changes: Change) -> Invoice:
    """An invoice of which nothing is disputed yet."""
    usual: dict[str, Change] = {
        "id": INVOICE_ID,
        "version": 1,
        "customer_id": CUSTOMER,
        "document": document(),
        "currency": "EUR",
        "open_amount": Decimal("250.00"),
        "due_on": END_OF_MARCH,
    }
    return Invoice(**{**usual, **changes})
