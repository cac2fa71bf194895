"""Remembered cases: they save reading, and are never what a command is decided on for good."""

from typing import Final
from uuid import UUID

import psycopg
import pytest

from application.complaints import acknowledge, add_note
from application.errors import CaseChanged, CaseNotFound
from application.ports import Work
from domain.complaints import keeping
from domain.complaints.complaint import Complaint
from domain.complaints.lifecycle import Status
from domain.refusals import ActionNotAllowed, AlreadyBorn, OccurredInTheFuture
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.memory import CaseMemory
from infrastructure.event_store.recorder import EventRecorder
from tests.databases import Database
from tests.infrastructure.event_store.store_examples import (
    ANNA,
    FIRST,
    MONDAY,
    SECOND,
    TUESDAY,
    Pool,
    contact_example,
    envelope,
    on,
    open_cases,
    register_example,
)

_RESTORE: Final = """
    DELETE FROM recours.event
     WHERE version > 1 OR stream_id = '00000000-0000-0000-0000-000000000002'
"""


class Mistake(Exception):
    """A decision met what it thought impossible."""


def test_two_processes_that_alternate_on_one_case_are_always_right(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    register_example(cases, case_id=FIRST)
    for turn in range(20):
        at = elsewhere if turn % 2 else cases
        assert contact_example(at, case_id=FIRST).version == turn + 2
    assert cases.history(FIRST) == elsewhere.history(FIRST)
    assert cases.find(FIRST) == elsewhere.find(FIRST)


def test_what_another_process_made_possible_is_not_refused_from_memory(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    register_example(cases, case_id=FIRST)
    contact_example(elsewhere, case_id=FIRST)
    acknowledge(on(FIRST), cases=cases)
    # This memory says `received`, from which the letter could be sent again.
    with pytest.raises(ActionNotAllowed) as refused:
        acknowledge(on(FIRST), cases=elsewhere)
    assert refused.value.status == Status.ACKNOWLEDGED


def test_a_version_that_another_process_wrote_can_be_expected(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    register_example(cases, case_id=FIRST)
    contact_example(elsewhere, case_id=FIRST)
    assert contact_example(cases, case_id=FIRST, expected_version=2).version == 3
    with pytest.raises(CaseChanged) as changed:
        contact_example(elsewhere, case_id=FIRST, expected_version=2)
    assert (changed.value.expected, changed.value.actual) == (2, 3)


def test_that_there_is_nothing_to_do_is_not_concluded_from_memory(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    def acknowledge_unless_done(work: Work) -> UUID:
        complaint = work.load(Complaint, FIRST)
        if complaint.status is Status.RECEIVED:
            work.record(complaint, complaint.acknowledge(by=ANNA))
        return FIRST

    def note_unless_received(work: Work) -> UUID:
        complaint = work.load(Complaint, FIRST)
        if complaint.status is not Status.RECEIVED:
            work.record(complaint, keeping.add_note(complaint, text="We wrote.", by=ANNA))
        return FIRST

    register_example(cases, case_id=FIRST)
    contact_example(elsewhere, case_id=FIRST)
    assert cases.transact(envelope(), acknowledge_unless_done).version == 3
    assert elsewhere.transact(envelope(), note_unless_received).version == 4
    nothing = cases.transact(envelope(), acknowledge_unless_done)
    assert (nothing.version, nothing.position, nothing.types) == (4, 0, ())


def test_a_mistake_met_with_a_remembered_case_is_decided_again_on_a_fresh_one(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    def impossible_before_the_letter(work: Work) -> UUID:
        complaint = work.load(Complaint, FIRST)
        if complaint.status is Status.RECEIVED:
            raise Mistake
        work.record(complaint, keeping.add_note(complaint, text="We wrote.", by=ANNA))
        return FIRST

    register_example(cases, case_id=FIRST)
    with pytest.raises(Mistake):
        elsewhere.transact(envelope(), impossible_before_the_letter)
    contact_example(elsewhere, case_id=FIRST)
    acknowledge(on(FIRST), cases=cases)
    assert elsewhere.transact(envelope(), impossible_before_the_letter).version == 4


def test_a_refused_command_records_nothing_even_of_what_it_had_decided_before(
    cases: RecordedCases, recorder: EventRecorder
) -> None:
    register_example(cases, case_id=FIRST)

    def decide(work: Work) -> UUID:
        complaint = work.load(Complaint, FIRST)
        complaint = work.record(complaint, complaint.acknowledge(by=ANNA))
        return work.record(complaint, complaint.acknowledge(by=ANNA)).id

    with pytest.raises(ActionNotAllowed):
        cases.transact(envelope(), decide)
    assert [row.type for row in recorder.read_after(0, limit=9)] == ["complaint.registered"]
    assert cases.load(Complaint, FIRST).status is Status.RECEIVED
    assert acknowledge(on(FIRST), cases=cases).version == 2


def test_several_commands_in_one_are_recorded_all_or_none(
    cases: RecordedCases, recorder: EventRecorder
) -> None:
    register_example(cases, case_id=FIRST)

    def letter(work: Work) -> UUID:
        complaint = work.load(Complaint, FIRST)
        return work.record(complaint, complaint.acknowledge(by=ANNA)).id

    with pytest.raises(ActionNotAllowed):
        cases.transact_all([(envelope(), letter), (envelope(), letter)])
    assert len(recorder.read_after(0, limit=9)) == 1

    def note(work: Work) -> UUID:
        complaint = work.load(Complaint, FIRST)
        return work.record(complaint, keeping.add_note(complaint, text="We wrote.", by=ANNA)).id

    recorded = cases.transact_all([(envelope(), letter), (envelope(), note)])
    assert recorded.types == ("complaint.acknowledged", "complaint.note_added")
    assert (recorded.version, recorded.position) == (3, recorder.max_notification_id())


def test_a_case_is_born_once_whoever_tries_again(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    register_example(cases, case_id=FIRST)
    for at in (cases, elsewhere):
        with pytest.raises(AlreadyBorn):
            register_example(at, case_id=FIRST)
    assert len(cases.history(FIRST)) == 1


def test_a_case_that_nobody_opened_is_not_found_and_can_be_opened_then(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    with pytest.raises(CaseNotFound):
        contact_example(cases, case_id=FIRST)
    register_example(elsewhere, case_id=FIRST)
    assert contact_example(cases, case_id=FIRST).version == 2


def test_nothing_is_recorded_before_it_happens(
    cases: RecordedCases, recorder: EventRecorder
) -> None:
    future = envelope().model_copy(update={"occurred_at": TUESDAY + (TUESDAY - MONDAY)})
    with pytest.raises(OccurredInTheFuture):
        cases.transact(future, lambda _work: FIRST)
    assert recorder.max_notification_id() is None


def test_a_memory_for_one_case_forgets_the_other_and_stays_right(pool: Pool) -> None:
    cases = open_cases(pool, remembered=1)
    for case_id in (FIRST, SECOND):
        register_example(cases, case_id=case_id)
    for number in range(3):
        for case_id in (FIRST, SECOND):
            note = add_note(on(case_id), text=str(number), cases=cases)
            assert note.version == number + 2


def test_the_memory_never_goes_back_to_an_earlier_version(cases: RecordedCases) -> None:
    register_example(cases, case_id=FIRST)
    earlier = cases.load(Complaint, FIRST)
    contact_example(cases, case_id=FIRST)
    later = cases.load(Complaint, FIRST)
    memory = CaseMemory(most=1)
    memory.keep(later)
    memory.keep(earlier)
    assert memory.get(FIRST) == later
    memory.drop([FIRST, SECOND])
    assert memory.get(FIRST) is None


def test_a_remembered_case_is_read_with_what_happened_since(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    register_example(cases, case_id=FIRST)
    for _ in range(3):
        contact_example(elsewhere, case_id=FIRST)
        assert cases.load(Complaint, FIRST) == elsewhere.fold(FIRST)
    assert cases.load(Complaint, FIRST).version == 4


def test_a_case_that_a_restored_database_does_not_hold_is_not_shown_from_memory(
    cases: RecordedCases, elsewhere: RecordedCases, database: Database
) -> None:
    register_example(cases, case_id=FIRST)
    contact_example(cases, case_id=FIRST)
    register_example(cases, case_id=SECOND)
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")  # the history defends itself
        admin.execute(_RESTORE)

    assert cases.load(Complaint, FIRST) == elsewhere.fold(FIRST)
    with pytest.raises(CaseNotFound):
        cases.load(Complaint, SECOND)
