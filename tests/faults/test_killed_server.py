"""A database server that is killed under load, again and again.

A kill takes the server's own memory and leaves what it has given to the operating system. That is
less than a power cut takes, and yet enough to tell a durable commit from one that is not: the
control, whose append does not wait for the log, loses what it had acknowledged.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from application.recorded import RecordedEvent
from infrastructure.postgres.connections import open_pool, session_conninfo
from infrastructure.postgres.embedded import EmbeddedServer, Login
from tests.databases import SCHEMA
from tests.faults.harness import (
    Program,
    check_history,
    find_lost,
    kill_server,
    read_record,
    until_more_acknowledged,
)
from tests.faults.writer import WHOLE, open_cases, start_writer

pytestmark = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="the server of DATABASE_URL is not ours to kill"
)

KILLS = 5
COMMANDS_BETWEEN_KILLS = 300
UNFLUSHED: tuple[LiteralString, ...] = (
    "ALTER SYSTEM SET wal_writer_delay = '10s'",
    "ALTER SYSTEM SET wal_writer_flush_after = '1GB'",
    "SELECT pg_reload_conf()",
)
"""Leave the log in memory as long as the server allows."""


def test_whatever_was_acknowledged_survives_every_kill_of_the_server(
    home: Path, programs: list[Program], tmp_path: Path
) -> None:
    records = [tmp_path / "one", tmp_path / "two"]
    with EmbeddedServer.start(home) as server:
        url = server.url(Login.APPLICATION)
    programs += [start_writer(url, record=record, threads=4) for record in records]
    for _ in range(KILLS):
        until_more_acknowledged(COMMANDS_BETWEEN_KILLS, records=records, programs=programs)
        kill_server(home)
        with EmbeddedServer.start(home):
            check_promises(url, records=records)
    for program in programs:
        program.end()
    check_promises(url, records=records)


def test_the_control_without_the_flush_loses_what_it_had_acknowledged(
    home: Path, programs: list[Program], tmp_path: Path
) -> None:
    record = tmp_path / "one"
    with EmbeddedServer.start(home) as server:
        url = server.url(Login.APPLICATION)
        leave_log_in_memory(server)
    programs.append(start_writer(url, record=record, threads=2))
    until_more_acknowledged(100, records=[record], programs=programs)
    kill_server(home)
    programs[0].kill()
    with EmbeddedServer.start(home):
        history = list(read_history(url))
    check_history(history, whole=WHOLE)
    acknowledged = read_record(record)
    lost = find_lost(acknowledged, history)
    assert lost, "or the test of the durable append proves nothing"
    # The log is lost from its end: what is left is a beginning of what there was.
    assert min(answer.position for answer in lost) > max(
        (answer.position for answer in acknowledged if answer not in lost), default=0
    )


def leave_log_in_memory(server: EmbeddedServer) -> None:
    """Take the flush out of the append, and keep the server from flushing by itself."""
    with psycopg.connect(server.url(Login.ADMIN), autocommit=True) as admin:
        for setting in UNFLUSHED:
            admin.execute(setting)
    with psycopg.connect(
        session_conninfo(server.url(Login.OWNER), schema=SCHEMA, application_name="tests")
    ) as owner:
        found = owner.execute("SELECT pg_get_functiondef('append'::regproc)").fetchone()
        assert found is not None, "the procedure is there"
        altered, flushes = re.subn(r"(?m)^.*pg_logical_emit_message.*$", "", str(found[0]))
        assert flushes == 1, "one line of the procedure makes it durable"
        owner.execute(altered.encode())


def check_promises(url: str, *, records: list[Path]) -> None:
    # First the promises and then the history: the writers are at work again meanwhile.
    acknowledged = [answer for record in records for answer in read_record(record)]
    history = list(read_history(url))
    check_history(history, whole=WHOLE)
    assert find_lost(acknowledged, history) == []


def read_history(url: str) -> Iterator[RecordedEvent]:
    with open_pool(url, schema=SCHEMA, min_size=1, max_size=1, application_name="tests") as pool:
        yield from open_cases(pool).everything()
