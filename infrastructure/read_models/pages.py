"""One page of history into one read model, in one transaction with its position: exactly once."""

from typing import Final, LiteralString

from psycopg import Connection, Cursor
from psycopg.rows import DictRow, TupleRow, dict_row

from application.recorded import RecordedEvent
from infrastructure.event_store.event_types import EventTypes
from infrastructure.event_store.rows import Row
from infrastructure.read_models.projection import Projection

_READ: Final[LiteralString] = (
    "SELECT position, recorded_at, stream_id, version, schema_version, type, state::text"
    "     , metadata::text FROM event WHERE position > %s ORDER BY position LIMIT %s"
)
_START: Final = "INSERT INTO tracking VALUES (%s, 0) ON CONFLICT DO NOTHING"
_LOCK: Final = "SELECT notification_id FROM tracking WHERE application_name = %s FOR NO KEY UPDATE"
_ADVANCE: Final = "UPDATE tracking SET notification_id = %s WHERE application_name = %s"
_RECOVER: Final = "DELETE FROM projection_failure WHERE name = %s AND position <= %s"


def project_page(
    connection: Connection[TupleRow],
    projection: Projection,
    *,
    name: str,
    event_types: EventTypes,
    limit: int,
) -> int:
    """Project the next page under this name in a transaction; answers how many events it had."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")  # what is lost is projected again
        position = lock_position(cursor, name)
        return _project(
            cursor, projection, name=name, after=position, event_types=event_types, limit=limit
        )


def project_rest(
    cursor: Cursor[DictRow],
    projection: Projection,
    *,
    name: str,
    event_types: EventTypes,
    limit: int,
) -> int:
    """Project what is left, in the caller's transaction; answers how many events it had."""
    events = 0
    while done := _project(
        cursor,
        projection,
        name=name,
        after=lock_position(cursor, name),
        event_types=event_types,
        limit=limit,
    ):
        events += done
    return events


def lock_position(cursor: Cursor[DictRow], name: str) -> int:
    """Hold the read model for this transaction; answers how far it has come."""
    locked = cursor.execute(_LOCK, [name]).fetchone()
    if locked is None:
        cursor.execute(_START, [name])
        locked = cursor.execute(_LOCK, [name]).fetchone()
    assert locked is not None, "the row was just inserted"
    return int(locked["notification_id"])


def _project(
    cursor: Cursor[DictRow],
    projection: Projection,
    *,
    name: str,
    after: int,
    event_types: EventTypes,
    limit: int,
) -> int:
    page = _read(cursor, after, event_types=event_types, limit=limit)
    if page:
        projection.project(cursor, page)
        cursor.execute(_ADVANCE, [page[-1].position, name])
        cursor.execute(_RECOVER, [name, page[-1].position])
    return len(page)


def _read(
    cursor: Cursor[DictRow], after: int, *, event_types: EventTypes, limit: int
) -> list[RecordedEvent]:
    with cursor.connection.cursor() as reader:
        rows: list[TupleRow] = reader.execute(_READ, [after, limit]).fetchall()
    return list(event_types.decode_all(map(Row._make, rows)))
