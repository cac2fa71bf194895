"""Which servers and logins the product refuses, and what it says."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from infrastructure.postgres.errors import ServerUnsafe
from infrastructure.postgres.migration_files import Migration, Phase, shipped_migrations
from infrastructure.postgres.server_checks import Finding, findings, refuse_unsafe_server
from tests.databases import SCHEMA, Database, Server


@pytest.fixture
def owner(empty_database: Database) -> Iterator[Connection[TupleRow]]:
    """The owner of a database in which only a table of events is."""
    with psycopg.connect(empty_database.owner_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA recours")
        connection.execute("CREATE TABLE recours.event (position bigint, state json)")
        connection.execute("GRANT USAGE ON SCHEMA recours TO recours_application")
        connection.execute("GRANT SELECT, INSERT ON recours.event TO recours_application")
        yield connection


def found(url: str) -> dict[str, Finding]:
    with psycopg.connect(url) as connection:
        return {
            finding.rule: finding
            for finding in findings(connection, schema="recours", migrations=[])
        }


def test_the_product_trusts_the_server_it_sets_up(database: Database) -> None:
    with psycopg.connect(database.application_url) as connection:
        assert findings(connection, schema=database.schema) == []
        refuse_unsafe_server(connection, schema=database.schema)


@pytest.mark.usefixtures("owner")
def test_a_role_that_only_reads_and_adds_events_is_trusted(empty_database: Database) -> None:
    assert found(empty_database.application_url) == {}


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE", "UPDATE (state)"])
def test_a_role_that_may_change_history_is_refused(
    empty_database: Database, owner: Connection[TupleRow], right: str
) -> None:
    owner.execute(f"GRANT {right} ON recours.event TO recours_application".encode())
    finding = found(empty_database.application_url)["event-rights"]
    assert right.split(" ", 1)[0] in finding.fault
    assert finding.fix.startswith("REVOKE")


@pytest.mark.usefixtures("owner")
def test_the_owner_of_the_events_is_refused(empty_database: Database) -> None:
    assert "DATABASE_OWNER_URL" in found(empty_database.owner_url)["event-owner"].fix


@pytest.mark.usefixtures("owner")
def test_a_login_that_may_not_enter_the_schema_is_refused(empty_database: Database) -> None:
    fix = found(empty_database.reader_url)["schema-closed"].fix
    assert fix.startswith('GRANT recours_application TO "')


def test_a_superuser_is_refused(empty_database: Database) -> None:
    found_here = found(empty_database.admin_url)
    with psycopg.connect(empty_database.admin_url) as connection:
        if connection.info.parameter_status("is_superuser") == "off":
            pytest.skip("this server's administrator is no superuser")
    assert "NOSUPERUSER" in found_here["superuser"].fix


def test_synchronous_commit_off_in_the_session_is_refused(empty_database: Database) -> None:
    url = make_conninfo(empty_database.application_url, options="-c synchronous_commit=off")
    assert "set by: client" in found(url)["synchronous_commit"].fault


@pytest.mark.parametrize("value", ["off", "false", "no", "0"])
def test_synchronous_commit_off_by_default_is_refused(empty_database: Database, value: str) -> None:
    name = sql.Identifier(empty_database.name)
    with psycopg.connect(empty_database.owner_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET synchronous_commit = {}").format(
                name, sql.Literal(value)
            )
        )
    finding = found(empty_database.application_url)["synchronous_commit"]
    assert finding.fix == f'ALTER DATABASE "{empty_database.name}" RESET synchronous_commit;'
    with psycopg.connect(empty_database.owner_url, autocommit=True) as connection:
        connection.execute(finding.fix.encode())
    assert found(empty_database.application_url) == {}


def test_synchronous_commit_off_for_another_role_is_refused_too(
    empty_database: Database, server: Server
) -> None:
    with defaulting_to_off(server, role=server.owner.name, database=empty_database.name):
        finding = found(empty_database.application_url)["synchronous_commit"]
    assert finding.fix == (
        f'ALTER ROLE "{server.owner.name}" IN DATABASE "{empty_database.name}" '
        "RESET synchronous_commit;"
    )


@contextmanager
def defaulting_to_off(server: Server, *, role: str, database: str) -> Generator[None]:
    whose = sql.SQL("ALTER ROLE {} IN DATABASE {} ").format(
        sql.Identifier(role), sql.Identifier(database)
    )
    with server.administration() as admin:
        admin.execute(whose + sql.SQL("SET synchronous_commit = off"))
        try:
            yield
        finally:
            admin.execute(whose + sql.SQL("RESET synchronous_commit"))


def test_a_schema_that_is_not_migrated_is_refused(database: Database) -> None:
    missing = Migration(number=1, phase=Phase.PRE, name="not_there", content=b"")
    with (
        psycopg.connect(database.application_url) as connection,
        pytest.raises(ServerUnsafe, match=r"0001_pre_not_there.*recours migrate"),
    ):
        refuse_unsafe_server(connection, schema="elsewhere", migrations=[missing])


def test_a_schema_that_lacks_only_what_removes_is_served(database: Database) -> None:
    """Between the two phases of an upgrade processes of both versions are at work."""
    removes = Migration(number=9_999, phase=Phase.POST, name="removes", content=b"")
    later = [*shipped_migrations(), removes]
    with psycopg.connect(database.application_url) as connection:
        assert findings(connection, schema=SCHEMA, migrations=later) == []


def test_one_refusal_lists_every_fault_with_its_fix(
    empty_database: Database, owner: Connection[TupleRow]
) -> None:
    owner.execute("GRANT UPDATE ON recours.event TO recours_application")
    url = make_conninfo(empty_database.application_url, options="-c synchronous_commit=off")
    with psycopg.connect(url) as connection:
        listed = findings(connection, schema="recours", migrations=[])
        with pytest.raises(ServerUnsafe) as refused:
            refuse_unsafe_server(connection, schema="recours", migrations=[])
    assert len(listed) == 2
    for finding in listed:
        assert finding.fault in str(refused.value)
        assert finding.fix in str(refused.value)
