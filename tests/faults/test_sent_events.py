"""What a webhook was told is still there after the database server was killed.

As in `test_shown_events`, the append no longer waits for the log on purpose. Whatever is sent then
was made durable by the outbox; the control, whose commits do not wait either, shows what is lost.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from psycopg import Connection, OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout

from application.webhooks import WebhookWanted
from infrastructure.clock import TimeOrderedIdentities
from infrastructure.event_store.event_types import product_event_types
from infrastructure.postgres.connections import open_pool
from infrastructure.postgres.embedded import EmbeddedServer, Login
from infrastructure.webhooks import outbox as webhook_outbox
from infrastructure.webhooks.guard import Guard
from infrastructure.webhooks.outbox import Outbox
from infrastructure.webhooks.registry import PostgresWebhooks
from infrastructure.webhooks.sending import Sender
from tests.databases import SCHEMA
from tests.faults.harness import Program, kill_server, until
from tests.faults.test_killed_server import leave_log_in_memory, read_history
from tests.faults.writer import start_writer
from tests.infrastructure.webhooks.receivers import Receiver, receiving

pytestmark = [
    pytest.mark.skipif(
        "DATABASE_URL" in os.environ, reason="the server of DATABASE_URL is not ours to kill"
    ),
    pytest.mark.soak,
]

SENT_BEFORE_KILL = 60
KILLS = 4
GUARD = Guard(loopback=True)


@pytest.fixture
def forgetful(home: Path) -> Path:
    """The directory of a server that keeps the log in memory as long as it may."""
    with EmbeddedServer.start(home) as server:
        leave_log_in_memory(server)
    return home


def send(url: str, receiver: Receiver, stop: threading.Event) -> Iterator[None]:
    """Have a sender at work; it ends with the server."""
    with open_pool(url, schema=SCHEMA, min_size=1, max_size=8, application_name="tests") as pool:
        webhooks = PostgresWebhooks(pool, identities=TimeOrderedIdentities(), guard=GUARD)
        for webhook in webhooks.list():
            webhooks.delete(webhook.webhook_id)
        webhooks.create(WebhookWanted(url=receiver.url, description="a test", types=()), by="ada")
        sender = Sender(Outbox(pool, event_types=product_event_types()), guard=GUARD)

        def work() -> None:
            with suppress(OperationalError, PoolTimeout):
                sender.run(stop)

        thread = threading.Thread(target=work, name="sender")
        thread.start()
        yield
        stop.set()
        thread.join()


def play(home: Path, programs: list[Program], record: Path, *, options: str = "") -> list[str]:
    """Kill the server under a working sender; answers with the events sent and lost."""
    with EmbeddedServer.start(home) as server:
        url = server.url(Login.APPLICATION)
    stop = threading.Event()
    with receiving() as receiver:
        for _ in send(make_conninfo(url, options=options), receiver, stop):
            writer = start_writer(url, record=record, threads=2)
            programs.append(writer)
            until(lambda: len(receiver.received) >= SENT_BEFORE_KILL, programs=[writer])
            kill_server(home)
            writer.kill()
    with EmbeddedServer.start(home):
        kept = {f"{event.stream_id}:{event.version}" for event in read_history(url)}
    return [told for r in receiver.received if (told := json.loads(r.body)["id"]) not in kept]


def test_whatever_was_sent_survives_every_kill_of_the_server(
    forgetful: Path, programs: list[Program], tmp_path: Path
) -> None:
    for kill in range(KILLS):
        assert play(forgetful, programs, tmp_path / str(kill)) == []


def nothing_is_made_durable(_connection: Connection[TupleRow]) -> None:
    """What the control does instead of waiting for the disk."""


def test_the_control_that_sends_what_is_not_durable_has_sent_what_is_lost(
    forgetful: Path, programs: list[Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_outbox, "make_durable", nothing_is_made_durable)

    careless = "-c synchronous_commit=off"
    assert play(forgetful, programs, tmp_path / "one", options=careless), "or it proves nothing"
