"""One complaint played now, from the first contact to the released payment and the thanks.

The ERP that holds the payment back is real, or a simulator that cannot be told from one: this
waits for its answers. Booking the settlement is not part of its contract, so that is played.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final, Protocol
from uuid import UUID

from application import complaints, disputes
from application.case import Case
from application.commands import OnCase
from application.demo.telling import Foreseen
from application.errors import ApplicationError
from application.invoices import LineClaim, identify_invoice
from application.ports import Cases
from application.recorded import Recorded
from application.retelling import Step, status_of
from application.services import Services
from domain.blocks.block import PaymentBlock
from domain.blocks.events import BlockOrdered, BlockRejected, BlockUnconfirmed, Scope
from domain.complaints.complaint import Complaint
from domain.complaints.events import ComplaintRegistered, Language, References
from domain.contacts import Direction, Reached
from domain.disputes.dispute import Dispute
from domain.disputes.events import DisputeOpened, PaymentBlocked, PaymentReleased, ReleaseFailed
from domain.disputes.lines import Allocation, Document
from domain.disputes.settlement import Settlement, SettlementKind
from domain.event import Channel, Envelope, Event
from domain.parties import SYSTEM, Actor, ActorKind, Role

AGENT: Final = Actor(kind=ActorKind.AGENT, subject_id="demo-agent", role=Role.AGENT)
MANAGER: Final = Actor(kind=ActorKind.AGENT, subject_id="demo-manager", role=Role.MANAGER)
FINANCE: Final = Actor(kind=ActorKind.AGENT, subject_id="demo-finance", role=Role.FINANCE)
ERP: Final = Actor(kind=ActorKind.ERP, subject_id="erp:S4", role=Role.CONNECTOR)

CUSTOMER: Final = "K-1000"
AMOUNT: Final = Decimal("1840.00")
BORN_AS: Final[dict[type[Event], type[Case]]] = {
    ComplaintRegistered: Complaint,
    DisputeOpened: Dispute,
    BlockOrdered: PaymentBlock,
}
FAILURES: Final = (BlockRejected, BlockUnconfirmed, ReleaseFailed)


class Command(Protocol):
    """A use case that needs to know nothing but the case."""

    def __call__(self, on: OnCase, /, *, cases: Cases) -> Recorded:
        """Run it."""
        ...


Pause = Callable[[], bool]
"""Waits a moment; answers whether waiting on makes sense."""


class ErpSilent(ApplicationError):
    """The ERP did not do in time what it was asked."""

    def __init__(self, awaited: str) -> None:
        super().__init__(f"the ERP was asked, but {awaited} did not come; try again")


@dataclass(slots=True)
class Watch:
    """Sees what is recorded of some cases, as it happens, whoever records it."""

    cases: Cases
    members: frozenset[UUID]
    position: int
    known: dict[UUID, Case] = field(default_factory=dict[UUID, Case])

    def news(self) -> Iterator[Step]:
        """What was recorded since the last look."""
        for recorded in self.cases.everything(after=self.position):
            self.position = recorded.position
            if recorded.stream_id not in self.members:
                continue
            before = self.known.get(recorded.stream_id)
            kind = BORN_AS.get(type(recorded.event))
            if before is not None:
                after = before.after(recorded.event, recorded.envelope)
            elif kind is not None:
                after = kind.born(recorded.stream_id, recorded.event, recorded.envelope)
            else:
                yield Step(recorded, None, None)  # an invoice stands nowhere
                continue
            self.known[recorded.stream_id] = after
            yield Step(recorded, None if before is None else status_of(before), status_of(after))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was played."""

    complaint_id: UUID
    dispute_id: UUID
    block_id: UUID
    invoice_id: UUID
    events: int


@dataclass(slots=True)
class Play:
    """The play: each step is a command of the product, by whom it would be in life."""

    services: Services
    tell: Callable[[Step], None]
    pause: Pause
    complaint_id: UUID
    dispute_id: UUID
    block_id: UUID
    claim: LineClaim
    watch: Watch
    events: int = 0
    seen: set[type[Event]] = field(default_factory=set[type[Event]])

    def perform(self) -> None:
        """Play it all.

        Raises:
            ErpSilent: the ERP did not do its part.
        """
        self._complain()
        self._investigate()
        self._dispute()
        self._await(PaymentBlocked)
        self._settle()
        self._await(PaymentReleased)
        self._conclude()

    def _complain(self) -> None:
        on = self._on(self.complaint_id, by=AGENT, channel=Channel.PHONE)
        complaints.register(
            on,
            customer_id=CUSTOMER,
            first_received_at=on.envelope.at,
            text=(
                "La palette est arrivée éventrée : huit cartons de vannes sur douze sont"
                " inutilisables. Nous ne paierons pas la facture en l'état."
            ),
            category="delivery.damaged",
            language=Language.FRENCH,
            wanted_outcome="credit_note",
            contact_point="comptabilite@fonderie-du-lac.example",
            references=References(product="vannes", invoice=self.claim.document.number),
            cases=self.services.cases,
        )
        self._told()
        self._do(complaints.acknowledge, by=SYSTEM)
        self._contact(Channel.EMAIL, "Réception confirmée ; nous rappelons sous 48 heures.")

    def _investigate(self) -> None:
        self._do(complaints.claim_work)
        self._do(complaints.start_review)
        complaints.request_information(
            self._on(self.complaint_id, by=AGENT, channel=Channel.EMAIL),
            question="Pouvez-vous nous envoyer les photos et le bon de livraison ?",
            answer_by=self.services.clock.now() + timedelta(days=5),
            cases=self.services.cases,
        )
        self._told()
        complaints.provide_information(
            self._on(self.complaint_id, by=AGENT, channel=Channel.EMAIL),
            answer="Photos jointes ; réserve portée sur le bon.",
            cases=self.services.cases,
        )
        self._told()

    def _dispute(self) -> None:
        complaints.convert_to_dispute(
            self._on(self.complaint_id, by=AGENT, reason="customer_withholds_payment"),
            dispute_id=self.dispute_id,
            reason_code=self.claim.reason_code,
            requested_action="credit_note",
            lines=[self.claim],
            cases=self.services.cases,
        )
        self._told()
        disputes.request_block(
            self._on(self.dispute_id, by=AGENT),
            review_by=self.services.clock.now().date() + timedelta(days=30),
            scopes=(Scope.DUNNING,),
            identities=Foreseen([self.block_id]),
            cases=self.services.cases,
        )
        self._told()

    def _settle(self) -> None:
        settlement = Settlement(
            settlement_id=self.services.identities.new(),
            kind=SettlementKind.CREDIT_NOTE,
            allocations=(Allocation(line_id=self.claim.line_id, amount=self.claim.amount),),
        )
        disputes.propose_settlement(
            self._on(self.dispute_id, by=AGENT), settlement=settlement, cases=self.services.cases
        )
        self._told()
        disputes.approve(
            self._on(self.dispute_id, by=FINANCE),
            settlement_id=settlement.settlement_id,
            cases=self.services.cases,
        )
        self._told()
        disputes.customer_accepts(
            self._on(self.dispute_id, by=AGENT, channel=Channel.PHONE), cases=self.services.cases
        )
        self._told()
        disputes.settlement_executed(
            self._on(self.dispute_id, by=ERP),
            erp_document="CN-2026-1840",
            cases=self.services.cases,
        )
        self._told()

    def _conclude(self) -> None:
        disputes.close(
            self._on(self.dispute_id, by=AGENT),
            root_cause="packaging_too_weak",
            cases=self.services.cases,
        )
        self._told()
        complaints.send_final_response(
            self._on(self.complaint_id, by=AGENT, channel=Channel.EMAIL),
            response="Nous reconnaissons le dommage ; l'avoir couvre les huit cartons.",
            how_to_contest="Répondre sous 30 jours, ou saisir le médiateur : mediateur.example.",
            cases=self.services.cases,
        )
        self._told()
        self._do(complaints.accept_response, channel=Channel.PHONE)

    def _do(
        self,
        command: Command,
        *,
        by: Actor = AGENT,
        channel: Channel = Channel.API,
    ) -> None:
        command(self._on(self.complaint_id, by=by, channel=channel), cases=self.services.cases)
        self._told()

    def _contact(self, channel: Channel, summary: str) -> None:
        complaints.record_contact(
            self._on(self.complaint_id, by=AGENT, channel=channel),
            direction=Direction.OUTBOUND,
            channel=channel,
            reached=Reached.YES,
            summary=summary,
            promised_next_contact=self.services.clock.now() + timedelta(days=2),
            cases=self.services.cases,
        )
        self._told()

    def _told(self) -> None:
        for step in self.watch.news():
            self.tell(step)
            self.events += 1
            self.seen.add(type(step.recorded.event))

    def _await(self, awaited: type[Event]) -> None:
        # The worker may have been so fast that it was told of already.
        while awaited not in self.seen:
            if not self.seen.isdisjoint(FAILURES) or not self.pause():
                raise ErpSilent(awaited.type)
            self._told()

    def _on(
        self,
        case_id: UUID,
        *,
        by: Actor,
        channel: Channel = Channel.API,
        reason: str | None = None,
    ) -> OnCase:
        envelope = Envelope(
            actor=by,
            channel=channel,
            occurred_at=self.services.clock.now(),
            correlation_id=self.services.identities.new(),
            reason=reason,
        )
        return OnCase(case_id=case_id, envelope=envelope)


def play_live(
    services: Services, *, after: int, tell: Callable[[Step], None], pause: Pause
) -> Played:
    """Play one complaint; `tell` gets each event as it happens, from behind a position.

    Raises:
        ErpSilent: the ERP did not do its part.
    """
    complaint_id, dispute_id, block_id, line_id = (services.identities.new() for _ in range(4))
    # Every play is about an invoice of its own: this one is credited in full at the end.
    document = Document(system="S4", company_code="FR01", number=f"FR01-LIVE-{str(line_id)[-12:]}")
    claim = LineClaim(
        line_id=line_id,
        document=document,
        open_amount=Decimal("2760.00"),
        amount=AMOUNT,
        currency="EUR",
        reason_code="goods_damaged",
        vat=Decimal("306.67"),
        requested_action="credit_note",
    )
    invoice_id = identify_invoice(document)
    members = frozenset({complaint_id, dispute_id, block_id, invoice_id})
    watch = Watch(services.cases, members, after)
    play = Play(services, tell, pause, complaint_id, dispute_id, block_id, claim, watch)
    play.perform()
    return Played(
        complaint_id=complaint_id,
        dispute_id=dispute_id,
        block_id=block_id,
        invoice_id=invoice_id,
        events=play.events,
    )
