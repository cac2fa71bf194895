"""The life of a dispute, as one table."""

from enum import StrEnum

from domain.disputes import events
from domain.lifecycle import STAY, Back, Lifecycle, Step
from domain.parties import Party


class Status(StrEnum):
    """Where a dispute stands."""

    OPENED = "opened"
    BLOCK_PENDING = "block_pending"
    BLOCK_FAILED = "block_failed"
    PAYMENT_BLOCKED = "payment_blocked"
    AWAITING_CUSTOMER = "awaiting_customer"
    AWAITING_APPROVAL = "awaiting_approval"
    SETTLEMENT_OFFERED = "settlement_offered"
    SETTLING = "settling"
    UNFOUNDED = "unfounded"
    IN_MEDIATION = "in_mediation"
    IN_LITIGATION = "in_litigation"
    RELEASE_PENDING = "release_pending"
    RELEASE_FAILED = "release_failed"
    RESOLVED = "resolved"
    CLOSED = "closed"
    VOIDED = "voided"


_S = Status
_BEFORE_BLOCK = (_S.OPENED, _S.BLOCK_PENDING, _S.BLOCK_FAILED)
_NEGOTIATED = (
    _S.PAYMENT_BLOCKED,
    _S.AWAITING_CUSTOMER,
    _S.AWAITING_APPROVAL,
    _S.SETTLEMENT_OFFERED,
)
_BEFORE_COURT = (_S.UNFOUNDED, _S.IN_MEDIATION, _S.IN_LITIGATION)
_HELD = (*_NEGOTIATED, _S.SETTLING, *_BEFORE_COURT)
_RELEASING = (_S.RELEASE_PENDING, _S.RELEASE_FAILED)
_OVER = (_S.RESOLVED, _S.CLOSED)
_LIVE = tuple(status for status in Status if status not in {_S.CLOSED, _S.VOIDED})
_MEDIABLE = (_S.PAYMENT_BLOCKED, _S.SETTLEMENT_OFFERED, _S.UNFOUNDED, *_OVER)
_SUABLE = (_S.PAYMENT_BLOCKED, _S.UNFOUNDED, _S.IN_MEDIATION)

_AGENT = (Party.AGENT,)
_MANAGER = (Party.MANAGER,)
_FINANCE = (Party.FINANCE,)
_CUSTOMER = (Party.CUSTOMER,)
_SYSTEM = (Party.SYSTEM,)
_ERP = (Party.ERP,)
_NEGOTIATORS = (Party.AGENT, Party.FINANCE)
_REQUESTERS = (*_NEGOTIATORS, Party.SYSTEM)
_CONFIRMERS = (Party.FINANCE, Party.MANAGER)
_APPROVERS = (Party.MANAGER, Party.FINANCE)
_ERP_OR_SYSTEM = (Party.ERP, Party.SYSTEM)
_STAFF = (Party.AGENT, Party.MANAGER, Party.FINANCE)
_ANYONE = (*_STAFF, Party.CUSTOMER, Party.SYSTEM)

# fmt: off
LIFECYCLE = Lifecycle("dispute", birth=events.DisputeOpened, initial=_S.OPENED, steps=[
    #    action                        from                                      to                     recorded as                         by
    Step("add_line",                   (_S.OPENED,),                             STAY,                  events.LineAdded,                   _NEGOTIATORS),
    Step("reduce_line",                (_S.OPENED, _S.PAYMENT_BLOCKED),          STAY,                  events.LineReduced,                 _NEGOTIATORS),
    Step("split_line",                 (_S.OPENED,),                             STAY,                  events.LineSplit,                   _NEGOTIATORS),
    Step("merge_lines",                (_S.OPENED,),                             STAY,                  events.LinesMerged,                 _NEGOTIATORS),
    # A block that is lost interrupts whatever goes on; asking for it anew goes on interrupting it.
    Step("request_block",              (_S.OPENED,),                             _S.BLOCK_PENDING,      events.BlockRequested,              _REQUESTERS, _S.PAYMENT_BLOCKED),
    Step("request_block",              (_S.BLOCK_FAILED,),                       _S.BLOCK_PENDING,      events.BlockRequested,              _REQUESTERS, STAY),
    Step("block_confirmed",            (_S.BLOCK_PENDING, _S.BLOCK_FAILED),      Back(_HELD),           events.PaymentBlocked,              _ERP),
    Step("block_confirmed",            (_S.BLOCK_PENDING, _S.BLOCK_FAILED),      STAY,                  events.LineBlockConfirmed,          _ERP),
    Step("block_failed",               (_S.BLOCK_PENDING,),                      _S.BLOCK_FAILED,       events.BlockFailed,                 _ERP_OR_SYSTEM, STAY),
    Step("block_failed",               (_S.BLOCK_FAILED,),                       STAY,                  events.BlockFailed,                 _ERP_OR_SYSTEM),
    Step("propose_manual_confirmation", (_S.BLOCK_FAILED,),                      STAY,                  events.ManualConfirmationProposed,  _CONFIRMERS),
    Step("confirm_block_manually",     (_S.BLOCK_FAILED,),                       Back(_HELD),           events.BlockConfirmedManually,      _CONFIRMERS),
    Step("block_drifted",              _HELD,                                    _S.BLOCK_FAILED,       events.BlockDrifted,                _ERP_OR_SYSTEM),
    Step("block_drifted",              (_S.BLOCK_PENDING,),                      _S.BLOCK_FAILED,       events.BlockDrifted,                _ERP_OR_SYSTEM, STAY),
    Step("block_drifted",              (_S.BLOCK_FAILED,),                       STAY,                  events.BlockDrifted,                _ERP_OR_SYSTEM),
    Step("request_information",        (_S.PAYMENT_BLOCKED,),                    _S.AWAITING_CUSTOMER,  events.InformationRequested,        _NEGOTIATORS),
    Step("provide_information",        (_S.AWAITING_CUSTOMER,),                  _S.PAYMENT_BLOCKED,    events.InformationProvided,         _CUSTOMER),
    Step("wait_expired",               (_S.AWAITING_CUSTOMER,),                  _S.PAYMENT_BLOCKED,    events.WaitExpired,                 _SYSTEM),
    Step("propose_settlement",         (_S.PAYMENT_BLOCKED, _S.IN_MEDIATION,
                                        _S.UNFOUNDED),                           _S.AWAITING_APPROVAL,  events.SettlementProposed,          _NEGOTIATORS),
    Step("approve",                    (_S.AWAITING_APPROVAL,),                  _S.SETTLEMENT_OFFERED, events.SettlementApproved,          _APPROVERS),
    Step("refuse_approval",            (_S.AWAITING_APPROVAL,),                  _S.PAYMENT_BLOCKED,    events.ApprovalRefused,             _APPROVERS),
    Step("customer_accepts",           (_S.SETTLEMENT_OFFERED,),                 _S.SETTLING,           events.SettlementAccepted,          _CUSTOMER),
    Step("customer_refuses",           (_S.SETTLEMENT_OFFERED,),                 _S.PAYMENT_BLOCKED,    events.SettlementRefused,           _CUSTOMER),
    Step("offer_expired",              (_S.SETTLEMENT_OFFERED,),                 _S.PAYMENT_BLOCKED,    events.OfferExpired,                _SYSTEM),
    Step("settlement_executed",        (_S.SETTLING,),                           _S.RELEASE_PENDING,    events.SettlementExecuted,          _ERP),
    Step("settlement_failed",          (_S.SETTLING,),                           _S.AWAITING_APPROVAL,  events.SettlementFailed,            _ERP),
    Step("reject_as_unfounded",        (_S.PAYMENT_BLOCKED,
                                        _S.SETTLEMENT_OFFERED),                  _S.UNFOUNDED,          events.DisputeRejected,             _MANAGER),
    Step("contest",                    (_S.UNFOUNDED,),                          _S.PAYMENT_BLOCKED,    events.RejectionContested,          _CUSTOMER),
    Step("refer_to_mediator",          _MEDIABLE,                                _S.IN_MEDIATION,       events.DisputeReferredToMediator,   _CUSTOMER),
    Step("mediation_concluded",        (_S.IN_MEDIATION,),                       Back(_MEDIABLE),       events.DisputeMediationConcluded,   (Party.MEDIATOR,)),
    Step("start_litigation",           _SUABLE,                                  _S.IN_LITIGATION,      events.LitigationStarted,           (Party.CUSTOMER, Party.FINANCE)),
    Step("judgment_given",             (_S.IN_LITIGATION,),                      Back(_SUABLE),         events.JudgmentGiven,               (Party.COURT,)),
    Step("cleared_in_erp",             (*_BEFORE_BLOCK, *_NEGOTIATED,
                                        *_BEFORE_COURT),                         _S.RELEASE_PENDING,    events.ClearedInErp,                _ERP),
    Step("withdraw",                   (*_BEFORE_BLOCK, *_NEGOTIATED,
                                        _S.UNFOUNDED),                           _S.RELEASE_PENDING,    events.DisputeWithdrawn,            _CUSTOMER),
    Step("release",                    (_S.UNFOUNDED,),                          _S.RELEASE_PENDING,    events.ReleaseOrdered,              _FINANCE),
    Step("release_confirmed",          _RELEASING,                               _S.RESOLVED,           events.PaymentReleased,             _ERP),
    Step("release_confirmed",          _RELEASING,                               STAY,                  events.LineReleased,                _ERP),
    Step("release_failed",             (_S.RELEASE_PENDING,),                    _S.RELEASE_FAILED,     events.ReleaseFailed,               _ERP_OR_SYSTEM),
    Step("release_failed",             (_S.RELEASE_FAILED,),                     STAY,                  events.ReleaseFailed,               _ERP_OR_SYSTEM),
    Step("retry_release",              (_S.RELEASE_FAILED,),                     _S.RELEASE_PENDING,    events.ReleaseRetried,              _FINANCE),
    Step("close",                      (_S.RESOLVED,),                           _S.CLOSED,             events.DisputeClosed,               (Party.AGENT, Party.SYSTEM)),
    Step("reopen",                     _OVER,                                    _S.OPENED,             events.DisputeReopened,             (Party.CUSTOMER, Party.AGENT, Party.ERP)),
    Step("void",                       (_S.OPENED, _S.BLOCK_FAILED),             _S.VOIDED,             events.DisputeVoided,               _MANAGER),
    Step("reinstate",                  (_S.VOIDED,),                             _S.OPENED,             events.DisputeReinstated,           _AGENT),
    Step("record_contact",             _LIVE,                                    STAY,                  events.DisputeContactRecorded,      _ANYONE),
    Step("add_note",                   _LIVE,                                    STAY,                  events.DisputeNoteAdded,            _STAFF),
    Step("add_evidence",               _LIVE,                                    STAY,                  events.DisputeEvidenceAdded,        _ANYONE),
    Step("correct",                    _LIVE,                                    STAY,                  events.DisputeCorrected,            _STAFF),
])
# fmt: on
