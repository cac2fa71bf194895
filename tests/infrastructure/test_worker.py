"""The worker: it outlives its database, and ends with whatever else goes wrong."""

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event as Signal
from typing import Final, NoReturn
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import TupleRow
from pydantic import SecretStr

from application.erp import BlockOrder, ErpReply
from application.erp_desk import ErpDesk
from application.once import KEPT_FOR, Once
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import Status
from infrastructure.bootstrap import Wiring, desk_for, wire
from infrastructure.erp.http_connector import HttpErp
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.simulator_server import running_simulator
from infrastructure.event_store.event_types import product_event_types
from infrastructure.postgres.connections import open_pool
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.projector import Projector
from infrastructure.settings import Settings
from infrastructure.worker import run_worker
from tests.databases import Database
from tests.faults.harness import until
from tests.infrastructure.event_store.store_examples import register_example
from tests.infrastructure.read_models.histories import dump
from tests.infrastructure.read_models.office import Office, Pool

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_CUT_EVERY_CONNECTION = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'the worker'
"""

_MAKE_THE_FIRST_OLD: Final = """
    UPDATE recours.command_key SET recorded_at = now() - %s - interval '1 minute'
     WHERE case_id = '00000000-0000-0000-0000-000000000001'
"""
_REMEMBERED: Final = "SELECT case_id FROM recours.command_key"


class BrokenErp:
    """A connector with a fault of its own."""

    def request_block(self, order: BlockOrder) -> NoReturn:
        """Fail, as no ERP ever could."""
        raise ZeroDivisionError(order.currency)

    def release_block(self, block_id: object) -> ErpReply:
        """Never asked."""
        raise AssertionError(block_id)

    def look_up(self, block_id: object) -> ErpReply:
        """Never asked."""
        raise AssertionError(block_id)


@pytest.fixture
def office(pool: Pool) -> Office:
    """Who orders blocks and asks questions, beside the worker."""
    return Office.open(pool)


@contextmanager
def worker(database: Database) -> Generator[Wiring]:
    """Wire a worker as the product does."""
    settings = Settings(
        database_url=SecretStr(database.application_url), recours_schema=database.schema
    )
    with open_pool(
        database.application_url,
        schema=database.schema,
        min_size=1,
        max_size=12,
        application_name="the worker",
    ) as pool:
        yield wire(pool, settings=settings)


@contextmanager
def working(wiring: Wiring, desk: ErpDesk | None) -> Generator[Future[None]]:
    """Let a worker work beside the test, and end well with it."""
    stop = Signal()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(run_worker, wiring, desk=desk, stop=stop)
        try:
            yield running
        finally:
            stop.set()


def is_blocked_or_over(office: Office, dispute_id: UUID, running: Future[None]) -> bool:
    dispute = Office.open(office.pool).cases.load(Dispute, dispute_id)
    return running.done() or dispute.status is Status.PAYMENT_BLOCKED


def test_a_worker_without_an_erp_projects_and_leaves_blocks_requested(
    office: Office, database: Database
) -> None:
    office.register()
    with worker(database) as wiring, working(wiring, None) as running:
        position = office.contact(office.register()).position
        assert office.questions.wait_for(position, seconds=60)
        assert not running.done()
    running.result()


def test_a_worker_goes_on_by_itself_whenever_the_database_comes_back(
    office: Office, database: Database
) -> None:
    with (
        running_simulator(state_file=None, secret=SECRET, faults=Faults()) as address,
        HttpErp(address, secret=SECRET) as erp,
        worker(database) as wiring,
        working(wiring, desk_for(erp, wiring.services)) as running,
    ):
        for _ in range(6):
            dispute_id = office.dispute()
            office.order_block(dispute_id)
            with psycopg.connect(database.admin_url, autocommit=True) as admin:
                admin.execute(_CUT_EVERY_CONNECTION)
            until(partial(is_blocked_or_over, office, dispute_id, running))
        assert not running.done()
    running.result()
    office.project()
    before = dump(database)
    fresh = Projector(office.pool, projections=PROJECTIONS, event_types=product_event_types())
    assert fresh.catch_up() == 0
    assert dump(database) == before


def test_a_worker_forgets_a_key_when_its_time_is_over(database: Database) -> None:
    with worker(database) as wiring, psycopg.connect(database.admin_url, autocommit=True) as admin:
        for number, key in enumerate(("old", "young"), start=1):
            once = Once(subject_id="anna", key=key, fingerprint=bytes(32))
            register_example(wiring.services.cases.once(once), case_id=UUID(int=number))
        admin.execute(_MAKE_THE_FIRST_OLD, [KEPT_FOR])
        assert remembered(admin) == {1, 2}
        with working(wiring, None) as running:
            until(lambda: running.done() or remembered(admin) == {2})
    running.result()


def remembered(admin: psycopg.Connection[TupleRow]) -> set[int]:
    """Which cases' keys are there."""
    return {case_id.int for (case_id,) in admin.execute(_REMEMBERED)}


def test_any_other_fault_of_the_desk_ends_the_worker_loudly(
    office: Office, database: Database
) -> None:
    office.order_block(office.dispute())
    with worker(database) as wiring:
        desk = desk_for(BrokenErp(), wiring.services)
        with pytest.raises(ZeroDivisionError):
            run_worker(wiring, desk=desk, stop=Signal())


def test_any_other_fault_of_the_projector_ends_the_worker_loudly(database: Database) -> None:
    with worker(database) as wiring:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("ALTER TABLE recours.tracking RENAME TO lost")
        with pytest.raises(psycopg.errors.UndefinedTable):
            run_worker(wiring, desk=None, stop=Signal())
