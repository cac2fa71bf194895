"""What the lookout sees: each fault by its name, in bounded time, without the pool."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from application.lookout import Condition
from infrastructure.lookout import FRESH_SECONDS, PostgresLookout
from infrastructure.postgres.connections import open_pool
from infrastructure.read_models.catalogue import PROJECTIONS
from tests.databases import SCHEMA, Database

Pool = ConnectionPool[Connection[TupleRow]]

ONE_EVENT = """
    INSERT INTO recours.event
           (recorded_at, stream_id, version, schema_version, type, state, metadata)
    VALUES (clock_timestamp() - interval '90 seconds', gen_random_uuid(), 1, 1, 'x', '{}', '{}')
    RETURNING position
"""
ONE_BLOCK = """
    INSERT INTO recours.payment_block
    VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), %s, '{}', %s, 'S4', 'FR01'
         , '1', 0, 'open_amount', 1, 'EUR', 'r', '2027-01-01', 1, 1, clock_timestamp())
"""


def lookout(pool: Pool, *, seconds: Callable[[], float] = lambda: 0.0) -> PostgresLookout:
    return PostgresLookout.over(
        pool, schema=SCHEMA, most_lag=timedelta(seconds=60), seconds=seconds
    )


def faults(condition: Condition) -> list[str]:
    return [fault.name for fault in condition.faults]


def test_a_good_installation_has_no_fault(pool: Pool) -> None:
    seen = lookout(pool).look()

    assert seen.faults == ()
    assert seen.position == 0
    assert [lag.name for lag in seen.lags] == [projection.name for projection in PROJECTIONS]
    assert all((lag.events, lag.seconds, lag.stopped_before) == (0, 0, None) for lag in seen.lags)


def test_read_models_that_are_too_far_behind_are_named(pool: Pool) -> None:
    with pool.connection() as connection:
        row = connection.execute(ONE_EVENT).fetchone()
    assert row is not None, "an insert answers with its row"
    seen = lookout(pool).look()

    assert faults(seen) == [f"projection {projection.name}" for projection in PROJECTIONS]
    assert "seconds behind" in seen.faults[0].found
    assert seen.position == row[0]
    assert all(lag.seconds >= 90 and lag.events == row[0] for lag in seen.lags)


def test_a_stopped_read_model_is_named_without_the_words_of_its_failure(pool: Pool) -> None:
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO projection_failure VALUES ('worklist', 7, 'Durand', clock_timestamp())"
        )
    seen = lookout(pool).look()

    assert faults(seen) == ["projection worklist"]
    assert seen.faults[0].found == "stopped before position 7"


def test_blocks_are_counted_by_status_where_somebody_is_waited_for(pool: Pool) -> None:
    statuses = [("sent", True), ("sent", True), ("unconfirmed", False), ("confirmed", False)]
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.executemany(ONE_BLOCK, statuses)

    assert lookout(pool).look().blocks == {"sent": 2, "unconfirmed": 1}


def test_pending_migrations_are_a_fault(empty_database: Database) -> None:
    with open_pool(
        empty_database.owner_url, schema=SCHEMA, min_size=1, max_size=1, application_name="tests"
    ) as pool:
        seen = lookout(pool).look()

    assert faults(seen) == ["migrations"]
    assert seen.position is None


def test_a_database_of_a_later_version_is_a_fault(database: Database, pool: Pool) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO recours.schema_migration (number, name, phase, checksum)"
            " SELECT max(number) + 1, 'later', 'post', 'x' FROM recours.schema_migration"
        )

    assert faults(lookout(pool).look()) == ["migrations"]


def test_a_database_that_is_away_is_a_fault(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = lookout(pool)
    monkeypatch.setattr(seen, "_conninfo", "host=127.0.0.1 port=1 password=hunter2")

    found = seen.look()
    assert faults(found) == ["database"]
    assert "hunter2" not in found.faults[0].found


def test_a_locked_table_does_not_keep_the_lookout(database: Database, pool: Pool) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("LOCK TABLE recours.event IN ACCESS EXCLUSIVE MODE")

        assert faults(lookout(pool).look()) == ["database"]


def test_an_exhausted_pool_is_told_and_does_not_keep_the_lookout(database: Database) -> None:
    with open_pool(
        database.application_url, schema=SCHEMA, min_size=1, max_size=1, application_name="tests"
    ) as pool:
        looking = lookout(pool)
        with pool.connection():
            use = looking.connections()
            seen = looking.look()

    assert (use.open, use.idle, use.waiting) == (1, 0, 0)
    assert seen.faults == ()


def test_what_was_seen_is_told_again_for_a_moment(pool: Pool) -> None:
    now = [0.0]
    looking = lookout(pool, seconds=lambda: now[0])
    first = looking.look()
    now[0] += FRESH_SECONDS / 2
    again = looking.look()
    now[0] += FRESH_SECONDS
    later = looking.look()

    assert again is first
    assert later is not first
