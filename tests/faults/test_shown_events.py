"""What a live stream has shown is still there after the database server was killed.

The append is made worse on purpose: it no longer waits for the log, so that what is visible is
durable much later, and the server flushes nothing by itself. Whatever is shown then must have been
made durable by the follower; the control, whose follower does not, shows what is lost.
"""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import SecretStr

from domain.parties import Role
from infrastructure.bootstrap import wire
from infrastructure.feed import history as feed_history
from infrastructure.postgres.connections import open_pool
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.settings import Settings
from tests.api.served import events, served
from tests.databases import SCHEMA
from tests.faults.harness import (
    Program,
    kill_server,
    until,
)
from tests.faults.test_killed_server import leave_log_in_memory, read_history
from tests.faults.writer import start_writer

pytestmark = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="the server of DATABASE_URL is not ours to kill"
)

SHOWN_BEFORE_KILL = 200
KILLS = 2


class Watcher:
    """Somebody who follows the live stream and writes down what was shown."""

    def __init__(self, response: httpx2.Response) -> None:
        self.shown: dict[int, str] = {}
        self._response = response
        self._thread = threading.Thread(target=self._watch, name="watcher")
        self._thread.start()

    def _watch(self) -> None:
        for message in events(self._response):
            self.shown[int(message.id)] = message.data

    def join(self) -> None:
        """Wait for the stream's end."""
        self._thread.join()


@contextmanager
def watched(url: str) -> Generator[Watcher]:
    """Serve the API and follow its live stream, for the length of a block."""
    settings = Settings(database_url=SecretStr(url), recours_schema=SCHEMA)
    with (
        open_pool(url, schema=SCHEMA, min_size=1, max_size=8, application_name="tests") as pool,
        served(wire(pool, settings=settings).services) as running,
    ):
        watcher = Watcher(running.stream(Role.CONNECTOR))
        yield watcher
        running.server.stop()
        watcher.join()


def play(home: Path, programs: list[Program], record: Path) -> list[int]:
    """Kill the server under a watched writer; answers with the positions shown and lost."""
    with EmbeddedServer.start(home) as server:
        url = server.url(Login.APPLICATION)
    writer = start_writer(url, record=record, threads=2)
    programs.append(writer)
    with watched(url) as watcher:
        goal = len(watcher.shown) + SHOWN_BEFORE_KILL
        until(lambda: len(watcher.shown) >= goal, programs=[writer])
        kill_server(home)
        writer.kill()
        with EmbeddedServer.start(home):
            kept = {e.position: f"{e.stream_id}:{e.version}" for e in read_history(url)}
            return [p for p, told in watcher.shown.items() if f'"id":"{kept.get(p)}"' not in told]


def nothing_is_made_durable(_connection: Connection[TupleRow]) -> None:
    """What the control does instead of waiting for the disk."""


@pytest.fixture
def forgetful(home: Path) -> Path:
    """The directory of a server that keeps the log in memory as long as it may."""
    with EmbeddedServer.start(home) as server:
        leave_log_in_memory(server)
    return home


def test_whatever_was_shown_survives_every_kill_of_the_server(
    forgetful: Path, programs: list[Program], tmp_path: Path
) -> None:
    for kill in range(KILLS):
        assert play(forgetful, programs, tmp_path / str(kill)) == []


def test_the_control_that_shows_what_is_not_durable_has_shown_what_is_lost(
    forgetful: Path, programs: list[Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_history, "make_durable", nothing_is_made_durable)

    assert play(forgetful, programs, tmp_path / "one"), "or the test above proves nothing"
