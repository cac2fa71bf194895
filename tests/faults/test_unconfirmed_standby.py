"""A synchronous standby that does not answer: the commit is there, its safety is not known."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from infrastructure.event_store.recorder import EventRecorder, OutcomeUnknown
from infrastructure.event_store.rows import Append, Entry
from infrastructure.postgres.connections import open_pool
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.postgres.migrating import migrate
from tests.databases import SCHEMA
from tests.faults.harness import until

pytestmark = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="the server of DATABASE_URL is not ours to set up"
)

ENTRY = Entry(UUID(int=1), 1, 1, "complaint.acknowledged", b"{}", b"{}")

Answer = Callable[[Connection[TupleRow], int], object]


def cancel(admin: Connection[TupleRow], pid: int) -> object:
    return admin.execute("SELECT pg_cancel_backend(%s)", [pid])


def terminate(admin: Connection[TupleRow], pid: int) -> object:
    return admin.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.parametrize("interrupt", [cancel, terminate])
def test_a_wait_for_the_standby_that_is_cut_short_is_an_unknown_outcome(
    tmp_path: Path, interrupt: Answer
) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        migrate(server.url(Login.OWNER), schema=SCHEMA, application_login=Login.APPLICATION)
        with (
            psycopg.connect(server.url(Login.ADMIN), autocommit=True) as admin,
            open_pool(
                server.url(Login.APPLICATION),
                schema=SCHEMA,
                min_size=1,
                max_size=2,
                application_name="writer",
            ) as pool,
            ThreadPoolExecutor(1) as threads,
        ):
            recorder = EventRecorder(pool, schema=SCHEMA)
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            admin.execute("SELECT pg_reload_conf()")
            until(lambda: shows(admin, "nobody"))
            answer = threads.submit(recorder.append, Append((ENTRY,)))
            until(lambda: bool(waiting(admin)))
            assert not answer.done(), "nothing is acknowledged before the standby has it"
            assert recorder.read_stream(ENTRY.stream_id), "readers of this server see it already"
            interrupt(admin, waiting(admin)[0])
            with pytest.raises(OutcomeUnknown):
                answer.result(timeout=30)
            assert len(recorder.read_stream(ENTRY.stream_id)) == 1


def shows(admin: Connection[TupleRow], name: str) -> bool:
    return admin.execute("SHOW synchronous_standby_names").fetchone() == (name,)


def waiting(admin: Connection[TupleRow]) -> list[int]:
    found = admin.execute("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    return [pid for (pid,) in found]
