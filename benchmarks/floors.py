"""Hand-written psycopg loops: what the same server gives without the product's work.

Their connections have the product's settings: statements are prepared at once, and the driver
decodes JSON with orjson while it fetches.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle
from typing import Final, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from benchmarks.clients import Step
from benchmarks.site import Site
from infrastructure.clock import TimeOrderedIdentities

_INSERT: Final = (
    "INSERT INTO floor_event"
    " (recorded_at, stream_id, version, schema_version, type, state, metadata)"
    " VALUES (clock_timestamp(), %s, %s, 1, %s, %s, %s)"
)
_SELECT: Final = (
    "SELECT type, state, metadata FROM floor_event WHERE stream_id = %s ORDER BY version"
)
_HISTORY: Final = "SELECT type, state, metadata FROM event WHERE stream_id = %s ORDER BY version"
_PAGE: Final = (
    "SELECT position, type, state, metadata FROM event"
    " WHERE position > %s ORDER BY position LIMIT %s"
)

Rows = Sequence[tuple[str, str, str]]
"""Events as they stand in the table: type, state, metadata."""


@contextmanager
def inserts(site: Site, *, rows: Rows) -> Generator[Callable[[], Step]]:
    """One durable INSERT of one row a step."""
    identities = TimeOrderedIdentities()

    def step(connection: Connection[TupleRow]) -> Step:
        told = cycle(rows)
        return lambda: connection.execute(_INSERT, (identities.new(), 1, *next(told)))

    with _connections(site) as connect:
        yield lambda: step(connect())


@contextmanager
def commands(site: Site, *, rows: Rows) -> Generator[Callable[[], Step]]:
    """One command a step: the case's events are read and decoded, one event is added durably."""
    with _connections(site) as connect:
        yield lambda: _tell(connect(), rows).__next__


@contextmanager
def histories(site: Site, *, case_ids: Sequence[UUID]) -> Generator[Callable[[], Step]]:
    """One case is read back and decoded a step."""

    def step(connection: Connection[TupleRow]) -> Step:
        wanted = cycle(case_ids)
        return lambda: _read(connection, _HISTORY, next(wanted))

    with _connections(site) as connect:
        yield lambda: step(connect())


def replay(site: Site, *, page: int) -> int:
    """Read the whole store in pages and decode it; answers how many events there were."""
    events, after = 0, 0
    with closing(site.connect()) as connection:
        while rows := connection.execute(_PAGE, (after, page)).fetchall():
            events += len(rows)
            after = rows[-1][0]
    return events


def _tell(connection: Connection[TupleRow], rows: Rows) -> Generator[None]:
    identities = TimeOrderedIdentities()
    while True:
        case_id = identities.new()
        for version, row in enumerate(rows, start=1):
            _read(connection, _SELECT, case_id)
            connection.execute(_INSERT, (case_id, version, *row))
            yield


def _read(connection: Connection[TupleRow], query: LiteralString, case_id: UUID) -> None:
    connection.execute(query, (case_id,)).fetchall()


@contextmanager
def _connections(site: Site) -> Generator[Callable[[], Connection[TupleRow]]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(site.connect()))
