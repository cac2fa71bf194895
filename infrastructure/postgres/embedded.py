"""The embedded PostgreSQL: one server per directory, for as long as any process uses it."""

import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import psycopg
from psycopg import sql
from pydantic import SecretStr

from infrastructure.postgres import embedded_cluster
from infrastructure.postgres.embedded_home import Home, Login, open_home, passwords
from infrastructure.postgres.embedded_programs import programs_for, server_account
from infrastructure.postgres.errors import ServerNotStarted
from infrastructure.postgres.file_locks import FileLock, alone

__all__ = ["DATABASE", "EmbeddedServer", "Login"]

DATABASE: Final = "recours"

_DEATH_PATIENCE: Final = 5.0
"""Seconds that a server which refuses us may take to be gone."""

_DEATH_GLANCE: Final = 0.02
"""Seconds between two looks at it."""


class EmbeddedServer:
    """One process's use of the server in a directory; made by `start`, given back by `close`.

    The first process that uses it starts the server, the last one that closes stops it. A killed
    process counts as closed. A process forked from this one counts as part of it.
    """

    def __init__(self, home: Home, *, lease: FileLock) -> None:
        self._home = home
        self._lease: FileLock | None = lease
        self._passwords: dict[Login, SecretStr] = {}
        self._version = ""

    @classmethod
    def start(cls, directory: Path) -> Self:
        """Find the directory's server or start it, making everything that is missing.

        Raises:
            ServerNotStarted: why not, with the end of the server's log.
        """
        home = open_home(directory)
        with alone(home.launch_lock):
            lease = FileLock(home.users_lock)
            lease.share()
            server = cls(home, lease=lease)
            try:
                server._enter()
            except BaseException:
                server._leave()
                raise
        return server

    def revive(self) -> bool:
        """Start the server again if it was killed; tells whether that was needed.

        Raises:
            ServerNotStarted: why not, with the end of the server's log.
        """
        if embedded_cluster.is_running(self._home):
            return False
        with alone(self._home.launch_lock):
            # Given back in the meantime, it is to stay down.
            if self._lease is not None:
                self._enter()
        return True

    def url(self, login: Login, *, database: str = DATABASE) -> str:
        """Give the connection string of a login; it holds the password."""
        password = self._passwords[login].get_secret_value()
        host = quote(str(self._home.socket), safe="")
        return f"postgresql://{login}:{quote(password, safe='')}@/{database}?host={host}&port=5432"

    @property
    def pid(self) -> int | None:
        """The server's first process, if it lives."""
        found = embedded_cluster.postmaster(self._home)
        return None if found is None else found.pid

    @property
    def version(self) -> str:
        """The server's version as it states it, such as 18.6."""
        return self._version

    @property
    def log(self) -> Path:
        """The server's log."""
        return self._home.log

    def close(self) -> None:
        """Give the server back; the last one to do so stops it.

        Raises:
            ServerNotStopped: it did not end in time.
        """
        if self._lease is not None:
            with alone(self._home.launch_lock):
                self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _enter(self) -> None:
        self._passwords = passwords(self._home)
        give_up = time.monotonic() + _DEATH_PATIENCE
        while True:
            if not _found_running(self._home):
                self._launch()
            try:
                with psycopg.connect(self.url(Login.APPLICATION)) as connection:
                    self._version = connection.info.parameter_status("server_version") or ""
            except psycopg.OperationalError as error:
                # A server that is being killed looks alive until the kernel is done with it.
                if time.monotonic() > give_up:
                    raise ServerNotStarted(
                        f"the server runs but refuses the login {Login.APPLICATION}: {error}"
                    ) from error
                time.sleep(_DEATH_GLANCE)
                # Whoever started it may have been killed before the logins were made.
                with suppress(ServerNotStarted):
                    self._complete_logins()
            else:
                return

    def _launch(self) -> None:
        home = self._home
        account = server_account(home.cluster)
        programs = programs_for(account)
        if not home.cluster.exists():
            admin = self._passwords[Login.ADMIN]
            embedded_cluster.make_cluster(home, programs=programs, account=account, password=admin)
        embedded_cluster.refuse_other_version(home, programs=programs)
        embedded_cluster.start_server(home, programs=programs, account=account)
        self._complete_logins()

    def _complete_logins(self) -> None:
        """Make what is missing of logins and database: an earlier start may have been killed."""
        try:
            with psycopg.connect(
                self.url(Login.ADMIN, database="postgres"), autocommit=True
            ) as admin:
                for login in (Login.OWNER, Login.APPLICATION, Login.READER):
                    _make_login(admin, login=login, password=self._passwords[login])
                _make_database(admin)
        except psycopg.Error as error:
            raise ServerNotStarted(f"the server's logins cannot be made: {error}") from error

    def _leave(self) -> None:
        if self._lease is None:
            return
        lease, self._lease = self._lease, None
        try:
            if lease.try_take() and embedded_cluster.is_running(self._home):
                embedded_cluster.stop_server(self._home)
        finally:
            lease.close()


def _found_running(home: Home) -> bool:
    if not embedded_cluster.found_or_ended(home):
        raise ServerNotStarted(
            f"processes of a killed server still live in {home.cluster}: end them"
        )
    # One that ends while we wait for it was being killed already; it is started anew.
    return embedded_cluster.is_running(home) and embedded_cluster.becomes_ready(home)


def _make_login(
    admin: psycopg.Connection[tuple[object, ...]], *, login: Login, password: SecretStr
) -> None:
    known = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [login.value]).rowcount
    if known:
        return
    # Sent as its SCRAM verifier, so that no log or statistics view ever sees the password.
    verifier = admin.pgconn.encrypt_password(
        password.get_secret_value().encode(), login.encode(), b"scram-sha-256"
    )
    admin.execute(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(login), sql.Literal(verifier.decode())
        )
    )


def _make_database(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    name, owner = sql.Identifier(DATABASE), sql.Identifier(Login.OWNER)
    known = admin.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount
    if not known:
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    # Said at every start, because a kill between the two statements may have left it unsaid.
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {}, postgres FROM PUBLIC").format(name))
    admin.execute(
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}, {}").format(
            name, sql.Identifier(Login.APPLICATION), sql.Identifier(Login.READER)
        )
    )
