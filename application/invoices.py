"""What can be asked for about invoices, and how a dispute claims a part of one."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from application.commands import OnCase
from application.ports import Cases, Work
from application.recorded import Recorded
from domain.disputes.dispute import Dispute
from domain.disputes.lines import ZERO, Document, Line
from domain.invoices.invoice import Invoice, mirror_invoice

_INVOICES: Final = uuid5(NAMESPACE_URL, "https://recours.example/invoices")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineClaim:
    """What a customer contests of one document line.

    `open_amount` is what the ERP says is open; where the invoice is mirrored already, the mirror
    decides.
    """

    line_id: UUID
    document: Document
    open_amount: Decimal
    amount: Decimal
    currency: str
    reason_code: str
    vat: Decimal = ZERO
    requested_action: str | None = None
    due_on: date | None = None

    def as_line(self) -> Line:
        """The line as the dispute records it."""
        return Line(
            line_id=self.line_id,
            invoice_id=identify_invoice(self.document),
            document=self.document,
            open_amount=self.open_amount,
            amount=self.amount,
            vat=self.vat,
            currency=self.currency,
            reason_code=self.reason_code,
            requested_action=self.requested_action,
        )


def identify_invoice(document: Document) -> UUID:
    """One document line is one invoice stream, whoever tells us of it."""
    keys = (document.system, document.company_code, document.number, str(document.line))
    return uuid5(_INVOICES, "\x1f".join(keys))


def mirror(
    on: OnCase,
    *,
    customer_id: str,
    document: Document,
    open_amount: Decimal,
    currency: str,
    invoiced_on: date | None,
    due_on: date | None,
    cases: Cases,
) -> Recorded:
    """Take an invoice line of the ERP in; `on.case_id` is `identify_invoice(document)`."""

    def decide(work: Work) -> UUID:
        events = mirror_invoice(
            customer_id=customer_id,
            document=document,
            open_amount=open_amount,
            currency=currency,
            invoiced_on=invoiced_on,
            due_on=due_on,
        )
        return work.begin(Invoice, on.case_id, events).id

    return cases.transact(on.envelope, decide)


def clear(on: OnCase, *, amount: Decimal, cases: Cases) -> Recorded:
    """Learn that the ERP cleared a part of the invoice."""

    def decide(work: Work) -> UUID:
        invoice = work.load(Invoice, on.case_id, expected_version=on.expected_version)
        return work.record(invoice, invoice.clear(amount=amount)).id

    return cases.transact(on.envelope, decide)


def reset_clearing(on: OnCase, *, amount: Decimal, cases: Cases) -> Recorded:
    """Learn that the ERP took a clearing back; a dispute over it can be reopened afterwards."""

    def decide(work: Work) -> UUID:
        invoice = work.load(Invoice, on.case_id, expected_version=on.expected_version)
        return work.record(invoice, invoice.reset_clearing(amount=amount)).id

    return cases.transact(on.envelope, decide)


def claim(work: Work, line: LineClaim, *, dispute: Dispute) -> None:
    """Claim a line's amount of its invoice for a dispute, mirroring the invoice at first sight."""
    invoice_id = identify_invoice(line.document)
    invoice = work.find(Invoice, invoice_id)
    if invoice is None:
        mirrored = mirror_invoice(
            customer_id=dispute.customer_id,
            document=line.document,
            open_amount=line.open_amount,
            currency=line.currency,
            invoiced_on=None,
            due_on=line.due_on,
        )
        invoice = work.begin(Invoice, invoice_id, mirrored)
    disputed = invoice.dispute(
        dispute_id=dispute.id,
        customer_id=dispute.customer_id,
        amount=line.amount,
        currency=line.currency,
    )
    work.react(invoice, disputed, cause=dispute)


def claim_again(work: Work, dispute: Dispute) -> None:
    """Claim what a dispute that lives again contests."""
    for account in dispute.accounts.values():
        if account.current:
            invoice = work.load(Invoice, account.line.invoice_id)
            disputed = invoice.dispute(
                dispute_id=dispute.id,
                customer_id=dispute.customer_id,
                amount=account.current,
                currency=account.line.currency,
            )
            work.react(invoice, disputed, cause=dispute)


def drop_claims(work: Work, dispute: Dispute) -> None:
    """Claim nothing for a dispute any more."""
    for account in dispute.accounts.values():
        invoice = work.load(Invoice, account.line.invoice_id)
        work.react(invoice, invoice.end_dispute(dispute_id=dispute.id), cause=dispute)
