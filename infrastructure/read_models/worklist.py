"""Every complaint and dispute as a list shows it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from domain.complaints import events as complaint_events
from domain.complaints.events import CorrectableField as Correctable
from domain.complaints.lifecycle import Status as ComplaintStatus
from domain.disputes import events as dispute_events
from domain.disputes.lifecycle import Status as DisputeStatus
from domain.disputes.lines import Line
from infrastructure.read_models.projection import KeyedRows, Projection, Row, Table, kind_of
from infrastructure.read_models.standings import standing_after

_OVER: Final = frozenset(
    {ComplaintStatus.CLOSED, DisputeStatus.CLOSED, DisputeStatus.VOIDED},
)
_WORKLIST: Final = Table(
    "worklist",
    ("case_id",),
    (
        "case_id",
        "family_id",
        "case_kind",
        "version",
        "status",
        "resume",
        "is_open",
        "customer_id",
        "category",
        "language",
        "complaint_id",
        "dispute_id",
        "queue",
        "claimed_by",
        "opened_at",
        "last_event_at",
        "amount",
        "currency",
    ),
)


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    listed = [recorded for recorded in page if kind_of(recorded) in {"complaint", "dispute"}]
    items = KeyedRows(cursor, _WORKLIST, (recorded.stream_id for recorded in listed))
    for recorded in listed:
        before = items.get(recorded.stream_id)
        standing = standing_after(recorded, before)
        row = {
            **(before or {}),
            **_changes(recorded, before),
            **standing,
            "version": recorded.version,
            "is_open": standing["status"] not in _OVER,
            "last_event_at": recorded.envelope.occurred_at,
        }
        items.put(row)
    items.save()


def _changes(recorded: RecordedEvent, before: Row | None) -> dict[str, Any]:
    event = recorded.event
    match event:
        case complaint_events.ComplaintRegistered():
            return _complaint(recorded, event)
        case dispute_events.DisputeOpened():
            return _dispute(recorded, event)
        case _:
            assert before is not None, "a case is born before anything else happens to it"
            return _later_changes(recorded, before)


def _later_changes(recorded: RecordedEvent, before: Row) -> dict[str, Any]:
    event = recorded.event
    match event:
        case (
            complaint_events.DisputeOpenedForComplaint()
            | complaint_events.DisputeResumedForComplaint()
        ):
            return {"dispute_id": event.dispute_id}
        case complaint_events.ComplaintRouted():
            return {"queue": event.queue, "claimed_by": None}
        case complaint_events.ComplaintClaimed():
            return {"claimed_by": recorded.envelope.actor.subject_id}
        case complaint_events.ComplaintReleased():
            return {"claimed_by": None}
        case complaint_events.ComplaintCorrected(field=Correctable.CATEGORY, now=str(category)):
            return {"category": category}
        case complaint_events.ComplaintCorrected(field=Correctable.LANGUAGE):
            return {"language": event.now}
        case dispute_events.LineAdded():
            return _sum(before, event.line.amount, event.line.currency)
        case dispute_events.LineReduced():
            return _sum(before, -event.amount, before["currency"])
        case dispute_events.DisputeCorrected(field="reason_code", line_id=None, now=str(code)):
            return {"category": code}
        case _:
            return {}


def _complaint(
    recorded: RecordedEvent, event: complaint_events.ComplaintRegistered
) -> dict[str, Any]:
    return {
        "case_id": recorded.stream_id,
        "family_id": recorded.stream_id,
        "case_kind": "complaint",
        "customer_id": event.customer_id,
        "category": event.category,
        "language": event.language,
        "complaint_id": None,
        "dispute_id": None,
        "queue": event.queue,
        "claimed_by": None,
        "opened_at": event.first_received_at,
        "amount": None,
        "currency": None,
    }


def _dispute(recorded: RecordedEvent, event: dispute_events.DisputeOpened) -> dict[str, Any]:
    return {
        "case_id": recorded.stream_id,
        "family_id": event.complaint_id or recorded.stream_id,
        "case_kind": "dispute",
        "customer_id": event.customer_id,
        "category": event.reason_code,
        "language": None,
        "complaint_id": event.complaint_id,
        "dispute_id": None,
        "queue": None,
        "claimed_by": None,
        "opened_at": recorded.envelope.occurred_at,
        **_total(event.lines),
    }


def _total(lines: Sequence[Line]) -> dict[str, Any]:
    # Nothing is summed across currencies without a stated rate: the amount is then unknown.
    currencies = {line.currency for line in lines}
    if len(currencies) > 1:
        return {"amount": None, "currency": None}
    amount = sum((line.amount for line in lines), start=Decimal(0))
    return {"amount": amount, "currency": currencies.pop() if currencies else None}


def _sum(before: Row, change: Decimal, currency: str) -> dict[str, Any]:
    if before["amount"] is None or before["currency"] not in {None, currency}:
        return {"amount": None, "currency": None}
    return {"amount": before["amount"] + change, "currency": currency}


WORKLIST: Final = Projection("worklist", (_WORKLIST,), _project)
