"""The roles that the schema's files grant to, on a server that we did not set up ourselves."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import Connection, sql

from infrastructure.postgres.errors import RoleMissing

APPLICATION_ROLE: Final = "recours_application"
READER_ROLE: Final = "recours_reader"

TENANT_MARK: Final = "__"
"""Stands in a schema's name before the tenant's; no other schema has it."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles that a schema's tables are open to."""

    application: str
    reader: str


def roles_of(schema: str) -> Roles:
    """The roles of a schema: a tenant's are its own, so that nobody else may enter there."""
    if TENANT_MARK in schema:
        return Roles(application=schema, reader=f"{schema}{TENANT_MARK}reader")
    return Roles(application=APPLICATION_ROLE, reader=READER_ROLE)


def ensure_roles(
    connection: Connection[Any],  # Any: whatever rows the caller's connection makes
    *,
    application_login: str | None,
    roles: Roles = Roles(APPLICATION_ROLE, READER_ROLE),
) -> None:
    """Make the roles that are missing, and the application's login a member of its role.

    Raises:
        RoleMissing: this login may not do it; the message is the SQL for one that may.
    """
    for role in (roles.application, roles.reader):
        if not _exists(connection, role=role):
            _make(connection, role=role)
    if application_login is not None and application_login != roles.application:
        _make_member(connection, login=application_login)


def _exists(connection: Connection[Any], *, role: str) -> bool:
    return connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount == 1


def _make(connection: Connection[Any], *, role: str) -> None:
    statement = sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role))
    # Roles belong to the whole server, our lock only to one database: a migration of another
    # database may make the role between our look and our statement.
    with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        _demand(connection, statement=statement)


def _make_member(connection: Connection[Any], *, login: str) -> None:
    if not _exists(connection, role=login):
        raise RoleMissing(f"there is no login {login} on this server: create it first")
    member = connection.execute(
        "SELECT pg_has_role(%s, %s, 'USAGE')", [login, APPLICATION_ROLE]
    ).fetchone()
    if member == (True,):
        return
    statement = sql.SQL("GRANT {} TO {}").format(
        sql.Identifier(APPLICATION_ROLE), sql.Identifier(login)
    )
    _demand(connection, statement=statement)


def _demand(connection: Connection[Any], *, statement: sql.Composed) -> None:
    try:
        connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise RoleMissing(
            "this login may not set up roles; let an administrator run: "
            f"{statement.as_string(connection)};"
        ) from error
