"""The change feed: the durable history for other systems, page by page and live."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final, Self
from urllib.parse import urlencode

from fastapi import Depends, Header, Query, Request, Response
from pydantic import AfterValidator, Field

from api.http.broadcasting import MOST, MOST_OF_ONE
from api.http.broadcasts import Broadcasts
from api.http.calls import Asking
from api.http.describing import Responses, reads
from api.http.entering import Bearer, is_still_let_in
from api.http.event_stream import MEDIA_TYPE, EventStream, Listener
from api.http.operations import operations
from api.http.values import MOST_POSITION, Answer, Body, Json, WholeInQuery
from application.feed.cloud_events import cloud_event
from application.feed.following import FeedPage
from application.feed.telling import expand, is_type
from application.reach import EVERYWHERE

router = operations("/v1/events", tag="events")

STREAM: Final = "events.stream"


def _known(name: str) -> str:
    if not is_type(name):
        raise ValueError("no event has this name; write for example dispute.opened, or dispute.*")
    return name


EventName = Annotated[str, Field(max_length=100), AfterValidator(_known)]
"""The stored name of an event, or `KIND.*` for all of a kind."""

Position = Annotated[WholeInQuery, Field(ge=0, le=MOST_POSITION)]
EventNames = Annotated[
    tuple[EventName, ...],
    Field(
        strict=False,
        max_length=100,
        description="Only these: a name, or `dispute.*`; all, if none is said",
    ),
]


class CloudEventView(Answer):
    """An event as a CloudEvent 1.0, without what people wrote."""

    specversion: str = Field(examples=["1.0"])
    id: str = Field(description="The same event always has the same id: `CASE:VERSION`")
    source: str
    type: str = Field(examples=["dispute.payment_blocked"])
    subject: str = Field(description="The case")
    time: str = Field(description="When it happened")
    dataschema: str
    datacontenttype: str
    position: str = Field(description="Where it stands in the history; increases, with gaps")
    caseversion: int = Field(description="The version of the case after it")
    recordedat: str = Field(description="When we learnt it")
    actorkind: str
    actorid: str = Field(description="A pseudonym")
    actorrole: str
    channel: str
    correlationid: str
    causationid: str | None = None
    data: Json


class EventPageView(Answer):
    """A part of the history; while there is more already, the header `Link` leads to it."""

    events: list[CloudEventView]
    position: int = Field(description="Go on with `?after=` this, now or later")

    @classmethod
    def of(cls, page: FeedPage) -> Self:
        """Show a part of the history."""
        events = [CloudEventView.model_validate(cloud_event(recorded)) for recorded in page.events]
        return cls(events=events, position=page.position)


class FeedWanted(Body):
    """Which part of the history."""

    after: Position = 0
    limit: Annotated[WholeInQuery, Field(ge=1, le=1000)] = 100
    types: EventNames = ()


class StreamWanted(Body):
    """Which events, from where on."""

    after: Annotated[
        Position | None, Field(description="Begin behind this position; with what comes, if absent")
    ] = None
    types: EventNames = ()


def listening(
    wanted: Annotated[StreamWanted, Query()],
    request: Request,
    bearer: Bearer,
    call: Asking,
    last_event_id: Annotated[
        Position | None,
        Header(alias="Last-Event-ID", description="The position of the last event received"),
    ] = None,
) -> EventStream:
    """Make a dependency of who listens, and from where on."""
    feed = call.services.feed
    after = wanted.after if last_event_id is None else last_event_id
    broadcasts: Broadcasts = request.app.state.broadcasts
    listener = Listener(
        subject_id=call.principal.subject_id,
        after=feed.start(after),
        types=_selected(wanted.types),
        is_limited=call.principal.reach != EVERYWHERE,
        is_let_in=partial(is_still_let_in, call.services, bearer, STREAM),
    )
    broadcast = broadcasts.of(call.principal.tenant, call.services.feed)
    return EventStream(broadcast, feed=feed, listener=listener)


Listening = Annotated[EventStream, Depends(listening)]


def _selected(names: tuple[str, ...]) -> frozenset[str]:
    return expand(frozenset(names)) if names else frozenset()


def _streams() -> Responses:
    said: dict[str, Any] = {"description": "Events as they become durable"}  # Any: OpenAPI
    said["content"] = {MEDIA_TYPE: {"schema": {"type": "string"}}}
    return {**reads(streams=True), 200: said}


@router.get(
    "",
    operation_id="events.list",
    responses=reads(paged=True),
    response_model_exclude_none=True,
)
def list_events(
    wanted: Annotated[FeedWanted, Query()], request: Request, call: Asking
) -> EventPageView:
    """Read the history of every case that you see, in its one order, from behind a position."""
    types = _selected(wanted.types)
    page = call.services.feed.page(after=wanted.after, limit=wanted.limit, types=types)
    call.told.update(_link(request, page))
    return EventPageView.of(page)


@router.get(
    "/stream",
    operation_id=STREAM,
    response_class=EventStream,
    status_code=HTTPStatus.OK,
    responses=_streams(),
    description=(
        "Follow the history live (Server-Sent Events): `id` is the position, `data` a CloudEvent."
        " Whoever comes back with `Last-Event-ID` misses nothing and is told nothing twice."
        " A limited key is told of the cases that it sees when they are told."
        f" One subject may have {MOST_OF_ONE} streams open (then 429), a process serves {MOST}"
        " (then 503)."
    ),
)
def stream_events(stream: Listening) -> Response:
    """Follow the history live."""
    return stream


def _link(request: Request, page: FeedPage) -> dict[str, str]:
    if not page.more:
        return {}
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    query = urlencode([*asked, ("after", str(page.position))])
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}
