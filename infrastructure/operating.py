"""What an operator asks of an installation, beside the product's own work."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg
from psycopg import Connection, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from application.errors import ApplicationError
from infrastructure.bootstrap import OwnerLoginMissing, open_database
from infrastructure.event_store.event_types import product_event_types
from infrastructure.postgres.errors import DatabaseNotReady
from infrastructure.postgres.migrating import Applied, applied_to, pending_on
from infrastructure.postgres.migration_files import Migration
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.projection import Projection
from infrastructure.read_models.rebuilding import rebuild
from infrastructure.settings import Settings

_COUNT: Final = "SELECT count(*) FROM event"
_ALIKE: Final = """
    SELECT case_id FROM case_family
     WHERE case_id::text LIKE %(text)s || '%%' OR case_id::text LIKE '%%' || %(text)s
     ORDER BY case_id LIMIT %(limit)s
"""


class DatabaseUnreachable(DatabaseNotReady):
    """The database did not answer, or ended the connection."""


class ProjectionUnknown(ApplicationError):
    """There is no read model of that name."""

    def __init__(self, name: str) -> None:
        known = ", ".join(projection.name for projection in PROJECTIONS)
        super().__init__(f"there is no projection {name}; there are: {known}")
        self.name = name


@contextmanager
def naming_a_lost_database() -> Generator[None]:
    """Say in the product's words that the database does not answer.

    Raises:
        DatabaseUnreachable: in place of what the driver raises.
    """
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        said = " ".join(str(error).split())
        raise DatabaseUnreachable(f"the database does not answer: {said}") from error


def is_made(settings: Settings) -> bool:
    """Tell whether the database is there; the embedded one is made by its first use."""
    return (
        settings.database_url is not None
        or (settings.recours_data / "postgresql" / "cluster").exists()
    )


def cases_alike(
    pool: ConnectionPool[Connection[TupleRow]], text: str, *, limit: int
) -> tuple[UUID, ...]:
    """Find the complaints, disputes and blocks whose identity begins or ends like this."""
    with pool.connection() as connection:
        rows = connection.execute(_ALIKE, {"text": text.lower(), "limit": limit}).fetchall()
    return tuple(case_id for (case_id,) in rows)


def count_events(pool: ConnectionPool[Connection[TupleRow]]) -> int:
    """Count everything recorded."""
    with pool.connection() as connection:
        row = connection.execute(_COUNT).fetchone()
    assert row is not None, "an aggregate answers with one row"
    return int(row[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationStanding:
    """Which migrations a database has, and which it waits for."""

    applied: tuple[Applied, ...]
    pending: tuple[Migration, ...]


def migration_standing(settings: Settings) -> MigrationStanding:
    """Look which migrations are applied, changing nothing.

    Raises:
        HistoryChanged: the files are not those that were applied.
    """
    with (
        open_database(settings) as logins,
        psycopg.connect(logins.application_url, autocommit=True) as connection,
    ):
        schema = settings.tenant_schema
        return MigrationStanding(
            applied=tuple(applied_to(connection, schema=schema)),
            pending=tuple(pending_on(connection, schema=schema)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What became of the rebuild of one read model."""

    name: str
    events: int
    failure: str | None
    """Why the old rows were kept, or nothing."""


def projections_named(names: Sequence[str]) -> tuple[Projection, ...]:
    """Find read models by name; without a name, all of them.

    Raises:
        ProjectionUnknown: there is none of that name.
    """
    known = {projection.name: projection for projection in PROJECTIONS}
    for name in names:
        if name not in known:
            raise ProjectionUnknown(name)
    return tuple(known[name] for name in dict.fromkeys(names)) if names else PROJECTIONS


def rebuild_projection(
    projection: Projection, *, settings: Settings, progress: Callable[[int], None]
) -> Rebuilt:
    """Rebuild a read model beside the live one; one that fails leaves the live one as it was.

    Raises:
        OwnerLoginMissing: an external database without the owner's login.
        OperationalError: the database does not answer.
    """
    events = 0

    def count(done: int) -> None:
        nonlocal events
        events += done
        progress(done)

    with open_database(settings) as logins:
        if logins.owner_url is None:
            raise OwnerLoginMissing
        try:
            events = rebuild(
                logins.owner_url,
                projection,
                schema=settings.tenant_schema,
                event_types=product_event_types(),
                progress=count,
            )
        except OperationalError:
            raise  # the server is gone: nothing is wrong with the read model
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and the others go on
            failure = f"{type(error).__name__}: {error}"
            return Rebuilt(name=projection.name, events=events, failure=failure)
    return Rebuilt(name=projection.name, events=events, failure=None)
