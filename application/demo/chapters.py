"""The passages that cases of the story have in common, each told through the use cases."""

from datetime import timedelta
from decimal import Decimal

from application import blocks, complaints, disputes
from application.demo.people import ERP, FINANCE, MANAGER
from application.demo.phrases import ACKNOWLEDGED, CALLED, HOW_TO_CONTEST, QUEUES
from application.demo.telling import Foreseen, Telling
from domain.blocks.events import Scope
from domain.complaints.events import References
from domain.contacts import Direction, Reached
from domain.disputes.lines import Allocation
from domain.disputes.settlement import Settlement, SettlementKind
from domain.event import Channel
from domain.parties import SYSTEM

COMPLAINT = "complaint"
DISPUTE = "dispute"


def register(told: Telling, *, case: str = COMPLAINT) -> None:
    """The customer complains, and the work goes to a queue."""
    complaints.register(
        told.on(case, by=told.agent, channel=told.channel),
        customer_id=told.customer,
        first_received_at=told.moment - timedelta(hours=told.draw(20, f"{case} waited")),
        text=told.put(told.pick(told.words.complaints, f"{case} text")),
        category=told.theme.category,
        language=told.language,
        wanted_outcome=told.theme.wanted,
        contact_point=told.contact_point,
        references=References(product=told.product, order=told.order, invoice=told.invoice),
        cases=told.cases,
    )
    told.later(minutes=2)
    queue = QUEUES[told.language]
    complaints.route(told.on(case, by=SYSTEM), queue=queue, cases=told.cases)


def acknowledge(told: Telling) -> None:
    """The customer is told that it has arrived, and when we come back."""
    told.later(hours=1 + told.draw(30, "acknowledged"))
    complaints.acknowledge(told.on(COMPLAINT, by=SYSTEM), cases=told.cases)
    contact(told, ACKNOWLEDGED[told.language], channel=Channel.EMAIL, promised=True)


def take_on(told: Telling) -> None:
    """An agent takes the complaint on and looks into it."""
    told.later(days=1, hours=told.draw(5, "taken on"))
    complaints.claim_work(told.on(COMPLAINT, by=told.agent), cases=told.cases)
    complaints.start_review(told.on(COMPLAINT, by=told.agent), cases=told.cases)


def contact(
    told: Telling,
    summary: str,
    *,
    channel: Channel = Channel.PHONE,
    reached: Reached = Reached.YES,
    direction: Direction = Direction.OUTBOUND,
    promised: bool = False,
) -> None:
    """Somebody turns to somebody."""
    told.later(minutes=10)
    complaints.record_contact(
        told.on(COMPLAINT, by=told.agent, channel=channel),
        direction=direction,
        channel=channel,
        reached=reached,
        summary=summary,
        promised_next_contact=told.moment + timedelta(days=7) if promised else None,
        cases=told.cases,
    )


def call(told: Telling, *, reached: Reached = Reached.YES) -> None:
    """We call the customer, and reach somebody or not."""
    contact(told, CALLED[told.language], reached=reached, promised=reached is Reached.YES)


def ask(told: Telling, *, days: int = 10) -> None:
    """We need something from the customer."""
    told.later(hours=3)
    complaints.request_information(
        told.on(COMPLAINT, by=told.agent, channel=Channel.EMAIL),
        question=told.put(told.words.question),
        answer_by=told.moment + timedelta(days=days),
        cases=told.cases,
    )


def learn(told: Telling) -> None:
    """The customer answers."""
    told.later(days=2, hours=2)
    complaints.provide_information(
        told.on(COMPLAINT, by=told.agent, channel=told.channel),
        answer=told.put(told.words.answer),
        cases=told.cases,
    )


def hand_over(told: Telling) -> None:
    """Another service is asked; the complaint stays ours."""
    told.later(hours=4)
    complaints.hand_over(
        told.on(COMPLAINT, by=told.agent),
        to_queue=told.theme.other_service,
        question=told.put(told.words.question),
        answer_by=told.moment + timedelta(days=5),
        cases=told.cases,
    )


def respond(told: Telling) -> None:
    """The customer gets our answer, and how to contest it."""
    told.later(days=2)
    complaints.send_final_response(
        told.on(COMPLAINT, by=told.agent, channel=Channel.EMAIL),
        response=told.put(told.words.response),
        how_to_contest=HOW_TO_CONTEST[told.language],
        cases=told.cases,
    )


def accept(told: Telling) -> None:
    """The customer is satisfied, and the case is over."""
    told.later(days=3)
    complaints.link_root_cause(
        told.on(COMPLAINT, by=told.agent), root_cause=told.theme.root_cause, cases=told.cases
    )
    complaints.accept_response(
        told.on(COMPLAINT, by=told.agent, channel=told.channel), cases=told.cases
    )


def convert(told: Telling, *, lines: int = 1) -> None:
    """The complaint becomes a dispute over the invoice."""
    told.later(hours=2)
    complaints.convert_to_dispute(
        told.on(COMPLAINT, by=told.agent, reason="customer_withholds_payment"),
        dispute_id=told.name(DISPUTE),
        reason_code=told.theme.reason_code,
        requested_action=told.theme.wanted,
        lines=[told.claim(line) for line in range(1, lines + 1)],
        cases=told.cases,
    )


def request_block(told: Telling, *, lines: int = 1) -> None:
    """The ERP is asked to hold the payment back."""
    told.later(minutes=20)
    disputes.request_block(
        told.on(DISPUTE, by=told.agent),
        review_by=told.moment.date() + timedelta(days=90),
        scopes=(Scope.DUNNING,),
        identities=Foreseen([told.name(f"block {line}") for line in range(1, lines + 1)]),
        cases=told.cases,
    )
    for line in range(1, lines + 1):
        blocks.send(told.on(f"block {line}", by=SYSTEM), cases=told.cases)


def confirm_block(told: Telling, *, line: int = 1) -> None:
    """The ERP holds the payment back."""
    told.later(minutes=1)
    reference = f"BLK-{told.draw(9_000_000, f'reference {line}') + 1_000_000}"
    blocks.confirm(told.on(f"block {line}", by=ERP), erp_reference=reference, cases=told.cases)


def propose(told: Telling, *, share: int = 1) -> None:
    """A settlement is proposed: a credit of the whole line, or a part of it."""
    told.later(days=2, hours=1)
    claimed = told.claim()
    amount = (claimed.amount / share).quantize(claimed.amount)
    settlement = Settlement(
        settlement_id=told.name("settlement"),
        kind=told.pick((SettlementKind.CREDIT_NOTE, SettlementKind.GOODWILL), "settlement"),
        allocations=(Allocation(line_id=claimed.line_id, amount=max(amount, Decimal(1))),),
    )
    disputes.propose_settlement(
        told.on(DISPUTE, by=told.agent), settlement=settlement, cases=told.cases
    )


def approve(told: Telling) -> None:
    """Finance, whom no limit binds, approves; the offer goes to the customer."""
    told.later(hours=5)
    disputes.approve(
        told.on(DISPUTE, by=FINANCE), settlement_id=told.name("settlement"), cases=told.cases
    )


def settle(told: Telling) -> None:
    """The customer accepts, and the ERP books it."""
    told.later(days=2)
    disputes.customer_accepts(
        told.on(DISPUTE, by=told.agent, channel=told.channel), cases=told.cases
    )
    told.later(hours=20)
    disputes.settlement_executed(
        told.on(DISPUTE, by=ERP),
        erp_document=f"CN-{told.draw(900_000, 'credit note') + 100_000}",
        cases=told.cases,
    )


def release(told: Telling) -> None:
    """The ERP lets the payment go."""
    told.later(minutes=2)
    blocks.confirm_release(told.on("block 1", by=ERP), cases=told.cases)


def close_dispute(told: Telling) -> None:
    """The dispute is over; a final response is still owed."""
    told.later(hours=3)
    disputes.close(
        told.on(DISPUTE, by=told.agent), root_cause=told.theme.root_cause, cases=told.cases
    )


def reject(told: Telling) -> None:
    """A manager finds the dispute unfounded."""
    told.later(days=3)
    disputes.reject_as_unfounded(
        told.on(DISPUTE, by=MANAGER, reason="delivery_note_signed"),
        how_to_contest=HOW_TO_CONTEST[told.language],
        cases=told.cases,
    )


def give_back(told: Telling) -> None:
    """Finance orders the release of an unfounded dispute."""
    told.later(days=2)
    disputes.release(told.on(DISPUTE, by=FINANCE), cases=told.cases)


def dispute_this(told: Telling) -> None:
    """From the complaint to the blocked payment."""
    register(told)
    acknowledge(told)
    take_on(told)
    call(told)
    convert(told)
    request_block(told)
    confirm_block(told)
