"""To which legal entities and teams each case belongs; the rule is `application.belonging`'s."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from domain.blocks.events import BlockOrdered
from domain.complaints.events import (
    ComplaintCorrected,
    ComplaintRegistered,
    ComplaintRouted,
    CorrectableField,
    HandedOver,
)
from domain.complaints.lifecycle import LIFECYCLE, Status
from domain.disputes.events import DisputeOpened, LineAdded
from domain.event import Event
from domain.invoices.events import InvoiceMirrored
from domain.lifecycle import STAY
from infrastructure.read_models.projection import KeyedRows, Projection, Row, Table

_FAMILY: Final = Table(
    "case_family_reach",
    ("family_id",),
    ("family_id", "company_code", "disputed", "queue", "asked_queue", "members"),
)
_REACH: Final = Table("case_reach", ("case_id",), ("case_id", "family_id", "companies", "teams"))
_ENDS_HANDOVER: Final = frozenset(
    step.event
    for step in LIFECYCLE.steps
    if Status.AWAITING_INTERNAL in step.sources and step.to is not STAY
)
_BORN: Final = (ComplaintRegistered, DisputeOpened, BlockOrdered, InvoiceMirrored)
_CHANGES: Final = (ComplaintCorrected, ComplaintRouted, HandedOver, LineAdded)


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    concerned = [recorded for recorded in page if _concerns(recorded.event)]
    reaches = KeyedRows(cursor, _REACH, _cases(concerned))
    for recorded in concerned:
        if isinstance(recorded.event, _BORN):
            family_id = _family_of(recorded, reaches)
            reaches.put({"case_id": recorded.stream_id, "family_id": family_id})
    family_ids: list[UUID] = [reaches[recorded.stream_id]["family_id"] for recorded in concerned]
    families = KeyedRows(cursor, _FAMILY, family_ids)
    for recorded, family_id in zip(concerned, family_ids, strict=True):
        families.put(_after(recorded, families.get(family_id) or _new(family_id)))
    for family_id in dict.fromkeys(family_ids):
        family = families[family_id]
        for case_id in family["members"]:
            reaches.put({"case_id": case_id, "family_id": family_id, **_reach(family)})
    reaches.save()
    families.save()


def _concerns(event: Event) -> bool:
    return isinstance(event, (*_BORN, *_CHANGES)) or type(event) in _ENDS_HANDOVER


def _cases(page: Sequence[RecordedEvent]) -> Iterable[UUID]:
    for recorded in page:
        yield recorded.stream_id
        match recorded.event:
            case BlockOrdered(dispute_id=dispute_id):
                yield dispute_id
            case _:
                pass


def _family_of(recorded: RecordedEvent, reaches: KeyedRows) -> UUID:
    match recorded.event:
        case DisputeOpened(complaint_id=UUID() as complaint_id):
            return complaint_id
        case BlockOrdered(dispute_id=dispute_id):
            family_id: UUID = reaches[dispute_id]["family_id"]
            return family_id
        case _:
            return recorded.stream_id


def _new(family_id: UUID) -> Row:
    return {
        "family_id": family_id,
        "company_code": None,
        "disputed": [],
        "queue": None,
        "asked_queue": None,
        "members": [],
    }


def _after(recorded: RecordedEvent, family: Row) -> Row:
    if isinstance(recorded.event, _BORN):
        family = {**family, "members": [*family["members"], recorded.stream_id]}
    match recorded.event:
        case ComplaintRegistered(company_code=company_code, queue=queue):
            return {**family, "company_code": company_code, "queue": queue}
        case ComplaintCorrected(field=CorrectableField.COMPANY_CODE, now=company_code):
            return {**family, "company_code": company_code}
        case ComplaintRouted(queue=queue):
            return {**family, "queue": queue}
        case HandedOver(to_queue=queue):
            return {**family, "asked_queue": queue}
        case DisputeOpened(lines=lines):
            return _disputes(family, (line.document.company_code for line in lines))
        case LineAdded(line=line):
            return _disputes(family, [line.document.company_code])
        case InvoiceMirrored(document=document):
            return _disputes(family, [document.company_code])
        case event if type(event) in _ENDS_HANDOVER:
            return {**family, "asked_queue": None}
        case _:
            return family  # a block is of a document that its dispute names


def _disputes(family: Row, companies: Iterable[str]) -> Row:
    return {**family, "disputed": sorted({*family["disputed"], *companies})}


def _reach(family: Row) -> Row:
    own, teams = family["company_code"], (family["queue"], family["asked_queue"])
    return {
        "companies": sorted({*family["disputed"], *([own] if own else [])}),
        "teams": sorted({team for team in teams if team is not None}),
    }


CASE_REACH: Final = Projection("case_reach", (_FAMILY, _REACH), _project)
