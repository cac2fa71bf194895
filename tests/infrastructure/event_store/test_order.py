"""One strict order: whoever follows the history misses nothing, and time never runs back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import UUID

import psycopg

from application.recorded import RecordedEvent
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.postgres.connections import session_conninfo
from tests.databases import Database
from tests.faults.harness import check_history, find_lost, read_record
from tests.faults.writer import COMMANDS_IN_A_LIFE, WHOLE, begin, open_cases, start_writer
from tests.infrastructure.event_store.store_examples import FIRST, SECOND, Pool, append

LIVES = 25


def follow(cases: RecordedCases, *, last: Event) -> list[RecordedEvent]:
    """Read what lies behind the last position, over and over, and once more at the end."""
    seen: list[RecordedEvent] = []
    ended = False
    while not ended:
        ended = last.is_set()
        seen += cases.everything(after=seen[-1].position if seen else 0)
    return seen


def test_followers_miss_nothing_of_what_eight_writers_in_two_processes_record(
    database: Database, pool: Pool, tmp_path: Path
) -> None:
    records = [tmp_path / "one", tmp_path / "two"]
    cases = open_cases(pool)
    begin(cases, record=tmp_path / "ours")
    last = Event()
    with ThreadPoolExecutor(2) as threads:
        followers = [threads.submit(follow, cases, last=last) for _ in range(2)]
        try:
            writers = [
                start_writer(database.application_url, record=record, threads=4, lives=LIVES)
                for record in records
            ]
            for writer in writers:
                writer.end()
        finally:
            last.set()
        seen = [follower.result() for follower in followers]
    history = list(cases.everything())
    assert seen == [history, history]
    check_history(history, whole=WHOLE)
    acknowledged = [answer for record in records for answer in read_record(record)]
    assert len(acknowledged) == 2 * 4 * LIVES * COMMANDS_IN_A_LIFE
    assert find_lost(acknowledged, history) == []
    assert len(history) == 1 + sum(len(answer.types) for answer in acknowledged)


def test_the_time_of_recording_never_decreases_even_when_the_clock_was_set_back(
    database: Database, recorder: EventRecorder
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with psycopg.connect(
        session_conninfo(database.owner_url, schema=database.schema, application_name="tests")
    ) as owner:
        owner.execute(
            "INSERT INTO event"
            " (recorded_at, stream_id, version, schema_version, type, state, metadata)"
            " VALUES (%s, %s, 1, 1, 'complaint.acknowledged', '{}', '{}')",
            [tomorrow, FIRST],
        )
    receipt = recorder.append(append(SECOND, 1))
    assert receipt.recorded_at == tomorrow
    assert [row.recorded_at for row in recorder.read_after(0, limit=9)] == [tomorrow, tomorrow]


def test_a_failed_append_may_leave_a_gap_in_the_positions_but_never_disorder(
    recorder: EventRecorder,
) -> None:
    first = recorder.append(append(FIRST, 1)).last_position
    answers = recorder._commit_all(  # pyright: ignore[reportPrivateUsage] - joined on purpose
        [append(FIRST, 1), append(SECOND, 1)]
    )
    assert isinstance(answers[0], Exception)
    later = recorder.append(append(UUID(int=3), 1)).last_position
    positions = [row.position for row in recorder.read_after(0, limit=9)]
    assert positions == sorted(positions)
    assert (positions[0], positions[-1], len(positions)) == (first, later, 3)
