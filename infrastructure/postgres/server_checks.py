"""What a server must not be before the product trusts it with what customers say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from psycopg import Connection
from psycopg.rows import class_row, tuple_row
from psycopg.sql import Identifier

from infrastructure.postgres.errors import HistoryChanged, ServerUnsafe
from infrastructure.postgres.migrating import lacking_on
from infrastructure.postgres.migration_files import Migration
from infrastructure.postgres.roles import APPLICATION_ROLE, TENANT_MARK

OLDEST_SERVER: Final = 15

_DURABILITY: Final = ("fsync", "full_page_writes", "synchronous_commit")

_SETTINGS: Final[LiteralString] = """
SELECT name, source
  FROM pg_settings
 WHERE name = ANY (%s) AND setting = 'off'
"""
# Set for a role or a database, a setting is not that of this session but of others that record.
_DEFAULTS: Final[LiteralString] = """
   SELECT split_part(entry, '=', 1) AS setting
        , split_part(entry, '=', 2) AS is_set_to
        , r.rolname AS role
        , d.datname AS database
     FROM pg_db_role_setting AS s
    CROSS JOIN unnest(s.setconfig) AS entry
LEFT JOIN pg_roles AS r ON r.oid = s.setrole
LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
    WHERE split_part(entry, '=', 1) = 'synchronous_commit'
      AND (s.setdatabase = 0 OR d.datname = current_database())
"""
_LOGIN: Final[LiteralString] = """
SELECT rolname AS name, rolsuper AS is_superuser, rolbypassrls AS bypasses_row_security
  FROM pg_roles
 WHERE rolname = current_user
"""
_SCHEMA_CLOSED: Final[LiteralString] = """
SELECT FROM pg_namespace
 WHERE nspname = %s AND NOT has_schema_privilege(oid, 'USAGE')
"""
_OTHER_TENANTS: Final[LiteralString] = """
SELECT nspname AS name
  FROM pg_namespace
 WHERE nspname <> %(schema)s
   AND (nspname = %(base)s OR starts_with(nspname, %(mark)s))
   AND has_schema_privilege(oid, 'USAGE')
 ORDER BY nspname
"""
_EVENT_RIGHTS: Final[LiteralString] = """
SELECT pg_has_role(current_user, c.relowner, 'MEMBER') AS owns
     , pg_get_userbyid(c.relowner) AS owner
     , array_remove(ARRAY
       [ CASE WHEN has_any_column_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END
       , CASE WHEN has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END
       , CASE WHEN has_table_privilege(c.oid, 'TRUNCATE') THEN 'TRUNCATE' END
       ], NULL) AS rights
  FROM pg_class AS c
 WHERE c.oid = to_regclass(%s)
"""


@dataclass(frozen=True)
class _Setting:
    name: str
    source: str


@dataclass(frozen=True)
class _Default:
    setting: str
    is_set_to: str
    role: str | None
    database: str | None


@dataclass(frozen=True)
class _LoginRights:
    name: str
    is_superuser: bool
    bypasses_row_security: bool


@dataclass(frozen=True)
class _EventRights:
    owns: bool
    owner: str
    rights: list[str]


@dataclass(frozen=True)
class Finding:
    """One fault of a server, and what to do about it."""

    rule: str
    """A short stable name for scripts, such as `fsync` or `superuser`."""
    fault: str
    fix: str

    def __str__(self) -> str:
        return f"{self.fault}: {self.fix}"


def refuse_unsafe_server(
    connection: Connection[Any],  # Any: whatever rows the caller's connection makes
    *,
    schema: str,
    migrations: Sequence[Migration] | None = None,
) -> None:
    """Refuse to serve over this connection's server and login.

    Raises:
        ServerUnsafe: lists every fault with its fix.
    """
    found = findings(connection, schema=schema, migrations=migrations)
    if found:
        raise ServerUnsafe("\n".join(["the database is not safe to use", *map(_listed, found)]))


def findings(
    connection: Connection[Any],
    *,
    schema: str,
    migrations: Sequence[Migration] | None = None,
) -> list[Finding]:
    """List every fault of this connection's server and login; an empty list is a safe server."""
    return [
        *_version(connection),
        *_encoding(connection),
        *_durability(connection),
        *_durability_defaults(connection),
        *_login(connection, schema=schema),
        *_inside(connection, schema=schema, migrations=migrations),
    ]


def _listed(finding: Finding) -> str:
    return f"- {finding}"


def _version(connection: Connection[Any]) -> list[Finding]:
    major = connection.info.server_version // 10_000
    if major >= OLDEST_SERVER:
        return []
    fix = f"upgrade it to PostgreSQL {OLDEST_SERVER} or later"
    return [Finding("version", f"the server is PostgreSQL {major}", fix)]


def _encoding(connection: Connection[Any]) -> list[Finding]:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding == "UTF8":
        return []
    fix = "create the database anew with ENCODING 'UTF8' TEMPLATE template0"
    return [Finding("encoding", f"the database's encoding is {encoding}, not UTF8", fix)]


def _durability(connection: Connection[Any]) -> list[Finding]:
    with connection.cursor(row_factory=class_row(_Setting)) as cursor:
        rows = cursor.execute(_SETTINGS, [list(_DURABILITY)]).fetchall()
    return [
        Finding(
            row.name,
            f"{row.name} is off (set by: {row.source}), so a crash loses what was acknowledged",
            f"ALTER SYSTEM SET {row.name} = on; SELECT pg_reload_conf();"
            if row.source == "configuration file"
            else f"remove {row.name} = off where it is set",
        )
        for row in rows
    ]


def _durability_defaults(connection: Connection[Any]) -> list[Finding]:
    with connection.cursor(row_factory=class_row(_Default)) as cursor:
        rows = cursor.execute(_DEFAULTS).fetchall()
    found: list[Finding] = []
    for row in rows:
        if row.is_set_to.lower() in {"off", "false", "no", "0"}:
            role = f"ROLE {Identifier(row.role).as_string(connection)}" if row.role else ""
            database = (
                f"DATABASE {Identifier(row.database).as_string(connection)}" if row.database else ""
            )
            whose = " IN ".join(filter(None, (role, database))) or "ROLE ALL"
            fault = f"{row.setting} is off by default for {whose}"
            found.append(Finding(row.setting, fault, f"ALTER {whose} RESET {row.setting};"))
    return found


def _login(connection: Connection[Any], *, schema: str) -> list[Finding]:
    with connection.cursor(row_factory=class_row(_LoginRights)) as cursor:
        (login,) = cursor.execute(_LOGIN).fetchall()
    name = Identifier(login.name).as_string(connection)
    found: list[Finding] = []
    if login.is_superuser:
        fault = f"the application's login {login.name} is a superuser and may change history"
        fix = f"use another login in DATABASE_URL, or ALTER ROLE {name} NOSUPERUSER;"
        found.append(Finding("superuser", fault, fix))
    if login.bypasses_row_security:
        fault = f"the application's login {login.name} bypasses row security in {schema}"
        found.append(Finding("row-security", fault, f"ALTER ROLE {name} NOBYPASSRLS;"))
    return found


def _inside(
    connection: Connection[Any], *, schema: str, migrations: Sequence[Migration] | None
) -> list[Finding]:
    if connection.execute(_SCHEMA_CLOSED, [schema]).rowcount:
        name = connection.info.user
        fault = f"the application's login {name} may not enter schema {schema}"
        tenant = schema.partition(TENANT_MARK)[2]
        fix = (
            f"recours tenants add {tenant}"
            if tenant
            else f"GRANT {APPLICATION_ROLE} TO {Identifier(name).as_string(connection)};"
        )
        return [Finding("schema-closed", fault, fix)]
    return [
        *_other_tenants(connection, schema=schema),
        *_event_rights(connection, schema=schema),
        *_schema(connection, schema=schema, migrations=migrations),
    ]


def _other_tenants(connection: Connection[Any], *, schema: str) -> list[Finding]:
    base, name = schema.partition(TENANT_MARK)[0], connection.info.user
    asked = {"schema": schema, "base": base, "mark": f"{base}{TENANT_MARK}"}
    with connection.cursor(row_factory=tuple_row) as cursor:
        open_schemas = [str(row[0]) for row in cursor.execute(_OTHER_TENANTS, asked)]
    return [
        Finding(
            "other-tenant",
            f"the login {name} of schema {schema} may enter schema {other} of another tenant",
            f"REVOKE ALL ON SCHEMA {Identifier(other).as_string(connection)} FROM PUBLIC, "
            f"{Identifier(name).as_string(connection)}; and take it out of the role that may",
        )
        for other in open_schemas
    ]


def _event_rights(connection: Connection[Any], *, schema: str) -> list[Finding]:
    table = Identifier(schema, "event").as_string(connection)
    with connection.cursor(row_factory=class_row(_EventRights)) as cursor:
        held = cursor.execute(_EVENT_RIGHTS, [table]).fetchone()
    if held is None:
        return []
    name = connection.info.user
    if held.owns:
        fault = f"the application's login {name} is or may become {held.owner}, who owns {table}"
        fix = "migrate with DATABASE_OWNER_URL, and use another login in DATABASE_URL"
        return [Finding("event-owner", fault, fix)]
    if not held.rights:
        return []
    rights = ", ".join(held.rights)
    fault = f"the application's login {name} may {rights} recorded events"
    fix = f"REVOKE {rights} ON {table} FROM PUBLIC, {Identifier(name).as_string(connection)};"
    return [Finding("event-rights", fault, fix)]


def _schema(
    connection: Connection[Any], *, schema: str, migrations: Sequence[Migration] | None
) -> list[Finding]:
    try:
        missing = lacking_on(connection, schema=schema, migrations=migrations)
    except HistoryChanged as error:
        return [Finding("schema-history", str(error), "run the version that fits the database")]
    if not missing:
        return []
    names = ", ".join(map(str, missing))
    return [Finding("schema", f"not yet applied to schema {schema}: {names}", "recours migrate")]
