"""Webhooks: managed by an admin, with what became of each delivery."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Self
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from pydantic import Field

from api.http.calls import Asking, Call
from api.http.describing import keeps, reads
from api.http.errors import ReachTooNarrow
from api.http.events import EventName
from api.http.operations import operations
from api.http.values import (
    MOST_POSITION,
    Answer,
    Body,
    Code,
    Identifier,
    ListAnswer,
    ListOf,
    OneOf,
    WholeInQuery,
)
from application.reach import EVERYWHERE
from application.webhooks import (
    DeliveryPage,
    DeliveryState,
    IssuedWebhook,
    WebhookWanted,
    WhyDisabled,
)

router = operations("/v1/webhooks", tag="webhooks")

Position = Annotated[WholeInQuery, Path(ge=1, le=MOST_POSITION, description="The event's position")]


async def everywhere(call: Asking) -> Call:
    """Let in who may see every case: a webhook is sent the events of all of them."""
    if call.principal.reach != EVERYWHERE:
        raise ReachTooNarrow
    return call


SeeingEverything = Annotated[Call, Depends(everywhere)]


class WebhookSaid(Body):
    """Where which events are sent."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2_000,
            description="`https://`, a public host, port 443 or from 1024 on",
            examples=["https://hooks.example.com/recours"],
        ),
    ]
    description: Code
    types: Annotated[
        ListOf[EventName],
        Field(max_length=100, description="Names of events, or `dispute.*`; all, if none is said"),
    ] = ()

    def as_wanted(self, *, enabled: bool = True) -> WebhookWanted:
        """What is wanted, in the application's words."""
        return WebhookWanted(
            url=self.url, description=self.description, types=self.types, enabled=enabled
        )


class WebhookReplaced(WebhookSaid):
    """What a webhook is from now on."""

    enabled: bool


class WebhookView(ListAnswer):
    """A webhook, without its secret."""

    webhook_id: UUID
    url: str
    description: str
    types: tuple[str, ...]
    enabled: bool
    disabled_at: datetime | None
    disabled_because: WhyDisabled | None = Field(
        description="`gone`: the receiver answered 410; `failing`: nothing got through for 3 days"
    )
    failing_since: datetime | None
    begins_after: int = Field(description="Only what was recorded behind this position is sent")
    created_at: datetime
    created_by: str
    previous_secret_until: datetime | None = Field(
        description="Until then each delivery is signed with the previous secret, too"
    )


class IssuedWebhookView(ListAnswer):
    """A webhook with its new secret, which is shown this once."""

    webhook: WebhookView
    secret: str


class DeliveryView(ListAnswer):
    """One event on its way to a webhook, or there."""

    position: int
    case_id: UUID
    type: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    last_attempt_at: datetime | None
    last_status: int | None
    last_fault: str | None
    last_answer: str | None = Field(description="The beginning of the receiver's own words")
    delivered_at: datetime | None


class DeliveryPageView(Answer):
    """A part of a webhook's deliveries, newest first."""

    deliveries: list[DeliveryView]

    @classmethod
    def of(cls, page: DeliveryPage) -> Self:
        """Show a part of the deliveries."""
        return cls(deliveries=[DeliveryView.model_validate(one) for one in page.deliveries])


class DeliveriesWanted(Body):
    """Which deliveries."""

    state: OneOf[DeliveryState] | None = None
    before: Annotated[WholeInQuery | None, Field(ge=1, le=MOST_POSITION)] = None
    limit: Annotated[WholeInQuery, Field(ge=1, le=200)] = 50


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    operation_id="webhooks.create",
    responses=keeps(HTTPStatus.CREATED),
)
def create(said: WebhookSaid, call: SeeingEverything) -> IssuedWebhookView:
    """Send events to an address from now on. The secret is shown this once."""
    made = call.services.webhooks.create(said.as_wanted(), by=call.principal.subject_id)
    return _with_secret(call, made)


@router.get("", operation_id="webhooks.list", responses=reads())
def list_webhooks(call: SeeingEverything) -> list[WebhookView]:
    """Every webhook, oldest first, without its secret."""
    return [WebhookView.model_validate(webhook) for webhook in call.services.webhooks.list()]


@router.get("/{webhook_id}", operation_id="webhooks.read", responses=reads())
def read(webhook_id: Identifier, call: SeeingEverything) -> WebhookView:
    """One webhook, and whether anything gets through."""
    return WebhookView.model_validate(call.services.webhooks.get(webhook_id))


@router.put("/{webhook_id}", operation_id="webhooks.replace", responses=keeps(HTTPStatus.OK))
def replace(webhook_id: Identifier, said: WebhookReplaced, call: SeeingEverything) -> WebhookView:
    """Say anew what a webhook is, switch it off, or on again."""
    wanted = said.as_wanted(enabled=said.enabled)
    return WebhookView.model_validate(call.services.webhooks.replace(webhook_id, wanted))


@router.delete("/{webhook_id}", operation_id="webhooks.delete", responses=reads())
def delete(webhook_id: Identifier, call: SeeingEverything) -> WebhookView:
    """Send nothing there any more, and forget its deliveries."""
    webhook = WebhookView.model_validate(call.services.webhooks.get(webhook_id))
    call.services.webhooks.delete(webhook_id)
    return webhook


@router.post(
    "/{webhook_id}/secret-rotation",
    operation_id="webhooks.rotate_secret",
    responses=keeps(HTTPStatus.OK),
)
def rotate_secret(webhook_id: Identifier, call: SeeingEverything) -> IssuedWebhookView:
    """Make a new secret. For a day, deliveries are signed with the previous one, too."""
    return _with_secret(call, call.services.webhooks.rotate_secret(webhook_id))


@router.get(
    "/{webhook_id}/deliveries", operation_id="webhooks.deliveries", responses=reads(paged=True)
)
def deliveries(
    webhook_id: Identifier,
    wanted: Annotated[DeliveriesWanted, Query()],
    request: Request,
    call: SeeingEverything,
) -> DeliveryPageView:
    """What became of the events for this webhook, newest first; `state=dead` lists dead letters."""
    page = call.services.webhooks.deliveries(
        webhook_id, state=wanted.state, limit=wanted.limit, before=wanted.before
    )
    call.told.update(_link(request, page))
    return DeliveryPageView.of(page)


@router.post(
    "/{webhook_id}/deliveries/{position}/resend",
    status_code=HTTPStatus.ACCEPTED,
    operation_id="webhooks.resend",
    responses=keeps(HTTPStatus.ACCEPTED),
)
def resend(webhook_id: Identifier, position: Position, call: SeeingEverything) -> DeliveryView:
    """Send a delivery again that is delivered or dead, under the same `webhook-id`."""
    return DeliveryView.model_validate(call.services.webhooks.resend(webhook_id, position))


def _with_secret(call: Call, issued: IssuedWebhook) -> IssuedWebhookView:
    call.told["Cache-Control"] = "no-store"
    return IssuedWebhookView.model_validate(issued)


def _link(request: Request, page: DeliveryPage) -> dict[str, str]:
    if page.next_before is None:
        return {}
    asked: list[tuple[str, Any]] = [  # Any: the framework types it so
        pair for pair in request.query_params.multi_items() if pair[0] != "before"
    ]
    query = urlencode([*asked, ("before", str(page.next_before))])
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}
