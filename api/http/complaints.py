"""Complaints: how they begin, and the steps of their life."""

from http import HTTPStatus
from typing import Annotated

from pydantic import ConfigDict, Field

from api.http.actions import Kind, command
from api.http.answers import complaint_after, complaint_at, dispute_after
from api.http.calls import NOTHING_SAID, Beginning, Changing, Circumstances, Converting, ReadingCase
from api.http.case_views import ComplaintView, DisputeView
from api.http.describing import creates, reads
from api.http.disputed_lines import DisputedLine, claims
from api.http.moments import AsOf
from api.http.operations import operations
from api.http.questions import Question, Reply
from api.http.values import Body, Code, Identifier, Instant, ListOf, OneOf, Prose
from application import complaints
from domain.complaints.events import Language, MediationOutcome, References

router = operations("/v1/complaints", tag="complaints")
KIND = Kind.COMPLAINT


class ReferencesGiven(Body):
    """What a complaint is about, in the customer's or the company's own numbers."""

    product: Code | None = None
    contract: Code | None = None
    order: Code | None = None
    invoice: Code | None = None


class Registration(Circumstances):
    """What a complaint is born with."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_id": "C-1001",
                    "first_received_at": "2026-03-02T09:12:00+01:00",
                    "text": "La palette est arrivée abîmée.",
                    "category": "delivery.damaged",
                    "language": "fr",
                    "wanted_outcome": "credit_note",
                    "references": {"order": "CMD-7", "invoice": "FA-2026-0042"},
                    "channel": "email",
                },
            ],
        },
    )

    customer_id: Code
    first_received_at: Annotated[
        Instant | None, Field(description="It never changes; occurred_at, if nothing is said")
    ] = None
    text: Prose
    category: Code
    language: OneOf[Language]
    wanted_outcome: Code | None = None
    contact_point: Code | None = None
    references: ReferencesGiven = ReferencesGiven()
    company_code: Annotated[
        Code | None,
        Field(description="The legal entity; the caller's own, if it is one and nothing is said"),
    ] = None
    queue: Annotated[
        Code | None,
        Field(description="The team; the caller's own, if it is one and nothing is said"),
    ] = None


class QuestionToQueue(Question):
    """A question to another service."""

    to_queue: Code


class Conversion(Circumstances):
    """What a complaint disputes from now on."""

    reason_code: Code
    requested_action: Code | None = None
    lines: ListOf[DisputedLine] = ()


class FinalResponse(Circumstances):
    """The answer to the customer, and how it can be contested."""

    response: Prose
    how_to_contest: Prose


class Merge(Circumstances):
    """The earlier complaint that this one repeats."""

    into_complaint_id: Identifier


class Mediation(Circumstances):
    """The mediator whom the customer chose."""

    mediator: Code


class Conclusion(Circumstances):
    """How the mediation ended."""

    outcome: OneOf[MediationOutcome]


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    operation_id="complaints.register",
    responses=creates(),
)
def register(said: Registration, call: Beginning) -> ComplaintView:
    """Begin a complaint."""
    on = call.on(said)
    recorded = complaints.register(
        on,
        customer_id=said.customer_id,
        first_received_at=said.first_received_at or on.envelope.at,
        text=said.text,
        category=said.category,
        language=said.language,
        wanted_outcome=said.wanted_outcome,
        contact_point=said.contact_point,
        references=References(**said.references.model_dump()),
        company_code=said.company_code or call.principal.reach.only_company,
        queue=said.queue or call.principal.reach.only_team,
        cases=call.cases,
    )
    return complaint_after(call, recorded, begun=True)


@router.get("/{case_id}", operation_id="complaints.read", responses=reads(of_a_case=True))
def read(case_id: Identifier, moment: AsOf, call: ReadingCase) -> ComplaintView:
    """Show a complaint as it is, or as it was."""
    return complaint_at(call, case_id, moment)


@command(router, KIND, "acknowledge")
def acknowledge(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Tell the customer that the complaint has arrived."""
    recorded = complaints.acknowledge(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "start_review")
def start_review(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Begin to work on the complaint."""
    recorded = complaints.start_review(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "request_information")
def request_information(said: Question, call: Changing) -> ComplaintView:
    """Ask the customer something."""
    recorded = complaints.request_information(
        call.on(said), question=said.question, answer_by=said.answer_by, cases=call.cases
    )
    return complaint_after(call, recorded)


@command(router, KIND, "provide_information")
def provide_information(said: Reply, call: Changing) -> ComplaintView:
    """Take the customer's answer in."""
    recorded = complaints.provide_information(call.on(said), answer=said.answer, cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "hand_over")
def hand_over(said: QuestionToQueue, call: Changing) -> ComplaintView:
    """Ask another service; the complaint stays ours until it answers."""
    recorded = complaints.hand_over(
        call.on(said),
        to_queue=said.to_queue,
        question=said.question,
        answer_by=said.answer_by,
        cases=call.cases,
    )
    return complaint_after(call, recorded)


@command(router, KIND, "answer_handover")
def answer_handover(said: Reply, call: Changing) -> ComplaintView:
    """Answer for the other service."""
    recorded = complaints.answer_handover(call.on(said), answer=said.answer, cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "wait_expired")
def wait_expired(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Stop waiting for an answer."""
    recorded = complaints.wait_expired(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "escalate")
def escalate(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Hand the complaint to the next level."""
    recorded = complaints.escalate(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "de_escalate")
def de_escalate(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Give the complaint back to ordinary handling."""
    recorded = complaints.de_escalate(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "open_dispute", status=HTTPStatus.CREATED)
def open_dispute(said: Conversion, call: Converting) -> DisputeView:
    """Turn the complaint into a dispute, and answer with the dispute."""
    recorded = complaints.convert_to_dispute(
        call.on(said),
        dispute_id=call.services.identities.new(),
        reason_code=said.reason_code,
        requested_action=said.requested_action,
        lines=claims(said.lines, identities=call.services.identities),
        cases=call.cases,
    )
    return dispute_after(call, recorded, begun=True)


@command(router, KIND, "send_final_response")
def send_final_response(said: FinalResponse, call: Changing) -> ComplaintView:
    """Answer the customer, and say how the answer can be contested."""
    recorded = complaints.send_final_response(
        call.on(said), response=said.response, how_to_contest=said.how_to_contest, cases=call.cases
    )
    return complaint_after(call, recorded)


@command(router, KIND, "accept_response")
def accept_response(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Close with the customer's agreement."""
    recorded = complaints.accept_response(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "response_window_elapsed")
def response_window_elapsed(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Close because nobody contested in time."""
    recorded = complaints.response_window_elapsed(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "contest_response")
def contest_response(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Take note that the customer does not accept the answer."""
    recorded = complaints.contest_response(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "withdraw")
def withdraw(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Close because the customer took the complaint back."""
    recorded = complaints.withdraw(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "merge_duplicate")
def merge_duplicate(said: Merge, call: Changing) -> ComplaintView:
    """Close as a repetition of an earlier complaint of the same customer."""
    recorded = complaints.merge_duplicate(
        call.on(said), into_complaint_id=said.into_complaint_id, cases=call.cases
    )
    return complaint_after(call, recorded)


@command(router, KIND, "refer_to_mediator")
def refer_to_mediator(said: Mediation, call: Changing) -> ComplaintView:
    """Take note that the customer went to the mediator."""
    recorded = complaints.refer_to_mediator(call.on(said), mediator=said.mediator, cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "mediation_concluded")
def mediation_concluded(said: Conclusion, call: Changing) -> ComplaintView:
    """Take the mediator's conclusion in."""
    recorded = complaints.mediation_concluded(call.on(said), outcome=said.outcome, cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "leave_mediation")
def leave_mediation(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Take note that the customer left the mediation."""
    recorded = complaints.leave_mediation(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "reopen")
def reopen(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Work on the closed complaint again."""
    recorded = complaints.reopen(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)
