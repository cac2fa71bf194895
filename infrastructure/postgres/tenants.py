"""Tenants: each has a schema of its own, and a login that may enter this schema and no other.

The schemas are the list of tenants. A tenant's roles are named as its schema is, so that whoever
knows the schema knows them (`roles_of`). The passwords of the logins are derived from one secret,
so that nothing has to be kept for each tenant.
"""

import hmac
import re
from typing import Any, Final, LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from application.keys import DEFAULT_TENANT
from infrastructure.postgres.errors import RoleMissing
from infrastructure.postgres.roles import TENANT_MARK, ensure_roles, roles_of

DEFAULT: Final = DEFAULT_TENANT
"""The tenant of the schema without a mark: all there is where nobody made another one."""

_LISTED: Final[LiteralString] = """
  SELECT nspname FROM pg_namespace WHERE nspname ~ %s ORDER BY nspname
"""
_EXISTS: Final = "SELECT FROM pg_roles WHERE rolname = %s"

_SHUT_OUT: Final[LiteralString] = """
SELECT WHERE NOT has_database_privilege(%s, current_database(), 'CONNECT')
"""


def schema_of(tenant: str, *, base: str) -> str:
    """The schema of a tenant, in an installation whose own schema is `base`."""
    return base if tenant == DEFAULT else f"{base}{TENANT_MARK}{tenant}"


def tenants_in(connection: Connection[Any], *, base: str) -> list[str]:  # Any: any rows
    """Name the tenants that were made, without the default one."""
    mark = f"{base}{TENANT_MARK}"
    shape = f"^{re.escape(mark)}[a-z][a-z0-9]*$"
    return [str(name).removeprefix(mark) for (name,) in connection.execute(_LISTED, [shape])]


def login_url(application_url: str, *, schema: str, secret: str) -> str:
    """How a tenant's login reaches the database that the application's login reaches."""
    login = roles_of(schema).application
    return make_conninfo(application_url, user=login, password=_password(login, secret=secret))


def make_login(roles_url: str, *, schema: str, secret: str) -> None:
    """Make a tenant's login, or give it the password that the secret makes of it.

    Raises:
        RoleMissing: this login may not make roles.
    """
    login = roles_of(schema).application
    with psycopg.connect(roles_url, autocommit=True) as connection:
        known = connection.execute(_EXISTS, [login]).rowcount
        # The server is told a verifier: no log and no statistics ever hold the password.
        verifier = connection.pgconn.encrypt_password(
            _password(login, secret=secret).encode(), login.encode(), b"scram-sha-256"
        ).decode()
        statement = sql.SQL("{} ROLE {} LOGIN NOINHERIT PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(login), sql.Literal(verifier)
        )
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege as error:
            name = sql.Identifier(connection.info.user).as_string(connection)
            raise RoleMissing(
                "this login may not make the tenant's login; let an administrator run: "
                f"ALTER ROLE {name} CREATEROLE;"
            ) from error
        _let_connect(connection, login)


def _let_connect(connection: Connection[TupleRow], login: str) -> None:
    # The embedded server lets nobody in who was not named, nor do careful ones.
    if connection.execute(_SHUT_OUT, [login]).rowcount:
        database = sql.Identifier(connection.info.dbname)
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(login))
        )


def make_reader(roles_url: str, *, schema: str) -> None:
    """Make the role of whoever may read a tenant's tables, and nothing else."""
    with psycopg.connect(roles_url, autocommit=True) as connection:
        ensure_roles(connection, application_login=None, roles=roles_of(schema))


def _password(login: str, *, secret: str) -> str:
    return hmac.new(secret.encode(), f"tenant login {login}".encode(), "sha256").hexdigest()
