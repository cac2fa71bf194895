"""Disputes: the steps between the block and the end."""

from pydantic import ConfigDict

from api.http.actions import Kind, command
from api.http.answers import dispute_after
from api.http.calls import NOTHING_SAID, Changing, Circumstances
from api.http.case_views import DisputeView
from api.http.keeping import ContactMade, Correction, Note
from api.http.operations import operations
from api.http.questions import Question, Reply
from api.http.values import AmountIn, Body, Code, Identifier, ListOf, OneOf, Prose
from application import dispute_file, disputes
from application.ports import Identities
from domain.disputes.events import CorrectableDisputeField, JudgmentOutcome
from domain.disputes.lines import Allocation
from domain.disputes.settlement import Settlement, SettlementKind

router = operations("/v1/disputes", tag="disputes")
KIND = Kind.DISPUTE


class AllocationGiven(Body):
    """A part of one line's amount."""

    line_id: Identifier
    amount: AmountIn


class SettlementOffer(Circumstances):
    """How to settle, and how much of each line that gives."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "credit_note",
                    "allocations": [
                        {"line_id": "01961f5e-0000-7000-8000-000000000001", "amount": "80.00"},
                    ],
                    "reason": "Two of the five pallets were damaged",
                },
            ],
        },
    )

    kind: OneOf[SettlementKind]
    allocations: ListOf[AllocationGiven] = ()

    def as_settlement(self, *, identities: Identities) -> Settlement:
        """The settlement, with an identity of its own."""
        return Settlement(
            settlement_id=identities.new(),
            kind=self.kind,
            allocations=_allocations(self.allocations),
        )


class Approval(Circumstances):
    """The settlement that was read: its identity names its kind and every amount of it."""

    settlement_id: Identifier


class ErpBooking(Circumstances):
    """The ERP's own document of what it booked."""

    erp_document: Code | None = None


class Clearing(ErpBooking):
    """What the customer paid of each line; the rest returns to collection."""

    payments: ListOf[AllocationGiven] = ()


class Failure(Circumstances):
    """Why the ERP could not do it."""

    cause: Code


class Rejection(Circumstances):
    """What the customer is told when the dispute is found unfounded."""

    how_to_contest: Prose


class Mediation(Circumstances):
    """The mediator whom the customer chose."""

    mediator: Code


class MediationConclusion(Circumstances):
    """What the mediator concluded."""

    conclusion: Prose


class Litigation(Circumstances):
    """The court that was called."""

    court: Code


class Judgment(Circumstances):
    """Whom the court found right."""

    outcome: OneOf[JudgmentOutcome]


class Closure(Circumstances):
    """Why it happened: the root cause, or `none_found`."""

    root_cause: Code


class DisputeCorrection(Correction):
    """What was recorded wrongly of a dispute, or of one of its lines."""

    line_id: Identifier | None = None
    field: OneOf[CorrectableDisputeField]


@command(router, KIND, "request_information")
def request_information(said: Question, call: Changing) -> DisputeView:
    """Ask the customer something."""
    recorded = disputes.request_information(
        call.on(said), question=said.question, answer_by=said.answer_by, cases=call.cases
    )
    return dispute_after(call, recorded)


@command(router, KIND, "provide_information")
def provide_information(said: Reply, call: Changing) -> DisputeView:
    """Take the customer's answer in."""
    recorded = disputes.provide_information(call.on(said), answer=said.answer, cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "wait_expired")
def wait_expired(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Stop waiting for the customer."""
    recorded = disputes.wait_expired(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "propose_settlement")
def propose_settlement(said: SettlementOffer, call: Changing) -> DisputeView:
    """Propose how to settle."""
    recorded = disputes.propose_settlement(
        call.on(said),
        settlement=said.as_settlement(identities=call.services.identities),
        cases=call.cases,
    )
    return dispute_after(call, recorded)


@command(router, KIND, "approve")
def approve(said: Approval, call: Changing) -> DisputeView:
    """Approve a proposed settlement; it goes to the customer."""
    recorded = disputes.approve(call.on(said), settlement_id=said.settlement_id, cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "refuse_approval")
def refuse_approval(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Do not approve the proposed settlement."""
    recorded = disputes.refuse_approval(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "customer_accepts")
def customer_accepts(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Take note that the customer accepts the offer."""
    recorded = disputes.customer_accepts(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "customer_refuses")
def customer_refuses(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Take note that the customer does not accept the offer."""
    recorded = disputes.customer_refuses(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "offer_expired")
def offer_expired(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Take the offer back because nobody answered it."""
    recorded = disputes.offer_expired(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "settlement_executed")
def settlement_executed(said: ErpBooking, call: Changing) -> DisputeView:
    """Learn that the ERP booked the settlement; the blocks are to be released."""
    recorded = disputes.settlement_executed(
        call.on(said), erp_document=said.erp_document, cases=call.cases
    )
    return dispute_after(call, recorded)


@command(router, KIND, "settlement_failed")
def settlement_failed(said: Failure, call: Changing) -> DisputeView:
    """Learn that the ERP could not book the settlement."""
    recorded = disputes.settlement_failed(call.on(said), cause=said.cause, cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "reject_as_unfounded")
def reject_as_unfounded(said: Rejection, call: Changing) -> DisputeView:
    """Find the dispute unfounded, and tell the customer how to contest that."""
    recorded = disputes.reject_as_unfounded(
        call.on(said), how_to_contest=said.how_to_contest, cases=call.cases
    )
    return dispute_after(call, recorded)


@command(router, KIND, "contest")
def contest(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Take note that the customer does not accept the rejection."""
    recorded = disputes.contest(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "refer_to_mediator")
def refer_to_mediator(said: Mediation, call: Changing) -> DisputeView:
    """Take note that the customer went to the mediator."""
    recorded = disputes.refer_to_mediator(call.on(said), mediator=said.mediator, cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "mediation_concluded")
def mediation_concluded(said: MediationConclusion, call: Changing) -> DisputeView:
    """Take the mediator's conclusion in."""
    recorded = disputes.mediation_concluded(
        call.on(said), conclusion=said.conclusion, cases=call.cases
    )
    return dispute_after(call, recorded)


@command(router, KIND, "start_litigation")
def start_litigation(said: Litigation, call: Changing) -> DisputeView:
    """Take note that the matter went to court."""
    recorded = disputes.start_litigation(call.on(said), court=said.court, cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "judgment_given")
def judgment_given(said: Judgment, call: Changing) -> DisputeView:
    """Take the court's decision in."""
    recorded = disputes.judgment_given(call.on(said), outcome=said.outcome, cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "cleared_in_erp")
def cleared_in_erp(said: Clearing, call: Changing) -> DisputeView:
    """Learn that the customer paid; the blocks are to be released."""
    recorded = disputes.cleared_in_erp(
        call.on(said),
        payments=_allocations(said.payments),
        erp_document=said.erp_document,
        cases=call.cases,
    )
    return dispute_after(call, recorded)


@command(router, KIND, "withdraw")
def withdraw(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Take note that the customer no longer contests; the blocks are to be released."""
    recorded = disputes.withdraw(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "release")
def release(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Order the release of an unfounded dispute's payment."""
    recorded = disputes.release(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "retry_release")
def retry_release(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Ask the ERP again to release what it still holds."""
    recorded = disputes.retry_release(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "close")
def close(said: Closure, call: Changing) -> DisputeView:
    """Close the resolved dispute, naming its root cause."""
    recorded = disputes.close(call.on(said), root_cause=said.root_cause, cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "reopen")
def reopen(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Dispute anew what was paid or returned to collection."""
    recorded = disputes.reopen(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "void")
def void(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Mark the dispute as opened by mistake."""
    recorded = disputes.void(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "reinstate")
def reinstate(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Take the voiding back."""
    recorded = disputes.reinstate(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "record_contact")
def record_contact(said: ContactMade, call: Changing) -> DisputeView:
    """Record a contact with the customer, or an attempt."""
    recorded = dispute_file.record_contact(
        call.on(said),
        direction=said.direction,
        channel=said.channel,
        reached=said.reached,
        summary=said.summary,
        promised_next_contact=said.promised_next_contact,
        cases=call.cases,
    )
    return dispute_after(call, recorded)


@command(router, KIND, "add_note")
def add_note(said: Note, call: Changing) -> DisputeView:
    """Write an internal note."""
    recorded = dispute_file.add_note(call.on(said), text=said.text, cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "add_evidence")
def add_evidence(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Add the documents that `evidence` names."""
    recorded = dispute_file.add_evidence(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "correct")
def correct(said: DisputeCorrection, call: Changing) -> DisputeView:
    """Record that something recorded earlier was wrong."""
    recorded = dispute_file.correct(
        call.on(said),
        corrects_version=said.corrects_version,
        line_id=said.line_id,
        field=said.field,
        was=said.was,
        now=said.now,
        cases=call.cases,
    )
    return dispute_after(call, recorded)


def _allocations(given: tuple[AllocationGiven, ...]) -> tuple[Allocation, ...]:
    return tuple(Allocation(line_id=part.line_id, amount=part.amount) for part in given)
