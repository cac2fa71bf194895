"""Answers with a case: after a command as it is now, to a question as it is or was."""

from typing import TypeVar
from uuid import UUID

from api.http.actions import Kind, address
from api.http.calls import Call
from api.http.case_views import BlockCaseView, ComplaintView, DisputeView, InvoiceView
from application.case import Case
from application.keys import Principal
from application.recorded import Recorded
from application.replay import Moment, load_as_of
from domain.blocks.block import PaymentBlock
from domain.complaints.complaint import Complaint
from domain.disputes.dispute import Dispute
from domain.invoices.invoice import Invoice

C = TypeVar("C", bound=Case)

NOW = Moment()


def complaint_after(call: Call, recorded: Recorded, *, begun: bool = False) -> ComplaintView:
    """Answer a command with the complaint that it was about."""
    _tell(call, Kind.COMPLAINT, recorded, begun=begun)
    return ComplaintView.of(_case(Complaint, recorded), viewer=call.principal)


def dispute_after(call: Call, recorded: Recorded, *, begun: bool = False) -> DisputeView:
    """Answer a command with the dispute that it was about."""
    _tell(call, Kind.DISPUTE, recorded, begun=begun)
    return DisputeView.of(_case(Dispute, recorded), viewer=call.principal)


def block_after(call: Call, recorded: Recorded, *, begun: bool = False) -> BlockCaseView:
    """Answer a command with the payment block that it was about."""
    _tell(call, Kind.BLOCK, recorded, begun=begun)
    return BlockCaseView.of(_case(PaymentBlock, recorded), viewer=call.principal)


def invoice_after(call: Call, recorded: Recorded, *, begun: bool = False) -> InvoiceView:
    """Answer a command with the invoice that it was about."""
    _tell(call, Kind.INVOICE, recorded, begun=begun)
    return InvoiceView.of(_case(Invoice, recorded), viewer=call.principal)


def complaint_at(call: Call, case_id: UUID, moment: Moment = NOW) -> ComplaintView:
    """Show a complaint as it is or was."""
    complaint = load_as_of(Complaint, case_id, moment=moment, cases=call.services.cases)
    call.show_version(complaint.version)
    return ComplaintView.of(complaint, viewer=_viewer(call, moment))


def dispute_at(call: Call, case_id: UUID, moment: Moment = NOW) -> DisputeView:
    """Show a dispute as it is or was."""
    dispute = load_as_of(Dispute, case_id, moment=moment, cases=call.services.cases)
    call.show_version(dispute.version)
    return DisputeView.of(dispute, viewer=_viewer(call, moment))


def block_at(call: Call, case_id: UUID, moment: Moment = NOW) -> BlockCaseView:
    """Show a payment block as it is or was."""
    block = load_as_of(PaymentBlock, case_id, moment=moment, cases=call.services.cases)
    call.show_version(block.version)
    return BlockCaseView.of(block, viewer=_viewer(call, moment))


def invoice_at(call: Call, case_id: UUID, moment: Moment = NOW) -> InvoiceView:
    """Show an invoice as it is or was."""
    invoice = load_as_of(Invoice, case_id, moment=moment, cases=call.services.cases)
    call.show_version(invoice.version)
    return InvoiceView.of(invoice, viewer=_viewer(call, moment))


def _viewer(call: Call, moment: Moment) -> Principal | None:
    # Nothing can be done with an earlier state.
    return call.principal if moment == NOW else None


def tell(call: Call, recorded: Recorded, *, place: str | None = None) -> None:
    """Say in the headers what was recorded, and where what was begun is read."""
    call.show_version(recorded.version)
    call.show_position(recorded)
    call.show_repeated(recorded)
    if place is not None:
        call.show_place(place)


def _tell(call: Call, kind: Kind, recorded: Recorded, *, begun: bool) -> None:
    tell(call, recorded, place=address(kind, recorded.case_id) if begun else None)


def _case(kind: type[C], recorded: Recorded) -> C:
    # Not read again: somebody else may have changed it since.
    assert isinstance(recorded.case, kind), "a command answers with the case that it was about"
    return recorded.case
