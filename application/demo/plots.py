"""What becomes of the story's cases: each plot is one way that a case can go."""

from collections.abc import Callable
from typing import Final, NamedTuple

from application import blocks, complaints, disputes
from application.demo import chapters as tell
from application.demo.chapters import COMPLAINT, DISPUTE
from application.demo.people import COURT, ERP, FINANCE, MEDIATOR, OMBUDSMAN
from application.demo.phrases import CHASED, WITHDRAWN
from application.demo.telling import Telling
from domain.complaints.events import MediationOutcome
from domain.contacts import Direction, Reached
from domain.disputes.lines import Allocation
from domain.event import Channel
from domain.parties import SYSTEM


def answered(told: Telling) -> None:
    """Answered, and the customer is satisfied."""
    tell.register(told)
    tell.acknowledge(told)
    tell.take_on(told)
    tell.call(told)
    tell.respond(told)
    tell.accept(told)


def answered_after_a_question(told: Telling) -> None:
    """Answered, once the customer had sent what we needed."""
    tell.register(told)
    tell.take_on(told)
    tell.ask(told)
    tell.learn(told)
    tell.respond(told)
    tell.accept(told)


def silently_closed(told: Telling) -> None:
    """Answered; the customer let the time to contest pass."""
    tell.register(told)
    tell.acknowledge(told)
    tell.take_on(told)
    tell.respond(told)
    told.later(days=30)
    complaints.response_window_elapsed(told.on(COMPLAINT, by=SYSTEM), cases=told.cases)


def unanswered(told: Telling) -> None:
    """Nobody has looked at it yet."""
    tell.register(told)


def chased(told: Telling) -> None:
    """The customer asks again, and still nobody has answered."""
    tell.register(told)
    told.later(days=6)
    tell.contact(told, CHASED[told.language], channel=Channel.EMAIL, direction=Direction.INBOUND)


def acknowledged(told: Telling) -> None:
    """The customer knows that it has arrived, and when we come back."""
    tell.register(told)
    tell.acknowledge(told)


def worked_on(told: Telling) -> None:
    """Somebody is at it; the customer was called, and not always reached."""
    tell.register(told)
    tell.acknowledge(told)
    tell.take_on(told)
    tell.call(told, reached=told.pick((Reached.YES, Reached.VOICEMAIL, Reached.NO), "reached"))


def awaiting_customer(told: Telling) -> None:
    """We need something from the customer."""
    tell.register(told)
    tell.acknowledge(told)
    tell.take_on(told)
    tell.ask(told)


def handed_over(told: Telling) -> None:
    """Another service owes us an answer."""
    tell.register(told)
    tell.acknowledge(told)
    tell.take_on(told)
    tell.hand_over(told)


def answered_by_another_service(told: Telling) -> None:
    """Another service answered; now we can."""
    handed_over(told)
    told.later(days=2)
    complaints.answer_handover(
        told.on(COMPLAINT, by=told.agent), answer=told.put(told.words.answer), cases=told.cases
    )


def escalated(told: Telling) -> None:
    """The customer had enough of waiting."""
    chased(told)
    told.later(days=4)
    complaints.escalate(
        told.on(COMPLAINT, by=told.agent, channel=Channel.PHONE, reason="no_answer_in_time"),
        cases=told.cases,
    )


def contested(told: Telling) -> None:
    """The customer does not accept our answer."""
    tell.register(told)
    tell.acknowledge(told)
    tell.take_on(told)
    tell.respond(told)
    told.later(days=4)
    complaints.contest_response(
        told.on(COMPLAINT, by=told.agent, channel=told.channel, reason="not_convinced"),
        cases=told.cases,
    )


def responded(told: Telling) -> None:
    """Answered; the customer may still contest."""
    tell.register(told)
    tell.acknowledge(told)
    tell.take_on(told)
    tell.respond(told)


def told_twice(told: Telling) -> None:
    """The customer complained twice about the same thing."""
    tell.register(told)
    told.later(days=2)
    tell.register(told, case="repetition")
    told.later(hours=4)
    complaints.merge_duplicate(
        told.on("repetition", by=told.agent),
        into_complaint_id=told.name(COMPLAINT),
        cases=told.cases,
    )


def withdrawn(told: Telling) -> None:
    """The customer took it back."""
    tell.register(told)
    tell.acknowledge(told)
    told.later(days=1)
    complaints.withdraw(
        told.on(COMPLAINT, by=told.agent, channel=told.channel, reason=WITHDRAWN[told.language]),
        cases=told.cases,
    )


def in_mediation(told: Telling) -> None:
    """The customer went to the mediator."""
    contested(told)
    told.later(days=5)
    complaints.refer_to_mediator(
        told.on(COMPLAINT, by=told.agent, channel=Channel.LETTER),
        mediator=OMBUDSMAN[told.language],
        cases=told.cases,
    )


def mediated(told: Telling) -> None:
    """The mediator has spoken; we answer accordingly."""
    in_mediation(told)
    told.later(days=20)
    complaints.mediation_concluded(
        told.on(COMPLAINT, by=MEDIATOR),
        outcome=told.pick(tuple(MediationOutcome), "outcome"),
        cases=told.cases,
    )
    tell.respond(told)
    tell.accept(told)


def payment_blocked(told: Telling) -> None:
    """The payment is blocked, and we negotiate."""
    tell.dispute_this(told)


def two_lines_blocked(told: Telling) -> None:
    """Two lines of one invoice are blocked, without a complaint before."""
    told.later(hours=1)
    disputes.open_directly(
        told.on(DISPUTE, by=told.agent, channel=told.channel),
        customer_id=told.customer,
        reason_code=told.theme.reason_code,
        requested_action=told.theme.wanted,
        lines=[told.claim(1), told.claim(2)],
        cases=told.cases,
    )
    tell.request_block(told, lines=2)
    tell.confirm_block(told, line=1)
    tell.confirm_block(told, line=2)


def block_refused(told: Telling) -> None:
    """The ERP refused the block; a person must look."""
    tell.register(told)
    tell.take_on(told)
    tell.convert(told)
    tell.request_block(told)
    told.later(minutes=1)
    blocks.reject(told.on("block 1", by=ERP), cause="document_locked", cases=told.cases)


def block_unanswered(told: Telling) -> None:
    """The ERP never answered; whether it blocks, nobody knows."""
    tell.register(told)
    tell.take_on(told)
    tell.convert(told)
    tell.request_block(told)
    told.later(hours=1)
    blocks.give_up(told.on("block 1", by=SYSTEM), cases=told.cases)


def block_lost(told: Telling) -> None:
    """Somebody removed the block in the ERP by hand."""
    tell.dispute_this(told)
    told.later(days=3)
    blocks.drift(told.on("block 1", by=ERP), cases=told.cases)


def more_asked(told: Telling) -> None:
    """Blocked; the customer owes us a document."""
    tell.dispute_this(told)
    told.later(days=1)
    disputes.request_information(
        told.on(DISPUTE, by=told.agent, channel=Channel.EMAIL),
        question=told.put(told.words.question),
        answer_by=None,
        cases=told.cases,
    )


def awaiting_approval(told: Telling) -> None:
    """A settlement is proposed; somebody else must approve it."""
    tell.dispute_this(told)
    tell.propose(told, share=2)


def settlement_offered(told: Telling) -> None:
    """The customer has an offer."""
    awaiting_approval(told)
    tell.approve(told)


def offer_refused(told: Telling) -> None:
    """The customer refused the offer; we negotiate again."""
    settlement_offered(told)
    told.later(days=3)
    disputes.customer_refuses(
        told.on(DISPUTE, by=told.agent, channel=told.channel, reason="too_little"),
        cases=told.cases,
    )


def settled(told: Telling) -> None:
    """Settled, released, closed, answered, accepted: the whole way."""
    tell.dispute_this(told)
    tell.propose(told)
    tell.approve(told)
    tell.settle(told)
    tell.release(told)
    tell.close_dispute(told)
    tell.respond(told)
    tell.accept(told)


def release_failed(told: Telling) -> None:
    """Settled, but the ERP does not let the payment go."""
    tell.dispute_this(told)
    tell.propose(told)
    tell.approve(told)
    tell.settle(told)
    told.later(minutes=2)
    blocks.fail_release(told.on("block 1", by=ERP), cause="period_closed", cases=told.cases)


def unfounded(told: Telling) -> None:
    """Found unfounded, released, and answered."""
    tell.dispute_this(told)
    tell.reject(told)
    tell.give_back(told)
    tell.release(told)
    tell.close_dispute(told)
    tell.respond(told)


def rejection_contested(told: Telling) -> None:
    """Found unfounded; the customer does not accept that."""
    tell.dispute_this(told)
    tell.reject(told)
    told.later(days=4)
    disputes.contest(
        told.on(DISPUTE, by=told.agent, channel=Channel.LETTER, reason="new_evidence"),
        cases=told.cases,
    )


def dispute_in_mediation(told: Telling) -> None:
    """The mediator works on the dispute; the payment stays blocked."""
    tell.dispute_this(told)
    told.later(days=6)
    disputes.refer_to_mediator(
        told.on(DISPUTE, by=told.agent), mediator=OMBUDSMAN[told.language], cases=told.cases
    )


def in_court(told: Telling) -> None:
    """The matter went to court; the payment stays blocked."""
    rejection_contested(told)
    told.later(days=10)
    disputes.start_litigation(
        told.on(DISPUTE, by=FINANCE), court=COURT[told.language], cases=told.cases
    )


def paid_after_all(told: Telling) -> None:
    """The customer paid, and the dispute ended by that."""
    tell.dispute_this(told)
    told.later(days=5)
    claimed = told.claim()
    disputes.cleared_in_erp(
        told.on(DISPUTE, by=ERP),
        payments=(Allocation(line_id=claimed.line_id, amount=claimed.amount),),
        erp_document=None,
        cases=told.cases,
    )
    tell.release(told)
    tell.close_dispute(told)
    tell.respond(told)
    tell.accept(told)


class Plot(NamedTuple):
    """A way that cases go, how many go it, and when they began: so many days before the end."""

    tell: Callable[[Telling], None]
    cases: int
    earliest: int
    latest: int


PLOTS: Final = (
    Plot(answered, 36, 175, 20),
    Plot(answered_after_a_question, 18, 170, 25),
    Plot(silently_closed, 14, 175, 60),
    Plot(unanswered, 22, 16, 1),
    Plot(chased, 8, 30, 12),
    Plot(acknowledged, 12, 12, 6),
    Plot(worked_on, 18, 20, 8),
    Plot(awaiting_customer, 14, 18, 8),
    Plot(handed_over, 10, 18, 8),
    Plot(answered_by_another_service, 6, 20, 12),
    Plot(escalated, 10, 32, 20),
    Plot(contested, 8, 40, 18),
    Plot(responded, 10, 25, 11),
    Plot(told_twice, 6, 20, 8),
    Plot(withdrawn, 8, 120, 10),
    Plot(in_mediation, 6, 60, 26),
    Plot(mediated, 4, 150, 65),
    Plot(payment_blocked, 22, 120, 9),
    Plot(two_lines_blocked, 8, 90, 4),
    Plot(block_refused, 6, 20, 6),
    Plot(block_unanswered, 3, 20, 6),
    Plot(block_lost, 3, 30, 14),
    Plot(more_asked, 6, 25, 12),
    Plot(awaiting_approval, 8, 30, 14),
    Plot(settlement_offered, 9, 35, 16),
    Plot(offer_refused, 4, 45, 22),
    Plot(settled, 26, 175, 40),
    Plot(release_failed, 4, 40, 24),
    Plot(unfounded, 8, 160, 40),
    Plot(rejection_contested, 5, 60, 26),
    Plot(dispute_in_mediation, 4, 90, 22),
    Plot(in_court, 3, 120, 45),
    Plot(paid_after_all, 8, 150, 35),
)
