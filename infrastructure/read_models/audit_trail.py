"""What each event found and what it left."""

from collections.abc import Sequence
from typing import Final

from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from infrastructure.read_models.projection import (
    KeyedRows,
    Projection,
    Row,
    Table,
    insert,
    kind_of,
)
from infrastructure.read_models.standings import LIFECYCLES, standing_after

_CASE: Final = Table("audited_case", ("case_id",), ("case_id", "status", "resume"))
_TRAIL: Final = Table(
    "audit_trail",
    ("position",),
    ("position", "case_id", "case_kind", "status_before", "status_after"),
)


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    audited = [recorded for recorded in page if kind_of(recorded) in LIFECYCLES]
    cases = KeyedRows(cursor, _CASE, (recorded.stream_id for recorded in audited))
    entries: list[Row] = []
    for recorded in audited:
        before = cases.get(recorded.stream_id)
        after = {"case_id": recorded.stream_id, **standing_after(recorded, before)}
        if after != before:
            cases.put(after)
        entries.append(
            {
                "position": recorded.position,
                "case_id": recorded.stream_id,
                "case_kind": kind_of(recorded),
                "status_before": None if before is None else before["status"],
                "status_after": after["status"],
            }
        )
    cases.save()
    insert(cursor, _TRAIL, entries)


AUDIT_TRAIL: Final = Projection("audit_trail", (_CASE, _TRAIL), _project)
