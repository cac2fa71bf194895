"""What somebody may do with a case now: the same in every answer that shows the case or refuses."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, cast

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.http.actions import NOUNS, Kind
from api.http.entering import admitted
from api.http.permissions import permits
from api.http.refusing import tell
from application.keys import Principal
from domain.blocks.lifecycle import LIFECYCLE as BLOCKS
from domain.complaints.lifecycle import LIFECYCLE as COMPLAINTS
from domain.disputes.lifecycle import LIFECYCLE as DISPUTES
from domain.refusals import ActionNotAllowed

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        COMPLAINTS.name: Kind.COMPLAINT,
        DISPUTES.name: Kind.DISPUTE,
        BLOCKS.name: Kind.BLOCK,
    }
)
"""The word in the addresses of a lifecycle's cases."""


def offered(kind: Kind, actions: Iterable[str], viewer: Principal) -> tuple[str, ...]:
    """Those of a lifecycle's actions that somebody can ask for.

    A step that two cases take together has no noun of its own: it is offered where it begins.
    """
    nouns = NOUNS[kind]
    return tuple(
        action for action in actions if action in nouns and permits(f"{kind}.{action}", viewer)
    )


def refuse_with_offers(app: FastAPI) -> None:
    """Let the application offer, with the refusal of a step, what may be done instead."""
    app.add_exception_handler(ActionNotAllowed, _not_allowed)


def _not_allowed(request: Request, error: Exception) -> Response:
    refused = cast("ActionNotAllowed", error)
    allowed = offered(KINDS[refused.kind], refused.allowed, admitted(request))
    return tell(refused.offering(allowed), request.scope)
