"""A command with an idempotency key is recorded once, and answered alike however often it comes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Final, LiteralString
from uuid import UUID

import psycopg
import pytest

from application.complaints import acknowledge, convert_to_dispute
from application.errors import CaseChanged, CaseNotFound, OutcomeUnknown
from application.once import CommandUnderWay, IdempotencyKeyReused, Once
from application.ports import Cases, Work
from application.recorded import Recorded
from domain.complaints.complaint import Complaint
from domain.refusals import ActionNotAllowed
from infrastructure.event_store import recorder as store
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.once import CommandKeys
from infrastructure.event_store.recorder import EventRecorder, KeyTaken
from infrastructure.event_store.rows import Append, CommandKey, Receipt, Signature, StreamVersion
from infrastructure.postgres.connections import session_conninfo
from tests.databases import SCHEMA, Database
from tests.infrastructure.event_store.store_examples import (
    ANNA,
    FIRST,
    SECOND,
    TUESDAY,
    Always,
    Pool,
    append,
    contact_example,
    entry,
    envelope,
    line_claim,
    on,
    register_example,
)

CALLERS: Final = 16
LATER: Final = timedelta(days=3_650)


def once(key: str = "k-1", *, subject_id: str = "anna", says: bytes = b"this") -> Once:
    return Once(subject_id=subject_id, key=key, fingerprint=says.ljust(32))


def as_answered(recorded: Recorded) -> Recorded:
    return recorded._replace(is_repeated=False)


def test_a_command_sent_again_is_answered_with_the_case_as_it_was_then(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    first = register_example(cases.once(once()), case_id=FIRST)
    contact_example(cases, case_id=FIRST)

    for at in (cases, elsewhere):
        again = register_example(at.once(once()), case_id=SECOND)
        assert again.is_repeated
        assert as_answered(again) == first
    assert len(list(cases.everything())) == 2


def test_a_command_that_changed_several_cases_is_answered_with_all_that_it_recorded(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    def convert(at: RecordedCases) -> Recorded:
        return convert_to_dispute(
            on(FIRST, expected_version=2),
            dispute_id=SECOND,
            reason_code="wrong_amount",
            requested_action=None,
            lines=[line_claim()],
            cases=at.once(once()),
        )

    register_example(cases, case_id=FIRST)
    begin_review(cases)
    first = convert(cases)
    contact_example(cases, case_id=FIRST)

    assert len(first.types) > 2
    assert as_answered(convert(elsewhere)) == first


def begin_review(cases: Cases) -> None:
    def decide(work: Work) -> UUID:
        complaint = work.load(Complaint, FIRST)
        return work.record(complaint, complaint.start_review(by=ANNA)).id

    cases.transact(envelope(), decide)


@pytest.mark.parametrize("seen", [1, None])
def test_what_the_first_one_made_impossible_is_not_refused_to_the_second_one(
    cases: RecordedCases, seen: int | None
) -> None:
    register_example(cases, case_id=FIRST)
    first = acknowledge(on(FIRST, expected_version=seen), cases=cases.once(once()))

    again = acknowledge(on(FIRST, expected_version=seen), cases=cases.once(once()))

    assert as_answered(again) == first
    with pytest.raises((CaseChanged, ActionNotAllowed)):
        acknowledge(on(FIRST, expected_version=seen), cases=cases.once(once("k-2")))


def test_a_key_names_one_command_of_one_caller(cases: RecordedCases) -> None:
    register_example(cases.once(once()), case_id=FIRST)

    with pytest.raises(IdempotencyKeyReused):
        register_example(cases.once(once(says=b"that")), case_id=SECOND)
    with pytest.raises(IdempotencyKeyReused):  # whatever it would have been refused for
        contact_example(cases.once(once(says=b"that")), case_id=UUID(int=7))
    assert not register_example(cases.once(once(subject_id="marc")), case_id=SECOND).is_repeated


def test_keys_of_different_people_never_run_together(cases: RecordedCases) -> None:
    register_example(cases.once(once("bc", subject_id="a")), case_id=FIRST)

    again = register_example(cases.once(once("c", subject_id="ab")), case_id=SECOND)

    assert not again.is_repeated


def test_a_refused_command_uses_up_no_key(cases: RecordedCases) -> None:
    with pytest.raises(CaseNotFound):
        contact_example(cases.once(once()), case_id=FIRST)
    register_example(cases, case_id=FIRST)

    recorded = contact_example(cases.once(once()), case_id=FIRST)

    assert (recorded.version, recorded.is_repeated) == (2, False)


def test_a_command_that_finds_nothing_to_do_uses_up_no_key(cases: RecordedCases) -> None:
    register_example(cases, case_id=FIRST)

    def look(work: Work) -> UUID:
        return work.load(Complaint, FIRST).id

    found = [cases.once(once()).transact(envelope(), look) for _ in range(2)]

    assert [(one.types, one.is_repeated) for one in found] == [((), False)] * 2


def test_a_command_at_work_is_not_begun_again(cases: RecordedCases) -> None:
    def decide(work: Work) -> UUID:
        with pytest.raises(CommandUnderWay):
            register_example(cases.once(once()), case_id=SECOND)
        register_example(cases.once(once("k-2")), case_id=SECOND)
        return work.load(Complaint, FIRST).id

    register_example(cases, case_id=FIRST)
    cases.once(once()).transact(envelope(), decide)

    assert not register_example(cases.once(once()), case_id=UUID(int=3)).is_repeated


def test_of_many_that_send_a_command_at_once_one_records_it(
    cases: RecordedCases, elsewhere: RecordedCases
) -> None:
    together = Barrier(CALLERS)

    def send(caller: int) -> Recorded | CommandUnderWay:
        at = cases if caller % 2 else elsewhere
        together.wait()
        try:
            return register_example(at.once(once()), case_id=UUID(int=100 + caller))
        except CommandUnderWay as under_way:
            return under_way

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(send, range(CALLERS)))

    (event,) = cases.everything()
    recorded = [answer for answer in answers if isinstance(answer, Recorded)]
    assert {answer.case_id for answer in recorded} == {event.stream_id}
    assert [answer.is_repeated for answer in recorded].count(False) == 1


class LossyRecorder(EventRecorder):
    """A recorder whose answer is lost: before the server heard of the append, or after it."""

    def __init__(self, pool: Pool, *, hears: bool) -> None:
        super().__init__(pool, schema=SCHEMA)
        self._hears = hears

    def append(self, append: Append) -> Receipt:
        if self._hears:
            super().append(append)
        raise store.OutcomeUnknown


@pytest.mark.parametrize("hears", [True, False])
def test_a_retry_with_the_key_settles_an_unknown_outcome(
    pool: Pool, cases: RecordedCases, *, hears: bool
) -> None:
    lossy = RecordedCases(
        LossyRecorder(pool, hears=hears),
        event_types=product_event_types(),
        clock=Always(TUESDAY),
        remembered=100,
    )
    with pytest.raises(OutcomeUnknown):
        register_example(lossy.once(once()), case_id=FIRST)

    settled = register_example(cases.once(once()), case_id=SECOND)

    assert settled.is_repeated is hears
    (event,) = cases.everything()
    assert (event.stream_id, event.version) == (settled.case_id, settled.version)


def test_a_forgotten_key_may_name_a_new_command(cases: RecordedCases) -> None:
    register_example(cases.once(once()), case_id=FIRST)
    recorded_at = cases.history(FIRST)[0].recorded_at

    assert cases.forget_keys(before=recorded_at - timedelta(days=1)) == 0
    assert register_example(cases.once(once()), case_id=SECOND).is_repeated
    assert cases.forget_keys(before=recorded_at + timedelta(days=1)) == 1
    assert not register_example(cases.once(once()), case_id=SECOND).is_repeated


def keyed(stream_id: UUID, key: bytes) -> Append:
    signature = Signature(key.ljust(32), bytes(32))
    return append(stream_id, 1)._replace(key=CommandKey(signature, StreamVersion(stream_id, 1)))


def joined(recorder: EventRecorder, appends: list[Append]) -> list[type]:
    """Append as the leader of a queue does; threads alone would be joined only by luck."""
    return [type(a) for a in recorder._commit_all(appends)]  # pyright: ignore[reportPrivateUsage]


def test_in_a_joined_commit_a_taken_key_hits_only_its_own_command(recorder: EventRecorder) -> None:
    recorder.append(keyed(FIRST, b"taken"))

    answers = joined(
        recorder,
        [append(SECOND, 1), keyed(UUID(int=3), b"taken"), keyed(UUID(int=4), b"fresh")],
    )

    assert answers == [Receipt, KeyTaken, Receipt]
    assert [row.stream_id.int for row in recorder.read_after(0, limit=10)] == [1, 2, 4]


def test_in_a_joined_commit_every_key_leads_to_its_own_events(
    pool: Pool, recorder: EventRecorder
) -> None:
    pair = keyed(FIRST, b"pair")
    pair = pair._replace(entries=(*pair.entries, entry(FIRST, 2)))
    answers = recorder._commit_all(  # pyright: ignore[reportPrivateUsage] - as in `joined`
        [append(SECOND, 1), pair, append(UUID(int=3), 1), keyed(UUID(int=4), b"single")]
    )

    lasts = [answer.last_position for answer in answers if isinstance(answer, Receipt)]
    found = [CommandKeys(pool).find(key.ljust(32)) for key in (b"pair", b"single")]
    assert [(one.last_position, len(one.types)) for one in found if one is not None] == [
        (lasts[1], 2),
        (lasts[3], 1),
    ]


CHANGES: Final[list[LiteralString]] = [
    "UPDATE command_key SET version = 7",
    "UPDATE command_key SET recorded_at = now()",
    "TRUNCATE command_key",
    (
        "INSERT INTO command_key (key_digest, fingerprint, recorded_at, case_id, version"
        " , last_stream_id, last_version, events) SELECT key_digest || 'x', fingerprint, now()"
        " , case_id, version, last_stream_id, last_version, events FROM command_key"
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_product_at_work_adds_keys_and_forgets_them_and_changes_none(
    database: Database, cases: RecordedCases, change: LiteralString
) -> None:
    register_example(cases.once(once()), case_id=FIRST)
    conninfo = session_conninfo(
        database.application_url, schema=database.schema, application_name="tests"
    )
    with (
        psycopg.connect(conninfo) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(change)
