"""One request: who asks, about which case, in which version, under what circumstances."""

from dataclasses import dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.http.entering import admitted, services_of
from api.http.errors import IdempotencyKeyMissing, NotCaughtUp, PositionAhead, VersionMissing
from api.http.operations import SEEN, TOLD
from api.http.preconditions import TAGS, read_tags, seen_versions
from api.http.repeating import REPEATED, GivenKey, read_once
from api.http.values import (
    MOST_POSITION,
    Body,
    Code,
    Identifier,
    Instant,
    ListOf,
    OneOf,
    Prose,
    WholeInQuery,
)
from application.commands import OnCase
from application.keys import Principal
from application.once import Once
from application.ports import Cases
from application.recorded import Recorded
from application.services import Services
from domain.event import Channel, Envelope, Evidence, Sha256

CAUGHT_UP_WITHIN: Final = 2.0
"""Seconds that a question waits for the read models."""


class EvidenceGiven(Body):
    """A document, by the hash of its content; the content itself is kept elsewhere."""

    sha256: Sha256
    media_type: Code
    name: Code


class Circumstances(Body):
    """What every command may say about itself."""

    occurred_at: Annotated[
        Instant | None, Field(description="When it happened; now, if nothing is said")
    ] = None
    channel: OneOf[Channel] = Channel.API
    reason: Prose | None = None
    evidence: Annotated[ListOf[EvidenceGiven], Field(max_length=50)] = ()


NOTHING_SAID: Final = Circumstances()
"""For actions that need no body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request by somebody who was let in."""

    services: Services
    principal: Principal
    correlation_id: UUID
    request_id: UUID
    told: dict[str, str]
    """The headers of the answer."""
    case_id: UUID
    expected_version: int | None = None
    once: Once | None = None

    def on(self, said: Circumstances, *, case_id: UUID | None = None) -> OnCase:
        """The command's case and circumstances; the actor is who holds the key."""
        envelope = Envelope(
            actor=self.principal.actor,
            channel=said.channel,
            occurred_at=said.occurred_at or self.services.clock.now(),
            correlation_id=self.correlation_id,
            causation_id=f"request:{self.request_id}",
            reason=said.reason,
            evidence=tuple(Evidence(**given.model_dump()) for given in said.evidence),
        )
        return OnCase(
            case_id=case_id or self.case_id,
            envelope=envelope,
            expected_version=self.expected_version,
        )

    @property
    def cases(self) -> Cases:
        """Where cases live; for a request with an idempotency key, once."""
        cases = self.services.cases
        return cases if self.once is None else cases.once(self.once)

    def show_version(self, version: int) -> None:
        """Say which version the answer shows."""
        self.told["ETag"] = f'"{version}"'

    def show_repeated(self, recorded: Recorded) -> None:
        """Say so when the answer was given before."""
        if recorded.is_repeated:
            self.told[REPEATED] = "true"

    def show_position(self, recorded: Recorded) -> None:
        """Say up to where the read models must come to know of this."""
        self.told["X-Position"] = str(recorded.position)

    def show_place(self, address: str) -> None:
        """Say where what was begun is read."""
        self.told["Location"] = address


IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        json_schema_extra={"pattern": TAGS.pattern},
        description='The `ETag` of the case as you saw it, such as `"3"`; `*` for any;'
        " of several, one must be the case's",
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        json_schema_extra={"pattern": TAGS.pattern},
        description="The `ETag` that you have: while it is the case's, the answer is 304",
    ),
]
AfterPosition = Annotated[
    WholeInQuery | None,
    Query(
        ge=0,
        le=MOST_POSITION,
        description="Wait until the read models have come to this `X-Position`",
    ),
]


async def ask(request: Request) -> Call:
    """Take up a question."""
    return _take_up(request)


async def ask_read_models(request: Request, after_position: AfterPosition = None) -> Call:
    """Take up a question to the read models, once they are there."""
    call = _take_up(request)
    if after_position is not None:
        await run_in_threadpool(_wait_for, after_position, call)
    return call


async def read_case(request: Request, if_none_match: IfNoneMatch = None) -> Call:
    """Take up the reading of a case, which the caller may have seen."""
    if if_none_match is not None:
        request.scope["state"][SEEN] = read_tags(if_none_match)
    return _take_up(request)


async def begin(request: Request, key: GivenKey = None) -> Call:
    """Take up the beginning of a case, once."""
    return _insist(_take_up(request, once=_once(request, key)))


async def change(
    request: Request,
    case_id: Identifier,
    key: GivenKey = None,
    if_match: IfMatch = None,
) -> Call:
    """Take up a change of an existing case."""
    if if_match is None:
        raise VersionMissing
    call = _take_up(request, once=_once(request, key))
    expected = await _expected(call, case_id, seen_versions(if_match))
    return replace(call, case_id=case_id, expected_version=expected)


Asking = Annotated[Call, Depends(ask)]
AskingReadModels = Annotated[Call, Depends(ask_read_models)]
ReadingCase = Annotated[Call, Depends(read_case)]
Beginning = Annotated[Call, Depends(begin)]
Changing = Annotated[Call, Depends(change)]


async def convert(call: Changing) -> Call:
    """Take up a step that begins another case, once."""
    return _insist(call)


Converting = Annotated[Call, Depends(convert)]


def _take_up(request: Request, *, once: Once | None = None) -> Call:
    services, principal = services_of(request), admitted(request)
    return Call(
        services=services.within(principal.reach),
        principal=principal,
        correlation_id=request.state.correlation_id,
        request_id=request.state.request_id,
        told=request.scope["state"][TOLD],
        case_id=services.identities.new(),
        once=once,
    )


def _wait_for(position: int, call: Call) -> None:
    questions = call.services.questions
    # Most have come already; only who would have to wait is worth another question.
    if questions.wait_for(position, seconds=0):
        return
    if position > questions.last_position():
        raise PositionAhead(position)
    if not questions.wait_for(position, seconds=CAUGHT_UP_WITHIN):
        raise NotCaughtUp(position)


def _once(request: Request, key: str | None) -> Once | None:
    return None if key is None else read_once(request, key, whose=admitted(request))


def _insist(call: Call) -> Call:
    # Without a key, a lost answer would leave two cases where there is one.
    if call.once is None:
        raise IdempotencyKeyMissing
    return call


async def _expected(call: Call, case_id: UUID, seen: frozenset[int] | None) -> int | None:
    if seen is None:
        return None
    if len(seen) == 1:
        return next(iter(seen))
    # Whichever of them the case has now is expected of it when the change is recorded.
    history = await run_in_threadpool(call.services.cases.history, case_id)
    return len(history) if len(history) in seen else max(seen)
