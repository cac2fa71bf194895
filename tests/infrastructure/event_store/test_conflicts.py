"""Several commands at once on the same cases: who wins, who loses, and what is left."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError

from application.complaints import convert_to_dispute
from application.errors import CaseChanged, CaseContended
from application.invoices import identify_invoice
from application.ports import Work
from domain.complaints.complaint import Complaint
from domain.complaints.lifecycle import Status
from domain.disputes.dispute import Dispute
from domain.refusals import AlreadyBorn, RuleBroken
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.event_store.rows import Append, Receipt, StreamVersion
from tests.infrastructure.event_store.store_examples import (
    ANNA,
    FIRST,
    SECOND,
    append,
    contact_example,
    entry,
    envelope,
    line_claim,
    on,
    register_example,
)

NUL_TEXT = rb'{"summary": "a customer pasted \u0000"}'


class OneHasToStay(RuleBroken):
    """The rule of the write-skew example: at most one of two complaints is withdrawn."""


def test_of_two_appends_of_one_version_the_second_is_a_conflict(recorder: EventRecorder) -> None:
    recorder.append(append(FIRST, 1))
    with pytest.raises(IntegrityError):
        recorder.append(append(FIRST, 1))
    assert [row.version for row in recorder.read_stream(FIRST)] == [1]


@pytest.mark.parametrize("versions", [(2,), (1, 3)])
def test_an_append_that_would_leave_a_hole_is_a_conflict(
    recorder: EventRecorder, versions: tuple[int, ...]
) -> None:
    with pytest.raises(IntegrityError):
        recorder.append(Append(tuple(entry(FIRST, version) for version in versions)))
    assert recorder.read_stream(FIRST) == []


def test_a_conflict_in_one_stream_leaves_nothing_in_the_other(recorder: EventRecorder) -> None:
    recorder.append(append(SECOND, 1))
    with pytest.raises(IntegrityError):
        recorder.append(Append((entry(FIRST, 1), entry(SECOND, 1))))
    assert recorder.read_stream(FIRST) == []
    assert [row.version for row in recorder.read_stream(SECOND)] == [1]


def test_a_stream_that_was_read_must_not_have_moved(recorder: EventRecorder) -> None:
    recorder.append(append(FIRST, 1))
    seen = StreamVersion(FIRST, 1)
    recorder.append(append(SECOND, 1, reads=[seen]))
    recorder.append(append(FIRST, 2))
    with pytest.raises(IntegrityError):
        recorder.append(append(SECOND, 2, reads=[seen]))
    assert [row.version for row in recorder.read_stream(SECOND)] == [1]


def test_a_stream_that_was_read_as_absent_must_still_be_absent(recorder: EventRecorder) -> None:
    recorder.append(append(SECOND, 1, reads=[StreamVersion(FIRST, 0)]))
    recorder.append(append(FIRST, 1))
    with pytest.raises(IntegrityError):
        recorder.append(append(SECOND, 2, reads=[StreamVersion(FIRST, 0)]))


def joined(
    recorder: EventRecorder, appends: list[Append]
) -> list[type[BaseException] | type[Receipt]]:
    """Append as the leader of a queue does; threads alone would be joined only by luck."""
    return [type(a) for a in recorder._commit_all(appends)]  # pyright: ignore[reportPrivateUsage]


def test_in_a_joined_commit_a_conflict_hits_only_the_loser(recorder: EventRecorder) -> None:
    recorder.append(append(FIRST, 1))
    late, good = append(FIRST, 1), append(SECOND, 1)
    stale_read = append(UUID(int=3), 1, reads=[StreamVersion(FIRST, 0)])
    twin = append(SECOND, 1)
    answers = joined(recorder, [late, good, stale_read, twin, append(UUID(int=4), 1)])
    assert answers == [IntegrityError, Receipt, IntegrityError, IntegrityError, Receipt]
    assert [row.stream_id.int for row in recorder.read_after(0, limit=10)] == [1, 2, 4]


def test_in_a_joined_commit_a_fact_that_the_server_cannot_store_hits_only_its_own_command(
    recorder: EventRecorder,
) -> None:
    unstorable = Append((entry(FIRST, 1, state=NUL_TEXT),))
    answers = joined(recorder, [append(SECOND, 1), unstorable, append(UUID(int=3), 1)])
    assert answers == [Receipt, psycopg.errors.UntranslatableCharacter, Receipt]
    assert [row.stream_id.int for row in recorder.read_after(0, limit=10)] == [2, 3]


def test_in_a_joined_commit_everybody_learns_their_own_position(recorder: EventRecorder) -> None:
    pair = Append((entry(FIRST, 1), entry(FIRST, 2)))
    answers = recorder._commit_all(  # pyright: ignore[reportPrivateUsage] - as in `joined`
        [pair, append(SECOND, 1), append(FIRST, 3), append(UUID(int=3), 1)]
    )
    rows = recorder.read_after(0, limit=10)
    positions = {(row.stream_id, row.version): row.position for row in rows}
    lasts = [answer.last_position for answer in answers if isinstance(answer, Receipt)]
    assert lasts == [
        positions[FIRST, 2],
        positions[SECOND, 1],
        positions[FIRST, 3],
        positions[UUID(int=3), 1],
    ]


def test_of_two_commands_that_each_read_what_the_other_writes_one_is_refused(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    for case_id in (FIRST, SECOND):
        register_example(cases, case_id=case_id)
    both_have_decided = Barrier(2, timeout=30)

    def withdraw(at: RecordedCases, *, mine: UUID, other: UUID) -> bool:
        tries = Counter[str]()

        def decide(work: Work) -> UUID:
            complaint = work.load(Complaint, mine)
            if work.load(Complaint, other).status is Status.CLOSED:
                raise OneHasToStay
            work.record(complaint, complaint.withdraw(by=ANNA))
            tries["decided"] += 1
            if tries["decided"] == 1:
                both_have_decided.wait()
            return mine

        try:
            at.transact(envelope(), decide)
        except OneHasToStay:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(withdraw, cases, mine=FIRST, other=SECOND)
        two = threads.submit(withdraw, elsewhere, mine=SECOND, other=FIRST)
        assert sorted([one.result(), two.result()]) == [False, True]
    closed = [cases.load(Complaint, case_id).status for case_id in (FIRST, SECOND)]
    assert closed.count(Status.CLOSED) == 1


@pytest.mark.parametrize("writers", [2, 4, 8])
def test_of_writers_who_saw_one_version_exactly_one_succeeds_and_the_others_learn_why(
    cases: RecordedCases, elsewhere: RecordedCases, writers: int
) -> None:
    register_example(cases, case_id=FIRST)
    for version in range(1, 6):
        together = Barrier(writers, timeout=30)

        def contact(writer: int, *, seen: int, start: Barrier) -> tuple[int, int] | None:
            start.wait()
            at = cases if writer % 2 else elsewhere
            try:
                contact_example(at, case_id=FIRST, expected_version=seen)
            except CaseChanged as changed:
                return changed.expected, changed.actual
            return None

        with ThreadPoolExecutor(writers) as threads:
            asked = [
                threads.submit(contact, writer, seen=version, start=together)
                for writer in range(writers)
            ]
            outcomes = Counter(answer.result() for answer in asked)
        assert outcomes == {None: 1, (version, version + 1): writers - 1}
    assert [event.version for event in cases.history(FIRST)] == [1, 2, 3, 4, 5, 6]


def test_eight_writers_on_one_hot_case_lose_nothing_and_give_up_openly(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    register_example(cases, case_id=FIRST)
    together = Barrier(8, timeout=30)

    def contact(writer: int) -> Counter[str]:
        outcomes, versions = Counter[str](), set[int]()
        together.wait()
        for _ in range(25):
            try:
                recorded = contact_example(cases if writer % 2 else elsewhere, case_id=FIRST)
            except CaseContended:
                outcomes["contended"] += 1
            else:
                outcomes["recorded"] += 1
                versions.add(recorded.version)
        assert len(versions) == outcomes["recorded"]
        return outcomes

    with ThreadPoolExecutor(8) as threads:
        total = sum(threads.map(contact, range(8)), Counter[str]())
    assert total["recorded"] + total["contended"] == 200
    recorded = total["recorded"]
    assert recorded >= 150, "those who lost take turns, so that few lose eight times"
    assert [event.version for event in cases.history(FIRST)] == list(range(1, recorded + 2))


def convert_example(cases: RecordedCases) -> None:
    convert_to_dispute(
        on(FIRST),
        dispute_id=SECOND,
        reason_code="wrong_amount",
        requested_action=None,
        lines=[line_claim()],
        cases=cases,
    )


def test_a_conversion_that_cannot_open_its_dispute_leaves_the_complaint_as_it_was(
    cases: RecordedCases, recorder: EventRecorder
) -> None:
    register_example(cases, case_id=FIRST)
    # The dispute's stream is taken, which the store only finds out at its second stream.
    register_example(cases, case_id=SECOND)
    with pytest.raises(AlreadyBorn):
        convert_example(cases)
    assert cases.load(Complaint, FIRST).status is Status.RECEIVED
    assert [row.stream_id for row in recorder.read_after(0, limit=10)] == [FIRST, SECOND]


def test_a_conversion_is_recorded_in_all_its_streams_at_once(
    cases: RecordedCases, recorder: EventRecorder
) -> None:
    register_example(cases, case_id=FIRST)
    convert_example(cases)
    rows = recorder.read_after(1, limit=10)
    invoice = identify_invoice(line_claim().document)
    assert [(row.stream_id, row.type) for row in rows] == [
        (FIRST, "complaint.escalated"),
        (FIRST, "complaint.dispute_opened"),
        (SECOND, "dispute.opened"),
        (invoice, "invoice.mirrored"),
        (invoice, "invoice.disputed"),
    ]
    assert len({row.recorded_at for row in rows}) == 1
    assert cases.load(Dispute, SECOND).complaint_id == FIRST
