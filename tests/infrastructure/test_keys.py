"""Keys open the door to those who hold them, and to nobody else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from application.keys import (
    GRANTABLE,
    KeyNotFound,
    KeyOver,
    KeyRefused,
    KeyTerms,
    Principal,
    every_scope,
)
from application.ports import Clock
from application.reach import Reach
from domain.parties import Role
from infrastructure.clock import SystemClock, TimeOrderedIdentities
from infrastructure.keys import PostgresKeys
from infrastructure.last_uses import writing
from infrastructure.remembering import Memory
from tests.databases import Database

Pool = ConnectionPool[Connection[TupleRow]]
IDENTITIES = TimeOrderedIdentities()
NEVER_ISSUED = IDENTITIES.new()
ANNA = KeyTerms(subject_id="anna", role=Role.AGENT)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Hands(Clock):
    """The hands of a clock, which a test sets."""

    def __init__(self, began: datetime) -> None:
        self.began = self.time = began

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def keys(pool: Pool) -> PostgresKeys:
    return PostgresKeys(pool, identities=IDENTITIES, clock=SystemClock())


def counting(pool: Pool, *, remembered: int, seconds: Callable[[], float]) -> PostgresKeys:
    return PostgresKeys(
        pool,
        identities=IDENTITIES,
        clock=SystemClock(),
        lifetime=timedelta(seconds=5),
        remembered=remembered,
        seconds=seconds,
    )


@pytest.mark.parametrize("role", GRANTABLE)
def test_a_secret_opens_the_door_as_the_subject_and_role_it_was_issued_to(
    keys: PostgresKeys, role: Role
) -> None:
    scopes = every_scope(role)

    issued = keys.issue(KeyTerms(subject_id="anna", role=role, scopes=scopes))

    assert keys.authenticate(issued.secret) == Principal(
        subject_id="anna", role=role, scopes=scopes
    )


@pytest.mark.parametrize("role", [role for role in Role if role not in GRANTABLE])
def test_no_key_acts_as_the_product_itself(keys: PostgresKeys, role: Role) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        keys.issue(KeyTerms(subject_id="anna", role=role))


@pytest.mark.parametrize(
    "secret", ["", "rcs", "rcs__", "rcs_00000000_", "rcs_\x00_x", "_\ud800_", "é" * 9_000]
)
def test_a_secret_that_nobody_holds_is_refused(keys: PostgresKeys, secret: str) -> None:
    with pytest.raises(KeyRefused):
        keys.authenticate(secret)


def test_the_right_opening_with_a_wrong_rest_is_refused(keys: PostgresKeys) -> None:
    secret = keys.issue(ANNA).secret

    with pytest.raises(KeyRefused):
        keys.authenticate(secret[:-1] + ("A" if secret[-1] != "A" else "B"))


def test_a_revoked_key_opens_nothing_from_then_on(keys: PostgresKeys) -> None:
    issued = keys.issue(ANNA)
    keys.authenticate(issued.secret)

    revoked = keys.revoke(issued.key.key_id)

    assert revoked.revoked_at is not None
    with pytest.raises(KeyRefused):
        keys.authenticate(issued.secret)


def test_a_key_revoked_in_another_process_opens_nothing_after_the_stated_time(pool: Pool) -> None:
    seconds = Seconds()
    here = counting(pool, remembered=10, seconds=seconds)
    there = PostgresKeys(pool, identities=IDENTITIES, clock=SystemClock())
    issued = here.issue(ANNA)
    here.authenticate(issued.secret)

    there.revoke(issued.key.key_id)

    assert here.authenticate(issued.secret).subject_id == "anna"
    seconds.now = 5.1
    with pytest.raises(KeyRefused):
        here.authenticate(issued.secret)


def test_a_key_is_looked_up_once_in_its_lifetime(pool: Pool, database: Database) -> None:
    keys = counting(pool, remembered=1, seconds=Seconds())
    first = keys.issue(ANNA)
    second = keys.issue(KeyTerms(subject_id="ben", role=Role.AGENT))
    keys.authenticate(first.secret)
    keys.authenticate(second.secret)

    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("DELETE FROM recours.api_key")

    assert keys.authenticate(second.secret).subject_id == "ben"
    with pytest.raises(KeyRefused):
        keys.authenticate(first.secret)  # the memory holds one key


def test_revoking_again_changes_nothing(keys: PostgresKeys) -> None:
    key_id = keys.issue(ANNA).key.key_id

    assert keys.revoke(key_id) == keys.revoke(key_id)


def test_a_key_that_was_never_issued_cannot_be_revoked(keys: PostgresKeys) -> None:
    with pytest.raises(KeyNotFound):
        keys.revoke(NEVER_ISSUED)


def test_keys_are_listed_oldest_first_without_their_secrets(keys: PostgresKeys) -> None:
    issued = [
        keys.issue(KeyTerms(subject_id=name, role=Role.AGENT)) for name in ("anna", "ben", "eve")
    ]

    listed = keys.list()

    assert listed == tuple(one.key for one in issued)
    assert not any(one.secret in repr(listed) for one in issued)


def test_the_database_holds_no_secret(keys: PostgresKeys, database: Database) -> None:
    secret = keys.issue(ANNA).secret

    with psycopg.connect(database.admin_url) as admin:
        rows = admin.execute("SELECT row_to_json(k)::text FROM recours.api_key AS k").fetchall()

    assert secret.rpartition("_")[2] not in str(rows)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM api_key",
        "UPDATE api_key SET role = 'admin'",
        "UPDATE api_key SET digest = ''",
        "UPDATE api_key SET companies = NULL",
        "UPDATE api_key SET scopes = '{erp}'",
        "UPDATE api_key SET expires_at = NULL",
    ],
)
def test_the_application_changes_nothing_of_a_key_but_its_end(pool: Pool, statement: str) -> None:
    with pool.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("column", "ending"),
    [("revoked_at", PostgresKeys.revoke), ("retires_at", partial(PostgresKeys.rotate, grace=DAY))],
)
@pytest.mark.parametrize("said", ["NULL", "clock_timestamp() + interval '1 year'"])
def test_nobody_brings_a_key_back_whose_end_was_said(
    keys: PostgresKeys,
    pool: Pool,
    column: str,
    ending: Callable[[PostgresKeys, UUID], object],
    said: str,
) -> None:
    ending(keys, keys.issue(ANNA).key.key_id)

    with pool.connection() as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(f"UPDATE api_key SET {column} = {said}".encode())


def test_a_key_has_the_reach_that_it_was_issued_with(keys: PostgresKeys) -> None:
    reach = Reach(companies=frozenset({"FR01", "FR02"}), teams=frozenset({"lyon"}))

    issued = keys.issue(KeyTerms(subject_id="anna", role=Role.AGENT, reach=reach))

    assert keys.authenticate(issued.secret).reach == reach
    assert keys.find(issued.key.key_id) == issued.key
    assert issued.key.terms.reach == reach


def test_a_key_that_expired_opens_nothing(keys: PostgresKeys) -> None:
    issued = keys.issue(KeyTerms(subject_id="anna", role=Role.AGENT, expires_at=LONG_AGO))

    with pytest.raises(KeyRefused):
        keys.authenticate(issued.secret)


def test_a_key_is_remembered_no_longer_than_it_lasts(pool: Pool) -> None:
    seconds, soon = Seconds(), SystemClock().now() + timedelta(seconds=4)
    keys = counting(pool, remembered=10, seconds=seconds)
    secret = keys.issue(KeyTerms(subject_id="anna", role=Role.AGENT, expires_at=soon)).secret

    keys.authenticate(secret)
    remembered = keys.recall(secret)
    seconds.now = 4.1

    assert remembered is not None
    assert keys.recall(secret) is None


def test_a_replaced_key_works_beside_the_new_one_until_the_grace_is_over(
    keys: PostgresKeys,
) -> None:
    reach = Reach(companies=frozenset({"FR01"}))
    terms = KeyTerms(subject_id="anna", role=Role.AGENT, reach=reach)
    old = keys.issue(terms)

    new = keys.rotate(old.key.key_id, grace=DAY)
    retiring = keys.find(old.key.key_id)

    assert keys.authenticate(new.secret) == keys.authenticate(old.secret)
    assert (new.key.terms, new.key.replaces) == (terms, old.key.key_id)
    assert retiring.retires_at is not None
    assert abs(retiring.retires_at - new.key.created_at - DAY) < timedelta(minutes=1)


def test_without_a_grace_the_replaced_key_opens_nothing_at_once(keys: PostgresKeys) -> None:
    old = keys.issue(ANNA)
    keys.authenticate(old.secret)

    new = keys.rotate(old.key.key_id, grace=timedelta(0))

    assert keys.authenticate(new.secret).subject_id == "anna"
    with pytest.raises(KeyRefused):
        keys.authenticate(old.secret)


def test_the_new_key_lasts_as_long_as_the_old_one_was_issued_for(keys: PostgresKeys) -> None:
    expires_at = SystemClock().now() + 90 * DAY
    old = keys.issue(KeyTerms(subject_id="anna", role=Role.AGENT, expires_at=expires_at)).key

    new = keys.rotate(old.key_id, grace=DAY).key

    assert old.terms.expires_at is not None
    assert new.terms.expires_at is not None
    kept = new.terms.expires_at - new.created_at
    assert abs(kept - (old.terms.expires_at - old.created_at)) < timedelta(seconds=1)


@pytest.mark.parametrize("over", ["revoked", "replaced", "expired"])
def test_a_key_that_is_over_is_not_replaced(keys: PostgresKeys, over: str) -> None:
    expires_at = LONG_AGO if over == "expired" else None
    issued = keys.issue(KeyTerms(subject_id="anna", role=Role.AGENT, expires_at=expires_at))
    key_id = issued.key.key_id
    if over == "revoked":
        keys.revoke(key_id)
    elif over == "replaced":
        keys.rotate(key_id, grace=DAY)

    with pytest.raises(KeyOver):
        keys.rotate(key_id, grace=DAY)


def test_of_many_who_replace_a_key_at_once_one_does(keys: PostgresKeys) -> None:
    key_id = keys.issue(ANNA).key.key_id

    def rotated(_: int) -> bool:
        try:
            keys.rotate(key_id, grace=DAY)
        except KeyOver:
            return False
        return True

    with ThreadPoolExecutor(4) as crowd:
        assert sum(crowd.map(rotated, range(8))) == 1


def test_a_look_up_that_a_revocation_overtakes_is_not_remembered() -> None:
    memory = Memory[str](most=10)
    begun = memory.forgettings

    memory.forget(lambda name: name == "anna")
    memory.keep(b"1", "anna", lifetime=5, forgettings=begun)

    assert memory.recall(b"1") is None


def test_the_last_use_of_a_key_is_written_at_most_once_a_minute(pool: Pool) -> None:
    clock = Hands(SystemClock().now())
    keys = PostgresKeys(pool, identities=IDENTITIES, clock=clock)
    issued = keys.issue(ANNA)
    unused = keys.issue(ANNA).key.key_id
    told: list[datetime | None] = []

    for seconds in (0, 59, 60):
        clock.time = clock.began + timedelta(seconds=seconds)
        keys.authenticate(issued.secret)
        keys.last_uses.write()
        told.append(keys.find(issued.key.key_id).last_used_at)

    assert told == [clock.began, clock.began, clock.began + timedelta(minutes=1)]
    assert keys.find(unused).last_used_at is None


def test_a_use_that_cannot_be_written_is_written_later(
    keys: PostgresKeys, database: Database
) -> None:
    issued = keys.issue(ANNA)
    keys.authenticate(issued.secret)
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("REVOKE UPDATE (last_used_at) ON recours.api_key FROM recours_application")
        keys.last_uses.write()
        admin.execute("GRANT UPDATE (last_used_at) ON recours.api_key TO recours_application")

    keys.last_uses.write()

    assert keys.find(issued.key.key_id).last_used_at is not None


def test_last_uses_are_written_when_the_product_is_closed(keys: PostgresKeys) -> None:
    issued = keys.issue(ANNA)

    with writing(keys.last_uses):
        keys.authenticate(issued.secret)

    assert keys.find(issued.key.key_id).last_used_at is not None
