"""Customers: when and how we were in touch, and where they wait for us."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path

from api.http.calls import AskingReadModels
from api.http.cases import ContactView
from api.http.describing import reads
from api.http.operations import operations
from api.http.paging import AskedPart
from api.http.values import Answer, Code, ListAnswer

router = operations("/v1/customers", tag="customers")


class WaitingView(ListAnswer):
    """Where a customer stands with us on one case now."""

    case_id: UUID
    waiting_since: datetime | None
    last_reached_at: datetime | None
    promised_next_contact: datetime | None
    is_open: bool


class CustomerContactsView(Answer):
    """A customer's contacts over all cases, and where the customer stands on each."""

    customer_id: str
    contacts: list[ContactView]
    waiting: list[WaitingView]


# A customer's number is the ERP's: it may hold a slash.
@router.get(
    "/{customer_id:path}/contacts", operation_id="customers.contacts", responses=reads(paged=True)
)
def customer_contacts(
    customer_id: Annotated[Code, Path()], call: AskingReadModels, paging: AskedPart
) -> CustomerContactsView:
    """The contacts with a customer over all cases, oldest first, and who waits since when."""
    contacts = call.services.questions.customer_contacts(customer_id, part=paging.part)
    waiting = call.services.questions.customer_waiting(customer_id)
    return CustomerContactsView(
        customer_id=customer_id,
        contacts=[ContactView.model_validate(contact) for contact in paging.cut(contacts, call)],
        waiting=[WaitingView.model_validate(one) for one in waiting],
    )
