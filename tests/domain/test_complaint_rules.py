"""What the rules beyond the table say about complaints."""

from datetime import timedelta

import pytest

from domain.casework import EvidenceMissing, UnknownVersionCorrected
from domain.complaints import events, keeping
from domain.complaints.complaint import (
    MEDIATION_WINDOW,
    Complaint,
    MediationTooLate,
    MergedIntoItself,
    MergedIntoLater,
    MergedIntoOtherCustomer,
    OtherDisputeOpen,
    ReceivedAfterRegistered,
    register_complaint,
)
from domain.complaints.events import Language, References
from domain.complaints.keeping import ClaimedBySomebodyElse, NothingClaimed
from domain.complaints.lifecycle import Status
from domain.contacts import Direction, InboundAlwaysReaches, Reached
from domain.event import Channel, Event
from domain.parties import SYSTEM
from tests import examples as an
from tests.domain.given import given

CLOSED = (
    an.registered(),
    events.FinalResponseSent(response="No.", how_to_contest="Write to us."),
    events.ResponseAccepted(),
)
IN_DISPUTE = (
    an.registered(),
    events.ComplaintEscalated(),
    events.DisputeOpenedForComplaint(dispute_id=an.DISPUTE_ID),
)


def test_a_complaint_is_not_received_after_its_registration() -> None:
    with pytest.raises(ReceivedAfterRegistered):
        register_complaint(
            customer_id=an.CUSTOMER,
            first_received_at=an.TUESDAY,
            text="Rien ne va.",
            category="delivery",
            language=Language.FRENCH,
            wanted_outcome=None,
            contact_point=None,
            references=References(),
            company_code=None,
            queue=None,
            at=an.MONDAY,
        )


def test_a_duplicate_is_merged_into_the_earlier_complaint_and_names_its_reception() -> None:
    earlier = an.complaint(id=an.EARLIER_COMPLAINT_ID, first_received_at=an.MONDAY)

    case = (
        given(Complaint, an.registered(first_received_at=an.TUESDAY))
        .when(lambda c: c.merge_duplicate(into=earlier, by=an.ANNA))
        .then(
            events.ComplaintMerged(
                into_complaint_id=an.EARLIER_COMPLAINT_ID,
                into_first_received_at=an.MONDAY,
            ),
        )
    )

    assert case.status is Status.CLOSED
    assert case.first_received_at == an.TUESDAY


def test_a_duplicate_is_not_merged_into_a_later_complaint() -> None:
    later = an.complaint(id=an.EARLIER_COMPLAINT_ID, first_received_at=an.TUESDAY)

    (
        given(Complaint, an.registered(first_received_at=an.MONDAY))
        .when(lambda c: c.merge_duplicate(into=later, by=an.ANNA))
        .refused(MergedIntoLater)
    )


def test_a_complaint_is_not_merged_into_itself() -> None:
    (
        given(Complaint, an.registered())
        .when(lambda c: c.merge_duplicate(into=c, by=an.ANNA))
        .refused(MergedIntoItself)
    )


def test_a_complaint_is_not_merged_into_that_of_another_customer() -> None:
    theirs = an.complaint(id=an.EARLIER_COMPLAINT_ID, customer_id=an.OTHER_CUSTOMER)

    (
        given(Complaint, an.registered())
        .when(lambda c: c.merge_duplicate(into=theirs, by=an.ANNA))
        .refused(MergedIntoOtherCustomer)
    )


def test_the_mediator_is_open_for_a_year_after_the_closing() -> None:
    last = an.MONDAY + MEDIATION_WINDOW

    (
        given(Complaint, *CLOSED)
        .when(lambda c: c.refer_to_mediator(mediator="CM2C", by=an.ANNA, at=last))
        .then(events.ComplaintReferredToMediator(mediator="CM2C"))
    )
    (
        given(Complaint, *CLOSED)
        .when(
            lambda c: c.refer_to_mediator(
                mediator="CM2C",
                by=an.ANNA,
                at=last + timedelta(seconds=1),
            ),
        )
        .refused(MediationTooLate)
    )


def test_the_year_counts_from_the_latest_closing() -> None:
    reopened = (
        events.ComplaintReopened(),
        events.FinalResponseSent(response="", how_to_contest=""),
    )
    closed_again = (events.ResponseWindowElapsed(), an.envelope(occurred_at=an.NEXT_YEAR))

    (
        given(Complaint, *CLOSED, *reopened, closed_again)
        .when(lambda c: c.refer_to_mediator(mediator="CM2C", by=an.ANNA, at=an.NEXT_YEAR))
        .then(events.ComplaintReferredToMediator(mediator="CM2C"))
    )


def test_a_complaint_in_mediation_goes_on_in_dispute_while_the_dispute_is_open() -> None:
    case = (
        given(Complaint, *IN_DISPUTE, events.ComplaintReferredToMediator(mediator="CM2C"))
        .when(lambda c: c.leave_mediation(by=an.ANNA))
        .then(events.MediationLeft())
    )

    assert case.status is Status.IN_DISPUTE


def test_a_complaint_in_mediation_goes_on_in_progress_once_the_dispute_is_over() -> None:
    concluded = events.DisputeConcludedForComplaint(dispute_id=an.DISPUTE_ID)

    case = (
        given(
            Complaint, *IN_DISPUTE, events.ComplaintReferredToMediator(mediator="CM2C"), concluded
        )
        .when(lambda c: c.leave_mediation(by=an.ANNA))
        .then(events.MediationLeft())
    )

    assert case.status is Status.IN_PROGRESS


def test_a_closed_complaint_that_went_to_the_mediator_is_worked_on_afterwards() -> None:
    agreed = events.MediationOutcome.AGREEMENT

    case = (
        given(Complaint, *CLOSED, events.ComplaintReferredToMediator(mediator="CM2C"))
        .when(lambda c: c.mediation_concluded(outcome=agreed, by=an.MARC))
        .then(events.ComplaintMediationConcluded(outcome=agreed))
    )

    assert case.status is Status.IN_PROGRESS


def test_a_complaint_has_one_open_dispute_at_most() -> None:
    refusal = (
        given(Complaint, *IN_DISPUTE)
        .when(lambda c: c.dispute_resumed(dispute_id=an.numbered(0xD02), by=SYSTEM))
        .refused(OtherDisputeOpen)
    )

    assert refusal.dispute_id == an.DISPUTE_ID


def test_an_expired_wait_leads_back_to_where_the_question_was_asked() -> None:
    asked = events.InformationRequested(question="Which pallet?")

    for before, status in (
        ((an.registered(), events.ReviewStarted()), Status.IN_PROGRESS),
        ((an.registered(), events.ComplaintEscalated()), Status.ESCALATED),
    ):
        case = (
            given(Complaint, *before, asked)
            .when(lambda c: c.wait_expired(by=SYSTEM))
            .then(events.WaitExpired())
        )
        assert case.status is status


def test_one_person_works_on_a_complaint_at_a_time() -> None:
    refusal = (
        given(Complaint, an.registered(), events.ComplaintClaimed())
        .when(lambda c: keeping.claim(c, by=an.MARC))
        .refused(ClaimedBySomebodyElse)
    )

    assert refusal.claimed_by == "anna"


@pytest.mark.parametrize(
    "put_back",
    [events.ComplaintReleased(), events.ComplaintRouted(queue="claims")],
    ids=["released", "routed"],
)
def test_work_that_was_put_back_can_be_claimed_by_others(put_back: Event) -> None:
    case = (
        given(Complaint, an.registered(), events.ComplaintClaimed(), put_back)
        .when(lambda c: keeping.claim(c, by=an.MARC))
        .then(events.ComplaintClaimed())
    )

    assert case.claimed_by == "anna"  # the envelope says who, and it is Anna's here


def test_only_claimed_work_is_put_back() -> None:
    (
        given(Complaint, an.registered())
        .when(lambda c: keeping.release_claim(c, by=an.ANNA))
        .refused(NothingClaimed)
    )


@pytest.mark.parametrize("reached", [Reached.NO, Reached.VOICEMAIL, Reached.BOUNCED])
def test_a_customer_who_turned_to_us_has_reached_us(reached: Reached) -> None:
    (
        given(Complaint, an.registered())
        .when(
            lambda c: keeping.record_contact(
                c,
                direction=Direction.INBOUND,
                channel=Channel.PHONE,
                reached=reached,
                summary=None,
                promised_next_contact=None,
                by=an.ANNA,
            ),
        )
        .refused(InboundAlwaysReaches)
    )


def test_adding_evidence_needs_the_evidence() -> None:
    (
        given(Complaint, an.registered())
        .when(lambda c: keeping.add_evidence(c, evidence=(), by=an.ANNA))
        .refused(EvidenceMissing)
    )


@pytest.mark.parametrize("version", [0, -1, 2])
def test_a_correction_names_an_event_of_the_complaint(version: int) -> None:
    (
        given(Complaint, an.registered())
        .when(
            lambda c: keeping.correct(
                c,
                corrects_version=version,
                field=events.CorrectableField.CATEGORY,
                was="delivery",
                now="invoice",
                by=an.ANNA,
            ),
        )
        .refused(UnknownVersionCorrected)
    )
