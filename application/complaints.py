"""What can be asked for about complaints."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from application.commands import OnCase
from application.invoices import LineClaim, claim
from application.ports import Cases, Work
from application.recorded import Recorded
from domain.complaints import keeping
from domain.complaints.complaint import Complaint, register_complaint
from domain.complaints.events import CorrectableField, Language, MediationOutcome, References
from domain.contacts import Direction, Reached
from domain.disputes.dispute import Dispute
from domain.disputes.opening import open_dispute
from domain.event import Channel, Event


def register(  # noqa: PLR0913 - a complaint is born with all of this
    on: OnCase,
    *,
    customer_id: str,
    first_received_at: datetime,
    text: str,
    category: str,
    language: Language,
    wanted_outcome: str | None,
    contact_point: str | None,
    references: References,
    company_code: str | None = None,
    queue: str | None = None,
    cases: Cases,
) -> Recorded:
    """Begin a complaint, with the legal entity and the team that it belongs to, where known."""

    def decide(work: Work) -> UUID:
        events = register_complaint(
            customer_id=customer_id,
            first_received_at=first_received_at,
            text=text,
            category=category,
            language=language,
            wanted_outcome=wanted_outcome,
            contact_point=contact_point,
            references=references,
            company_code=company_code,
            queue=queue,
            at=on.envelope.at,
        )
        return work.begin(Complaint, on.case_id, events).id

    return cases.transact(on.envelope, decide)


def acknowledge(on: OnCase, *, cases: Cases) -> Recorded:
    """Tell the customer that the complaint has arrived."""
    return _change(on, cases, lambda complaint: complaint.acknowledge(by=on.by))


def start_review(on: OnCase, *, cases: Cases) -> Recorded:
    """Begin to work on the complaint."""
    return _change(on, cases, lambda complaint: complaint.start_review(by=on.by))


def request_information(
    on: OnCase,
    *,
    question: str,
    answer_by: datetime | None,
    cases: Cases,
) -> Recorded:
    """Ask the customer something."""
    return _change(
        on,
        cases,
        lambda complaint: complaint.request_information(
            question=question,
            answer_by=answer_by,
            by=on.by,
        ),
    )


def provide_information(on: OnCase, *, answer: str, cases: Cases) -> Recorded:
    """Take the customer's answer in."""
    return _change(on, cases, lambda c: c.provide_information(answer=answer, by=on.by))


def hand_over(
    on: OnCase,
    *,
    to_queue: str,
    question: str,
    answer_by: datetime | None,
    cases: Cases,
) -> Recorded:
    """Ask another service; the complaint stays ours until it answers."""
    return _change(
        on,
        cases,
        lambda complaint: complaint.hand_over(
            to_queue=to_queue,
            question=question,
            answer_by=answer_by,
            by=on.by,
        ),
    )


def answer_handover(on: OnCase, *, answer: str, cases: Cases) -> Recorded:
    """Answer for the other service."""
    return _change(on, cases, lambda c: c.answer_handover(answer=answer, by=on.by))


def wait_expired(on: OnCase, *, cases: Cases) -> Recorded:
    """Stop waiting for an answer."""
    return _change(on, cases, lambda complaint: complaint.wait_expired(by=on.by))


def escalate(on: OnCase, *, cases: Cases) -> Recorded:
    """Hand the complaint to the next level."""
    return _change(on, cases, lambda complaint: complaint.escalate(by=on.by))


def de_escalate(on: OnCase, *, cases: Cases) -> Recorded:
    """Give the complaint back to ordinary handling."""
    return _change(on, cases, lambda complaint: complaint.de_escalate(by=on.by))


def convert_to_dispute(
    on: OnCase,
    *,
    dispute_id: UUID,
    reason_code: str,
    requested_action: str | None,
    lines: Sequence[LineClaim],
    cases: Cases,
) -> Recorded:
    """Turn a complaint into a dispute; answers with the dispute.

    Complaint, dispute and the disputed invoices change together: a complaint in dispute has
    exactly one open dispute, and no invoice is disputed beyond what is open.
    """

    def decide(work: Work) -> UUID:
        complaint = work.load(Complaint, on.case_id, expected_version=on.expected_version)
        work.record(complaint, complaint.open_dispute(dispute_id=dispute_id, by=on.by))
        opened = open_dispute(
            customer_id=complaint.customer_id,
            complaint_id=complaint.id,
            reason_code=reason_code,
            requested_action=requested_action,
            lines=tuple(line.as_line() for line in lines),
        )
        dispute = work.begin(Dispute, dispute_id, opened)
        for line in lines:
            claim(work, line, dispute=dispute)
        return dispute_id

    return cases.transact(on.envelope, decide)


def send_final_response(
    on: OnCase,
    *,
    response: str,
    how_to_contest: str,
    cases: Cases,
) -> Recorded:
    """Answer the customer, and say how the answer can be contested."""
    return _change(
        on,
        cases,
        lambda complaint: complaint.send_final_response(
            response=response,
            how_to_contest=how_to_contest,
            by=on.by,
        ),
    )


def accept_response(on: OnCase, *, cases: Cases) -> Recorded:
    """Close with the customer's agreement."""
    return _change(on, cases, lambda complaint: complaint.accept_response(by=on.by))


def response_window_elapsed(on: OnCase, *, cases: Cases) -> Recorded:
    """Close because nobody contested in time."""
    return _change(on, cases, lambda complaint: complaint.response_window_elapsed(by=on.by))


def contest_response(on: OnCase, *, cases: Cases) -> Recorded:
    """Take note that the customer does not accept the answer."""
    return _change(on, cases, lambda complaint: complaint.contest_response(by=on.by))


def withdraw(on: OnCase, *, cases: Cases) -> Recorded:
    """Close because the customer took the complaint back."""
    return _change(on, cases, lambda complaint: complaint.withdraw(by=on.by))


def merge_duplicate(on: OnCase, *, into_complaint_id: UUID, cases: Cases) -> Recorded:
    """Close as a repetition of an earlier complaint of the same customer."""

    def decide(work: Work) -> UUID:
        complaint = work.load(Complaint, on.case_id, expected_version=on.expected_version)
        into = work.load(Complaint, into_complaint_id)
        return work.record(complaint, complaint.merge_duplicate(into=into, by=on.by)).id

    return cases.transact(on.envelope, decide)


def refer_to_mediator(on: OnCase, *, mediator: str, cases: Cases) -> Recorded:
    """Take note that the customer went to the mediator."""
    return _change(
        on,
        cases,
        lambda c: c.refer_to_mediator(mediator=mediator, by=on.by, at=on.envelope.at),
    )


def mediation_concluded(on: OnCase, *, outcome: MediationOutcome, cases: Cases) -> Recorded:
    """Take the mediator's conclusion in."""
    return _change(on, cases, lambda c: c.mediation_concluded(outcome=outcome, by=on.by))


def leave_mediation(on: OnCase, *, cases: Cases) -> Recorded:
    """Take note that the customer left the mediation."""
    return _change(on, cases, lambda complaint: complaint.leave_mediation(by=on.by))


def reopen(on: OnCase, *, cases: Cases) -> Recorded:
    """Work on the closed complaint again."""
    return _change(on, cases, lambda complaint: complaint.reopen(by=on.by))


def record_contact(
    on: OnCase,
    *,
    direction: Direction,
    channel: Channel,
    reached: Reached,
    summary: str | None,
    promised_next_contact: datetime | None,
    cases: Cases,
) -> Recorded:
    """Record a contact with the customer, or an attempt."""
    return _change(
        on,
        cases,
        lambda complaint: keeping.record_contact(
            complaint,
            direction=direction,
            channel=channel,
            reached=reached,
            summary=summary,
            promised_next_contact=promised_next_contact,
            by=on.by,
        ),
    )


def add_note(on: OnCase, *, text: str, cases: Cases) -> Recorded:
    """Write an internal note."""
    return _change(on, cases, lambda complaint: keeping.add_note(complaint, text=text, by=on.by))


def add_evidence(on: OnCase, *, cases: Cases) -> Recorded:
    """Add the documents that the envelope names."""
    evidence = on.envelope.evidence
    return _change(on, cases, lambda c: keeping.add_evidence(c, evidence=evidence, by=on.by))


def route(on: OnCase, *, queue: str, cases: Cases) -> Recorded:
    """Put the work into a queue."""
    return _change(on, cases, lambda complaint: keeping.route(complaint, queue=queue, by=on.by))


def claim_work(on: OnCase, *, cases: Cases) -> Recorded:
    """Take the work on."""
    return _change(on, cases, lambda complaint: keeping.claim(complaint, by=on.by))


def release_claim(on: OnCase, *, cases: Cases) -> Recorded:
    """Put the work back."""
    return _change(on, cases, lambda complaint: keeping.release_claim(complaint, by=on.by))


def link_root_cause(on: OnCase, *, root_cause: str, cases: Cases) -> Recorded:
    """Name the cause behind the complaint."""
    return _change(on, cases, lambda c: keeping.link_root_cause(c, root_cause=root_cause, by=on.by))


def correct(
    on: OnCase,
    *,
    corrects_version: int,
    field: CorrectableField,
    was: str | None,
    now: str | None,
    cases: Cases,
) -> Recorded:
    """Record that something recorded earlier was wrong."""
    return _change(
        on,
        cases,
        lambda complaint: keeping.correct(
            complaint,
            corrects_version=corrects_version,
            field=field,
            was=was,
            now=now,
            by=on.by,
        ),
    )


def _change(
    on: OnCase,
    cases: Cases,
    decision: Callable[[Complaint], Sequence[Event]],
) -> Recorded:
    def decide(work: Work) -> UUID:
        complaint = work.load(Complaint, on.case_id, expected_version=on.expected_version)
        return work.record(complaint, decision(complaint)).id

    return cases.transact(on.envelope, decide)
