"""Bringing a schema to this version of the product, once, however many processes try."""

import re
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.rows import class_row, tuple_row

from infrastructure.postgres.errors import HistoryChanged, MigrationFailed, PhaseBlocked
from infrastructure.postgres.migration_files import Migration, Phase, shipped_migrations
from infrastructure.postgres.roles import (
    APPLICATION_ROLE,
    READER_ROLE,
    Roles,
    ensure_roles,
    roles_of,
)

_CREATE_SCHEMA: Final[LiteralString] = "CREATE SCHEMA IF NOT EXISTS {schema}"
_CREATE_RECORD: Final[LiteralString] = """
CREATE TABLE IF NOT EXISTS schema_migration
     ( number integer PRIMARY KEY
     , name text NOT NULL
     , phase text NOT NULL CHECK (phase IN ('pre', 'post'))
     , checksum text NOT NULL
     , applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
     )
"""
_OPEN_TO_ROLES: Final[LiteralString] = """
GRANT USAGE ON SCHEMA {schema} TO {application}, {reader};
GRANT SELECT ON schema_migration TO {application}, {reader}
"""
_RECORD: Final[LiteralString] = """
   INSERT INTO schema_migration (number, name, phase, checksum)
   VALUES (%s, %s, %s, %s)
RETURNING number, name, phase, checksum, applied_at
"""
_IS_RECORDED: Final[LiteralString] = "SELECT to_regclass(%s) IS NOT NULL"
_APPLIED: Final[LiteralString] = """
  SELECT number, name, phase, checksum, applied_at
    FROM {schema}.schema_migration
ORDER BY number
"""
_TRY_LOCK: Final[LiteralString] = (
    "SELECT pg_try_advisory_lock(hashtextextended('recours migrations of ' || %s, 0))"
)

_ROUND: Final = 0.05
"""Seconds between two tries for the lock."""


@dataclass(frozen=True)
class Applied:
    """A file that was applied to a schema."""

    number: int
    name: str
    phase: Phase
    checksum: str
    applied_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "phase", Phase(self.phase))

    def __str__(self) -> str:
        return f"{self.number:04}_{self.phase}_{self.name}"


def migrate(
    conninfo: str,
    *,
    schema: str,
    phase: Phase | Literal["all"] = "all",
    application_login: str | None = None,
    migrations: Sequence[Migration] | None = None,
) -> list[Applied]:
    """Apply what is pending and return what this call applied.

    Args:
        conninfo: the owner's login.
        schema: made if it is missing.
        phase: which files may be applied now.
        application_login: the login of the product at work, where it is not the role itself.
        migrations: files other than those shipped.

    Raises:
        MigrationRefused: its subclasses say what is in the way.
    """
    files = shipped_migrations() if migrations is None else migrations
    with psycopg.connect(conninfo, autocommit=True) as connection, _alone(connection, schema):
        roles = roles_of(schema)
        ensure_roles(connection, application_login=application_login, roles=roles)
        _prepare(connection, schema=schema)
        missing = _unapplied(files, applied=applied_to(connection, schema=schema))
        return [_apply(connection, file, roles=roles) for file in _of_phase(missing, phase=phase)]


def pending(
    conninfo: str, *, schema: str, migrations: Sequence[Migration] | None = None
) -> list[Migration]:
    """Name the files that are not applied yet, in their order.

    Raises:
        HistoryChanged: the files are not those that were applied.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return pending_on(connection, schema=schema, migrations=migrations)


def pending_on(
    connection: Connection[Any],  # Any: whatever rows the caller's connection makes
    *,
    schema: str,
    migrations: Sequence[Migration] | None = None,
) -> list[Migration]:
    """Name the files that are not applied yet, over a connection that is already there.

    A schema that a newer version has prepared with its pre-files counts as up to date: processes
    of this version may run on it, and start again on it.

    Raises:
        HistoryChanged: the files are not those that were applied.
    """
    files = shipped_migrations() if migrations is None else migrations
    applied = applied_to(connection, schema=schema)
    ours = applied[: len(files)]
    for newer in applied[len(files) :]:
        if newer.phase is Phase.POST:
            raise HistoryChanged(
                f"a newer version of the product has applied {newer}: this version may not run"
            )
    return _unapplied(files, applied=ours)


def lacking_on(
    connection: Connection[Any],  # Any: whatever rows the caller's connection makes
    *,
    schema: str,
    migrations: Sequence[Migration] | None = None,
) -> list[Migration]:
    """Name the files without which this version may not run: what removes may come later.

    Raises:
        HistoryChanged: the files are not those that were applied.
    """
    missing = pending_on(connection, schema=schema, migrations=migrations)
    return [file for file in missing if file.phase is Phase.PRE]


def applied_to(connection: Connection[Any], *, schema: str) -> list[Applied]:
    """Read what was applied to a schema, which need not exist."""
    table = sql.Identifier(schema, "schema_migration").as_string(connection)
    with connection.cursor(row_factory=tuple_row) as look:
        if look.execute(_IS_RECORDED, [table]).fetchone() != (True,):
            return []
    with connection.cursor(row_factory=class_row(Applied)) as cursor:
        cursor.execute(sql.SQL(_APPLIED).format(schema=sql.Identifier(schema)))
        return cursor.fetchall()


@contextmanager
def _alone(connection: Connection[Any], schema: str) -> Generator[None]:
    # Asked for again and again instead of waited for: a waiting statement holds a snapshot, and
    # the CREATE INDEX CONCURRENTLY of whoever holds the lock would wait for that snapshot.
    while connection.execute(_TRY_LOCK, [schema]).fetchone() != (True,):
        time.sleep(_ROUND)
    # Released with the connection, which is closed whatever happens.
    yield


def _prepare(connection: Connection[Any], *, schema: str) -> None:
    names = {
        "schema": sql.Identifier(schema),
        "application": sql.Identifier(roles_of(schema).application),
        "reader": sql.Identifier(roles_of(schema).reader),
    }
    known = connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", [schema]).rowcount
    if not known:
        connection.execute(sql.SQL(_CREATE_SCHEMA).format(**names))
    connection.execute(sql.SQL("SET search_path TO {schema}").format(**names))
    connection.execute("SET client_min_messages TO warning")
    if not applied_to(connection, schema=schema):
        with connection.transaction():
            connection.execute(_CREATE_RECORD)
            connection.execute(sql.SQL(_OPEN_TO_ROLES).format(**names))


def _unapplied(files: Sequence[Migration], *, applied: Sequence[Applied]) -> list[Migration]:
    for done, file in zip(applied, files, strict=False):
        if (done.number, done.name, done.phase) != (file.number, file.name, file.phase):
            raise HistoryChanged(f"{done} was applied, but the file with its number is {file}")
        if done.checksum != file.checksum:
            raise HistoryChanged(
                f"{file} was changed after it was applied: restore it and write a new file"
            )
    if len(applied) > len(files):
        raise HistoryChanged(
            f"{applied[len(files)]} was applied, but there is no such file: "
            "this version of the product is older than its database"
        )
    return list(files[len(applied) :])


def _of_phase(missing: list[Migration], *, phase: Phase | Literal["all"]) -> list[Migration]:
    """Pick the files of a phase, which must not overtake one of the other phase."""
    if phase == "all":
        return missing
    chosen = [file for file in missing if file.phase is phase]
    if chosen:
        before = missing[: missing.index(chosen[-1])]
        skipped = next((file for file in before if file.phase is not phase), None)
        if skipped is not None:
            raise PhaseBlocked(
                f"{skipped} has to be applied before {chosen[-1]}: "
                "stop the previous version's processes and migrate all"
            )
    return chosen


def _apply(connection: Connection[Any], file: Migration, *, roles: Roles) -> Applied:
    content = _opened_to(roles, file.content.decode(), connection)
    row = (file.number, file.name, file.phase.value, file.checksum)
    try:
        if file.in_transaction:
            with connection.transaction():
                connection.execute(content)
                return _record(connection, row)
        connection.execute(content)
        return _record(connection, row)
    except psycopg.Error as error:
        raise MigrationFailed(f"{file} was refused by the server: {error}") from error


def _opened_to(roles: Roles, content: str, connection: Connection[Any]) -> bytes:
    """A file whose grants go to these roles; the files name those of the default tenant."""
    names = {APPLICATION_ROLE: roles.application, READER_ROLE: roles.reader}
    return re.sub(
        rf"\b({APPLICATION_ROLE}|{READER_ROLE})\b",
        lambda named: sql.Identifier(names[named[1]]).as_string(connection),
        content,
    ).encode()


def _record(connection: Connection[Any], row: tuple[int, str, str, str]) -> Applied:
    with connection.cursor(row_factory=class_row(Applied)) as cursor:
        (recorded,) = cursor.execute(_RECORD, row).fetchall()
    return recorded
