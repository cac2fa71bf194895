"""A program that runs real commands on many cases, and writes down which of them returned."""

import sys
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Final
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool
from pydantic import BaseModel, ConfigDict

from application.commands import OnCase
from application.complaints import acknowledge, convert_to_dispute, record_contact, register
from application.errors import CaseContended, OutcomeUnknown
from application.invoices import LineClaim
from application.recorded import Recorded
from domain.complaints.events import Language, References
from domain.contacts import Direction, Reached
from domain.disputes.lines import Document
from domain.event import Channel, Envelope
from domain.parties import Actor, ActorKind, Role
from infrastructure.clock import SystemClock, TimeOrderedIdentities
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.postgres.connections import open_pool
from tests.databases import SCHEMA
from tests.faults.harness import PATIENCE, Program, Record

MODULE: Final = "tests.faults.writer"

CONNECTIONS: Final = 2
"""Fewer than threads: the pool finds dead connections one by one, with a pause after each."""

HOT_CASE: Final = UUID(int=1)
"""A complaint that all writers write to."""

BERT: Final = Actor(kind=ActorKind.AGENT, subject_id="bert", role=Role.AGENT)

WHOLE: Final = {
    "register": ("complaint.registered",),
    "acknowledge": ("complaint.acknowledged",),
    "contact": ("complaint.contact_recorded",),
    "convert": (
        "complaint.escalated",
        "complaint.dispute_opened",
        "dispute.opened",
        "invoice.mirrored",
        "invoice.disputed",
    ),
}
"""What each command records, all or nothing."""


COMMANDS_IN_A_LIFE: Final = 6
"""How many of them `Writer.live` runs."""


class Orders(BaseModel):
    """What a writer is told on standard input, on one line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    record: Path
    threads: int
    lives: int | None = None
    """How many complaints each thread leads through their life; without it, until the end."""


class Writer:
    """One thread: it leads complaint after complaint through its life."""

    def __init__(self, cases: RecordedCases, *, record: Record) -> None:
        self._cases = cases
        self._record = record
        self._clock = SystemClock()
        self._identities = TimeOrderedIdentities()

    def live(self) -> None:
        """Lead one complaint from its registration to the dispute that it becomes."""
        case_id = self._identities.new()
        self.register(case_id)
        self._run("acknowledge", case_id, lambda on: acknowledge(on, cases=self._cases))
        self._contact(case_id)
        self._contact(HOT_CASE)
        self._contact(case_id)
        self._convert(case_id)

    def register(self, case_id: UUID) -> None:
        """Begin a complaint."""
        self._run(
            "register",
            case_id,
            lambda on: register(
                on,
                customer_id="C-1",
                first_received_at=on.envelope.occurred_at,
                text="You billed me twice.",
                category="billing",
                language=Language.ENGLISH,
                wanted_outcome=None,
                contact_point=None,
                references=References(),
                cases=self._cases,
            ),
        )

    def _contact(self, case_id: UUID) -> None:
        self._run(
            "contact",
            case_id,
            lambda on: record_contact(
                on,
                direction=Direction.OUTBOUND,
                channel=Channel.PHONE,
                reached=Reached.YES,
                summary=None,
                promised_next_contact=None,
                cases=self._cases,
            ),
        )

    def _convert(self, case_id: UUID) -> None:
        line = LineClaim(
            line_id=self._identities.new(),
            document=Document(system="ERP", company_code="FR01", number=str(case_id)),
            open_amount=Decimal("100.00"),
            amount=Decimal("40.00"),
            currency="EUR",
            reason_code="wrong_amount",
        )
        dispute_id = self._identities.new()
        self._run(
            "convert",
            case_id,
            lambda on: convert_to_dispute(
                on,
                dispute_id=dispute_id,
                reason_code="wrong_amount",
                requested_action=None,
                lines=[line],
                cases=self._cases,
            ),
        )

    def _run(self, name: str, case_id: UUID, act: Callable[[OnCase], Recorded]) -> None:
        command = self._identities.new()
        on = OnCase(
            case_id=case_id,
            envelope=Envelope(
                actor=BERT,
                channel=Channel.PHONE,
                occurred_at=self._clock.now(),
                correlation_id=command,
                reason=name,
            ),
        )
        recorded: Recorded | None = None
        while recorded is None:
            try:
                recorded = act(on)
            except CaseContended:
                continue
            except (OutcomeUnknown, psycopg.OperationalError):
                # What every caller has to do: read first, and only then try again.
                recorded = self._find(case_id, command)
        self._record.acknowledge(command, recorded)

    def _find(self, case_id: UUID, command: UUID) -> Recorded | None:
        give_up = self._clock.now().timestamp() + PATIENCE
        while True:
            try:
                history = self._cases.history(case_id)
            except psycopg.OperationalError:
                # The pool waits for the server to come back, so this does not spin.
                if self._clock.now().timestamp() > give_up:
                    raise
            else:
                break
        ours = [event for event in history if event.envelope.correlation_id == command]
        if not ours:
            return None
        last = ours[-1]
        name = last.envelope.reason or ""
        return Recorded(case_id, last.version, last.position, last.recorded_at, WHOLE[name])


def open_cases(pool: ConnectionPool[Connection[TupleRow]]) -> RecordedCases:
    """Open the cases as the product does."""
    return RecordedCases(
        EventRecorder(pool, schema=SCHEMA),
        event_types=product_event_types(),
        clock=SystemClock(),
        remembered=1_000,
    )


def start_writer(url: str, *, record: Path, threads: int, lives: int | None = None) -> Program:
    """Start a writer, or several in one process: that is what threads are."""
    orders = Orders(url=url, record=record, threads=threads, lives=lives)
    return Program.start(MODULE, orders=orders.model_dump_json().encode())


def begin(cases: RecordedCases, *, record: Path) -> None:
    """Register the complaint that all writers write to."""
    Writer(cases, record=Record(record)).register(HOT_CASE)


def main() -> None:
    """Read the orders, work until standard input ends, finish the commands at work."""
    orders = Orders.model_validate_json(sys.stdin.buffer.readline())
    with open_pool(
        orders.url,
        schema=SCHEMA,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        application_name=MODULE,
    ) as pool:
        cases = open_cases(pool)
        record = Record(orders.record)
        stop = Event()

        def work() -> None:
            writer = Writer(cases, record=record)
            lived = 0
            try:
                while not stop.is_set() and lived != orders.lives:
                    writer.live()
                    lived += 1
            except BaseException:
                stop.set()
                raise

        with ThreadPoolExecutor(orders.threads + 1) as threads:
            at_work = [threads.submit(work) for _ in range(orders.threads)]
            if orders.lives is None:
                sys.stdin.buffer.read()
                stop.set()
            wait(at_work, return_when=FIRST_EXCEPTION)
            for thread in at_work:
                thread.result()


if __name__ == "__main__":
    main()
