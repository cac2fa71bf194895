"""Which events belong to a case, its dispute and its blocks."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from domain.blocks.events import BlockOrdered
from domain.complaints.events import ComplaintRegistered
from domain.disputes.events import DisputeOpened
from infrastructure.read_models.projection import (
    KeyedRows,
    Projection,
    Row,
    Table,
    insert,
    kind_of,
)
from infrastructure.read_models.standings import LIFECYCLES

_FAMILY: Final = Table("case_family", ("case_id",), ("case_id", "family_id"))
_TIMELINE: Final = Table(
    "case_timeline", ("position",), ("position", "family_id", "case_id", "case_kind")
)


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    told = [recorded for recorded in page if kind_of(recorded) in LIFECYCLES]
    families = KeyedRows(cursor, _FAMILY, _cases(told))
    entries: list[Row] = []
    for recorded in told:
        case_id = recorded.stream_id
        match recorded.event:
            case ComplaintRegistered():
                families.put({"case_id": case_id, "family_id": case_id})
            case DisputeOpened():
                family_id = recorded.event.complaint_id or case_id
                families.put({"case_id": case_id, "family_id": family_id})
            case BlockOrdered():
                family_id = families[recorded.event.dispute_id]["family_id"]
                families.put({"case_id": case_id, "family_id": family_id})
            case _:
                pass  # later events belong where the first one put the case
        entries.append(
            {
                "position": recorded.position,
                "family_id": families[case_id]["family_id"],
                "case_id": case_id,
                "case_kind": kind_of(recorded),
            }
        )
    families.save()
    insert(cursor, _TIMELINE, entries)


def _cases(page: Sequence[RecordedEvent]) -> list[UUID]:
    ordered = [r.event.dispute_id for r in page if isinstance(r.event, BlockOrdered)]
    return [recorded.stream_id for recorded in page] + ordered


CASE_TIMELINE: Final = Projection("case_timeline", (_FAMILY, _TIMELINE), _project)
