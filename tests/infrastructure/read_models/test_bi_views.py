"""What reporting tools read: documented views, under the read-only role, through every rebuild."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.event_store.event_types import product_event_types
from infrastructure.postgres.connections import session_conninfo
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.rebuilding import rebuild
from tests.databases import Database
from tests.infrastructure.read_models.office import Office

_VIEWS: Final = """
    SELECT relname FROM pg_class
     WHERE relkind = 'v' AND relnamespace = 'recours'::regnamespace ORDER BY relname
"""
_UNDOCUMENTED: Final = """
    SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
     WHERE relkind = 'v' AND relnamespace = 'recours'::regnamespace AND attnum >= 0
       AND (col_description(attrelid, attnum) IS NULL OR obj_description(attrelid) IS NULL)
"""
_SUMS: Final[dict[str, LiteralString]] = {
    "bi_blocked_now": "SELECT state, sum(amount) FROM bi_blocked_now GROUP BY 1",
    "bi_blocked_period": "SELECT state, sum(amount) FROM bi_blocked_period"
    " WHERE valid_to IS NULL AND known_to IS NULL GROUP BY 1",
    "bi_blocked_entry": "SELECT state, sum(amount) FROM bi_blocked_entry"
    " GROUP BY 1 HAVING sum(amount) <> 0",
}


@pytest.fixture
def reader(database: Database) -> Iterator[Connection[TupleRow]]:
    """Whoever may only read."""
    conninfo = session_conninfo(
        database.reader_url, schema=database.schema, application_name="a report"
    )
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture
def blocked(office: Office) -> Office:
    """100.00 EUR blocked, and 30.00 EUR asked for."""
    office.block(office.dispute())
    office.request_block(office.dispute(office.claim("30.00")))
    office.project()
    return office


EXPECTED: Final = {"confirmed": Decimal(100), "requested": Decimal(30)}


@pytest.mark.usefixtures("blocked")
def test_a_reader_reads_every_view(reader: Connection[TupleRow]) -> None:
    views = [name for (name,) in reader.execute(_VIEWS)]

    assert views == sorted(_SUMS)
    for query in _SUMS.values():
        reader.execute("SET timezone = 'Europe/Paris'")
        assert dict(reader.execute(query).fetchall()) == EXPECTED


def test_every_view_and_column_says_what_it_means(reader: Connection[TupleRow]) -> None:
    assert reader.execute(_UNDOCUMENTED).fetchall() == []


@pytest.mark.parametrize("statement", ["DELETE FROM blocked_period", "DELETE FROM bi_blocked_now"])
def test_a_reader_changes_nothing(statement: LiteralString, reader: Connection[TupleRow]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


def test_the_views_show_the_rebuilt_tables_and_keep_their_comments_and_rights(
    database: Database, blocked: Office, reader: Connection[TupleRow]
) -> None:
    for projection in PROJECTIONS:
        rebuild(
            database.owner_url,
            projection,
            schema=database.schema,
            event_types=product_event_types(),
            progress=lambda _: None,
        )
    blocked.block(blocked.dispute(blocked.claim("7.00")))
    blocked.project()
    for query in _SUMS.values():
        assert dict(reader.execute(query).fetchall()) == {**EXPECTED, "confirmed": Decimal(107)}
    assert reader.execute(_UNDOCUMENTED).fetchall() == []
