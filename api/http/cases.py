"""Cases: their lists, and what happened to one of them."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field, field_serializer

from api.http.calls import Asking, AskingReadModels, Call
from api.http.describing import reads
from api.http.operations import operations
from api.http.paging import AskedPart, bound, unbound
from api.http.values import (
    Answer,
    Body,
    Code,
    FlagInQuery,
    Identifier,
    Json,
    ListAnswer,
    OneOf,
    WholeInQuery,
    in_currency,
)
from application.errors import CaseNotFound
from application.queries import WorkFilter, WorkOrder, WorkPage
from application.recorded import RecordedEvent

router = operations("/v1/cases", tag="cases")


E = TypeVar("E")


class WorkItemView(ListAnswer):
    """A complaint or a dispute as a list shows it."""

    case_id: UUID
    case_kind: str
    version: int
    status: str
    is_open: bool
    customer_id: str
    category: str
    language: str | None
    complaint_id: UUID | None
    dispute_id: UUID | None
    queue: str | None
    claimed_by: str | None
    opened_at: datetime
    last_event_at: datetime
    waiting_since: datetime | None
    promised_next_contact: datetime | None
    amount: Decimal | None
    currency: str | None

    @field_serializer("amount")
    def _in_currency(self, amount: Decimal | None) -> str | None:
        return None if amount is None else in_currency(amount, currency=self.currency or "")


class WorkPageView(Answer):
    """A part of a list of cases; the header `Link` leads to the next part."""

    items: list[WorkItemView]
    next_cursor: str | None


class TimelineEntryView(ListAnswer):
    """One thing that happened to a case or to what belongs to it."""

    position: int
    case_id: UUID
    case_kind: str
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: str
    actor_id: str
    actor_role: str
    channel: str
    reason: str | None
    facts: Json


class AuditEntryView(ListAnswer):
    """Who did what, when, why, and what the case was before and after."""

    position: int
    case_id: UUID
    case_kind: str
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: str
    actor_id: str
    actor_role: str
    channel: str
    reason: str | None
    correlation_id: UUID
    causation_id: str | None
    status_before: str | None
    status_after: str | None
    changes: Json


class ContactView(ListAnswer):
    """A contact with a customer, or an attempt at one."""

    position: int
    case_id: UUID
    customer_id: str
    direction: str
    channel: str
    reached: str
    summary: str | None
    occurred_at: datetime
    recorded_at: datetime
    promised_next_contact: datetime | None
    waiting_since: datetime | None = Field(
        description="Since when the customer had been waiting when the contact was made"
    )
    actor_id: str


class RecordedEventView(Answer):
    """An event as it stands in the history."""

    position: int
    version: int
    type: str
    schema_version: int
    recorded_at: datetime
    event: Json
    envelope: Json

    @classmethod
    def of(cls, recorded: RecordedEvent) -> Self:
        """Show a recorded event whole."""
        return cls(
            position=recorded.position,
            version=recorded.version,
            type=recorded.event.type,
            schema_version=recorded.event.schema_version,
            recorded_at=recorded.recorded_at,
            event=recorded.event.model_dump(mode="json"),
            envelope=recorded.envelope.model_dump(mode="json"),
        )


class Wanted(Body):
    """Which cases a list holds, and in which order."""

    kind: Annotated[str | None, Field(pattern="^(complaint|dispute)$")] = None
    status: Code | None = None
    open: FlagInQuery | None = None
    customer: Code | None = None
    queue: Code | None = None
    claimed_by: Code | None = None
    q: Annotated[
        Code | None, Field(description="Words of the text, the category or the references")
    ] = None
    order: OneOf[WorkOrder] = WorkOrder.WAITING
    limit: Annotated[WholeInQuery, Field(ge=1, le=200)] = 50
    cursor: Code | None = None
    after_position: Annotated[WholeInQuery | None, Field(exclude=True)] = None

    def as_filter(self) -> WorkFilter:
        """The filter in the question's words."""
        return WorkFilter(
            case_kind=self.kind,
            status=self.status,
            is_open=self.open,
            customer_id=self.customer,
            queue=self.queue,
            claimed_by=self.claimed_by,
            words=self.q,
        )


@router.get("", operation_id="cases.list", responses=reads(paged=True))
def list_cases(
    wanted: Annotated[Wanted, Query()], request: Request, call: AskingReadModels
) -> WorkPageView:
    """List, search, or take the work that waits longest."""
    page = _page(wanted, request, call)
    call.told.update(_link(request, page))
    items = [WorkItemView.model_validate(item) for item in page.items]
    return WorkPageView(items=items, next_cursor=page.next_cursor)


@router.get("/{case_id}/timeline", operation_id="cases.timeline", responses=reads(paged=True))
def timeline(
    case_id: Identifier, call: AskingReadModels, paging: AskedPart
) -> list[TimelineEntryView]:
    """Everything that happened to a case and to what belongs to it, oldest first."""
    entries = call.services.questions.timeline(case_id, part=paging.part)
    return [
        TimelineEntryView.model_validate(e)
        for e in paging.cut(_of_a_case(entries, case_id, call), call)
    ]


@router.get("/{case_id}/audit-trail", operation_id="cases.audit-trail", responses=reads(paged=True))
def audit_trail(
    case_id: Identifier, call: AskingReadModels, paging: AskedPart
) -> list[AuditEntryView]:
    """Who did what to this case, when and why, oldest first."""
    entries = call.services.questions.audit_trail(case_id, part=paging.part)
    return [
        AuditEntryView.model_validate(e)
        for e in paging.cut(_of_a_case(entries, case_id, call), call)
    ]


@router.get("/{case_id}/contacts", operation_id="cases.contacts", responses=reads(paged=True))
def contacts(case_id: Identifier, call: AskingReadModels, paging: AskedPart) -> list[ContactView]:
    """The contacts with the customer about a case and what belongs to it, oldest first."""
    entries = call.services.questions.contacts(case_id, part=paging.part)
    return [
        ContactView.model_validate(e) for e in paging.cut(_of_a_case(entries, case_id, call), call)
    ]


@router.get("/{case_id}/history", operation_id="cases.history", responses=reads(paged=True))
def history(case_id: Identifier, call: Asking, paging: AskedPart) -> list[RecordedEventView]:
    """The events of one case as they were recorded, envelopes included, oldest first."""
    events = _of_a_case(tuple(call.cases.history(case_id)), case_id, call)
    behind = [recorded for recorded in events if recorded.position > paging.after]
    return [RecordedEventView.of(recorded) for recorded in paging.cut(behind, call)]


def _of_a_case(entries: tuple[E, ...], case_id: UUID, call: Call) -> tuple[E, ...]:
    # Nothing to tell of a case, or no case to tell of: only the history knows.
    if not entries and not call.cases.history(case_id):
        raise CaseNotFound("case", case_id)
    return entries


def _page(wanted: Wanted, request: Request, call: Call) -> WorkPage:
    page = call.services.questions.worklist(
        wanted.as_filter(),
        order=wanted.order,
        limit=wanted.limit,
        cursor=unbound(request, wanted.cursor),
    )
    return replace(page, next_cursor=bound(request, page.next_cursor))


def _link(request: Request, page: WorkPage) -> dict[str, str]:
    if page.next_cursor is None:
        return {}
    asked = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
    query = urlencode([*asked, ("cursor", page.next_cursor)])
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}
