"""API keys on PostgreSQL.

A secret is 256 random bits, which nobody can guess or try out: one SHA-256 protects it as well as a
slow password hash would, and costs a microsecond. A slow hash is for secrets that people choose.
"""

import hmac
import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, kwargs_row
from psycopg_pool import ConnectionPool

from application.keys import (
    DEFAULT_TENANT,
    IssuedKey,
    Key,
    KeyNotFound,
    KeyOver,
    KeyRefused,
    KeyTerms,
    Principal,
    key_prefix,
)
from application.ports import Clock, Identities
from application.reach import Reach
from application.scopes import ConnectorScope
from domain.parties import Role
from infrastructure.last_uses import LastUses
from infrastructure.remembering import Memory

REMEMBERED: Final = 1_024
LIFETIME: Final = timedelta(seconds=5)
"""A key that was checked is believed for so long: a revoked one works at most that much longer in
other processes, and no longer in the one that revoked it."""

_COLUMNS: Final[LiteralString] = (
    "key_id, opening, subject_id, role, scopes, companies, teams, expires_at,"
    " created_at, revoked_at, retires_at, replaces, last_used_at"
)
_ISSUE: Final[LiteralString] = (
    "INSERT INTO api_key"
    " (key_id, opening, digest, subject_id, role, scopes, companies, teams, expires_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING " + _COLUMNS
)
# Whoever comes second waits for the first one's row, and then finds that the key retires already.
_ROTATE: Final[LiteralString] = (
    "WITH old AS ("
    "  UPDATE api_key SET retires_at = clock_timestamp() + %s"
    "   WHERE key_id = %s AND revoked_at IS NULL AND retires_at IS NULL"
    "     AND (expires_at IS NULL OR expires_at > clock_timestamp())"
    "  RETURNING *"
    ") INSERT INTO api_key (key_id, opening, digest, subject_id, role, scopes, companies, teams,"
    "                       expires_at, replaces)"
    " SELECT %s, %s, %s, subject_id, role, scopes, companies, teams,"
    "        clock_timestamp() + (expires_at - created_at), key_id FROM old RETURNING " + _COLUMNS
)
_AUTHENTICATE: Final = (
    "SELECT key_id, digest, subject_id, role, scopes, companies, teams,"
    "       extract(epoch FROM least(expires_at, retires_at) - clock_timestamp())::float8"
    "  FROM api_key WHERE opening = %s AND revoked_at IS NULL"
    "   AND coalesce(least(expires_at, retires_at) > clock_timestamp(), true)"
)
_FIND: Final[LiteralString] = "SELECT " + _COLUMNS + " FROM api_key WHERE key_id = %s"
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
        clock: Clock,
        tenant: str = DEFAULT_TENANT,
        lifetime: timedelta = LIFETIME,
        remembered: int = REMEMBERED,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._identities = identities
        self._tenant = tenant
        self._prefix = key_prefix(tenant)
        self._as_key = kwargs_row(partial(_key, self._prefix))
        self._shape = re.compile(rf"{self._prefix}(?P<opening>[0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")
        self._lifetime = lifetime.total_seconds()
        self._checked = Memory[_Holder](most=remembered, seconds=seconds)
        self.last_uses = LastUses(pool, clock=clock)

    def issue(self, terms: KeyTerms) -> IssuedKey:
        """Make a key; see the port."""
        new, reach = _new_secret(self._prefix), terms.reach
        row = (self._identities.new(), new.opening, new.digest, terms.subject_id, terms.role)
        limits = (sorted(terms.scopes), _listed(reach.companies), _listed(reach.teams))
        issued = self._ask(_ISSUE, (*row, *limits, terms.expires_at))
        assert issued is not None, "an insert answers with its row"
        return IssuedKey(key=issued, secret=new.secret)

    def rotate(self, key_id: UUID, *, grace: timedelta) -> IssuedKey:
        """Make a key on the same terms; see the port."""
        new = _new_secret(self._prefix)
        row = (grace, key_id, self._identities.new(), new.opening, new.digest)
        issued = self._ask(_ROTATE, row)
        if issued is None:
            raise KeyOver(key_id)
        self._forget(key_id)
        return IssuedKey(key=issued, secret=new.secret)

    def find(self, key_id: UUID) -> Key:
        """Look a key up; see the port."""
        found = self._ask(_FIND, (key_id,))
        if found is None:
            raise KeyNotFound(key_id)
        return found

    def recall(self, secret: str) -> Principal | None:
        """Say who holds the secret, where that is remembered; see the port."""
        holder = self._checked.recall(_digest(secret))
        if holder is None:
            return None
        self.last_uses.note(holder.key_id)
        return holder.principal

    def has_opened(self, secret: str) -> bool:
        """Whether the secret opened something here lately; see the port."""
        return self._checked.has_kept(_digest(secret))

    def authenticate(self, secret: str) -> Principal:
        """Find out who holds the secret; see the port."""
        remembered = self.recall(secret)
        if remembered is not None:
            return remembered
        digest, forgettings = _digest(secret), self._checked.forgettings
        holder, ends_in = self._look_up(secret, digest)
        lifetime = self._lifetime if ends_in is None else min(self._lifetime, ends_in)
        self._checked.keep(digest, holder, lifetime=lifetime, forgettings=forgettings)
        self.last_uses.note(holder.key_id)
        return holder.principal

    def revoke(self, key_id: UUID) -> Key:
        """Let the key open nothing any more; see the port."""
        revoked = self._ask(_REVOKE, (key_id,))
        if revoked is None:
            raise KeyNotFound(key_id)
        self._forget(key_id)
        return revoked

    def list(self) -> tuple[Key, ...]:
        """Every key, oldest first."""
        with self._pool.connection() as connection:
            return tuple(connection.cursor(row_factory=self._as_key).execute(_LIST).fetchall())

    def _look_up(self, secret: str, digest: bytes) -> "tuple[_Holder, float | None]":
        shaped = self._shape.fullmatch(secret)
        if shaped is None:
            raise KeyRefused  # without asking the database
        with self._pool.connection() as connection:
            rows = connection.execute(_AUTHENTICATE, [shaped["opening"]]).fetchall()
        for key_id, kept, subject_id, role, scopes, companies, teams, ends_in in rows:
            if hmac.compare_digest(kept, digest):
                principal = Principal(
                    subject_id=subject_id,
                    role=Role(role),
                    reach=Reach(companies=_set(companies), teams=_set(teams)),
                    scopes=frozenset(map(ConnectorScope, scopes)),
                    tenant=self._tenant,
                )
                return _Holder(key_id, principal), ends_in
        raise KeyRefused

    def _ask(self, query: LiteralString, values: tuple[object, ...]) -> Key | None:
        with self._pool.connection() as connection:
            return connection.cursor(row_factory=self._as_key).execute(query, values).fetchone()

    def _forget(self, key_id: UUID) -> None:
        self._checked.forget(lambda holder: holder.key_id == key_id)


class _Holder(NamedTuple):
    key_id: UUID
    principal: Principal


class _NewSecret(NamedTuple):
    opening: str
    secret: str
    digest: bytes


def _new_secret(prefix: str) -> _NewSecret:
    opening = secrets.token_hex(4)
    secret = f"{prefix}{opening}_{secrets.token_urlsafe(32)}"
    return _NewSecret(opening, secret, _digest(secret))


def _key(  # noqa: PLR0913 - the columns of the table
    prefix: str,
    *,
    key_id: UUID,
    opening: str,
    subject_id: str,
    role: str,
    scopes: list[str],
    companies: list[str] | None,
    teams: list[str] | None,
    expires_at: datetime | None,
    created_at: datetime,
    revoked_at: datetime | None,
    retires_at: datetime | None,
    replaces: UUID | None,
    last_used_at: datetime | None,
) -> Key:
    return Key(
        key_id=key_id,
        prefix=f"{prefix}{opening}",
        terms=KeyTerms(
            subject_id=subject_id,
            role=Role(role),
            scopes=frozenset(map(ConnectorScope, scopes)),
            reach=Reach(companies=_set(companies), teams=_set(teams)),
            expires_at=expires_at,
        ),
        created_at=created_at,
        revoked_at=revoked_at,
        retires_at=retires_at,
        replaces=replaces,
        last_used_at=last_used_at,
    )


def _set(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
