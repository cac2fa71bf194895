"""Webhooks: the addresses to which events are sent, and what became of each delivery.

ApplicationError
├── WebhookNotFound     there is no such webhook
├── DeliveryNotFound    the webhook has no such delivery
├── DeliveryPending     what is still being tried is not sent again by hand
├── WebhookDisabled     nothing is sent to a webhook that is switched off
├── TooManyWebhooks     as many webhooks as there may be
└── AddressRefused      nothing may be sent to this address
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from application.errors import ApplicationError


class WebhookNotFound(ApplicationError):
    """There is no such webhook."""

    def __init__(self, webhook_id: UUID) -> None:
        super().__init__(f"there is no webhook {webhook_id}")
        self.webhook_id = webhook_id


class DeliveryNotFound(ApplicationError):
    """The webhook has no such delivery."""

    def __init__(self, webhook_id: UUID, position: int) -> None:
        super().__init__(f"webhook {webhook_id} has no delivery {position}")
        self.webhook_id = webhook_id


class DeliveryPending(ApplicationError):
    """What is still being tried is not sent again by hand."""

    def __init__(self) -> None:
        super().__init__("the delivery is still being tried; wait until it is delivered or dead")


class WebhookDisabled(ApplicationError):
    """Nothing is sent to a webhook that is switched off."""

    def __init__(self, webhook_id: UUID) -> None:
        super().__init__("the webhook is switched off; enable it first")
        self.webhook_id = webhook_id


class TooManyWebhooks(ApplicationError):
    """As many webhooks as there may be."""

    def __init__(self, most: int) -> None:
        super().__init__(f"there are {most} webhooks; delete one first")
        self.most = most


class AddressRefused(ApplicationError):
    """Nothing may be sent to this address."""


class DeliveryState(StrEnum):
    """What became of a delivery."""

    PENDING = "pending"
    """To be tried, for the first time or again."""
    DELIVERED = "delivered"
    """The receiver answered with 2xx."""
    DEAD = "dead"
    """Tried as often as it is tried; sent again only by hand."""


class WhyDisabled(StrEnum):
    """Why nothing is sent to a webhook."""

    BY_ADMIN = "by_admin"
    GONE = "gone"
    """The receiver answered 410."""
    FAILING = "failing"
    """Nothing got through for days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWanted:
    """What an admin says of a webhook."""

    url: str
    description: str
    types: tuple[str, ...]
    """Names of events, or `KIND.*`; none means all."""

    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook as it can be shown: never its secret."""

    webhook_id: UUID
    url: str
    description: str
    types: tuple[str, ...]
    enabled: bool
    disabled_at: datetime | None
    disabled_because: WhyDisabled | None
    failing_since: datetime | None
    begins_after: int
    """Only what was recorded behind this position is sent."""

    created_at: datetime
    created_by: str
    previous_secret_until: datetime | None
    """Until then each delivery is signed with the previous secret, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedWebhook:
    """A webhook with a new secret, which is shown this once."""

    webhook: Webhook
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one webhook, or there."""

    position: int
    """The event's; it names the delivery within its webhook."""

    case_id: UUID
    type: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    last_attempt_at: datetime | None
    last_status: int | None
    last_fault: str | None
    last_answer: str | None
    """The beginning of what the receiver answered; somebody else's words, never to be trusted."""

    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """A part of a webhook's deliveries, newest first."""

    deliveries: tuple[Delivery, ...]
    next_before: int | None
    """The next part begins before this position."""


class Webhooks(Protocol):
    """Where webhooks and their deliveries are kept."""

    def create(self, wanted: WebhookWanted, *, by: str) -> IssuedWebhook:
        """Make a webhook; its secret is random and shown once.

        Raises:
            AddressRefused: nothing may be sent to this address.
            TooManyWebhooks: there are as many as there may be.
        """
        ...

    def list(self) -> tuple[Webhook, ...]:
        """Every webhook, oldest first."""
        ...

    def get(self, webhook_id: UUID) -> Webhook:
        """One webhook.

        Raises:
            WebhookNotFound: there is none.
        """
        ...

    def replace(self, webhook_id: UUID, wanted: WebhookWanted) -> Webhook:
        """Say anew what a webhook is; what is enabled again goes on with what is pending.

        Raises:
            WebhookNotFound: there is none.
            AddressRefused: nothing may be sent to this address.
        """
        ...

    def delete(self, webhook_id: UUID) -> None:
        """Forget a webhook and its deliveries.

        Raises:
            WebhookNotFound: there is none.
        """
        ...

    def rotate_secret(self, webhook_id: UUID) -> IssuedWebhook:
        """Make a new secret; for a day, deliveries are signed with the previous one, too.

        Raises:
            WebhookNotFound: there is none.
        """
        ...

    def deliveries(
        self, webhook_id: UUID, *, state: DeliveryState | None, limit: int, before: int | None
    ) -> DeliveryPage:
        """A webhook's deliveries, newest first.

        Raises:
            WebhookNotFound: there is none.
        """
        ...

    def resend(self, webhook_id: UUID, position: int) -> Delivery:
        """Send a delivery again that is delivered or dead.

        Raises:
            WebhookNotFound: there is no such webhook.
            DeliveryNotFound: it has no such delivery.
            DeliveryPending: it is still being tried.
            WebhookDisabled: nothing is sent there.
        """
        ...
