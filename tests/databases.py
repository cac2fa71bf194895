"""Real databases for tests: a server for the whole run, a fresh migrated database for each test."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.postgres.migrating import migrate
from infrastructure.postgres.roles import READER_ROLE, ensure_roles

SCHEMA: Final = "recours"

# Writing the copy to the log costs 11 ms, copying files and their two checkpoints 36 ms.
_COPY: Final[LiteralString] = "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY WAL_LOG"


@dataclass(frozen=True)
class Credentials:
    """A login of the test server."""

    name: str
    password: str


@dataclass(frozen=True)
class Database:
    """One test's own database."""

    name: str
    admin_url: str
    """May do everything: for looking where the product may not."""
    owner_url: str
    application_url: str
    reader_url: str
    schema: str = SCHEMA


@dataclass(frozen=True)
class Server:
    """The server of a test run."""

    admin_url: str
    owner: Credentials
    application: Credentials
    reader: Credentials
    embedded: EmbeddedServer | None
    """None when DATABASE_URL names the server."""

    def database(self, name: str) -> Database:
        """Address a database of this server."""
        return Database(
            name=name,
            admin_url=make_conninfo(self.admin_url, dbname=name),
            owner_url=self._url(self.owner, name),
            application_url=self._url(self.application, name),
            reader_url=self._url(self.reader, name),
        )

    def _url(self, login: Credentials, database: str) -> str:
        return make_conninfo(
            self.admin_url, dbname=database, user=login.name, password=login.password
        )

    @contextmanager
    def administration(self) -> Generator[Connection[TupleRow]]:
        """Connect as the administrator."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            yield admin

    @contextmanager
    def empty(self) -> Generator[Database]:
        """Make a database in which nothing was migrated, for the length of a block."""
        with self._copied("template0") as database:
            yield database

    @contextmanager
    def template(self) -> Generator[Database]:
        """Make a migrated database that nobody connects to, to copy the others from."""
        with self.empty() as database:
            migrate(database.owner_url, schema=SCHEMA, application_login=self.application.name)
            yield database

    @contextmanager
    def copy(self, template: Database) -> Generator[Database]:
        """Make a copy of a database, for the length of a block."""
        with self._copied(template.name) as database:
            yield database

    @contextmanager
    def _copied(self, template: str) -> Generator[Database]:
        database = self.database(f"recours_test_{secrets.token_hex(6)}")
        name = sql.Identifier(database.name)
        with self.administration() as admin:
            admin.execute(
                sql.SQL(_COPY).format(
                    name, sql.Identifier(self.owner.name), sql.Identifier(template)
                )
            )
        try:
            yield database
        finally:
            with self.administration() as admin:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def run_server(directory: Path) -> Generator[Server]:
    """Give the server of a test run: the one DATABASE_URL names, else an embedded one."""
    external = os.environ.get("DATABASE_URL")
    if external:
        with _external_server(external) as server:
            yield server
    else:
        with EmbeddedServer.start(directory) as embedded:
            yield _embedded_server(embedded)


def _embedded_server(embedded: EmbeddedServer) -> Server:
    def credentials(login: Login) -> Credentials:
        password = conninfo_to_dict(embedded.url(login))["password"]
        return Credentials(name=login.value, password=str(password))

    return Server(
        admin_url=embedded.url(Login.ADMIN, database="postgres"),
        owner=credentials(Login.OWNER),
        application=credentials(Login.APPLICATION),
        reader=credentials(Login.READER),
        embedded=embedded,
    )


@contextmanager
def _external_server(admin_url: str) -> Generator[Server]:
    """Make logins of our own on a server that others may use too, and take them away again."""
    run = secrets.token_hex(4)
    owner, application, reader = (
        Credentials(name=f"recours_test_{run}_{what}", password=secrets.token_hex(16))
        for what in ("owner", "application", "reader")
    )
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for login in (owner, application, reader):
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(login.name), sql.Literal(login.password)
                )
            )
        ensure_roles(admin, application_login=application.name)
        admin.execute(
            sql.SQL("GRANT {} TO {}").format(
                sql.Identifier(READER_ROLE), sql.Identifier(reader.name)
            )
        )
        if not admin.execute(
            "SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper"
        ).rowcount:
            # Only a member of the owner may give it a database.
            admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner.name)))
        try:
            yield Server(
                admin_url=admin_url,
                owner=owner,
                application=application,
                reader=reader,
                embedded=None,
            )
        finally:
            for login in (owner, application, reader):
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login.name)))
