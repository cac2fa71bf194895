"""When and how each customer was in contact with us, and since when they have been waiting."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from domain.complaints.events import (
    ComplaintRegistered,
    FinalResponseSent,
    ResponseContested,
)
from domain.contacts import ContactRecorded, Direction, Reached
from domain.disputes.events import DisputeOpened
from infrastructure.read_models.projection import KeyedRows, Projection, Row, Table, insert

_CASE: Final = Table("contact_case", ("case_id",), ("case_id", "family_id", "customer_id"))
_WAITING: Final = Table(
    "customer_waiting",
    ("family_id",),
    (
        "family_id",
        "customer_id",
        "waiting_since",
        "last_reached_at",
        "promised_next_contact",
    ),
)
_CONTACT: Final = Table(
    "customer_contact",
    ("position",),
    (
        "position",
        "case_id",
        "family_id",
        "customer_id",
        "direction",
        "channel",
        "reached",
        "summary",
        "occurred_at",
        "recorded_at",
        "promised_next_contact",
        "waiting_since",
        "actor_id",
    ),
)
_HEARD = (
    ComplaintRegistered,
    DisputeOpened,
    ContactRecorded,
    FinalResponseSent,
    ResponseContested,
)


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    heard = [recorded for recorded in page if isinstance(recorded.event, _HEARD)]
    cases = KeyedRows(cursor, _CASE, (recorded.stream_id for recorded in heard))
    for recorded in heard:
        _place(cases, recorded)
    families: list[UUID] = [cases[recorded.stream_id]["family_id"] for recorded in heard]
    waiting = KeyedRows(cursor, _WAITING, families)
    contacts: list[Row] = []
    for recorded in heard:
        case = cases[recorded.stream_id]
        before = waiting.get(case["family_id"])
        if isinstance(recorded.event, ContactRecorded):
            contacts.append(_contact(recorded, recorded.event, case, before))
        waiting.put(_waits(recorded, case, before))
    cases.save()
    waiting.save()
    insert(cursor, _CONTACT, contacts)


def _place(cases: KeyedRows, recorded: RecordedEvent) -> None:
    case_id = recorded.stream_id
    match recorded.event:
        case ComplaintRegistered(customer_id=customer_id):
            family_id = case_id
        case DisputeOpened(customer_id=customer_id, complaint_id=complaint_id):
            family_id = complaint_id or case_id
        case _:
            return
    cases.put({"case_id": case_id, "family_id": family_id, "customer_id": customer_id})


def _contact(
    recorded: RecordedEvent, contact: ContactRecorded, case: Row, before: Row | None
) -> Row:
    return {
        **case,
        "position": recorded.position,
        "direction": contact.direction,
        "channel": contact.channel,
        "reached": contact.reached,
        "summary": contact.summary,
        "occurred_at": recorded.envelope.occurred_at,
        "recorded_at": recorded.recorded_at,
        "promised_next_contact": contact.promised_next_contact,
        "waiting_since": None if before is None else before["waiting_since"],
        "actor_id": recorded.envelope.actor.subject_id,
    }


def _waits(recorded: RecordedEvent, case: Row, before: Row | None) -> Row:
    at = recorded.envelope.occurred_at
    row: Row = before or {
        "family_id": case["family_id"],
        "customer_id": case["customer_id"],
        "waiting_since": None,
        "last_reached_at": None,
        "promised_next_contact": None,
    }
    match recorded.event:
        case ComplaintRegistered(first_received_at=received):
            return {**row, "waiting_since": received}
        case DisputeOpened() | ResponseContested():
            return {**row, "waiting_since": row["waiting_since"] or at}
        case FinalResponseSent():
            return {**row, "waiting_since": None, "promised_next_contact": None}
        case ContactRecorded(direction=Direction.INBOUND):
            return {**row, "waiting_since": row["waiting_since"] or at, "last_reached_at": at}
        case ContactRecorded(reached=Reached.YES, promised_next_contact=promised):
            return {
                **row,
                "waiting_since": None,
                "last_reached_at": at,
                "promised_next_contact": promised,
            }
        case _:
            return row  # an attempt that reached nobody changes nothing for the customer


CUSTOMER_CONTACTS: Final = Projection("customer_contacts", (_CASE, _WAITING, _CONTACT), _project)
