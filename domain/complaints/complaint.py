"""A complaint's state and decisions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from domain.complaints import events
from domain.complaints.lifecycle import LIFECYCLE, Status
from domain.event import Envelope, Event
from domain.lifecycle import Standing
from domain.parties import Actor
from domain.refusals import RuleBroken

MEDIATION_WINDOW: Final = timedelta(days=366)
"""A mediator may be asked up to one year after the complaint was closed (Code de la consommation,
art. L612-2, 4°: one year from the written complaint; counted generously, in the customer's
favour)."""


class ReceivedAfterRegistered(RuleBroken):
    """A complaint cannot be received after it was registered."""

    def __init__(self) -> None:
        super().__init__("first_received_at lies after the registration; give the earlier time")


class MergedIntoLater(RuleBroken):
    """A duplicate is merged into the earlier complaint, so that the waiting time is kept."""

    def __init__(self) -> None:
        super().__init__(
            "the other complaint was received later than this one; merge that one into this one",
        )


class MergedIntoItself(RuleBroken):
    """A complaint is not a duplicate of itself."""

    def __init__(self) -> None:
        super().__init__("a complaint cannot be merged into itself; name the earlier complaint")


class MergedIntoOtherCustomer(RuleBroken):
    """Only complaints of the same customer repeat each other."""

    def __init__(self) -> None:
        super().__init__("the other complaint belongs to another customer")


class MediationTooLate(RuleBroken):
    """The mediator is open to the customer for one year after the closing."""

    def __init__(self) -> None:
        super().__init__("the complaint was closed more than one year ago")


class OtherDisputeOpen(RuleBroken):
    """A complaint has one open dispute at most (invariant 3)."""

    def __init__(self, dispute_id: UUID) -> None:
        super().__init__(f"the complaint's dispute {dispute_id} is open; close that one first")
        self.dispute_id = dispute_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What the decisions about a complaint need to remember of its history."""

    id: UUID
    version: int
    standing: Standing[Status]
    customer_id: str
    first_received_at: datetime
    dispute_id: UUID | None = None
    dispute_ids: tuple[UUID, ...] = ()
    """Every dispute that it became, the first one first."""
    company_code: str | None = None
    queue: str | None = None
    asked_queue: str | None = None
    """The other team that was asked; the complaint stays with its own until that one answers."""
    claimed_by: str | None = None
    closed_at: datetime | None = None

    @classmethod
    def born(cls, case_id: UUID, event: Event, envelope: Envelope) -> Self:
        """Begin the memory with the first event of the stream."""
        assert isinstance(event, events.ComplaintRegistered), "a complaint begins registered"
        del envelope
        return cls(
            id=case_id,
            version=1,
            standing=Standing(LIFECYCLE.initial),
            customer_id=event.customer_id,
            first_received_at=event.first_received_at,
            company_code=event.company_code,
            queue=event.queue,
        )

    def after(self, event: Event, envelope: Envelope) -> Self:
        """Take a recorded fact in. Never refuses, never raises."""
        standing = LIFECYCLE.move(self.standing, type(event))
        moved = replace(self, version=self.version + 1, standing=standing)
        moved = moved._with_work(event, envelope)._with_dispute(event)
        if (standing.status is Status.CLOSED) == (self.closed_at is not None):
            return moved
        closed = standing.status is Status.CLOSED
        return replace(moved, closed_at=envelope.occurred_at if closed else None)

    @property
    def status(self) -> Status:
        """Where the complaint stands."""
        return self.standing.status

    @property
    def queues(self) -> frozenset[str]:
        """The teams that work on it: its own, and one that was asked and has not answered yet."""
        return frozenset(queue for queue in (self.queue, self.asked_queue) if queue is not None)

    def acknowledge(self, *, by: Actor) -> list[Event]:
        """Tell the customer that the complaint has arrived."""
        LIFECYCLE.require("acknowledge", self.status, by=by)
        return [events.ComplaintAcknowledged()]

    def start_review(self, *, by: Actor) -> list[Event]:
        """Begin to work on the complaint."""
        LIFECYCLE.require("start_review", self.status, by=by)
        return [events.ReviewStarted()]

    def request_information(
        self,
        *,
        question: str,
        answer_by: datetime | None,
        by: Actor,
    ) -> list[Event]:
        """Ask the customer something."""
        LIFECYCLE.require("request_information", self.status, by=by)
        return [events.InformationRequested(question=question, answer_by=answer_by)]

    def provide_information(self, *, answer: str, by: Actor) -> list[Event]:
        """Take the customer's answer in."""
        LIFECYCLE.require("provide_information", self.status, by=by)
        return [events.InformationProvided(answer=answer)]

    def hand_over(
        self,
        *,
        to_queue: str,
        question: str,
        answer_by: datetime | None,
        by: Actor,
    ) -> list[Event]:
        """Ask another service; the complaint stays ours until it answers."""
        LIFECYCLE.require("hand_over", self.status, by=by)
        return [events.HandedOver(to_queue=to_queue, question=question, answer_by=answer_by)]

    def answer_handover(self, *, answer: str, by: Actor) -> list[Event]:
        """Answer for the other service."""
        LIFECYCLE.require("answer_handover", self.status, by=by)
        return [events.HandoverAnswered(answer=answer)]

    def wait_expired(self, *, by: Actor) -> list[Event]:
        """Stop waiting; the complaint never closes by this."""
        LIFECYCLE.require("wait_expired", self.status, by=by)
        return [events.WaitExpired()]

    def escalate(self, *, by: Actor) -> list[Event]:
        """Hand the complaint to the next level."""
        LIFECYCLE.require("escalate", self.status, by=by)
        return [events.ComplaintEscalated()]

    def de_escalate(self, *, by: Actor) -> list[Event]:
        """Give the complaint back to ordinary handling."""
        LIFECYCLE.require("de_escalate", self.status, by=by)
        return [events.ComplaintDeEscalated()]

    def open_dispute(self, *, dispute_id: UUID, by: Actor) -> list[Event]:
        """Turn the complaint into a dispute, escalating it on the way if it was not."""
        LIFECYCLE.require("open_dispute", self.status, by=by)
        opened = events.DisputeOpenedForComplaint(dispute_id=dispute_id)
        if self.status is Status.ESCALATED:
            return [opened]
        return [events.ComplaintEscalated(), opened]

    def dispute_concluded(self, *, dispute_id: UUID, by: Actor) -> list[Event]:
        """Learn that the dispute is over."""
        LIFECYCLE.require("dispute_concluded", self.status, by=by)
        return [events.DisputeConcludedForComplaint(dispute_id=dispute_id)]

    def dispute_resumed(self, *, dispute_id: UUID, by: Actor) -> list[Event]:
        """Learn that the dispute was opened again.

        Raises:
            OtherDisputeOpen: another dispute was opened in the meantime.
        """
        if self.dispute_id is not None:
            raise OtherDisputeOpen(self.dispute_id)
        LIFECYCLE.require("dispute_resumed", self.status, by=by)
        return [events.DisputeResumedForComplaint(dispute_id=dispute_id)]

    def send_final_response(
        self,
        *,
        response: str,
        how_to_contest: str,
        by: Actor,
    ) -> list[Event]:
        """Answer the customer, and say how the answer can be contested."""
        LIFECYCLE.require("send_final_response", self.status, by=by)
        return [events.FinalResponseSent(response=response, how_to_contest=how_to_contest)]

    def accept_response(self, *, by: Actor) -> list[Event]:
        """Close with the customer's agreement."""
        LIFECYCLE.require("accept_response", self.status, by=by)
        return [events.ResponseAccepted()]

    def response_window_elapsed(self, *, by: Actor) -> list[Event]:
        """Close because nobody contested in time."""
        LIFECYCLE.require("response_window_elapsed", self.status, by=by)
        return [events.ResponseWindowElapsed()]

    def contest_response(self, *, by: Actor) -> list[Event]:
        """Take note that the customer does not accept the answer."""
        LIFECYCLE.require("contest_response", self.status, by=by)
        return [events.ResponseContested()]

    def withdraw(self, *, by: Actor) -> list[Event]:
        """Close because the customer took the complaint back."""
        LIFECYCLE.require("withdraw", self.status, by=by)
        return [events.ComplaintWithdrawn()]

    def merge_duplicate(self, *, into: "Complaint", by: Actor) -> list[Event]:
        """Close as a repetition of an earlier complaint of the same customer.

        Raises:
            MergedIntoItself: both are the same complaint.
            MergedIntoOtherCustomer: the other belongs to another customer.
            MergedIntoLater: the other was received later.
        """
        LIFECYCLE.require("merge_duplicate", self.status, by=by)
        if into.id == self.id:
            raise MergedIntoItself
        if into.customer_id != self.customer_id:
            raise MergedIntoOtherCustomer
        if into.first_received_at > self.first_received_at:
            raise MergedIntoLater
        return [
            events.ComplaintMerged(
                into_complaint_id=into.id,
                into_first_received_at=into.first_received_at,
            ),
        ]

    def refer_to_mediator(self, *, mediator: str, by: Actor, at: datetime) -> list[Event]:
        """Take note that the customer went to the mediator.

        Raises:
            MediationTooLate: closed more than a year ago.
        """
        LIFECYCLE.require("refer_to_mediator", self.status, by=by)
        if self.closed_at is not None and at - self.closed_at > MEDIATION_WINDOW:
            raise MediationTooLate
        return [events.ComplaintReferredToMediator(mediator=mediator)]

    def mediation_concluded(self, *, outcome: events.MediationOutcome, by: Actor) -> list[Event]:
        """Take the mediator's conclusion in."""
        LIFECYCLE.require("mediation_concluded", self.status, by=by)
        return [events.ComplaintMediationConcluded(outcome=outcome)]

    def leave_mediation(self, *, by: Actor) -> list[Event]:
        """Take note that the customer left the mediation."""
        LIFECYCLE.require("leave_mediation", self.status, by=by)
        return [events.MediationLeft()]

    def reopen(self, *, by: Actor) -> list[Event]:
        """Work on the closed complaint again."""
        LIFECYCLE.require("reopen", self.status, by=by)
        return [events.ComplaintReopened()]

    def _with_work(self, event: Event, envelope: Envelope) -> Self:
        match event:
            case events.ComplaintClaimed():
                return replace(self, claimed_by=envelope.actor.subject_id)
            case events.ComplaintReleased():
                return replace(self, claimed_by=None)
            case events.ComplaintRouted():
                return replace(self, claimed_by=None, queue=event.queue)
            case events.HandedOver():
                return replace(self, asked_queue=event.to_queue)
            case events.ComplaintCorrected(field=events.CorrectableField.COMPANY_CODE):
                return replace(self, company_code=event.now)
            case _ if self.asked_queue and self.status is not Status.AWAITING_INTERNAL:
                return replace(self, asked_queue=None)
            case _:
                return self

    def _with_dispute(self, event: Event) -> Self:
        match event:
            case events.DisputeOpenedForComplaint() | events.DisputeResumedForComplaint():
                known = tuple(dict.fromkeys((*self.dispute_ids, event.dispute_id)))
                return replace(self, dispute_id=event.dispute_id, dispute_ids=known)
            case events.DisputeConcludedForComplaint():
                return replace(self, dispute_id=None)
            case _:
                return self


def register_complaint(  # noqa: PLR0913 - a complaint is born with all of this
    *,
    customer_id: str,
    first_received_at: datetime,
    text: str,
    category: str,
    language: events.Language,
    wanted_outcome: str | None,
    contact_point: str | None,
    references: events.References,
    company_code: str | None,
    queue: str | None,
    at: datetime,
) -> list[Event]:
    """Begin a complaint.

    Raises:
        ReceivedAfterRegistered: it would have been received after its registration.
    """
    if first_received_at > at:
        raise ReceivedAfterRegistered
    return [
        events.ComplaintRegistered(
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
        ),
    ]
