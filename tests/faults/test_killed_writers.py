"""Processes of the product that are killed while they record."""

from pathlib import Path

import psycopg

from infrastructure.postgres.connections import open_pool
from tests.databases import Database
from tests.faults.harness import (
    Program,
    check_history,
    find_lost,
    read_record,
    until,
    until_more_acknowledged,
)
from tests.faults.writer import MODULE, WHOLE, begin, open_cases, start_writer

KILLS = 6
COMMANDS_BETWEEN_KILLS = 100


def test_a_killed_writer_leaves_all_that_it_acknowledged_and_nothing_half_done(
    database: Database, programs: list[Program], tmp_path: Path
) -> None:
    with open_pool(
        database.application_url,
        schema=database.schema,
        min_size=1,
        max_size=1,
        application_name="tests",
    ) as pool:
        cases = open_cases(pool)
        begin(cases, record=tmp_path / "ours")
        records = [tmp_path / f"writer{number}" for number in range(KILLS + 1)]
        programs.append(start_writer(database.application_url, record=records[0], threads=4))
        for number, victim in enumerate(records[:-1]):
            # The next writer is at work already while this one is killed.
            following = records[number + 1]
            programs.append(start_writer(database.application_url, record=following, threads=4))
            until_more_acknowledged(
                COMMANDS_BETWEEN_KILLS, records=[victim], programs=programs[number:]
            )
            programs[number].kill()
        programs[-1].end()
        # A server process finishes the statement of a client that is gone.
        until(lambda: count_sessions(database) == 0)
        history = list(cases.everything())
    check_history(history, whole=WHOLE)
    acknowledged = [answer for record in records for answer in read_record(record)]
    assert len(acknowledged) >= KILLS * COMMANDS_BETWEEN_KILLS
    assert find_lost(acknowledged, history) == []


def count_sessions(database: Database) -> int:
    with psycopg.connect(database.admin_url) as admin:
        found = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
            " AND datname = current_database()",
            [MODULE],
        ).fetchone()
    assert found is not None, "count answers with a row"
    return int(found[0])
