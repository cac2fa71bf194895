"""The server that everything of a run is measured on, and its databases."""

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from infrastructure.bootstrap import Wiring, wire
from infrastructure.postgres.connections import configure, open_pool, session_conninfo
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.postgres.migrating import migrate
from infrastructure.settings import Settings

SCHEMA: Final = "recours"

AS_IT_IS: Final[Mapping[str, int]] = MappingProxyType({})


def slow_disk(microseconds: int) -> dict[str, int]:
    """Settings with which every flush to disk takes this much longer, for everybody."""
    return {"commit_delay": microseconds, "commit_siblings": 0}


@dataclass(frozen=True, slots=True)
class Site:
    """One database, with the logins of whoever may use it."""

    admin_url: str
    owner_url: str
    application_url: str

    def connect(self) -> Connection[TupleRow]:
        """Connect as the product does, without its pool: for the floors."""
        connection = psycopg.connect(self.conninfo, autocommit=True, prepare_threshold=0)
        configure(connection)
        return connection

    @property
    def conninfo(self) -> str:
        """The application's login with the settings that the product gives its sessions."""
        return session_conninfo(self.application_url, schema=SCHEMA, application_name="floor")

    @contextmanager
    def product(self, *, remembered: int) -> Generator[Wiring]:
        """Wire the product over this database as its composition root does."""
        settings = Settings(recours_schema=SCHEMA)
        with open_pool(
            self.application_url,
            schema=SCHEMA,
            min_size=1,
            max_size=20,
            application_name="recours",
        ) as pool:
            yield wire(pool, settings=settings, remembered=remembered)

    @contextmanager
    def administration(self) -> Generator[Connection[TupleRow]]:
        """Connect as the administrator, in the product's schema."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(SCHEMA)))
            admin.execute("SET timezone = 'UTC'")
            yield admin


class Ground:
    """An embedded server of its own for the length of a run."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._numbers = count(1)

    @classmethod
    @contextmanager
    def open(cls) -> Generator["Ground"]:
        """Start the server in a temporary directory."""
        with (
            tempfile.TemporaryDirectory(prefix="recours-benchmarks-") as directory,
            EmbeddedServer.start(Path(directory)) as server,
        ):
            yield cls(server)

    @property
    def version(self) -> str:
        """The server's version."""
        return self._server.version

    @contextmanager
    def site(self, settings: Mapping[str, int] = AS_IT_IS) -> Generator[Site]:
        """Make a fresh migrated database, whose sessions have these settings.

        The floors get a table like the product's, with the same columns, keys and identity.
        """
        name = f"benchmark_{next(self._numbers)}"
        database = sql.Identifier(name)
        with psycopg.connect(self._url(Login.ADMIN, "postgres"), autocommit=True) as admin:
            owner = sql.Identifier(Login.OWNER)
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
            for setting, number in settings.items():
                admin.execute(
                    sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                        database, sql.Identifier(setting), sql.Literal(number)
                    )
                )
            site = Site(
                admin_url=self._url(Login.ADMIN, name),
                owner_url=self._url(Login.OWNER, name),
                application_url=self._url(Login.APPLICATION, name),
            )
            migrate(site.owner_url, schema=SCHEMA, application_login=Login.APPLICATION.value)
            with site.administration() as inside:
                inside.execute("CREATE TABLE floor_event (LIKE event INCLUDING ALL)")
                inside.execute("GRANT SELECT, INSERT ON floor_event TO recours_application")
            try:
                yield site
            finally:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))

    def _url(self, login: Login, database: str) -> str:
        return self._server.url(login, database=database)
