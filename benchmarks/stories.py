"""Cases from their beginning to their end, through the use cases of the product.

A story is a generator that runs one command a step. All identities are chosen beforehand, so that
a story can also be told to gathered commands, whose decisions come later.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from application import blocks, complaints, dispute_file, disputes
from application.commands import OnCase
from application.invoices import LineClaim
from application.ports import Cases
from application.recorded import Recorded
from domain.blocks.events import Scope
from domain.complaints.events import Language, References
from domain.contacts import Direction, Reached
from domain.disputes.lines import Allocation, Document
from domain.disputes.settlement import Settlement, SettlementKind
from domain.event import Channel, Envelope
from domain.parties import SYSTEM, Actor, ActorKind, Role
from infrastructure.clock import TimeOrderedIdentities

AGENT: Final = Actor(kind=ActorKind.AGENT, subject_id="agent-0417", role=Role.AGENT)
MANAGER: Final = Actor(kind=ActorKind.AGENT, subject_id="manager-0023", role=Role.MANAGER)
FINANCE: Final = Actor(kind=ActorKind.AGENT, subject_id="finance-0102", role=Role.FINANCE)
ERP: Final = Actor(kind=ActorKind.ERP, subject_id="erp:S4", role=Role.CONNECTOR)

BEGINNING: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TEXT: Final = (
    "La palette est arrivée le 3 janvier avec quatre cartons écrasés sur douze. Le chauffeur l'a"
    " noté sur le bon de livraison, dont copie jointe. Nous demandons un avoir pour les quatre"
    " cartons et ne paierons pas la facture avant."
)
CALLED: Final = "Customer confirms the delivery note; photographs follow by e-mail."
CONTEST: Final = "by letter or portal within two months; then the mediator"

_ids: Final = TimeOrderedIdentities()

Telling = Iterator[Recorded]
Story = Callable[[Cases], Telling]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Gives the identity that was chosen beforehand."""

    identity: UUID

    def new(self) -> UUID:
        return self.identity


class _Diary:
    """Says who acts on which case, each step an hour after the one before."""

    def __init__(self) -> None:
        self._correlation_id = _ids.new()
        self._hours = 0

    def on(self, case_id: UUID, by: Actor, channel: Channel = Channel.PORTAL) -> OnCase:
        self._hours += 1
        envelope = Envelope(
            actor=by,
            channel=channel,
            occurred_at=BEGINNING + timedelta(hours=self._hours),
            correlation_id=self._correlation_id,
        )
        return OnCase(case_id=case_id, envelope=envelope)


def disputed(cases: Cases) -> Telling:
    """A complaint becomes a dispute; its payment is blocked, settled, released, and it is closed.

    A block is a case of its own and true only once the ERP has confirmed it, so that the life has
    more steps than a list that takes the request for the block.
    """
    diary, complaint_id, dispute_id = _Diary(), _ids.new(), _ids.new()
    line_id, block_id = _ids.new(), _ids.new()
    yield from _to_the_second_contact(diary, complaint_id, cases)
    claim = _claim(line_id, document=f"90{complaint_id.int % 10**8:08d}")
    yield complaints.convert_to_dispute(
        diary.on(complaint_id, AGENT),
        dispute_id=dispute_id,
        reason_code="damaged_goods",
        requested_action="credit_note",
        lines=(claim,),
        cases=cases,
    )
    yield disputes.request_block(
        diary.on(dispute_id, FINANCE),
        review_by=(BEGINNING + timedelta(days=90)).date(),
        scopes=(Scope.DUNNING,),
        identities=_Chosen(block_id),
        cases=cases,
    )
    yield blocks.send(diary.on(block_id, SYSTEM, Channel.API), cases=cases)
    yield blocks.confirm(
        diary.on(block_id, ERP, Channel.API), erp_reference="0100048812", cases=cases
    )
    settlement = Settlement(
        settlement_id=_ids.new(),
        kind=SettlementKind.CREDIT_NOTE,
        allocations=(Allocation(line_id=line_id, amount=claim.amount),),
    )
    yield disputes.propose_settlement(
        diary.on(dispute_id, AGENT), settlement=settlement, cases=cases
    )
    yield disputes.approve(
        diary.on(dispute_id, MANAGER), settlement_id=settlement.settlement_id, cases=cases
    )
    yield disputes.customer_accepts(diary.on(dispute_id, AGENT, Channel.PHONE), cases=cases)
    yield disputes.settlement_executed(
        diary.on(dispute_id, ERP, Channel.API), erp_document="0090012345", cases=cases
    )
    yield blocks.confirm_release(diary.on(block_id, ERP, Channel.API), cases=cases)
    yield disputes.close(diary.on(dispute_id, AGENT), root_cause="packaging", cases=cases)


def ten_commands(cases: Cases) -> Telling:
    """Ten commands, eleven events, two streams: a dispute without lines, which blocks nothing."""
    diary, complaint_id, dispute_id = _Diary(), _ids.new(), _ids.new()
    yield from _to_the_second_contact(diary, complaint_id, cases)
    yield complaints.escalate(diary.on(complaint_id, AGENT), cases=cases)
    yield complaints.convert_to_dispute(
        diary.on(complaint_id, AGENT),
        dispute_id=dispute_id,
        reason_code="damaged_goods",
        requested_action="credit_note",
        lines=(),
        cases=cases,
    )
    for _ in range(2):
        yield dispute_file.record_contact(
            diary.on(dispute_id, AGENT, Channel.PHONE),
            direction=Direction.OUTBOUND,
            channel=Channel.PHONE,
            reached=Reached.YES,
            summary=CALLED,
            promised_next_contact=BEGINNING + timedelta(days=3),
            cases=cases,
        )
        yield dispute_file.add_note(diary.on(dispute_id, AGENT), text=CALLED, cases=cases)


def answered(cases: Cases) -> Telling:
    """Eleven commands, eleven events, one stream: a complaint that is answered and closed."""
    diary, complaint_id = _Diary(), _ids.new()
    yield from _to_the_second_contact(diary, complaint_id, cases)
    yield complaints.start_review(diary.on(complaint_id, AGENT), cases=cases)
    yield complaints.request_information(
        diary.on(complaint_id, AGENT),
        question="which_boxes",
        answer_by=BEGINNING + timedelta(days=14),
        cases=cases,
    )
    yield complaints.provide_information(
        diary.on(complaint_id, AGENT, Channel.EMAIL), answer=CALLED, cases=cases
    )
    yield _contact(diary, complaint_id, Direction.OUTBOUND, cases)
    yield complaints.link_root_cause(
        diary.on(complaint_id, AGENT), root_cause="packaging", cases=cases
    )
    yield complaints.send_final_response(
        diary.on(complaint_id, AGENT), response="credited", how_to_contest=CONTEST, cases=cases
    )
    yield complaints.accept_response(diary.on(complaint_id, AGENT, Channel.PHONE), cases=cases)


def long_running(cases: Cases, *, case_id: UUID, events: int) -> Telling:
    """A complaint with this many events that is still open."""
    diary = _Diary()
    yield from _to_the_second_contact(diary, case_id, cases)
    for number in range(events - 4):
        direction = Direction.OUTBOUND if number % 2 else Direction.INBOUND
        yield _contact(diary, case_id, direction, cases)


def _to_the_second_contact(diary: _Diary, complaint_id: UUID, cases: Cases) -> Telling:
    yield complaints.register(
        diary.on(complaint_id, AGENT),
        customer_id=f"C-{complaint_id.int % 5_000:06d}",
        first_received_at=BEGINNING,
        text=TEXT,
        category="delivery.damaged",
        language=Language.FRENCH,
        wanted_outcome="credit_note",
        contact_point="comptabilite@client.example",
        references=References(order="CMD-2026-0042", invoice="FA-2026-0117"),
        cases=cases,
    )
    yield complaints.acknowledge(diary.on(complaint_id, AGENT), cases=cases)
    yield _contact(diary, complaint_id, Direction.OUTBOUND, cases)
    yield _contact(diary, complaint_id, Direction.INBOUND, cases)


def _contact(diary: _Diary, case_id: UUID, direction: Direction, cases: Cases) -> Recorded:
    return complaints.record_contact(
        diary.on(case_id, AGENT, Channel.PHONE),
        direction=direction,
        channel=Channel.PHONE,
        reached=Reached.YES,
        summary=CALLED,
        promised_next_contact=BEGINNING + timedelta(days=3),
        cases=cases,
    )


def _claim(line_id: UUID, *, document: str) -> LineClaim:
    return LineClaim(
        line_id=line_id,
        document=Document(system="S4", company_code="FR01", number=document),
        open_amount=Decimal("1842.40"),
        amount=Decimal("614.13"),
        vat=Decimal("102.36"),
        currency="EUR",
        reason_code="damaged_goods",
        requested_action="credit_note",
    )
