"""Invoices, as the ERP tells us of them."""

from http import HTTPStatus

from api.http.actions import Kind, command
from api.http.answers import invoice_after, invoice_at
from api.http.calls import Beginning, Changing, Circumstances, ReadingCase
from api.http.case_views import InvoiceView
from api.http.describing import creates, reads
from api.http.disputed_lines import DocumentGiven
from api.http.moments import AsOf
from api.http.operations import operations
from api.http.values import AmountIn, Code, Currency, Day, Identifier
from application import invoices

router = operations("/v1/invoices", tag="invoices")
KIND = Kind.INVOICE


class InvoiceGiven(Circumstances):
    """An invoice line of the ERP."""

    customer_id: Code
    document: DocumentGiven
    open_amount: AmountIn
    currency: Currency
    invoiced_on: Day | None = None
    due_on: Day | None = None


class Cleared(Circumstances):
    """How much of the invoice line was cleared, or is open again."""

    amount: AmountIn


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    operation_id="invoices.mirror",
    responses=creates(),
)
def mirror(said: InvoiceGiven, call: Beginning) -> InvoiceView:
    """Take an invoice line of the ERP in. One document line is one invoice here."""
    document = said.document.as_document()
    recorded = invoices.mirror(
        call.on(said, case_id=invoices.identify_invoice(document)),
        customer_id=said.customer_id,
        document=document,
        open_amount=said.open_amount,
        currency=said.currency,
        invoiced_on=said.invoiced_on,
        due_on=said.due_on,
        cases=call.cases,
    )
    return invoice_after(call, recorded, begun=True)


@router.get("/{case_id}", operation_id="invoices.read", responses=reads(of_a_case=True))
def read(case_id: Identifier, moment: AsOf, call: ReadingCase) -> InvoiceView:
    """Show an invoice line as it is, or as it was."""
    return invoice_at(call, case_id, moment)


@command(router, KIND, "clear")
def clear(said: Cleared, call: Changing) -> InvoiceView:
    """Learn that the ERP cleared a part of the invoice line."""
    recorded = invoices.clear(call.on(said), amount=said.amount, cases=call.cases)
    return invoice_after(call, recorded)


@command(router, KIND, "reset_clearing")
def reset_clearing(said: Cleared, call: Changing) -> InvoiceView:
    """Learn that the ERP took a clearing back."""
    recorded = invoices.reset_clearing(call.on(said), amount=said.amount, cases=call.cases)
    return invoice_after(call, recorded)
