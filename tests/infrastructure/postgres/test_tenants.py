"""A tenant's login enters its own schema and no other: proven by raw SQL, whatever it tries."""

import secrets
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from pydantic import SecretStr

from application.keys import KeyRefused, KeyTerms
from domain.parties import Role
from infrastructure.bootstrap import add_tenant, list_tenants, open_services
from infrastructure.clock import SystemClock
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.examined import Health
from infrastructure.examining import examine
from infrastructure.postgres.connections import open_pool, session_conninfo
from infrastructure.postgres.migrating import migrate, pending
from infrastructure.postgres.migration_files import shipped_migrations
from infrastructure.postgres.roles import roles_of
from infrastructure.postgres.server_checks import findings
from infrastructure.postgres.tenants import (
    login_url,
    make_login,
    make_reader,
    schema_of,
    tenants_in,
)
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.projector import Projector
from infrastructure.read_models.rebuilding import rebuild
from infrastructure.settings import Settings
from tests.databases import SCHEMA, Database
from tests.infrastructure.event_store.store_examples import FIRST, register_example

SECRET: Final = "a secret of this test"


@dataclass(frozen=True)
class Tenant:
    """A tenant that was made for the test."""

    name: str
    schema: str
    url: str

    @contextmanager
    def connected(self) -> Generator[Connection[TupleRow]]:
        conninfo = session_conninfo(self.url, schema=self.schema, application_name="tests")
        with psycopg.connect(conninfo, autocommit=True) as connection:
            yield connection


@pytest.fixture
def tenants(database: Database) -> Iterator[list[Tenant]]:
    """Two tenants beside the default one. Roles are the whole server's, so they are taken away."""
    made = [made_tenant(database, f"t{secrets.token_hex(4)}") for _ in range(2)]
    yield made
    for tenant in made:
        take_away(database, tenant.schema)


def take_away(database: Database, schema: str) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        for role in (roles_of(schema).application, roles_of(schema).reader):
            admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def made_tenant(database: Database, name: str) -> Tenant:
    schema = schema_of(name, base=SCHEMA)
    make_login(database.admin_url, schema=schema, secret=SECRET)
    make_reader(database.admin_url, schema=schema)
    migrate(database.owner_url, schema=schema)
    return Tenant(name, schema, login_url(database.application_url, schema=schema, secret=SECRET))


ATTEMPTS: Final = (
    "SELECT * FROM {other}.event",
    "SELECT * FROM {other}.api_key",
    "INSERT INTO {other}.tracking VALUES ('x', 1)",
    "UPDATE {other}.worklist SET status = 'closed'",
    "DELETE FROM {other}.worklist",
    "TRUNCATE {other}.worklist",
    "CREATE TABLE {other}.ours (id integer)",
    "CALL {other}.append('[]'::json)",
    "SELECT nextval('{other}.event_position_seq')",
    "COPY {other}.event TO STDOUT",
    "BEGIN; LOCK TABLE {other}.event",
    "ALTER TABLE {other}.event DISABLE TRIGGER ALL",
    "DROP SCHEMA {other} CASCADE",
    "GRANT USAGE ON SCHEMA {other} TO CURRENT_USER",
    "CREATE SCHEMA another",
    "SET ROLE {role}",
    "SET SESSION AUTHORIZATION {role}",
    "GRANT {role} TO CURRENT_USER",
    "ALTER ROLE {role} PASSWORD 'ours'",
)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nothing_that_a_tenant_tries_reaches_another_one(
    tenants: list[Tenant], attempt: str
) -> None:
    one, other = tenants
    targets = [
        (f'"{other.schema}"', f'"{roles_of(other.schema).application}"'),
        (SCHEMA, roles_of(SCHEMA).application),
    ]
    for schema, role in targets:
        statement = attempt.format(other=schema, role=role).encode()
        with one.connected() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_search_path_shows_a_tenant_nothing_of_another_one(tenants: list[Tenant]) -> None:
    one, other = tenants
    with one.connected() as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(other.schema)))
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM event")
        with pytest.raises(psycopg.errors.UndefinedFunction):
            connection.execute("CALL append('[]'::json)")
        connection.execute("RESET ROLE")
        connection.execute("RESET SESSION AUTHORIZATION")
        found = connection.execute("SELECT session_user, current_user").fetchone()
        assert found == (one.schema, one.schema)


def test_the_default_tenant_enters_no_other_ones_schema(
    tenants: list[Tenant], database: Database
) -> None:
    with psycopg.connect(database.application_url, autocommit=True) as connection:
        for tenant in tenants:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f'SELECT * FROM "{tenant.schema}".event'.encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f'SET ROLE "{tenant.schema}"'.encode())


def test_the_product_works_in_the_schema_of_each_tenant_apart(
    tenants: list[Tenant], database: Database
) -> None:
    recorded: dict[str, int] = {}
    for tenant in tenants:
        with open_pool(
            tenant.url, schema=tenant.schema, min_size=1, max_size=2, application_name="tests"
        ) as pool:
            cases = RecordedCases(
                EventRecorder(pool, schema=tenant.schema),
                event_types=product_event_types(),
                clock=SystemClock(),
                remembered=10,
            )
            if tenant is tenants[0]:
                register_example(cases, case_id=FIRST)
            projector = Projector(pool, projections=PROJECTIONS, event_types=product_event_types())
            projector.catch_up()
            recorded[tenant.name] = len(cases.history(FIRST))
            rebuild(
                database.owner_url,
                PROJECTIONS[0],
                schema=tenant.schema,
                event_types=product_event_types(),
                progress=lambda _: None,
            )
            projector.catch_up()
            assert projector.failures == []
    assert list(recorded.values()) == [1, 0]


def test_a_tenant_is_as_safe_and_as_new_as_the_default_one(
    tenants: list[Tenant], database: Database
) -> None:
    for tenant in tenants:
        assert pending(database.owner_url, schema=tenant.schema) == []
        with psycopg.connect(tenant.url, autocommit=True) as connection:
            assert findings(connection, schema=tenant.schema) == []
    with psycopg.connect(database.application_url, autocommit=True) as connection:
        assert findings(connection, schema=SCHEMA) == []
        named = tenants_in(connection, base=SCHEMA)
    assert named == sorted(tenant.name for tenant in tenants)


def test_a_login_that_may_enter_another_tenants_schema_is_a_fault(
    tenants: list[Tenant], database: Database
) -> None:
    one, other = tenants
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        grant = sql.SQL("GRANT USAGE ON SCHEMA {} TO {}")
        admin.execute(grant.format(sql.Identifier(other.schema), sql.Identifier(one.schema)))
    with psycopg.connect(one.url, autocommit=True) as connection:
        (found,) = findings(connection, schema=one.schema)
    assert (found.rule, other.schema in found.fault) == ("other-tenant", True)


def test_the_password_of_a_tenant_opens_no_other_one(tenants: list[Tenant]) -> None:
    one, other = tenants
    mixed = make_conninfo(one.url, user=other.schema)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(mixed)


def test_a_key_of_one_tenant_is_unknown_to_every_other_one(database: Database) -> None:
    name = f"t{secrets.token_hex(4)}"
    default = Settings(
        database_url=SecretStr(database.application_url),
        database_owner_url=SecretStr(database.admin_url),
        recours_tenants_secret=SecretStr("24 characters and a few more"),
    )
    tenant = default.model_copy(update={"recours_tenant": name})
    terms = KeyTerms(subject_id="anna", role=Role.AGENT)
    try:
        assert len(add_tenant(tenant)) == len(shipped_migrations())
        assert add_tenant(tenant) == []
        assert list_tenants(default) == ["default", name]
        with open_services(tenant) as theirs, open_services(default) as ours:
            secret = theirs.services.keys.issue(terms).secret
            assert theirs.services.keys.authenticate(secret).subject_id == "anna"
            with pytest.raises(KeyRefused):
                ours.services.keys.authenticate(secret)
        healths = {each.subject: each.health for each in examine(default)}
        assert healths[f"tenant {name}"] is Health.GOOD
    finally:
        take_away(database, tenant.tenant_schema)
