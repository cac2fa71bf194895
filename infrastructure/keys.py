"""API keys on PostgreSQL.

A secret is 256 random bits, which nobody can guess or try out: one SHA-256 protects it as well as a
slow password hash would, and costs a microsecond. A slow hash is for secrets that people choose.
"""

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, kwargs_row
from psycopg_pool import ConnectionPool

from application.keys import (
    IssuedKey,
    Key,
    KeyNotFound,
    KeyRefused,
    Principal,
    ScopesMisplaced,
)
from application.ports import Identities
from application.scopes import ConnectorScope
from domain.parties import Role

PREFIX: Final = "rcs"
"""Lets scanners of source code and logs recognise a leaked secret."""

_SECRET: Final = re.compile(rf"{PREFIX}_(?P<opening>[0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")

REMEMBERED: Final = 1_024
LIFETIME: Final = timedelta(seconds=5)
"""A key that was checked is believed for so long: a revoked one works at most that much longer in
other processes, and no longer in the one that revoked it."""

_COLUMNS: Final[LiteralString] = "key_id, subject_id, role, scopes, created_at, revoked_at"
_ISSUE: Final[LiteralString] = (
    "INSERT INTO api_key (key_id, opening, digest, subject_id, role, scopes)"
    " VALUES (%s, %s, %s, %s, %s, %s) RETURNING " + _COLUMNS
)
_FIND: Final = (
    "SELECT key_id, digest, subject_id, role, scopes FROM api_key"
    " WHERE opening = %s AND revoked_at IS NULL"
)
_REVOKE: Final[LiteralString] = (
    "UPDATE api_key SET revoked_at = coalesce(revoked_at, clock_timestamp())"
    " WHERE key_id = %s RETURNING " + _COLUMNS
)
_LIST: Final[LiteralString] = "SELECT " + _COLUMNS + " FROM api_key ORDER BY created_at, key_id"


class PostgresKeys:
    """Keys in a table, with a small memory of those that were just checked."""

    def __init__(
        self,
        pool: ConnectionPool[Connection[TupleRow]],
        *,
        identities: Identities,
        lifetime: timedelta = LIFETIME,
        remembered: int = REMEMBERED,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._identities = identities
        self._lifetime = lifetime.total_seconds()
        self._most = remembered
        self._seconds = seconds
        self._lock = Lock()
        self._checked: OrderedDict[bytes, _Checked] = OrderedDict()

    def issue(
        self, *, subject_id: str, role: Role, scopes: frozenset[ConnectorScope] = frozenset()
    ) -> IssuedKey:
        """Make a key; see the port."""
        if (role is Role.CONNECTOR) != bool(scopes):
            raise ScopesMisplaced
        opening = secrets.token_hex(4)
        secret = f"{PREFIX}_{opening}_{secrets.token_urlsafe(32)}"
        row = (self._identities.new(), opening, _digest(secret), subject_id, role, sorted(scopes))
        with self._pool.connection() as connection:
            found = connection.cursor(row_factory=kwargs_row(_row)).execute(_ISSUE, row).fetchone()
        assert found is not None, "an insert answers with its row"
        return IssuedKey(key=found, secret=secret)

    def recall(self, secret: str) -> Principal | None:
        """Say who holds the secret, where that is remembered; see the port."""
        with self._lock:
            checked = self._checked.get(_digest(secret))
            if checked is None or checked[2] < self._seconds():
                return None
            return checked[1]

    def authenticate(self, secret: str) -> Principal:
        """Find out who holds the secret; see the port."""
        remembered = self.recall(secret)
        if remembered is not None:
            return remembered
        digest = _digest(secret)
        key_id, principal = self._look_up(secret, digest)
        self._remember(digest, key_id, principal)
        return principal

    def revoke(self, key_id: UUID) -> Key:
        """Let the key open nothing any more; see the port."""
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=kwargs_row(_row))
            found = cursor.execute(_REVOKE, [key_id]).fetchone()
        if found is None:
            raise KeyNotFound(key_id)
        with self._lock:
            for digest in [d for d, checked in self._checked.items() if checked[0] == key_id]:
                del self._checked[digest]
        return found

    def list(self) -> tuple[Key, ...]:
        """Every key, oldest first."""
        with self._pool.connection() as connection:
            return tuple(connection.cursor(row_factory=kwargs_row(_row)).execute(_LIST).fetchall())

    def _look_up(self, secret: str, digest: bytes) -> tuple[UUID, Principal]:
        shaped = _SECRET.fullmatch(secret)
        if shaped is None:
            raise KeyRefused  # without asking the database
        with self._pool.connection() as connection:
            rows = connection.execute(_FIND, [shaped["opening"]]).fetchall()
        for key_id, kept, subject_id, role, scopes in rows:
            if hmac.compare_digest(kept, digest):
                return key_id, Principal(
                    subject_id=subject_id, role=Role(role), scopes=_scopes(scopes)
                )
        raise KeyRefused

    def _remember(self, digest: bytes, key_id: UUID, principal: Principal) -> None:
        with self._lock:
            self._checked[digest] = (key_id, principal, self._seconds() + self._lifetime)
            self._checked.move_to_end(digest)
            while len(self._checked) > self._most:
                self._checked.popitem(last=False)


_Checked = tuple[UUID, Principal, float]


def _row(
    *,
    key_id: UUID,
    subject_id: str,
    role: str,
    scopes: list[str],
    created_at: datetime,
    revoked_at: datetime | None,
) -> Key:
    return Key(
        key_id=key_id,
        subject_id=subject_id,
        role=Role(role),
        scopes=_scopes(scopes),
        created_at=created_at,
        revoked_at=revoked_at,
    )


def _scopes(named: list[str]) -> frozenset[ConnectorScope]:
    return frozenset(map(ConnectorScope, named))


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
