"""Connections that are ready for the product's statements."""

from datetime import timedelta

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.errors import DivisionByZero, QueryCanceled
from psycopg.rows import TupleRow
from psycopg.types.json import Json
from psycopg_pool import ConnectionPool

from infrastructure.postgres.connections import LentCursor, open_pool
from tests.databases import Database


def asked(pool: ConnectionPool[Connection[TupleRow]], question: str) -> object:
    with pool.connection() as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("search_path", '"recours"'),
        ("TimeZone", "UTC"),
        ("application_name", "tests"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "1min"),
    ],
)
def test_every_session_is_set_up_while_it_connects(
    pool: ConnectionPool[Connection[TupleRow]], setting: str, expected: str
) -> None:
    assert asked(pool, f"SHOW {setting}") == expected


def test_each_statement_is_its_own_transaction(
    pool: ConnectionPool[Connection[TupleRow]],
) -> None:
    with pool.connection() as connection:
        assert connection.autocommit


def test_a_statement_is_prepared_at_its_first_use(
    pool: ConnectionPool[Connection[TupleRow]],
) -> None:
    with pool.connection() as connection:
        connection.execute("SELECT 42")
        prepared = connection.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    assert ("SELECT 42",) in prepared


def test_json_goes_both_ways_unchanged(pool: ConnectionPool[Connection[TupleRow]]) -> None:
    said = {"text": "Je suis déçue\n\u2028", "amounts": ["12.30"], "open": True, "none": None}
    with pool.connection() as connection:
        for kind in ("json", "jsonb"):
            row = connection.execute(f"SELECT %s::{kind}".encode(), [Json(said)]).fetchone()
            assert row == (said,)


@pytest.mark.parametrize("schema", ["recours", 'odd "one", with\\ all'])
def test_any_schema_name_is_quoted(database: Database, schema: str) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
    with open_pool(
        database.owner_url, schema=schema, min_size=1, max_size=1, application_name="quoting"
    ) as pool:
        assert asked(pool, "SELECT current_schema()") == schema


def test_options_in_the_connection_string_are_kept(database: Database) -> None:
    url = make_conninfo(database.application_url, options="-c lock_timeout=1234ms")
    with open_pool(
        url, schema="recours", min_size=1, max_size=1, application_name="options"
    ) as pool:
        assert asked(pool, "SHOW lock_timeout") == "1234ms"
        assert asked(pool, "SHOW TimeZone") == "UTC"


def test_a_statement_that_runs_too_long_is_cancelled(database: Database) -> None:
    with (
        open_pool(
            database.application_url,
            schema="recours",
            min_size=1,
            max_size=1,
            application_name="slow",
            statement_timeout=timedelta(milliseconds=50),
        ) as pool,
        pytest.raises(QueryCanceled),
    ):
        asked(pool, "SELECT pg_sleep(60)")


def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(
    database: Database, pool: ConnectionPool[Connection[TupleRow]]
) -> None:
    with pool.connection() as connection:
        ended = connection.info.backend_pid
    with psycopg.connect(database.application_url, autocommit=True) as another:
        another.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    assert asked(pool, "SELECT pg_backend_pid()") != ended


def test_a_lent_cursor_comes_back_after_an_error_and_serves_again(database: Database) -> None:
    with open_pool(
        database.application_url, schema="recours", min_size=1, max_size=1, application_name="one"
    ) as pool:
        with LentCursor(pool) as first:
            assert first.execute("SELECT 1").fetchall() == [(1,)]
        with pytest.raises(DivisionByZero), LentCursor(pool) as failing:
            failing.execute("SELECT 1 / 0")
        with LentCursor(pool) as again:
            assert again is first, "to make a cursor is what lending one saves"
            assert again.execute("SELECT 2").fetchall() == [(2,)]


def test_a_lent_cursor_is_never_one_whose_server_has_gone(
    database: Database, pool: ConnectionPool[Connection[TupleRow]]
) -> None:
    with LentCursor(pool) as cursor:
        ended = cursor.connection.info.backend_pid
    with psycopg.connect(database.application_url, autocommit=True) as another:
        another.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    with LentCursor(pool) as cursor:
        assert cursor.execute("SELECT pg_backend_pid()").fetchone() != (ended,)
