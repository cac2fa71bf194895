"""Rebuild a read model beside the live one, then swap: nobody waits, and nobody sees half of it.

The tables are made anew in a schema of their own, and the search path puts it first, so that the
projection writes there with the same statements. Needs the owner's login.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow, dict_row

from infrastructure.event_store.event_types import EventTypes
from infrastructure.postgres.connections import configure, session_conninfo
from infrastructure.postgres.roles import APPLICATION_ROLE, READER_ROLE
from infrastructure.read_models.pages import lock_position, project_page, project_rest
from infrastructure.read_models.projection import Projection

PAGE: Final = 2_000
NO_LIMIT: Final = timedelta(0)

Progress = Callable[[int], None]
"""Called with the number of events that a page had."""


def rebuild(
    owner_url: str,
    projection: Projection,
    *,
    schema: str,
    event_types: EventTypes,
    progress: Progress,
) -> int:
    """Rebuild one read model; answers how many events it took.

    A rebuild that was cut off leaves the live read model as it was; the next one begins anew.
    """
    beside, name = f"{schema}_rebuild_{projection.name}", f"{projection.name} (rebuild)"
    conninfo = session_conninfo(
        owner_url, schema=schema, application_name="recours rebuild", statement_timeout=NO_LIMIT
    )
    with psycopg.connect(conninfo, autocommit=True, prepare_threshold=0) as connection:
        configure(connection)
        _prepare(connection, projection, schema=schema, beside=beside, name=name)
        events = 0
        while done := project_page(
            connection, projection, name=name, event_types=event_types, limit=PAGE
        ):
            events += done
            progress(done)
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            lock_position(cursor, projection.name)  # the live one pauses until the swap is done
            events += project_rest(
                cursor, projection, name=name, event_types=event_types, limit=PAGE
            )
            _swap(connection, projection, schema=schema, beside=beside, name=name)
    return events


def _prepare(
    connection: Connection[TupleRow], projection: Projection, *, schema: str, beside: str, name: str
) -> None:
    with connection.transaction():
        connection.execute("DELETE FROM tracking WHERE application_name = %s", [name])
        _execute(connection, "DROP SCHEMA IF EXISTS {} CASCADE", beside)
        _execute(connection, "CREATE SCHEMA {}", beside)
        for table in projection.tables:
            connection.execute(
                sql.SQL("CREATE TABLE {}.{} (LIKE {}.{} INCLUDING ALL)").format(
                    sql.Identifier(beside),
                    sql.Identifier(table.name),
                    sql.Identifier(schema),
                    sql.Identifier(table.name),
                )
            )
    _execute(connection, "SET search_path = {}, {}", beside, schema)


def _swap(
    connection: Connection[TupleRow], projection: Projection, *, schema: str, beside: str, name: str
) -> None:
    connection.execute("SET LOCAL lock_timeout = '10s'")
    connection.execute(
        "UPDATE tracking SET notification_id = (SELECT notification_id FROM tracking"
        " WHERE application_name = %s) WHERE application_name = %s",
        [name, projection.name],
    )
    connection.execute("DELETE FROM tracking WHERE application_name = %s", [name])
    connection.execute("DELETE FROM projection_failure WHERE name = %s", [projection.name])
    for table in projection.tables:
        _execute(connection, "DROP TABLE {}.{}", schema, table.name)
        _execute(connection, "ALTER TABLE {}.{} SET SCHEMA {}", beside, table.name, schema)
        grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON {}.{} TO {}"
        _execute(connection, grant, schema, table.name, APPLICATION_ROLE)
        _execute(connection, "GRANT SELECT ON {}.{} TO {}", schema, table.name, READER_ROLE)
    _execute(connection, "DROP SCHEMA {}", beside)


def _execute(connection: Connection[TupleRow], statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
