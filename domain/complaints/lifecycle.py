"""The life of a complaint, as one table."""

from enum import StrEnum

from domain.complaints import events
from domain.lifecycle import STAY, Back, Lifecycle, Step
from domain.parties import Party


class Status(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    AWAITING_CUSTOMER = "awaiting_customer"
    AWAITING_INTERNAL = "awaiting_internal"
    ESCALATED = "escalated"
    IN_DISPUTE = "in_dispute"
    RESPONDED = "responded"
    IN_MEDIATION = "in_mediation"
    CLOSED = "closed"


_UNTOUCHED = (Status.RECEIVED, Status.ACKNOWLEDGED)
_AWAITING = (Status.AWAITING_CUSTOMER, Status.AWAITING_INTERNAL)
_WORKED_ON = (Status.IN_PROGRESS, Status.ESCALATED)
_OPEN = tuple(status for status in Status if status is not Status.CLOSED)
_WITHDRAWABLE = tuple(s for s in _OPEN if s not in {Status.IN_DISPUTE, Status.IN_MEDIATION})
_CONTESTABLE = (Status.ESCALATED, Status.RESPONDED, Status.CLOSED)
_WORKED_ON_AGAIN = Back((Status.IN_PROGRESS, Status.ESCALATED))
_AFTER_MEDIATION = Back((Status.IN_PROGRESS, Status.IN_DISPUTE))

_AGENT = (Party.AGENT,)
_CUSTOMER = (Party.CUSTOMER,)
_SYSTEM = (Party.SYSTEM,)
_STAFF = (Party.AGENT, Party.MANAGER, Party.FINANCE)
_ANYONE = (Party.AGENT, Party.MANAGER, Party.FINANCE, Party.CUSTOMER, Party.SYSTEM)
_ESCALATING = (Party.CUSTOMER, Party.AGENT, Party.MANAGER, Party.SYSTEM)

# fmt: off
LIFECYCLE = Lifecycle("complaint", birth=events.ComplaintRegistered, initial=Status.RECEIVED, steps=[
    #    action                     from                                   to                        recorded as                          by
    Step("acknowledge",             (Status.RECEIVED,),                    Status.ACKNOWLEDGED,      events.ComplaintAcknowledged,        (Party.AGENT, Party.SYSTEM)),
    Step("start_review",            _UNTOUCHED,                            Status.IN_PROGRESS,       events.ReviewStarted,                _AGENT),
    Step("request_information",     _WORKED_ON,                            Status.AWAITING_CUSTOMER, events.InformationRequested,         _AGENT),
    Step("provide_information",     (Status.AWAITING_CUSTOMER,),           _WORKED_ON_AGAIN,         events.InformationProvided,          (Party.CUSTOMER, Party.AGENT)),
    Step("hand_over",               _WORKED_ON,                            Status.AWAITING_INTERNAL, events.HandedOver,                   _AGENT),
    Step("answer_handover",         (Status.AWAITING_INTERNAL,),           _WORKED_ON_AGAIN,         events.HandoverAnswered,             _AGENT),
    Step("wait_expired",            _AWAITING,                             _WORKED_ON_AGAIN,         events.WaitExpired,                  _SYSTEM),
    Step("escalate",                (*_UNTOUCHED, Status.IN_PROGRESS,
                                     *_AWAITING, Status.RESPONDED),        Status.ESCALATED,         events.ComplaintEscalated,           _ESCALATING),
    Step("de_escalate",             (Status.ESCALATED,),                   Status.IN_PROGRESS,       events.ComplaintDeEscalated,         (Party.MANAGER,)),
    Step("open_dispute",            (*_UNTOUCHED, *_WORKED_ON),            Status.IN_DISPUTE,        events.DisputeOpenedForComplaint,    (Party.AGENT, Party.FINANCE)),
    Step("dispute_concluded",       (Status.IN_DISPUTE,),                  Status.IN_PROGRESS,       events.DisputeConcludedForComplaint, _SYSTEM),
    Step("dispute_concluded",       (Status.IN_MEDIATION,),                STAY,                     events.DisputeConcludedForComplaint, _SYSTEM, Status.IN_PROGRESS),
    Step("dispute_resumed",         (*_UNTOUCHED, *_WORKED_ON, *_AWAITING,
                                     Status.RESPONDED, Status.CLOSED),     Status.IN_DISPUTE,        events.DisputeResumedForComplaint,   _SYSTEM),
    Step("dispute_resumed",         (Status.IN_MEDIATION,),                STAY,                     events.DisputeResumedForComplaint,   _SYSTEM, Status.IN_DISPUTE),
    Step("send_final_response",     (*_UNTOUCHED, *_WORKED_ON),            Status.RESPONDED,         events.FinalResponseSent,            _AGENT),
    Step("accept_response",         (Status.RESPONDED,),                   Status.CLOSED,            events.ResponseAccepted,             _CUSTOMER),
    Step("response_window_elapsed", (Status.RESPONDED,),                   Status.CLOSED,            events.ResponseWindowElapsed,        _SYSTEM),
    Step("contest_response",        (Status.RESPONDED,),                   Status.ESCALATED,         events.ResponseContested,            _CUSTOMER),
    Step("withdraw",                _WITHDRAWABLE,                         Status.CLOSED,            events.ComplaintWithdrawn,           _CUSTOMER),
    Step("merge_duplicate",         (*_UNTOUCHED, Status.IN_PROGRESS),     Status.CLOSED,            events.ComplaintMerged,              _AGENT),
    Step("refer_to_mediator",       (Status.IN_DISPUTE,),                  Status.IN_MEDIATION,      events.ComplaintReferredToMediator,  _CUSTOMER),
    Step("refer_to_mediator",       _CONTESTABLE,                          Status.IN_MEDIATION,      events.ComplaintReferredToMediator,  _CUSTOMER, Status.IN_PROGRESS),
    Step("mediation_concluded",     (Status.IN_MEDIATION,),                _AFTER_MEDIATION,         events.ComplaintMediationConcluded,  (Party.MEDIATOR,)),
    Step("leave_mediation",         (Status.IN_MEDIATION,),                _AFTER_MEDIATION,         events.MediationLeft,                _CUSTOMER),
    Step("reopen",                  (Status.CLOSED,),                      Status.IN_PROGRESS,       events.ComplaintReopened,            (Party.CUSTOMER, Party.AGENT, Party.SYSTEM)),
    Step("record_contact",          _OPEN,                                 STAY,                     events.ComplaintContactRecorded,     _ANYONE),
    Step("add_note",                _OPEN,                                 STAY,                     events.ComplaintNoteAdded,           _STAFF),
    Step("add_evidence",            _OPEN,                                 STAY,                     events.ComplaintEvidenceAdded,       _ANYONE),
    Step("route",                   _OPEN,                                 STAY,                     events.ComplaintRouted,              (*_STAFF, Party.SYSTEM)),
    Step("claim",                   _OPEN,                                 STAY,                     events.ComplaintClaimed,             _STAFF),
    Step("release_claim",           _OPEN,                                 STAY,                     events.ComplaintReleased,            _STAFF),
    Step("link_root_cause",         _OPEN,                                 STAY,                     events.ComplaintRootCauseLinked,     _STAFF),
    Step("correct",                 _OPEN,                                 STAY,                     events.ComplaintCorrected,           _STAFF),
])
# fmt: on
