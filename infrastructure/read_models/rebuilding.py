"""Rebuild a read model beside the live one, then swap: nobody waits, and nobody sees half of it.

The tables are made anew in a schema of their own, and the search path puts it first, so that the
projection writes there with the same statements. Needs the owner's login.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.errors import LockNotAvailable
from psycopg.rows import TupleRow, dict_row

from application.errors import ApplicationError
from infrastructure.event_store.event_types import EventTypes
from infrastructure.postgres.connections import configure, session_conninfo
from infrastructure.postgres.roles import roles_of
from infrastructure.read_models.pages import lock_position, project_page, project_rest
from infrastructure.read_models.projection import Projection, Table
from infrastructure.read_models.views import show_rebuilt

PAGE: Final = 2_000
NO_LIMIT: Final = timedelta(0)

SWAP_TRIES: Final = 100
SWAP_PATIENCE: Final = "SET LOCAL lock_timeout = '200ms'"
"""Whoever reads waits for no longer than this, and gives up before the server looks for a deadlock
of a swap and a question that want the same two tables in another order."""

OTHER_PATIENCE: Final = "SET lock_timeout = '3s'"
"""For a rebuild that was killed to be gone from the server too."""

_INDEX_NAMES: Final = """
    SELECT fresh.relname, live.relname
      FROM pg_index AS live_index JOIN pg_class AS live ON live.oid = live_index.indexrelid
         , pg_index AS fresh_index JOIN pg_class AS fresh ON fresh.oid = fresh_index.indexrelid
     WHERE live_index.indrelid = %s::regclass AND fresh_index.indrelid = %s::regclass
       AND substring(pg_get_indexdef(live.oid) FROM ' USING .*')
         = substring(pg_get_indexdef(fresh.oid) FROM ' USING .*')
       AND live_index.indisprimary = fresh_index.indisprimary
       AND live.relname <> fresh.relname
"""

Progress = Callable[[int], None]
"""Called with the number of events that a page had."""


class RebuildUnderWay(ApplicationError):
    """Somebody else rebuilds this read model right now."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being rebuilt already; wait for that one to end")
        self.name = name


class ReadModelInUse(ApplicationError):
    """Somebody reads the live tables all the time, and the rebuilt ones cannot take their place."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} was rebuilt, but long questions keep it in use; try again later")
        self.name = name


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

    Raises:
        RebuildUnderWay: somebody else rebuilds it.
        ReadModelInUse: the live tables were never free for the swap; they are as they were.
    """
    beside, name = f"{schema}_rebuild_{projection.name}", f"{projection.name} (rebuild)"
    conninfo = session_conninfo(
        owner_url, schema=schema, application_name="recours rebuild", statement_timeout=NO_LIMIT
    )
    with psycopg.connect(conninfo, autocommit=True, prepare_threshold=0) as connection:
        configure(connection)
        _be_alone(connection, projection, beside=beside)
        _prepare(connection, projection, schema=schema, beside=beside, name=name)
        events = 0
        while done := project_page(
            connection, projection, name=name, event_types=event_types, limit=PAGE
        ):
            events += done
            progress(done)
        for _ in range(SWAP_TRIES):
            with suppress(LockNotAvailable), connection.transaction():
                with connection.cursor(row_factory=dict_row) as cursor:
                    # The live one pauses until the swap is done.
                    lock_position(cursor, projection.name)
                    rest = project_rest(
                        cursor, projection, name=name, event_types=event_types, limit=PAGE
                    )
                _swap(connection, projection, schema=schema, beside=beside, name=name)
                return events + rest
        raise ReadModelInUse(projection.name)


def _be_alone(connection: Connection[TupleRow], projection: Projection, *, beside: str) -> None:
    # Of two at once, the one would write into the other's tables. The lock ends with the session.
    connection.execute(OTHER_PATIENCE)
    try:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [beside])
    except LockNotAvailable as error:
        raise RebuildUnderWay(projection.name) from error
    connection.execute("RESET lock_timeout")


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
            _name_indexes(connection, table, schema=schema, beside=beside)
    _execute(connection, "SET search_path = {}, {}", beside, schema)


def _name_indexes(
    connection: Connection[TupleRow], table: Table, *, schema: str, beside: str
) -> None:
    # The server names the copies by its own rule; migrations to come know the names of ours.
    live, fresh = (sql.Identifier(of, table.name).as_string() for of in (schema, beside))
    for generated, ours in connection.execute(_INDEX_NAMES, [live, fresh]).fetchall():
        rename = sql.SQL("ALTER INDEX {} RENAME TO {}")
        connection.execute(rename.format(sql.Identifier(beside, generated), sql.Identifier(ours)))


def _swap(
    connection: Connection[TupleRow], projection: Projection, *, schema: str, beside: str, name: str
) -> None:
    connection.execute(SWAP_PATIENCE)
    connection.execute(
        "UPDATE tracking SET notification_id = (SELECT notification_id FROM tracking"
        " WHERE application_name = %s) WHERE application_name = %s",
        [name, projection.name],
    )
    connection.execute("DELETE FROM tracking WHERE application_name = %s", [name])
    connection.execute("DELETE FROM projection_failure WHERE name = %s", [projection.name])
    roles = roles_of(schema)
    show_rebuilt(connection, projection.tables, schema=schema, beside=beside)
    for table in projection.tables:
        _execute(connection, "DROP TABLE {}.{}", schema, table.name)
        _execute(connection, "ALTER TABLE {}.{} SET SCHEMA {}", beside, table.name, schema)
        grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON {}.{} TO {}"
        _execute(connection, grant, schema, table.name, roles.application)
        _execute(connection, "GRANT SELECT ON {}.{} TO {}", schema, table.name, roles.reader)
    _execute(connection, "DROP SCHEMA {}", beside)


def _execute(connection: Connection[TupleRow], statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
