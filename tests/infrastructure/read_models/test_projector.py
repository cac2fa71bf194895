"""The runner of the read models: exactly once, in order, and never past an event that fails."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from threading import Event as Signal
from typing import ClassVar

import pytest
from psycopg import Cursor
from psycopg.rows import DictRow

from application.queries import ProjectionStatus
from application.recorded import RecordedEvent
from domain.complaints.events import ComplaintAcknowledged
from domain.event import Event
from infrastructure.event_store.event_types import MODULES, EventTypes, events_in
from infrastructure.event_store.event_types import product_event_types as known_types
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.projection import Projection
from infrastructure.read_models.projector import PAGE, POLL_SECONDS, Projector
from infrastructure.read_models.worklist import WORKLIST
from tests import examples as an
from tests.databases import Database
from tests.faults.harness import until
from tests.infrastructure.read_models.histories import (
    Fact,
    dump,
    owner_session,
    write_history,
)
from tests.infrastructure.read_models.office import Office, Pool

EVERY_NAME = [projection.name for projection in PROJECTIONS]


class Teleported(Event):
    """What only a later version of the product records."""

    type: ClassVar[str] = "complaint.teleported"


def projector(
    pool: Pool,
    *projections: Projection,
    event_types: EventTypes | None = None,
    page: int = PAGE,
) -> Projector:
    return Projector(
        pool,
        projections=projections or PROJECTIONS,
        event_types=event_types or known_types(),
        page=page,
    )


def status(office: Office) -> dict[str, ProjectionStatus]:
    return {found.name: found for found in office.questions.projections()}


def last_position(office: Office) -> int:
    return max(recorded.position for recorded in office.cases.everything())


def write(database: Database, *events: Event) -> None:
    """Write a complaint's events at the end of the history."""
    told = an.envelope()
    facts = [Fact(an.COMPLAINT_ID, event, told, an.MONDAY) for event in events]
    write_history(database, facts)


def refusing(projection: Projection, event_type: str) -> Projection:
    """A projection with a fault: one kind of event is too much for it."""

    def project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
        projection.project(cursor, page)
        if any(recorded.event.type == event_type for recorded in page):
            raise ZeroDivisionError(f"{event_type} is beyond me")

    return replace(projection, project=project)


def test_before_anything_is_projected_everything_lags(office: Office) -> None:
    office.register()
    office.register()
    assert status(office) == {
        name: ProjectionStatus(name=name, position=0, lag=2, failed_position=None, failure=None)
        for name in EVERY_NAME
    }
    office.project()
    assert {(s.position, s.lag) for s in status(office).values()} == {(last_position(office), 0)}


def test_a_projector_that_starts_anew_goes_on_where_the_last_one_was(office: Office) -> None:
    for _ in range(3):
        office.register()
        office.project()
    assert projector(office.pool).catch_up() == 0


@pytest.mark.parametrize("page", [1, 2, PAGE])
def test_an_event_of_an_unknown_type_stops_every_read_model_before_it(
    page: int, office: Office, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    acknowledged = ComplaintAcknowledged()
    write(database, an.registered(), acknowledged, Teleported(), acknowledged)
    before, failed = (recorded_positions(database)[n] for n in (1, 2))
    stopping = projector(office.pool, page=page)
    with caplog.at_level(logging.CRITICAL):
        stopping.catch_up()
    assert sorted(failure.name for failure in stopping.failures) == sorted(EVERY_NAME)
    for name, found in status(office).items():
        assert (found.position, found.lag, found.failed_position) == (before, 2, failed)
        assert found.failure is not None
        assert "unknown event complaint.teleported" in found.failure
        assert f"projection {name} stopped before position {failed}" in caplog.text
    item = office.questions.work_item(an.COMPLAINT_ID)
    assert item is not None
    assert item.version == 2


def test_after_the_unknown_type_is_known_nothing_was_skipped(
    office: Office, database: Database
) -> None:
    write(database, an.registered(), Teleported(), ComplaintAcknowledged())
    projector(office.pool).catch_up()
    newer = EventTypes([*(event for module in MODULES for event in events_in(module)), Teleported])
    repaired = projector(office.pool, event_types=newer)
    repaired.catch_up()
    assert repaired.failures == []
    assert {(s.lag, s.failed_position, s.failure) for s in status(office).values()} == {
        (0, None, None)
    }
    told = [entry.type for entry in office.questions.timeline(an.COMPLAINT_ID)]
    assert told == ["complaint.registered", "complaint.teleported", "complaint.acknowledged"]


@pytest.mark.parametrize("page", [1, PAGE])
def test_a_projection_that_fails_stops_alone_and_the_others_go_on(
    page: int, office: Office, database: Database
) -> None:
    write(database, an.registered(), ComplaintAcknowledged())
    before, failed = recorded_positions(database)
    others = [projection for projection in PROJECTIONS if projection is not WORKLIST]
    broken = refusing(WORKLIST, "complaint.acknowledged")
    stopping = projector(office.pool, broken, *others, page=page)
    stopping.catch_up()
    office.register()  # and it stays stopped
    stopping.catch_up()
    found = status(office)
    stopped = found.pop(WORKLIST.name)
    assert (stopped.position, stopped.lag, stopped.failed_position) == (before, 2, failed)
    assert stopped.failure == (
        f"projection worklist stopped before position {failed}:"
        " ZeroDivisionError: complaint.acknowledged is beyond me"
    )
    assert {(other.lag, other.failure) for other in found.values()} == {(0, None)}


def test_a_repaired_projection_goes_on_from_the_event_that_failed(
    office: Office, database: Database
) -> None:
    write(database, an.registered(), ComplaintAcknowledged())
    projector(office.pool, refusing(WORKLIST, "complaint.acknowledged")).catch_up()
    projector(office.pool, refusing(WORKLIST, "complaint.acknowledged")).catch_up()
    assert status(office)[WORKLIST.name].failed_position == recorded_positions(database)[1]
    office.project()
    stopped = status(office)[WORKLIST.name]
    assert (stopped.lag, stopped.failed_position, stopped.failure) == (0, None, None)
    item = office.questions.work_item(an.COMPLAINT_ID)
    assert item is not None
    assert (item.version, item.status) == (2, "acknowledged")


def test_an_event_that_is_too_large_for_an_index_stops_what_it_does_not_fit_into(
    office: Office, database: Database
) -> None:
    # To the driver this is an operational error, as if the server were gone.
    endless = "".join(sha256(str(number).encode()).hexdigest() for number in range(200))
    write(database, an.registered(customer_id=endless))
    stopping = projector(office.pool)
    stopping.catch_up()
    assert {failure.name for failure in stopping.failures} == {"customer_contacts", "worklist"}
    assert status(office)["audit_trail"].lag == 0
    assert "ProgramLimitExceeded" in str(status(office)["worklist"].failure)


def test_several_projectors_at_once_project_every_event_once(
    office: Office, database: Database
) -> None:
    for _ in range(40):
        office.contact(office.register())
    runners = [projector(office.pool, page=3) for _ in range(3)]
    with ThreadPoolExecutor(len(runners)) as threads:
        done = sum(threads.map(Projector.catch_up, runners))
    assert [runner.failures for runner in runners] == [[], [], []]
    assert done == 80 * len(PROJECTIONS)
    assert len(dump(database)["customer_contact"]) == 40


def test_what_is_recorded_is_projected_by_whoever_follows(office: Office) -> None:
    def check() -> None:
        position = office.contact(office.register()).position
        assert office.questions.wait_for(position, seconds=60)

    follow(projector(office.pool), check)


def test_an_event_whose_notification_was_lost_is_found_by_looking(
    office: Office, database: Database
) -> None:
    def check() -> None:
        office.questions.wait_for(office.contact(office.register()).position, seconds=60)
        write(database, an.registered())  # the owner's own INSERT notifies nobody
        until(lambda: {found.lag for found in office.questions.projections()} == {0})

    assert POLL_SECONDS <= 1
    follow(projector(office.pool), check)


def test_waiting_for_a_position_ends_in_time_when_nobody_projects(office: Office) -> None:
    position = office.contact(office.register()).position
    assert not office.questions.wait_for(position, seconds=0.05)
    office.project()
    assert office.questions.wait_for(position, seconds=0.05)
    assert not office.questions.wait_for(position + 1, seconds=0.05)


def follow(runner: Projector, check: Callable[[], None]) -> None:
    """Let a projector follow the history while something is checked."""
    stop = Signal()
    with ThreadPoolExecutor(1) as threads:
        following = threads.submit(runner.run, stop)
        try:
            check()
        finally:
            stop.set()
        following.result()


def recorded_positions(database: Database) -> list[int]:
    """The positions of everything recorded, of a known type or not."""
    with owner_session(database) as owner:
        found = owner.execute("SELECT position FROM event ORDER BY position").fetchall()
    return [int(row[0]) for row in found]
