"""What the rows of a file report, in the product's terms."""

from datetime import date
from typing import Final

from application.imports.complaints import ReportedComplaint
from application.imports.invoices import ReportedInvoice
from application.invoices import identify_invoice
from domain.complaints.events import Language, References
from domain.disputes.lines import Document
from domain.event import Channel
from infrastructure.imports.cfpb import CfpbRow, Response
from infrastructure.imports.identities import identify, place_of_day, place_of_number, pseudonym
from infrastructure.imports.invoices import InvoiceRow

NOT_STATED: Final = "not_stated"
"""What stands where a complaint needs a text or a category and the file has none."""

CONTEST_AT_CFPB: Final = "cfpb_dispute_within_60_days"
_LAST_CONTESTABLE: Final = date(2017, 4, 23)
"""The Bureau asked consumers whether they dispute an answer until 24 April 2017."""

_UNANSWERED: Final = frozenset({Response.NONE, Response.IN_PROGRESS, Response.UNTIMELY_RESPONSE})


def report_complaint(row: CfpbRow) -> ReportedComplaint:
    """Say what a published complaint reports."""
    # A complaint with a number is the same one in every export, whatever else was corrected there.
    number = row.source_id
    place = place_of_day(row.received_on) if number is None else place_of_number(number)
    contestable = row.received_on <= _LAST_CONTESTABLE
    return ReportedComplaint(
        case_id=identify(row.key, what="complaint", place=place),
        dispute_id=identify(row.key, what="dispute", place=place),
        customer_id=pseudonym(row.key),
        channel=Channel(row.channel),
        received_on=row.received_on,
        sent_on=row.sent_on,
        text=row.narrative or row.issue or NOT_STATED,
        category=" / ".join(filter(None, (row.product, row.issue))) or NOT_STATED,
        language=Language.ENGLISH,
        references=References(product=row.sub_product or row.product),
        response=None if row.response in _UNANSWERED else row.response.value,
        how_to_contest=CONTEST_AT_CFPB if contestable else NOT_STATED,
        untimely=row.response is Response.UNTIMELY_RESPONSE,
        disputed=row.disputed,
    )


def report_invoice(row: InvoiceRow, *, currency: str) -> ReportedInvoice:
    """Say what an exported invoice reports."""
    place = place_of_number(row.number)
    document = Document(system="import", company_code=row.country_code, number=row.number)
    return ReportedInvoice(
        case_id=identify_invoice(document),
        dispute_id=identify(row.key, what="dispute", place=place),
        line_id=identify(row.key, what="line", place=place),
        block_id=identify(row.key, what="block", place=place),
        customer_id=row.customer_id,
        document=document,
        amount=row.amount,
        currency=currency,
        invoiced_on=row.invoiced_on,
        due_on=row.due_on,
        disputed=row.disputed,
        settled_on=row.settled_on,
    )
