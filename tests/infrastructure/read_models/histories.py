"""Histories written straight into the table, with any time of recording, and all projected rows.

The database stamps what is recorded by its own clock. What was known when can only be tested with
a history whose times of recording a test chooses, so the owner writes it past the recorder.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from application.recorded import RecordedEvent
from domain.event import Envelope, Event
from infrastructure.event_store.event_types import product_event_types
from infrastructure.postgres.connections import session_conninfo
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.projection import Projection
from tests.databases import Database

_WRITE: Final = """
    COPY event (recorded_at, stream_id, version, schema_version, type, state, metadata) FROM STDIN
"""
_DUMP: Final[LiteralString] = "SELECT t::text FROM {} AS t ORDER BY 1"

Rows = dict[str, list[str]]
"""The rows of every table, as text."""


class Fact(NamedTuple):
    """An event, and when it was recorded."""

    stream_id: UUID
    event: Event
    envelope: Envelope
    recorded_at: datetime


def facts_of(story: Iterable[RecordedEvent]) -> list[Fact]:
    """A story as it was recorded in memory."""
    return [Fact(r.stream_id, r.event, r.envelope, r.recorded_at) for r in story]


def owner_session(database: Database) -> Connection[TupleRow]:
    """Connect as the owner, seeing the product's schema."""
    return psycopg.connect(
        session_conninfo(database.owner_url, schema=database.schema, application_name="the owner"),
        autocommit=True,
    )


def write_history(database: Database, facts: Sequence[Fact]) -> None:
    """Write facts at the end of a history whose streams are all in `facts`."""
    types = product_event_types()
    versions = Counter[UUID]()
    with (
        owner_session(database) as owner,
        owner.cursor() as cursor,
        cursor.copy(_WRITE) as copy,
    ):
        for stream_id, event, envelope, recorded_at in facts:
            versions[stream_id] += 1
            metadata = types.encode_envelope(envelope)
            entry = types.encode(stream_id, versions[stream_id], event, metadata)
            state, told = entry.state.decode(), entry.metadata.decode()
            shape = entry.schema_version
            copy.write_row((recorded_at, stream_id, entry.version, shape, entry.type, state, told))


def dump(database: Database, projections: Iterable[Projection] = PROJECTIONS) -> Rows:
    """Read every row of every read model, byte by byte."""
    tables = [table.name for projection in projections for table in projection.tables]
    with owner_session(database) as owner:
        return {table: _rows(owner, table) for table in tables}


def _rows(owner: Connection[TupleRow], table: str) -> list[str]:
    found = owner.execute(sql.SQL(_DUMP).format(sql.Identifier(table)))
    return [str(row[0]) for row in found]
