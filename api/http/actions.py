"""The nouns of the actions: what is posted where so that a step of a lifecycle is taken."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from api.http.describing import changes


class Kind(StrEnum):
    """The kinds of cases, by the word in their addresses."""

    COMPLAINT = "complaints"
    DISPUTE = "disputes"
    BLOCK = "payment-blocks"
    INVOICE = "invoices"


_KEEPING: Final = {
    "record_contact": "contacts",
    "add_note": "notes",
    "add_evidence": "evidence",
    "correct": "corrections",
}
_ASKING: Final = {
    "request_information": "information-request",
    "provide_information": "information",
    "wait_expired": "wait-expiry",
}

NOUNS: Final[Mapping[Kind, Mapping[str, str]]] = MappingProxyType(
    {
        Kind.COMPLAINT: {
            "acknowledge": "acknowledgement",
            "start_review": "review",
            **_ASKING,
            "hand_over": "handover",
            "answer_handover": "handover-answer",
            "escalate": "escalation",
            "de_escalate": "de-escalation",
            "open_dispute": "dispute",
            "send_final_response": "final-response",
            "accept_response": "response-acceptance",
            "response_window_elapsed": "response-window-expiry",
            "contest_response": "contestation",
            "withdraw": "withdrawal",
            "merge_duplicate": "merge",
            "refer_to_mediator": "mediation",
            "mediation_concluded": "mediation-conclusion",
            "leave_mediation": "mediation-exit",
            "reopen": "reopening",
            **_KEEPING,
            "route": "routing",
            "claim": "claim",
            "release_claim": "claim-release",
            "link_root_cause": "root-cause",
        },
        Kind.DISPUTE: {
            "add_line": "lines",
            "reduce_line": "line-reduction",
            "split_line": "line-split",
            "merge_lines": "line-merge",
            "request_block": "block-request",
            "propose_manual_confirmation": "manual-confirmation-proposal",
            "confirm_block_manually": "manual-confirmation",
            **_ASKING,
            "propose_settlement": "settlement",
            "approve": "approval",
            "refuse_approval": "approval-refusal",
            "customer_accepts": "settlement-acceptance",
            "customer_refuses": "settlement-refusal",
            "offer_expired": "offer-expiry",
            "settlement_executed": "settlement-execution",
            "settlement_failed": "settlement-failure",
            "reject_as_unfounded": "rejection",
            "contest": "contestation",
            "refer_to_mediator": "mediation",
            "mediation_concluded": "mediation-conclusion",
            "start_litigation": "litigation",
            "judgment_given": "judgment",
            "cleared_in_erp": "clearing",
            "withdraw": "withdrawal",
            "release": "payment-release",
            "retry_release": "payment-release-retry",
            "close": "closure",
            "reopen": "reopening",
            "void": "voiding",
            "reinstate": "reinstatement",
            **_KEEPING,
        },
        Kind.BLOCK: {
            "send": "sending",
            "confirm": "confirmation",
            "reject": "rejection",
            "give_up": "wait-expiry",
            "drift": "drift",
            "request_release": "release-request",
            "confirm_release": "release-confirmation",
            "fail_release": "release-failure",
        },
        Kind.INVOICE: {
            "clear": "clearing",
            "reset_clearing": "clearing-reset",
        },
    },
)


Showing = Callable[..., BaseModel]


class Cause(NamedTuple):
    """An action of another case, which brings a step about."""

    kind: Kind
    action: str


CONSEQUENCES: Final[Mapping[Kind, Mapping[str, tuple[Cause, ...]]]] = MappingProxyType(
    {
        Kind.COMPLAINT: {
            "dispute_concluded": (Cause(Kind.DISPUTE, "close"), Cause(Kind.DISPUTE, "void")),
            "dispute_resumed": (Cause(Kind.DISPUTE, "reopen"), Cause(Kind.DISPUTE, "reinstate")),
        },
        Kind.DISPUTE: {
            "block_confirmed": (Cause(Kind.BLOCK, "confirm"),),
            "block_failed": (Cause(Kind.BLOCK, "reject"), Cause(Kind.BLOCK, "give_up")),
            "block_drifted": (Cause(Kind.BLOCK, "drift"),),
            "release_confirmed": (Cause(Kind.BLOCK, "confirm_release"),),
            "release_failed": (Cause(Kind.BLOCK, "fail_release"),),
        },
        Kind.BLOCK: {
            "confirm_by_people": (Cause(Kind.DISPUTE, "confirm_block_manually"),),
        },
        Kind.INVOICE: {},
    },
)
"""Steps that nobody takes alone, because two cases change together: they have no address."""


def address(kind: Kind, case_id: UUID) -> str:
    """Where a case is read."""
    return f"/v1/{kind}/{case_id}"


def command(
    router: APIRouter,
    kind: Kind,
    action: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> Callable[[Showing], Showing]:
    """Make a function the endpoint of an action, at its noun."""
    return router.post(
        f"/{{case_id}}/{NOUNS[kind][action]}",
        status_code=status,
        summary=action.replace("_", " ").capitalize(),
        operation_id=f"{kind}.{action}",
        responses=changes(status),
    )
