"""The lookout over PostgreSQL.

Each look has a connection of its own, so that it waits for no pool, and a short limit on every
statement. What was seen is told again for a second, however many ask.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from threading import Lock
from typing import Final, Self

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from application.lookout import Condition, ConnectionUse, Lag, OperatingFault
from infrastructure.postgres.connections import session_conninfo
from infrastructure.postgres.errors import HistoryChanged
from infrastructure.postgres.migrating import lacking_on
from infrastructure.read_models.catalogue import PROJECTIONS

FRESH_SECONDS: Final = 1.0
"""What was seen so lately is told again without another look."""

STATEMENT_TIMEOUT: Final = timedelta(seconds=1)
CONNECT_SECONDS: Final = 2

NAME: Final = "recours lookout"

Pool = ConnectionPool[Connection[TupleRow]]

# Read from the index of positions alone, so that a read model that is far behind costs no more.
_LAGS: Final = """
    SELECT wanted.name
         , greatest(0, newest.position - coalesce(tracking.notification_id, 0)) AS events
         , coalesce(
               greatest(0, extract(epoch FROM clock_timestamp() - oldest.recorded_at)), 0
           )::float8 AS seconds
         , failure.position AS stopped_before
      FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (name, place)
     CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM event) AS newest
      LEFT JOIN tracking ON tracking.application_name = wanted.name
      LEFT JOIN projection_failure AS failure USING (name)
      LEFT JOIN LATERAL (
           SELECT recorded_at FROM event
            WHERE event.position > coalesce(tracking.notification_id, 0)
            ORDER BY event.position LIMIT 1
           ) AS oldest ON true
     ORDER BY wanted.place
"""
_POSITION: Final = "SELECT coalesce(max(position), 0) FROM event"
_BLOCKS: Final = """
    SELECT status, count(*) FROM payment_block WHERE is_unfinished GROUP BY status
    UNION ALL
    SELECT status, count(*) FROM payment_block
     WHERE status IN ('unconfirmed', 'release_unconfirmed', 'drifted') AND NOT is_unfinished
     GROUP BY status
"""


class PostgresLookout:
    """Looks at a tenant's database, whether or not there is a pool for it now; see the port."""

    @classmethod
    def over(
        cls,
        pool: Pool,
        *,
        schema: str,
        most_lag: timedelta,
        seconds: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Look at the database that a pool leads to."""
        assert isinstance(pool.conninfo, str), "`open_pool` makes no others"
        return cls(
            lambda: pool,
            conninfo=pool.conninfo,
            schema=schema,
            most_lag=most_lag,
            seconds=seconds,
        )

    def __init__(
        self,
        pool: Callable[[], Pool | None],
        *,
        conninfo: str,
        schema: str,
        most_lag: timedelta,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._schema = schema
        self._most_lag = most_lag.total_seconds()
        self._seconds = seconds
        self._conninfo = make_conninfo(
            session_conninfo(
                conninfo,
                schema=schema,
                application_name=NAME,
                statement_timeout=STATEMENT_TIMEOUT,
            ),
            connect_timeout=CONNECT_SECONDS,
        )
        self._lock = Lock()
        self._seen: Condition | None = None
        self._seen_at = 0.0

    def look(self) -> Condition:
        """Look, or tell what was seen a moment ago; see the port."""
        with self._lock:
            if self._seen is None or self._seconds() - self._seen_at >= FRESH_SECONDS:
                self._seen = self._look()
                self._seen_at = self._seconds()
            return self._seen

    def connections(self) -> ConnectionUse:
        """Tell what the pool is doing; see the port."""
        pool = self._pool()
        told = {} if pool is None else pool.get_stats()
        return ConnectionUse(
            open=told.get("pool_size", 0),
            idle=told.get("pool_available", 0),
            waiting=told.get("requests_waiting", 0),
        )

    def _look(self) -> Condition:
        try:
            with psycopg.connect(self._conninfo, autocommit=True) as connection:
                return self._condition(connection)
        except psycopg.Error as error:
            found = f"does not answer as it should: {type(error).__name__}"
            return Condition(faults=(OperatingFault(name="database", found=found),))

    def _condition(self, connection: Connection[TupleRow]) -> Condition:
        unfit = _unfit(connection, schema=self._schema)
        if unfit is not None:
            return Condition(faults=(OperatingFault(name="migrations", found=unfit),))
        names = [projection.name for projection in PROJECTIONS]
        with connection.cursor(row_factory=class_row(Lag)) as cursor:
            lags = tuple(cursor.execute(_LAGS, [names]).fetchall())
        position = connection.execute(_POSITION).fetchone()
        assert position is not None, "an aggregate answers with one row"
        return Condition(
            faults=tuple(self._faults(lags)),
            position=position[0],
            lags=lags,
            blocks=_blocks(connection),
        )

    def _faults(self, lags: tuple[Lag, ...]) -> Iterator[OperatingFault]:
        for lag in lags:
            if lag.stopped_before is not None:
                found = f"stopped before position {lag.stopped_before}"
                yield OperatingFault(name=f"projection {lag.name}", found=found)
            elif lag.seconds > self._most_lag:
                found = f"{lag.seconds:.0f} seconds behind, {self._most_lag:.0f} at most"
                yield OperatingFault(name=f"projection {lag.name}", found=found)


def _unfit(connection: Connection[TupleRow], *, schema: str) -> str | None:
    try:
        pending = len(lacking_on(connection, schema=schema))
    except HistoryChanged as error:
        return str(error)
    return f"{pending} not applied yet" if pending else None


def _blocks(connection: Connection[TupleRow]) -> Mapping[str, int]:
    return {status: count for status, count in connection.execute(_BLOCKS)}  # noqa: C416 - pairs
