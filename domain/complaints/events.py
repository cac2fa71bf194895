"""What can have happened to a complaint. These shapes are the storage format."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.contacts import ContactRecorded
from domain.event import Event


class Language(StrEnum):
    """The language in which the customer is answered."""

    ENGLISH = "en"
    FRENCH = "fr"


class References(BaseModel):
    """What the complaint is about, in the customer's or the company's own numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: str | None = None
    contract: str | None = None
    order: str | None = None
    invoice: str | None = None


class CorrectableField(StrEnum):
    """What may be corrected later. `first_received_at` never changes."""

    CATEGORY = "category"
    WANTED_OUTCOME = "wanted_outcome"
    LANGUAGE = "language"
    CONTACT_POINT = "contact_point"
    PRODUCT = "product"
    CONTRACT = "contract"
    ORDER = "order"
    INVOICE = "invoice"
    COMPANY_CODE = "company_code"


class MediationOutcome(StrEnum):
    """How a mediation ended."""

    AGREEMENT = "agreement"
    OPINION_FOR_CUSTOMER = "opinion_for_customer"
    OPINION_FOR_COMPANY = "opinion_for_company"
    INADMISSIBLE = "inadmissible"


class ComplaintRegistered(Event):
    """A customer expressed dissatisfaction. `first_received_at` never changes."""

    type: ClassVar[str] = "complaint.registered"

    customer_id: str
    first_received_at: AwareDatetime
    text: str
    category: str
    language: Language
    wanted_outcome: str | None = None
    contact_point: str | None = None
    references: References = References()
    company_code: str | None = None
    """The legal entity that the customer complains to, as the ERP names it; not always known."""
    queue: str | None = None
    """The team that the complaint reached."""


class ComplaintAcknowledged(Event):
    """The customer was told that the complaint has arrived."""

    type: ClassVar[str] = "complaint.acknowledged"


class ReviewStarted(Event):
    """Somebody began to work on the complaint."""

    type: ClassVar[str] = "complaint.review_started"


class InformationRequested(Event):
    """The customer was asked something that we need to know."""

    type: ClassVar[str] = "complaint.information_requested"

    question: str
    answer_by: AwareDatetime | None = None


class InformationProvided(Event):
    """The customer gave what was asked."""

    type: ClassVar[str] = "complaint.information_provided"

    answer: str


class HandedOver(Event):
    """Another service was asked; the complaint stays ours until that service answers."""

    type: ClassVar[str] = "complaint.handed_over"

    to_queue: str
    question: str
    answer_by: AwareDatetime | None = None


class HandoverAnswered(Event):
    """The other service answered."""

    type: ClassVar[str] = "complaint.handover_answered"

    answer: str


class WaitExpired(Event):
    """The answer did not come in time; the complaint is ours to move again."""

    type: ClassVar[str] = "complaint.wait_expired"


class ComplaintEscalated(Event):
    """The complaint went to the next level."""

    type: ClassVar[str] = "complaint.escalated"


class ComplaintDeEscalated(Event):
    """A manager gave the complaint back to ordinary handling."""

    type: ClassVar[str] = "complaint.de_escalated"


class DisputeOpenedForComplaint(Event):
    """The complaint became a dispute, which lives in its own stream."""

    type: ClassVar[str] = "complaint.dispute_opened"

    dispute_id: UUID


class DisputeConcludedForComplaint(Event):
    """The dispute is over; a final response is still owed."""

    type: ClassVar[str] = "complaint.dispute_concluded"

    dispute_id: UUID


class DisputeResumedForComplaint(Event):
    """The dispute was opened again."""

    type: ClassVar[str] = "complaint.dispute_resumed"

    dispute_id: UUID


class FinalResponseSent(Event):
    """The customer got our answer, and was told how to contest it."""

    type: ClassVar[str] = "complaint.final_response_sent"

    response: str
    how_to_contest: str


class ResponseAccepted(Event):
    """The customer is satisfied with the answer."""

    type: ClassVar[str] = "complaint.response_accepted"


class ResponseWindowElapsed(Event):
    """The customer did not contest the answer in time."""

    type: ClassVar[str] = "complaint.response_window_elapsed"


class ResponseContested(Event):
    """The customer does not accept the answer."""

    type: ClassVar[str] = "complaint.response_contested"


class ComplaintWithdrawn(Event):
    """The customer took the complaint back."""

    type: ClassVar[str] = "complaint.withdrawn"


class ComplaintMerged(Event):
    """The complaint repeats an earlier one, which lives on with its earlier reception."""

    type: ClassVar[str] = "complaint.merged"

    into_complaint_id: UUID
    into_first_received_at: AwareDatetime


class ComplaintReferredToMediator(Event):
    """The customer went to the mediator."""

    type: ClassVar[str] = "complaint.referred_to_mediator"

    mediator: str


class ComplaintMediationConcluded(Event):
    """The mediator concluded."""

    type: ClassVar[str] = "complaint.mediation_concluded"

    outcome: MediationOutcome


class MediationLeft(Event):
    """The customer left the mediation."""

    type: ClassVar[str] = "complaint.mediation_left"


class ComplaintReopened(Event):
    """The closed complaint is worked on again."""

    type: ClassVar[str] = "complaint.reopened"


class ComplaintContactRecorded(ContactRecorded):
    """A contact with the customer about the complaint."""

    type: ClassVar[str] = "complaint.contact_recorded"


class ComplaintNoteAdded(Event):
    """An internal note. It is not a contact."""

    type: ClassVar[str] = "complaint.note_added"

    text: str


class ComplaintEvidenceAdded(Event):
    """A document was added; the envelope names it by its content."""

    type: ClassVar[str] = "complaint.evidence_added"


class ComplaintRouted(Event):
    """The work went to a queue."""

    type: ClassVar[str] = "complaint.routed"

    queue: str


class ComplaintClaimed(Event):
    """The actor took the work on."""

    type: ClassVar[str] = "complaint.claimed"


class ComplaintReleased(Event):
    """The actor put the work back into its queue."""

    type: ClassVar[str] = "complaint.released"


class ComplaintRootCauseLinked(Event):
    """The cause behind the complaint, by its code."""

    type: ClassVar[str] = "complaint.root_cause_linked"

    root_cause: str


class ComplaintCorrected(Event):
    """Something recorded earlier was wrong; the earlier event stays as it is."""

    type: ClassVar[str] = "complaint.corrected"

    corrects_version: int
    field: CorrectableField
    was: str | None = None
    now: str | None = None
