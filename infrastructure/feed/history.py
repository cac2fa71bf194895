"""The durable part of the history, page by page and as it grows."""

import logging
from collections.abc import Iterator
from threading import Event as Signal
from typing import Final, LiteralString, Self

from psycopg import Connection, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from application.errors import BadCursor
from application.feed.following import FeedPage
from application.reach import EVERYWHERE, Reach
from infrastructure.event_store.event_types import EventTypes
from infrastructure.event_store.recorder import CHANNEL
from infrastructure.event_store.rows import Row
from infrastructure.postgres.durability import make_durable
from infrastructure.read_models.case_reach import CASE_REACH
from infrastructure.read_models.within import reach_parameters, within

PAGE: Final = 200
WINDOW: Final = 20_000
"""Positions that one look goes over at most: a rare type would otherwise be looked for in all."""

POLL_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 1.0

_LOG: Final = logging.getLogger(__name__)

_LAST: Final[LiteralString] = "SELECT coalesce(max(position), 0) FROM event"
_JUDGED: Final = "SELECT notification_id FROM tracking WHERE application_name = %s"
"""Up to here it is known which cases lie within a reach: behind it, events would be skipped."""

_READ: Final[LiteralString] = (
    """
    SELECT position, recorded_at, stream_id, version, schema_version, type, state::text
         , metadata::text
      FROM event
     WHERE position > %(after)s AND position <= %(upto)s
       AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s))
       AND"""
    + within("stream_id")
    + "ORDER BY position LIMIT %(limit)s"
)


class PostgresFeed:
    """The history for those outside; see the port `application.feed.following.Feed`."""

    def __init__(
        self,
        pool: ConnectionPool[Connection[TupleRow]],
        *,
        event_types: EventTypes,
        window: int = WINDOW,
        reach: Reach = EVERYWHERE,
    ) -> None:
        self._pool = pool
        self._reach = reach
        self._event_types = event_types
        self._window = window

    def within(self, reach: Reach) -> Self:
        """The same history within a reach; see the port."""
        return type(self)(
            self._pool, event_types=self._event_types, window=self._window, reach=reach
        )

    def start(self, after: int | None) -> int:
        """Where to follow from; see the port."""
        with self._pool.connection() as connection:
            last = _last(connection)
            if after is None:
                make_durable(connection)
                return last
        if after > last:
            raise BadCursor
        return after

    def page(self, *, after: int, limit: int, types: frozenset[str]) -> FeedPage:
        """Read on from behind a position; see the port."""
        with self._pool.connection() as connection:
            return self._page(connection, after=after, limit=limit, types=types)

    def follow(self, *, after: int, stop: Signal) -> Iterator[FeedPage]:
        """Wait for what is recorded; see the port."""
        while not stop.is_set():
            try:
                for page in self._listen(after, stop):
                    after = page.position
                    yield page
            except (OperationalError, PoolTimeout) as error:
                _LOG.warning("the follower lost the database and waits for it: %s", error)
                stop.wait(RETRY_SECONDS)

    def _listen(self, after: int, stop: Signal) -> Iterator[FeedPage]:
        with self._pool.connection() as listener:
            listener.execute(f"LISTEN {CHANNEL}")
            try:
                while not stop.is_set():
                    page = self._page(listener, after=after, limit=PAGE, types=frozenset())
                    if page.position > after:
                        after = page.position
                        yield page
                    else:
                        for _ in listener.notifies(timeout=POLL_SECONDS, stop_after=1):
                            break
            finally:
                if not listener.closed:
                    listener.execute(f"UNLISTEN {CHANNEL}")

    def _page(
        self, connection: Connection[TupleRow], *, after: int, limit: int, types: frozenset[str]
    ) -> FeedPage:
        last = _last(connection)
        if after > last:
            raise BadCursor
        if self._reach != EVERYWHERE:
            last = max(after, min(last, _judged(connection)))
        upto = min(last, after + self._window)
        wanted = {"after": after, "upto": upto, "types": sorted(types) or None, "limit": limit}
        rows = connection.execute(_READ, {**wanted, **reach_parameters(self._reach)}).fetchall()
        if upto > after:
            make_durable(connection)
        events = tuple(self._event_types.decode(Row._make(row)) for row in rows)
        position = events[-1].position if len(events) == limit else upto
        return FeedPage(events, position, more=position < last)


def _judged(connection: Connection[TupleRow]) -> int:
    found = connection.execute(_JUDGED, [CASE_REACH.name]).fetchone()
    return 0 if found is None else int(found[0])


def _last(connection: Connection[TupleRow]) -> int:
    found = connection.execute(_LAST).fetchone()
    assert found is not None, "an aggregate answers with one row"
    return int(found[0])
