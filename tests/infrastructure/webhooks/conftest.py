"""Webhooks over a real database, with a sender that may write to this machine."""

from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from application import complaints
from application.commands import OnCase
from application.recorded import Recorded
from application.webhooks import Delivery, IssuedWebhook, WebhookWanted
from domain.complaints.events import Language, References
from domain.event import Channel, Envelope
from infrastructure.clock import SystemClock, TimeOrderedIdentities
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.webhooks.guard import Guard
from infrastructure.webhooks.outbox import Outbox
from infrastructure.webhooks.registry import PostgresWebhooks
from infrastructure.webhooks.sending import Sender
from tests import examples as an
from tests.databases import SCHEMA, Database

Pool = ConnectionPool[Connection[TupleRow]]


@dataclass
class Office:
    """Where things happen, and from where others are told."""

    pool: Pool
    database: Database

    def __post_init__(self) -> None:
        """Wire it."""
        self.identities = TimeOrderedIdentities()
        self.guard = Guard(loopback=True)
        self.webhooks = PostgresWebhooks(self.pool, identities=self.identities, guard=self.guard)
        self.outbox = Outbox(self.pool, event_types=product_event_types())
        self.sender = Sender(self.outbox, guard=self.guard)
        self.cases = RecordedCases(
            EventRecorder(self.pool, schema=SCHEMA),
            event_types=product_event_types(),
            clock=SystemClock(),
            remembered=100,
        )

    def hook(self, url: str, *types: str) -> IssuedWebhook:
        """Send what is recorded from now on to an address."""
        wanted = WebhookWanted(url=url, description="a test", types=types)
        return self.webhooks.create(wanted, by="ada")

    def register(self) -> Recorded:
        """Record the first event of a complaint."""
        return complaints.register(
            self._on(self.identities.new()),
            customer_id=an.CUSTOMER,
            first_received_at=an.MONDAY.replace(year=2026),
            text="La palette est arrivée abîmée.",
            category="delivery.damaged",
            language=Language.FRENCH,
            wanted_outcome=None,
            contact_point=None,
            references=References(),
            cases=self.cases,
        )

    def acknowledge(self, case_id: UUID) -> Recorded:
        """Record the second event of a complaint."""
        return complaints.acknowledge(self._on(case_id), cases=self.cases)

    def _on(self, case_id: UUID) -> OnCase:
        envelope = Envelope(
            actor=an.ANNA,
            channel=Channel.PHONE,
            occurred_at=SystemClock().now(),
            correlation_id=self.identities.new(),
        )
        return OnCase(case_id=case_id, envelope=envelope)

    def deliveries(self, issued: IssuedWebhook) -> list[Delivery]:
        """The deliveries of a webhook, oldest first."""
        page = self.webhooks.deliveries(
            issued.webhook.webhook_id, state=None, limit=200, before=None
        )
        return list(reversed(page.deliveries))

    def let_pass(self, statement: LiteralString, *values: Any) -> None:  # noqa: ANN401 - SQL
        """Let time pass: move what the database holds into the past."""
        with psycopg.connect(self.database.admin_url, autocommit=True) as admin:
            admin.execute(f"SET search_path TO {SCHEMA}".encode())
            admin.execute(statement, values)

    def make_due(self) -> None:
        """Let the pauses of all deliveries pass."""
        self.let_pass("UPDATE webhook_delivery SET due_at = clock_timestamp()")


@pytest.fixture
def office(pool: Pool, database: Database) -> Office:
    return Office(pool, database)
