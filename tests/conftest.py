"""What every test may ask for: a real server, a fresh database, a pool of connections."""

from collections.abc import Iterator

import hypothesis
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from infrastructure.postgres.connections import open_pool
from tests.databases import Database, Server, run_server

# The same examples in every run: a red build is never the luck of the draw. A machine under load
# is slow, which says nothing about the rule under test, so there is no deadline.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real PostgreSQL server: the embedded one, or the one DATABASE_URL names.

    There, the login of DATABASE_URL is an administrator's: it may create databases and roles.
    """
    with run_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: Server) -> Iterator[Database]:
    """The migrated database that the tests' databases are copied from."""
    with server.template() as migrated:
        yield migrated


@pytest.fixture
def database(server: Server, template: Database) -> Iterator[Database]:
    """A fresh migrated database of this test alone."""
    with server.copy(template) as fresh:
        yield fresh


@pytest.fixture
def empty_database(server: Server) -> Iterator[Database]:
    """A fresh database of this test alone, in which nothing was migrated."""
    with server.empty() as fresh:
        yield fresh


@pytest.fixture
def pool(database: Database) -> Iterator[ConnectionPool[Connection[TupleRow]]]:
    """Connections of the product at work to the test's database."""
    with open_pool(
        database.application_url,
        schema=database.schema,
        min_size=1,
        max_size=8,
        application_name="tests",
    ) as opened:
        yield opened
