"""What an installation runs on: its clock, its disk, its connections, and who is at work."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from application.ports import Clock
from infrastructure.examined import Examined, fault, good, note
from infrastructure.read_models.projector import WORKER_NAME
from infrastructure.settings import Settings

MOST_SKEW: Final = timedelta(seconds=2)
"""An event that occurs by one clock is recorded by the other: beyond this, one may seem to lie in
the future of the other."""

LEAST_FREE: Final = 1024**3
"""Bytes. The log of the server alone grows to as much before it is recycled."""

_NOW: Final[LiteralString] = "SELECT clock_timestamp()"
_ROOM: Final[LiteralString] = """
SELECT sum(setting::int * CASE name WHEN 'max_connections' THEN 1 ELSE -1 END)::int
  FROM pg_settings
 WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
"""
# The server cuts names off at 63 characters.
_AT_WORK: Final[LiteralString] = """
SELECT count(*) FILTER (WHERE application_name = left(%(worker)s || %(schema)s, 63))
     , count(*) FILTER (WHERE application_name = 'recours')
  FROM pg_stat_activity
 WHERE datname = current_database() AND usename = current_user
"""


def examine_clocks(connection: Connection[TupleRow], clock: Clock) -> Examined:
    """Compare our clock with the database's, as well as one round trip allows."""
    before = clock.now()
    theirs: datetime = _one(connection, _NOW)
    after = clock.now()
    skew = max(before - theirs, theirs - after, timedelta(0))
    if skew <= MOST_SKEW:
        return good("clock", "agrees with the database's")
    found = f"{skew.total_seconds():.1f} s apart from the database's"
    return fault("clock", found, "synchronise the clocks of both machines, such as by chrony")


def examine_room(connection: Connection[TupleRow], settings: Settings) -> Examined:
    """Compare the connections that one process may take with those that the server gives."""
    room: int = _one(connection, _ROOM)
    wanted = settings.recours_connections
    if wanted <= room:
        return good("connections", f"{wanted} for each process, of {room}")
    found = f"one process may take {wanted}, and the server gives {room}"
    return fault("connections", found, "lower RECOURS_CONNECTIONS, or raise max_connections")


def examine_work(connection: Connection[TupleRow], *, schema: str) -> Examined:
    """Look whether anybody does the background work; asked before we open a pool ourselves."""
    asked = {"worker": WORKER_NAME, "schema": schema}
    row = connection.execute(_AT_WORK, asked).fetchone()
    assert row is not None, "an aggregate answers with one row"
    workers, others = row
    if workers:
        return good("worker", f"{workers} at work")
    if not others:
        return note("worker", "none, and nothing else runs either", "recours serve")
    return fault("worker", "none is at work, while the product is in use", "recours worker")


def examine_disk(directory: Path, *, least: int = LEAST_FREE) -> Iterator[Examined]:
    """Look whether the embedded database has room to grow, there or where it will be made."""
    place = next(folder for folder in (directory, *directory.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    told = f"{free / 1024**3:.1f} GiB free at {directory}"
    if free >= least:
        yield good("disk", told)
    else:
        yield fault("disk", told, "make room there, or set RECOURS_DATA to a larger disk")


def _one(connection: Connection[TupleRow], query: LiteralString) -> Any:  # noqa: ANN401 - a column
    row = connection.execute(query).fetchone()
    assert row is not None, "each of these answers with one row"
    return row[0]
