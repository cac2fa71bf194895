"""The runner that keeps the read models up with the history.

A page that fails is run again event by event; the event that fails stops its projection there,
with its position and the reason on record, and is never skipped. The others go on. A stopped
projection is tried again when a projector starts anew.
"""

import logging
from collections.abc import Sequence
from threading import Event as Signal
from typing import Final, LiteralString

from psycopg import Connection, OperationalError
from psycopg.errors import ProgramLimitExceeded, StatementTooComplex, TooManyColumns
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import ConnectionPool

from infrastructure.event_store.event_types import EventTypes, UnknownEvent
from infrastructure.event_store.recorder import CHANNEL
from infrastructure.read_models.pages import lock_position, project_page
from infrastructure.read_models.projection import Projection

PAGE: Final = 1_000
POLL_SECONDS: Final = 1.0
"""A lost notification delays a read model by this at most."""

WORKER_NAME: Final = "recours projector of "
"""How the server calls the session of a projector at work, before the name of its schema."""

_LOG: Final = logging.getLogger(__name__)

# What the doctor looks for.
_NAME_SESSION: Final[LiteralString] = (
    f"SELECT set_config('application_name', '{WORKER_NAME}' || current_schema(), false)"
)
_FAIL: Final = """
    INSERT INTO projection_failure VALUES (%s, %s, %s, clock_timestamp())
        ON CONFLICT (name) DO UPDATE SET
            position = excluded.position, failure = excluded.failure, failed_at = excluded.failed_at
"""
_NEXT: Final = "SELECT min(position) AS next FROM event WHERE position > %s"
# Also operational errors to the library, but of what is written: no waiting makes it fit.
_TOO_MUCH: Final = (ProgramLimitExceeded, StatementTooComplex, TooManyColumns)


class ProjectionFailed(Exception):
    """An event could not be projected; the projection stays before it."""

    def __init__(self, name: str, position: int, cause: BaseException) -> None:
        super().__init__(
            f"projection {name} stopped before position {position}:"
            f" {type(cause).__name__}: {cause}",
        )
        self.name = name
        self.position = position


class Projector:
    """Keeps read models up with the history; several may run at once, in any processes."""

    def __init__(
        self,
        pool: ConnectionPool[Connection[TupleRow]],
        *,
        projections: Sequence[Projection],
        event_types: EventTypes,
        page: int = PAGE,
    ) -> None:
        self._pool = pool
        self._running = {projection.name: projection for projection in projections}
        self._event_types = event_types
        self._page = page
        self.failures: list[ProjectionFailed] = []

    def catch_up(self) -> int:
        """Project everything recorded so far; answers how many events were projected, over all.

        A failing projection stops and stands in `failures`; nothing is raised for it, so that the
        others go on.
        """
        projected = 0
        for projection in list(self._running.values()):
            while projection.name in self._running and (done := self._project_page(projection)):
                projected += done
        return projected

    def run(self, stop: Signal) -> None:
        """Follow the history until told to stop, woken by notifications with a poll behind them."""
        with self._pool.connection() as listener:
            listener.execute(_NAME_SESSION)
            listener.execute(f"LISTEN {CHANNEL}")
            try:
                while not stop.is_set():
                    if self.catch_up() == 0:
                        for _ in listener.notifies(timeout=POLL_SECONDS, stop_after=1):
                            break
            finally:
                if not listener.closed:
                    listener.execute(f"UNLISTEN {CHANNEL}")
                    listener.execute("RESET application_name")

    def _project_page(self, projection: Projection) -> int:
        try:
            return self._project(projection, limit=self._page)
        except Exception as error:  # noqa: BLE001 - the run event by event names which it is
            _raise_if_passing(error)
            return self._project_one_by_one(projection)

    def _project_one_by_one(self, projection: Projection) -> int:
        done = 0
        try:
            while self._project(projection, limit=1):
                done += 1
        except Exception as error:  # noqa: BLE001 - it stops this projection, loudly
            _raise_if_passing(error)
            self._stop(projection, error)
        return done

    def _project(self, projection: Projection, *, limit: int) -> int:
        with self._pool.connection() as connection:
            return project_page(
                connection,
                projection,
                name=projection.name,
                event_types=self._event_types,
                limit=limit,
            )

    def _stop(self, projection: Projection, error: Exception) -> None:
        with self._pool.connection() as connection, connection.transaction():
            position = _failing_position(connection, projection.name, error)
            if position is None:
                return  # another projector, which knows the event, has passed it meanwhile
            failure = ProjectionFailed(projection.name, position, error)
            connection.execute(_FAIL, [projection.name, position, str(failure)])
        del self._running[projection.name]
        self.failures.append(failure)
        stopped = "projection %s stopped before position %s: %s"
        _LOG.critical(stopped, projection.name, position, error)


def _raise_if_passing(error: Exception) -> None:
    if isinstance(error, OperationalError) and not isinstance(error, _TOO_MUCH):
        raise error  # the server is gone or busy: nothing is wrong with the event


def _failing_position(connection: Connection[TupleRow], name: str, error: Exception) -> int | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        reached = lock_position(cursor, name)
        if isinstance(error, UnknownEvent):
            return error.position if error.position > reached else None
        row = cursor.execute(_NEXT, [reached]).fetchone()
    assert row is not None, "an aggregate answers with one row"
    return None if row["next"] is None else int(row["next"])
