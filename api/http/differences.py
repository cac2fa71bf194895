"""What happened to a case since somebody saw it, for who must decide again."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.http.actions import Kind
from api.http.case_views import BlockCaseView, ComplaintView, DisputeView, InvoiceView
from api.http.describing import Change, Happened
from api.http.entering import admitted, services_of
from api.http.refusing import tell
from application.case import Case
from application.errors import CaseChanged, CaseNotFound
from application.recorded import RecordedEvent
from application.replay import Moment, state_as_of
from domain.blocks.block import PaymentBlock
from domain.complaints.complaint import Complaint
from domain.disputes.dispute import Dispute
from domain.invoices.invoice import Invoice

_FOLLOWS: Final = frozenset({"version", "allowed_actions", "next"})
"""What every change of a case changes, or follows from its status."""


class _Shown(NamedTuple):
    case: type[Complaint] | type[Dispute] | type[PaymentBlock] | type[Invoice]
    view: Any  # Any: the view of that case, whose `of` takes no other


_SHOWN: Final[Mapping[Kind, _Shown]] = MappingProxyType(
    {
        Kind.COMPLAINT: _Shown(Complaint, ComplaintView),
        Kind.DISPUTE: _Shown(Dispute, DisputeView),
        Kind.BLOCK: _Shown(PaymentBlock, BlockCaseView),
        Kind.INVOICE: _Shown(Invoice, InvoiceView),
    },
)


def answer_with_differences(app: FastAPI) -> None:
    """Let the application tell who changes a case that has changed what they have missed."""
    app.add_exception_handler(CaseChanged, _changed)


def _changed(request: Request, error: Exception) -> Response:
    changed, kind = cast("CaseChanged", error), Kind(request.url.path.split("/")[2])
    # The case may have gone out of the caller's reach since the command looked at it.
    history = services_of(request).within(admitted(request).reach).cases.history(changed.case_id)
    if not history:
        return tell(CaseNotFound(_SHOWN[kind].case.__name__, changed.case_id), request.scope)
    was, now = (_fields(kind, history, version=v) for v in (changed.expected, changed.actual))
    since = history[changed.expected : changed.actual]
    changes = {
        name: Change(was=was.get(name), now=now[name])
        for name in now
        if name not in _FOLLOWS and was.get(name) != now[name]
    }
    return tell(error, request.scope, since=list(map(_happened, since)), changes=changes)


def _fields(kind: Kind, history: Sequence[RecordedEvent], *, version: int) -> dict[str, object]:
    shown = _SHOWN[kind]
    case: Case | None = state_as_of(shown.case, history, Moment(version=version))
    if case is None:
        return {}
    fields: dict[str, object] = shown.view.of(case, viewer=None).model_dump(mode="json")
    return fields


def _happened(recorded: RecordedEvent) -> Happened:
    actor = recorded.envelope.actor
    return Happened(
        version=recorded.version,
        type=recorded.event.type,
        occurred_at=recorded.envelope.occurred_at,
        recorded_at=recorded.recorded_at,
        actor_kind=actor.kind,
        role=actor.role,
    )
