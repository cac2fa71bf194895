"""The life of a payment block, as one table."""

from enum import StrEnum

from domain.blocks import events
from domain.lifecycle import Lifecycle, Step
from domain.parties import Party


class Status(StrEnum):
    """Where a payment block stands."""

    REQUESTED = "requested"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNCONFIRMED = "unconfirmed"
    DRIFTED = "drifted"
    RELEASE_REQUESTED = "release_requested"
    RELEASE_UNCONFIRMED = "release_unconfirmed"
    RELEASED = "released"


_S = Status
_UNDER_WAY = (_S.REQUESTED, _S.SENT)
_ANSWERABLE = (_S.SENT, _S.UNCONFIRMED)
_HOLDING = (*_UNDER_WAY, _S.CONFIRMED, _S.UNCONFIRMED, _S.DRIFTED)
_RELEASING = (_S.RELEASE_REQUESTED, _S.RELEASE_UNCONFIRMED)

_SYSTEM = (Party.SYSTEM,)
_ERP = (Party.ERP,)
_ERP_OR_SYSTEM = (Party.ERP, Party.SYSTEM)
_CONFIRMERS = (Party.FINANCE, Party.MANAGER)

# fmt: off
LIFECYCLE = Lifecycle("block", birth=events.BlockOrdered, initial=_S.REQUESTED, ends=(_S.REJECTED, _S.RELEASED), steps=[
    #    action             from                        to                      recorded as                    by
    Step("send",            _UNDER_WAY,                 _S.SENT,                events.BlockSent,              _SYSTEM),
    Step("confirm",         _ANSWERABLE,                _S.CONFIRMED,           events.BlockConfirmed,         _ERP),
    Step("reject",          _ANSWERABLE,                _S.REJECTED,            events.BlockRejected,          _ERP),
    Step("give_up",         (_S.SENT,),                 _S.UNCONFIRMED,         events.BlockUnconfirmed,       _SYSTEM),
    Step("confirm_by_people", (*_UNDER_WAY,
                             _S.REJECTED,
                             _S.UNCONFIRMED,
                             _S.DRIFTED),               _S.CONFIRMED,           events.BlockConfirmedByPeople, _CONFIRMERS),
    Step("drift",           (_S.CONFIRMED,),            _S.DRIFTED,             events.BlockLost,              _ERP_OR_SYSTEM),
    Step("request_release", (*_HOLDING,
                             _S.RELEASE_UNCONFIRMED),   _S.RELEASE_REQUESTED,   events.ReleaseRequested,       _SYSTEM),
    Step("confirm_release", _RELEASING,                 _S.RELEASED,            events.BlockReleased,          _ERP),
    Step("fail_release",    (_S.RELEASE_REQUESTED,),    _S.RELEASE_UNCONFIRMED, events.ReleaseUnconfirmed,     _ERP_OR_SYSTEM),
])
# fmt: on
