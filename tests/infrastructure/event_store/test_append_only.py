"""Events are append-only (invariant 11): for the product at work, and for the schema's owner."""

from typing import LiteralString

import psycopg
import pytest

from infrastructure.event_store.recorder import EventRecorder
from infrastructure.postgres.connections import session_conninfo
from tests.databases import Database
from tests.infrastructure.event_store.store_examples import FIRST, append

CHANGES: list[LiteralString] = [
    "UPDATE event SET state = '{}'",
    "UPDATE event SET recorded_at = recorded_at WHERE false",
    "DELETE FROM event",
    "DELETE FROM event WHERE false",
    "TRUNCATE event",
    (
        "INSERT INTO event OVERRIDING SYSTEM VALUE SELECT * FROM event"
        " ON CONFLICT (position) DO UPDATE SET state = '{}'"
    ),
    "MERGE INTO event USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("login", ["application", "owner"])
def test_nobody_changes_what_was_recorded(
    database: Database, recorder: EventRecorder, *, login: str, change: LiteralString
) -> None:
    recorder.append(append(FIRST, 1))
    before = recorder.read_after(0, limit=10)
    url = database.owner_url if login == "owner" else database.application_url
    with (
        psycopg.connect(
            session_conninfo(url, schema=database.schema, application_name="tests")
        ) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(change)
    assert recorder.read_after(0, limit=10) == before


def test_a_reader_records_nothing(database: Database) -> None:
    conninfo = session_conninfo(
        database.reader_url, schema=database.schema, application_name="tests"
    )
    with psycopg.connect(conninfo, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "CALL append("
                """'[{"s":"00000000-0000-0000-0000-000000000001","v":1,"w":1,"t":"t","d":{},"m":{}}]'"""
                ")"
            )
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (0,)


def test_nobody_chooses_where_in_the_order_an_event_stands(database: Database) -> None:
    chosen = (
        "INSERT INTO event (position, recorded_at, stream_id, version, schema_version, type, state"
        " , metadata) OVERRIDING SYSTEM VALUE"
        " VALUES (5, now(), gen_random_uuid(), 1, 1, 'complaint.registered', '{}', '{}')"
    )
    conninfo = session_conninfo(
        database.application_url, schema=database.schema, application_name="tests"
    )
    with (
        psycopg.connect(conninfo) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(chosen)
