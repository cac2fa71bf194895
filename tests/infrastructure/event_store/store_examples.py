"""Examples of what an event store is given: named people, days, streams and entries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from application.commands import OnCase
from application.complaints import record_contact, register
from application.invoices import LineClaim
from application.ports import Cases
from application.recorded import Recorded
from domain.complaints.events import Language, References
from domain.contacts import Direction, Reached
from domain.disputes.lines import Document
from domain.event import Channel, Envelope
from domain.parties import Actor, ActorKind, Role
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.event_store.rows import Append, Entry, StreamVersion
from tests.databases import SCHEMA

Pool = ConnectionPool[Connection[TupleRow]]

ANNA: Final = Actor(kind=ActorKind.AGENT, subject_id="anna", role=Role.AGENT)
MONDAY: Final = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TUESDAY: Final = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
FIRST: Final = UUID(int=1)
SECOND: Final = UUID(int=2)
COMMAND: Final = UUID(int=1_000)


class Always:
    """A clock that stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Tell the same time again."""
        return self._now


def envelope() -> Envelope:
    """Anna takes a call on Monday."""
    return Envelope(actor=ANNA, channel=Channel.PHONE, occurred_at=MONDAY, correlation_id=COMMAND)


def on(case_id: UUID, *, expected_version: int | None = None) -> OnCase:
    """Say that Anna acts on a case."""
    return OnCase(case_id=case_id, envelope=envelope(), expected_version=expected_version)


def open_cases(pool: Pool, *, remembered: int = 100) -> RecordedCases:
    """Open the cases of one process: over its own pool, with its own memory."""
    return RecordedCases(
        EventRecorder(pool, schema=SCHEMA),
        event_types=product_event_types(),
        clock=Always(TUESDAY),
        remembered=remembered,
    )


def register_example(cases: Cases, *, case_id: UUID) -> Recorded:
    """Register a complaint about a wrong amount."""
    return register(
        on(case_id),
        customer_id="C-1",
        first_received_at=MONDAY,
        text="You billed me twice.",
        category="billing",
        language=Language.ENGLISH,
        wanted_outcome=None,
        contact_point=None,
        references=References(),
        cases=cases,
    )


def contact_example(
    cases: Cases, *, case_id: UUID, expected_version: int | None = None
) -> Recorded:
    """Record a call that reached the customer."""
    return record_contact(
        on(case_id, expected_version=expected_version),
        direction=Direction.OUTBOUND,
        channel=Channel.PHONE,
        reached=Reached.YES,
        summary=None,
        promised_next_contact=None,
        cases=cases,
    )


def line_claim() -> LineClaim:
    """Forty euros of a hundred are contested."""
    return LineClaim(
        line_id=UUID(int=2_000),
        document=Document(system="ERP", company_code="FR01", number="INV-1"),
        open_amount=Decimal("100.00"),
        amount=Decimal("40.00"),
        currency="EUR",
        reason_code="wrong_amount",
    )


def entry(stream_id: UUID, version: int, *, state: bytes = b"{}") -> Entry:
    """One event of a stream, as the table takes it."""
    return Entry(
        stream_id=stream_id,
        version=version,
        schema_version=1,
        type="complaint.acknowledged",
        state=state,
        metadata=b"{}",
    )


def append(stream_id: UUID, version: int, *, reads: Sequence[StreamVersion] = ()) -> Append:
    """One event alone."""
    return Append((entry(stream_id, version),), reads=tuple(reads))
