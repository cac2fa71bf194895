"""The file of a complaint: contacts, notes, evidence, who works on it, corrections."""

from api.http.actions import Kind, command
from api.http.answers import complaint_after
from api.http.calls import NOTHING_SAID, Changing, Circumstances
from api.http.case_views import ComplaintView
from api.http.keeping import ContactMade, Correction, Note
from api.http.operations import operations
from api.http.values import Code, OneOf
from application import complaints
from domain.complaints.events import CorrectableField

router = operations("/v1/complaints", tag="complaints")
KIND = Kind.COMPLAINT


class Routing(Circumstances):
    """Where the work goes."""

    queue: Code


class RootCause(Circumstances):
    """The cause behind the complaint."""

    root_cause: Code


class ComplaintCorrection(Correction):
    """What was recorded wrongly of a complaint."""

    field: OneOf[CorrectableField]


@command(router, KIND, "record_contact")
def record_contact(said: ContactMade, call: Changing) -> ComplaintView:
    """Record a contact with the customer, or an attempt."""
    recorded = complaints.record_contact(
        call.on(said),
        direction=said.direction,
        channel=said.channel,
        reached=said.reached,
        summary=said.summary,
        promised_next_contact=said.promised_next_contact,
        cases=call.cases,
    )
    return complaint_after(call, recorded)


@command(router, KIND, "add_note")
def add_note(said: Note, call: Changing) -> ComplaintView:
    """Write an internal note."""
    recorded = complaints.add_note(call.on(said), text=said.text, cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "add_evidence")
def add_evidence(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Add the documents that `evidence` names."""
    recorded = complaints.add_evidence(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "route")
def route(said: Routing, call: Changing) -> ComplaintView:
    """Put the work into a queue."""
    recorded = complaints.route(call.on(said), queue=said.queue, cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "claim")
def claim(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Take the work on."""
    recorded = complaints.claim_work(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "release_claim")
def release_claim(call: Changing, said: Circumstances = NOTHING_SAID) -> ComplaintView:
    """Put the work back."""
    recorded = complaints.release_claim(call.on(said), cases=call.cases)
    return complaint_after(call, recorded)


@command(router, KIND, "link_root_cause")
def link_root_cause(said: RootCause, call: Changing) -> ComplaintView:
    """Name the cause behind the complaint."""
    recorded = complaints.link_root_cause(
        call.on(said), root_cause=said.root_cause, cases=call.cases
    )
    return complaint_after(call, recorded)


@command(router, KIND, "correct")
def correct(said: ComplaintCorrection, call: Changing) -> ComplaintView:
    """Record that something recorded earlier was wrong."""
    recorded = complaints.correct(
        call.on(said),
        corrects_version=said.corrects_version,
        field=said.field,
        was=said.was,
        now=said.now,
        cases=call.cases,
    )
    return complaint_after(call, recorded)
