"""Keys open the door to those who hold them, and to nobody else."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from application.keys import GRANTABLE, KeyNotFound, KeyRefused, Principal, every_scope
from domain.parties import Role
from infrastructure.clock import TimeOrderedIdentities
from infrastructure.keys import PostgresKeys
from tests.databases import Database

Pool = ConnectionPool[Connection[TupleRow]]
IDENTITIES = TimeOrderedIdentities()
NEVER_ISSUED = IDENTITIES.new()


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys(pool: Pool) -> PostgresKeys:
    return PostgresKeys(pool, identities=IDENTITIES)


def counting(pool: Pool, *, remembered: int, seconds: Callable[[], float]) -> PostgresKeys:
    return PostgresKeys(
        pool,
        identities=IDENTITIES,
        lifetime=timedelta(seconds=5),
        remembered=remembered,
        seconds=seconds,
    )


@pytest.mark.parametrize("role", GRANTABLE)
def test_a_secret_opens_the_door_as_the_subject_and_role_it_was_issued_to(
    keys: PostgresKeys, role: Role
) -> None:
    scopes = every_scope(role)

    issued = keys.issue(subject_id="anna", role=role, scopes=scopes)

    assert keys.authenticate(issued.secret) == Principal(
        subject_id="anna", role=role, scopes=scopes
    )


@pytest.mark.parametrize("role", [role for role in Role if role not in GRANTABLE])
def test_no_key_acts_as_the_product_itself(keys: PostgresKeys, role: Role) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        keys.issue(subject_id="anna", role=role)


@pytest.mark.parametrize(
    "secret", ["", "rcs", "rcs__", "rcs_00000000_", "rcs_\x00_x", "_\ud800_", "é" * 9_000]
)
def test_a_secret_that_nobody_holds_is_refused(keys: PostgresKeys, secret: str) -> None:
    with pytest.raises(KeyRefused):
        keys.authenticate(secret)


def test_the_right_opening_with_a_wrong_rest_is_refused(keys: PostgresKeys) -> None:
    secret = keys.issue(subject_id="anna", role=Role.AGENT).secret

    with pytest.raises(KeyRefused):
        keys.authenticate(secret[:-1] + ("A" if secret[-1] != "A" else "B"))


def test_a_revoked_key_opens_nothing_from_then_on(keys: PostgresKeys) -> None:
    issued = keys.issue(subject_id="anna", role=Role.AGENT)
    keys.authenticate(issued.secret)

    revoked = keys.revoke(issued.key.key_id)

    assert revoked.revoked_at is not None
    with pytest.raises(KeyRefused):
        keys.authenticate(issued.secret)


def test_a_key_revoked_in_another_process_opens_nothing_after_the_stated_time(pool: Pool) -> None:
    seconds = Seconds()
    here = counting(pool, remembered=10, seconds=seconds)
    there = PostgresKeys(pool, identities=IDENTITIES)
    issued = here.issue(subject_id="anna", role=Role.AGENT)
    here.authenticate(issued.secret)

    there.revoke(issued.key.key_id)

    assert here.authenticate(issued.secret).subject_id == "anna"
    seconds.now = 5.1
    with pytest.raises(KeyRefused):
        here.authenticate(issued.secret)


def test_a_key_is_looked_up_once_in_its_lifetime(pool: Pool, database: Database) -> None:
    keys = counting(pool, remembered=1, seconds=Seconds())
    first = keys.issue(subject_id="anna", role=Role.AGENT)
    second = keys.issue(subject_id="ben", role=Role.AGENT)
    keys.authenticate(first.secret)
    keys.authenticate(second.secret)

    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("DELETE FROM recours.api_key")

    assert keys.authenticate(second.secret).subject_id == "ben"
    with pytest.raises(KeyRefused):
        keys.authenticate(first.secret)  # the memory holds one key


def test_revoking_again_changes_nothing(keys: PostgresKeys) -> None:
    key_id = keys.issue(subject_id="anna", role=Role.AGENT).key.key_id

    assert keys.revoke(key_id) == keys.revoke(key_id)


def test_a_key_that_was_never_issued_cannot_be_revoked(keys: PostgresKeys) -> None:
    with pytest.raises(KeyNotFound):
        keys.revoke(NEVER_ISSUED)


def test_keys_are_listed_oldest_first_without_their_secrets(keys: PostgresKeys) -> None:
    issued = [keys.issue(subject_id=name, role=Role.AGENT) for name in ("anna", "ben", "eve")]

    listed = keys.list()

    assert listed == tuple(one.key for one in issued)
    assert not any(one.secret in repr(listed) for one in issued)


def test_the_database_holds_no_secret(keys: PostgresKeys, database: Database) -> None:
    secret = keys.issue(subject_id="anna", role=Role.AGENT).secret

    with psycopg.connect(database.admin_url) as admin:
        rows = admin.execute("SELECT row_to_json(k)::text FROM recours.api_key AS k").fetchall()

    assert secret.rpartition("_")[2] not in str(rows)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM api_key", "UPDATE api_key SET role = 'admin'", "UPDATE api_key SET digest = ''"],
)
def test_the_application_changes_nothing_of_a_key_but_its_revocation(
    pool: Pool, statement: str
) -> None:
    with pool.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
