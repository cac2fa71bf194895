"""A rebuild beside the live read model: nobody waits, and nothing is lost."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event as Signal

import psycopg
import pytest
from psycopg import sql

from application.exposures import ExposureGroup
from application.queries import WorkFilter, WorkOrder
from infrastructure.event_store.event_types import UnknownEvent, product_event_types
from infrastructure.postgres.connections import open_pool, session_conninfo
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.customer_contacts import CUSTOMER_CONTACTS
from infrastructure.read_models.projection import Projection
from infrastructure.read_models.projector import Projector
from infrastructure.read_models.rebuilding import RebuildUnderWay, rebuild
from infrastructure.read_models.worklist import WORKLIST
from tests import examples as an
from tests.databases import Database
from tests.faults.harness import until
from tests.infrastructure.read_models.histories import dump, owner_session
from tests.infrastructure.read_models.office import Office

_REBUILDERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'recours rebuild'
"""
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s ORDER BY 1"


def do_nothing(_: int) -> None:
    """Progress that nobody looks at."""


def rebuild_one(
    database: Database, projection: Projection, *, progress: Callable[[int], None] = do_nothing
) -> int:
    return rebuild(
        database.owner_url,
        projection,
        schema=database.schema,
        event_types=product_event_types(),
        progress=progress,
    )


def rebuild_all(database: Database) -> None:
    for projection in PROJECTIONS:
        rebuild_one(database, projection)


def ask_everything(office: Office) -> None:
    """Every question that joins tables, or reads a table that a rebuild replaces."""
    questions = office.questions
    for order in WorkOrder:
        wanted = WorkFilter(words="palette")
        assert questions.worklist(wanted, order=order, limit=9, cursor=None).items
    assert questions.customer_contacts(an.CUSTOMER)
    assert questions.customer_waiting(an.CUSTOMER)
    for by in (None, *ExposureGroup):
        assert office.exposures.exposure(valid_at=an.NEXT_YEAR, known_at=None, by=by)


@contextmanager
def at_work(*tasks: Callable[[Signal], None]) -> Generator[Signal]:
    """Do something again and again, in threads, until the block is done or one of them fails."""
    stop = Signal()
    with ThreadPoolExecutor(len(tasks)) as threads:
        running = [threads.submit(task, stop) for task in tasks]
        for task in running:
            task.add_done_callback(lambda _: stop.set())
        try:
            yield stop
        finally:
            stop.set()
        for task in running:
            task.result()


def test_a_rebuild_under_load_holds_nobody_up_and_loses_nothing(
    office: Office, database: Database
) -> None:
    case_id = office.register()
    office.contact(case_id)
    office.block(office.convert(case_id))
    office.project()
    written, asked = [case_id], [0]
    parts = len(office.questions.timeline(case_id))

    def write(stop: Signal) -> None:
        while not stop.is_set():
            written.append(office.register())
            office.contact(written[-1])

    def ask(stop: Signal) -> None:
        while not stop.is_set():
            ask_everything(office)
            assert len(office.questions.timeline(case_id)) == parts
            assert len(office.questions.contacts(case_id)) == 1
            asked[0] += 1

    def went_on(goals: tuple[int, int]) -> bool:
        return stopped.is_set() or (len(written) >= goals[0] and asked[0] >= goals[1])

    live = Projector(office.pool, projections=PROJECTIONS, event_types=product_event_types())
    with at_work(live.run, write, ask) as stopped:
        for projection in PROJECTIONS:
            goals = len(written) + 1, asked[0] + 2
            assert rebuild_one(database, projection) > 0
            until(partial(went_on, goals))
    office.project()
    assert live.failures == []
    assert len(dump(database)["customer_contact"]) == len(written)
    after = dump(database)
    rebuild_all(database)
    assert dump(database) == after


def test_after_the_swap_the_application_projects_and_the_reader_reads(
    office: Office, database: Database
) -> None:
    office.register()
    office.project()
    rebuild_all(database)
    rebuild_all(database)
    late = office.register()
    office.project()
    assert office.questions.work_item(late) is not None
    reader = session_conninfo(
        database.reader_url, schema=database.schema, application_name="a reader"
    )
    with psycopg.connect(reader, autocommit=True) as reading:
        for table in (table.name for projection in PROJECTIONS for table in projection.tables):
            reading.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reading.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def test_after_the_swap_the_indexes_are_those_of_the_migrations(
    office: Office, database: Database
) -> None:
    office.register()
    with owner_session(database) as owner:
        before = owner.execute(_INDEXES, [database.schema]).fetchall()
        rebuild_all(database)
        assert owner.execute(_INDEXES, [database.schema]).fetchall() == before
        schemas = owner.execute("SELECT FROM pg_namespace WHERE nspname LIKE '%rebuild%'")
        assert schemas.rowcount == 0
        assert owner.execute("SELECT FROM tracking").rowcount == len(PROJECTIONS)


def test_a_rebuild_tells_how_many_events_it_took(office: Office, database: Database) -> None:
    for _ in range(5):
        office.register()
    steps: list[int] = []
    assert rebuild_one(database, WORKLIST, progress=steps.append) == 5
    assert steps == [5]
    assert office.questions.projections()[3].lag == 0


def test_a_rebuild_that_was_cut_off_leaves_the_live_one_as_it_was(
    office: Office, database: Database
) -> None:
    office.register()
    office.project()
    before = dump(database)

    def cut_off(_: int) -> None:
        with psycopg.connect(database.admin_url) as admin:
            assert admin.execute(_REBUILDERS).rowcount == 1

    with pytest.raises(psycopg.OperationalError):
        rebuild_one(database, WORKLIST, progress=cut_off)
    assert dump(database) == before
    late = office.register()
    office.project()
    assert office.questions.work_item(late) is not None
    assert rebuild_one(database, WORKLIST) == 2
    with owner_session(database) as owner:
        assert owner.execute("SELECT FROM tracking").rowcount == len(PROJECTIONS)


def test_a_rebuild_that_meets_an_event_it_cannot_read_says_so_and_changes_nothing(
    office: Office, database: Database
) -> None:
    office.register()
    office.project()
    before = dump(database)
    with owner_session(database) as owner:
        owner.execute(
            "INSERT INTO event (recorded_at, stream_id, version, schema_version, type, state"
            ", metadata) VALUES (now(), gen_random_uuid(), 1, 1, 'complaint.teleported', '{}'"
            ", '{}')"
        )
    with pytest.raises(UnknownEvent, match=r"complaint\.teleported"):
        rebuild_one(database, WORKLIST)
    assert dump(database) == before


def test_a_rebuild_repairs_what_had_stopped(office: Office, database: Database) -> None:
    office.register()
    office.project()
    with owner_session(database) as owner:
        owner.execute("DELETE FROM worklist")
        owner.execute("INSERT INTO projection_failure VALUES ('worklist', 1, 'no', now())")
    rebuild_one(database, WORKLIST)
    found = {status.name: status for status in office.questions.projections()}["worklist"]
    assert (found.lag, found.failure) == (0, None)
    assert len(dump(database)["worklist"]) == 1


def test_of_two_rebuilds_of_a_read_model_at_once_the_second_is_refused(
    office: Office, database: Database
) -> None:
    office.register()

    def begin_another(_: int) -> None:
        with pytest.raises(RebuildUnderWay, match="worklist"):
            rebuild_one(database, WORKLIST)
        assert rebuild_one(database, CUSTOMER_CONTACTS) == 1

    assert rebuild_one(database, WORKLIST, progress=begin_another) == 1


def test_a_long_question_delays_the_swap_and_nobody_else(
    office: Office, database: Database
) -> None:
    office.block(office.convert(office.register(), office.claim()))
    office.contact(office.register())
    office.project()
    waiting = timedelta(seconds=5)  # the others would wait much longer behind a patient swap
    application = session_conninfo(
        database.application_url, schema=database.schema, application_name="a long question"
    )
    with (
        psycopg.connect(application) as long_question,
        open_pool(
            database.application_url,
            schema=database.schema,
            min_size=1,
            max_size=1,
            application_name="tests",
            statement_timeout=waiting,
        ) as pool,
        ThreadPoolExecutor(1) as threads,
    ):
        long_question.execute("SELECT FROM worklist")
        rebuilding = threads.submit(rebuild_one, database, WORKLIST)
        until(lambda: lock_is_wanted(database))
        for _ in range(10):
            ask_everything(Office.open(pool))
        assert not rebuilding.done()
        long_question.rollback()
        assert rebuilding.result() > 0


def lock_is_wanted(database: Database) -> bool:
    with psycopg.connect(database.admin_url) as admin:
        wanted = admin.execute(
            "SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
        )
        return wanted.rowcount > 0
