"""The product at work on a test's database: real commands in, projected answers out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Self
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from application import blocks, complaints, dispute_file, disputes
from application.commands import OnCase
from application.exposures import Exposure, ExposureGroup
from application.invoices import LineClaim
from application.queries import BlockView
from application.recorded import Recorded
from domain.blocks.events import Scope
from domain.complaints.events import Language, References
from domain.contacts import Direction, Reached
from domain.event import Channel
from domain.parties import SYSTEM, Actor
from infrastructure.event_store.cases import RecordedCases
from infrastructure.event_store.event_types import product_event_types
from infrastructure.event_store.recorder import EventRecorder
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.exposures import PostgresExposures
from infrastructure.read_models.projection import Projection
from infrastructure.read_models.projector import Projector
from infrastructure.read_models.questions import PostgresQuestions
from tests import examples as an
from tests.databases import SCHEMA

Pool = ConnectionPool[Connection[TupleRow]]
MINUTE: Final = timedelta(minutes=1)


class Always:
    """A clock that stands still, so late that nothing lies in the future."""

    def now(self) -> datetime:
        """Tell the same time again."""
        return an.NEXT_YEAR


@dataclass
class Office:
    """Everybody's requests, a minute one after the other unless a test says when."""

    pool: Pool
    cases: RecordedCases
    questions: PostgresQuestions
    exposures: PostgresExposures
    at: datetime = an.MONDAY
    _identities: int = field(default=0xF000)

    @classmethod
    def open(cls, pool: Pool) -> Self:
        """Open for business over a database."""
        cases = RecordedCases(
            EventRecorder(pool, schema=SCHEMA),
            event_types=product_event_types(),
            clock=Always(),
            remembered=1_000,
        )
        return cls(pool, cases, PostgresQuestions(pool), PostgresExposures(pool))

    def new(self) -> UUID:
        """A fresh identity, as the port `Identities` gives it."""
        self._identities += 1
        return an.numbered(self._identities)

    def on(self, case_id: UUID, *, by: Actor = an.ANNA, at: datetime | None = None) -> OnCase:
        """The next command."""
        self.at = at or self.at + MINUTE
        return OnCase(case_id=case_id, envelope=an.envelope(actor=by, occurred_at=self.at))

    def project(self, *projections: Projection) -> None:
        """Let these read models catch up, or every one."""
        projector = Projector(
            self.pool, projections=projections or PROJECTIONS, event_types=product_event_types()
        )
        projector.catch_up()
        assert projector.failures == []

    def register(
        self,
        *,
        customer_id: str = an.CUSTOMER,
        received: datetime | None = None,
        text: str = "La palette est arrivée abîmée.",
        category: str = "delivery.damaged",
        invoice: str | None = None,
    ) -> UUID:
        """A customer complains."""
        on = self.on(self.new())
        complaints.register(
            on,
            customer_id=customer_id,
            first_received_at=received or on.envelope.at,
            text=text,
            category=category,
            language=Language.FRENCH,
            wanted_outcome=None,
            contact_point=None,
            references=References(invoice=invoice),
            cases=self.cases,
        )
        return on.case_id

    def contact(
        self,
        case_id: UUID,
        *,
        direction: Direction = Direction.OUTBOUND,
        reached: Reached = Reached.YES,
        promised: datetime | None = None,
        summary: str | None = None,
        at: datetime | None = None,
        of_dispute: bool = False,
    ) -> Recorded:
        """Record a phone call about a complaint, or about a dispute."""
        record = dispute_file.record_contact if of_dispute else complaints.record_contact
        return record(
            self.on(case_id, at=at),
            direction=direction,
            channel=Channel.PHONE,
            reached=reached,
            summary=summary,
            promised_next_contact=promised,
            cases=self.cases,
        )

    def claim(
        self,
        amount: str = "100.00",
        *,
        currency: str = "EUR",
        reason: str = "goods_damaged",
        company: str = "FR01",
    ) -> LineClaim:
        """A whole invoice of its own is contested."""
        line_id = self.new()
        return LineClaim(
            line_id=line_id,
            document=an.document(number=f"9{line_id.int}", company_code=company),
            open_amount=Decimal(amount),
            amount=Decimal(amount),
            currency=currency,
            reason_code=reason,
        )

    def convert(self, complaint_id: UUID, *claims: LineClaim) -> UUID:
        """Turn a complaint into a dispute."""
        dispute_id = self.new()
        complaints.convert_to_dispute(
            self.on(complaint_id),
            dispute_id=dispute_id,
            reason_code="goods_damaged",
            requested_action=None,
            lines=claims or [self.claim()],
            cases=self.cases,
        )
        return dispute_id

    def dispute(
        self, *claims: LineClaim, customer_id: str = an.CUSTOMER, at: datetime | None = None
    ) -> UUID:
        """Open a dispute that no complaint preceded."""
        on = self.on(self.new(), by=an.FAYE, at=at)
        disputes.open_directly(
            on,
            customer_id=customer_id,
            reason_code="goods_damaged",
            requested_action=None,
            lines=claims or [self.claim()],
            cases=self.cases,
        )
        return on.case_id

    def order_block(
        self,
        dispute_id: UUID,
        *,
        scopes: Sequence[Scope] = (Scope.DUNNING,),
        at: datetime | None = None,
    ) -> Recorded:
        """Want the ERP to hold everything back."""
        return disputes.request_block(
            self.on(dispute_id, at=at),
            review_by=an.END_OF_MARCH.replace(year=2030),
            scopes=scopes,
            identities=self,
            cases=self.cases,
        )

    def request_block(
        self,
        dispute_id: UUID,
        *,
        scopes: Sequence[Scope] = (Scope.DUNNING,),
        at: datetime | None = None,
    ) -> list[BlockView]:
        """Ask the ERP to hold everything back, and note that it was asked."""
        self.order_block(dispute_id, scopes=scopes, at=at)
        fresh = [block for block in self.blocks_of(dispute_id) if block.status == "requested"]
        for block in fresh:
            blocks.send(self.on(block.block_id, by=SYSTEM, at=at), cases=self.cases)
        return fresh

    def confirm(self, block: BlockView, *, at: datetime | None = None) -> None:
        """The ERP holds a line back."""
        on = self.on(block.block_id, by=an.ERP, at=at)
        blocks.confirm(on, erp_reference="BLK-7", cases=self.cases)

    def block(self, dispute_id: UUID, *, at: datetime | None = None) -> list[BlockView]:
        """The ERP holds every line of a dispute back."""
        ordered = self.request_block(dispute_id, at=at)
        for block in ordered:
            self.confirm(block, at=at)
        return ordered

    def release(self, block: BlockView, *, at: datetime | None = None) -> None:
        """The ERP lets a line go that it was asked to."""
        blocks.confirm_release(self.on(block.block_id, by=an.ERP, at=at), cases=self.cases)

    def blocks_of(self, dispute_id: UUID) -> list[BlockView]:
        """The blocks of a dispute, projected."""
        self.project()
        return list(self.questions.blocks_of(dispute_id))

    def exposure(
        self,
        *,
        by: ExposureGroup | None = None,
        valid_at: datetime = an.NEXT_YEAR,
        known_at: datetime | None = None,
    ) -> dict[tuple[str, str | None], Decimal]:
        """How much is blocked by currency and group, projected."""
        self.project()
        found: tuple[Exposure, ...] = self.exposures.exposure(
            valid_at=valid_at, known_at=known_at, by=by
        )
        return {(each.currency, each.group): each.amount for each in found if each.amount}

    def blocked(self, *, currency: str = "EUR") -> Decimal:
        """How much is blocked in a currency now."""
        return self.exposure().get((currency, None), Decimal(0))
