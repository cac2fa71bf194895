"""Webhooks on PostgreSQL: what admins say of them, and what they see of the deliveries."""

from datetime import timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from application.ports import Identities
from application.webhooks import (
    Delivery,
    DeliveryNotFound,
    DeliveryPage,
    DeliveryPending,
    DeliveryState,
    IssuedWebhook,
    TooManyWebhooks,
    Webhook,
    WebhookDisabled,
    WebhookNotFound,
    WebhookWanted,
)
from infrastructure.erp.signatures import new_secret
from infrastructure.webhooks.guard import Guard

MOST: Final = 100
"""Webhooks of one installation: each event is looked at once for each of them."""

OVERLAP: Final = timedelta(days=1)
"""So long the previous secret signs, too."""

_COLUMNS: Final[LiteralString] = """
    webhook_id, url, description, types, enabled, disabled_at, disabled_because, failing_since
  , begins_after, created_at, created_by
  , CASE WHEN previous_until > clock_timestamp() THEN previous_until END AS previous_secret_until
"""
_CREATE: Final[LiteralString] = (
    """
    INSERT INTO webhook (webhook_id, url, description, types, enabled, secret, created_by
                       , begins_after)
    SELECT %(webhook_id)s, %(url)s, %(description)s, %(types)s, %(enabled)s, %(secret)s, %(by)s
         , (SELECT coalesce(max(position), 0) FROM event)
     WHERE (SELECT count(*) FROM webhook) < %(most)s
    RETURNING """
    + _COLUMNS
)
_LIST: Final[LiteralString] = "SELECT " + _COLUMNS + " FROM webhook ORDER BY created_at, webhook_id"
_GET: Final[LiteralString] = (
    "SELECT " + _COLUMNS + " FROM webhook WHERE webhook_id = %(webhook_id)s"
)
_REPLACE: Final[LiteralString] = (
    """
    UPDATE webhook
       SET url = %(url)s, description = %(description)s, types = %(types)s, enabled = %(enabled)s
         , failing_since = CASE WHEN enabled THEN failing_since END
         , disabled_at = CASE WHEN NOT %(enabled)s THEN coalesce(disabled_at, clock_timestamp()) END
         , disabled_because = CASE WHEN NOT %(enabled)s
                                   THEN coalesce(disabled_because, 'by_admin') END
         -- what happened meanwhile is read in the feed
         , begins_after = CASE WHEN enabled OR NOT %(enabled)s THEN begins_after
                               ELSE (SELECT coalesce(max(position), 0) FROM event) END
     WHERE webhook_id = %(webhook_id)s
    RETURNING """
    + _COLUMNS
)
_DELETE: Final = "DELETE FROM webhook WHERE webhook_id = %(webhook_id)s"
_ROTATE: Final[LiteralString] = (
    """
    UPDATE webhook
       SET previous_secret = secret, previous_until = clock_timestamp() + %(overlap)s
         , secret = %(secret)s
     WHERE webhook_id = %(webhook_id)s
    RETURNING """
    + _COLUMNS
)
_DELIVERY: Final[LiteralString] = """
    SELECT delivery.position, delivery.case_id, event.type, delivery.state, delivery.attempts
         , delivery.due_at, delivery.last_attempt_at, delivery.last_status, delivery.last_fault
         , delivery.last_answer, delivery.delivered_at
      FROM webhook_delivery AS delivery JOIN event USING (position)
     WHERE delivery.webhook_id = %(webhook_id)s
"""
_DELIVERIES: Final[LiteralString] = (
    _DELIVERY
    + """
       AND (%(state)s::text IS NULL OR delivery.state = %(state)s)
       AND (%(before)s::bigint IS NULL OR delivery.position < %(before)s)
     ORDER BY delivery.position DESC LIMIT %(limit)s
"""
)
_ONE_DELIVERY: Final[LiteralString] = _DELIVERY + " AND delivery.position = %(position)s"
_RESEND: Final[LiteralString] = """
    UPDATE webhook_delivery
       SET state = 'pending', attempts = 0, due_at = clock_timestamp(), leased_until = NULL
     WHERE webhook_id = %(webhook_id)s AND position = %(position)s AND state <> 'pending'
"""

Parameters = dict[str, Any]  # Any: what the database takes


class PostgresWebhooks:
    """Webhooks in a table; see the port `application.webhooks.Webhooks`."""

    def __init__(
        self,
        pool: ConnectionPool[Connection[TupleRow]],
        *,
        identities: Identities,
        guard: Guard,
        most: int = MOST,
    ) -> None:
        self._pool = pool
        self._identities = identities
        self._guard = guard
        self._most = most

    def create(self, wanted: WebhookWanted, *, by: str) -> IssuedWebhook:
        """Make a webhook; see the port."""
        secret = new_secret()
        parameters = {
            **self._said(wanted),
            "webhook_id": self._identities.new(),
            "secret": secret,
            "by": by,
            "most": self._most,
        }
        made = self._one(_CREATE, parameters)
        if made is None:
            raise TooManyWebhooks(self._most)
        return IssuedWebhook(webhook=made, secret=secret)

    def list(self) -> tuple[Webhook, ...]:
        """Every webhook; see the port."""
        with self._pool.connection() as connection:
            return tuple(
                connection.cursor(row_factory=class_row(Webhook)).execute(_LIST).fetchall()
            )

    def get(self, webhook_id: UUID) -> Webhook:
        """One webhook; see the port."""
        return self._there(webhook_id, _GET, {})

    def replace(self, webhook_id: UUID, wanted: WebhookWanted) -> Webhook:
        """Say anew what a webhook is; see the port."""
        return self._there(webhook_id, _REPLACE, self._said(wanted))

    def delete(self, webhook_id: UUID) -> None:
        """Forget a webhook; see the port."""
        with self._pool.connection() as connection:
            if not connection.execute(_DELETE, {"webhook_id": webhook_id}).rowcount:
                raise WebhookNotFound(webhook_id)

    def rotate_secret(self, webhook_id: UUID) -> IssuedWebhook:
        """Make a new secret; see the port."""
        secret = new_secret()
        changed = self._there(webhook_id, _ROTATE, {"secret": secret, "overlap": OVERLAP})
        return IssuedWebhook(webhook=changed, secret=secret)

    def deliveries(
        self, webhook_id: UUID, *, state: DeliveryState | None, limit: int, before: int | None
    ) -> DeliveryPage:
        """A webhook's deliveries; see the port."""
        self.get(webhook_id)
        parameters = {"state": state, "before": before, "limit": limit + 1}
        found = self._deliveries(_DELIVERIES, {**parameters, "webhook_id": webhook_id})
        shown = found[:limit]
        more = len(found) > limit
        return DeliveryPage(deliveries=shown, next_before=shown[-1].position if more else None)

    def resend(self, webhook_id: UUID, position: int) -> Delivery:
        """Send a delivery again; see the port."""
        if not self.get(webhook_id).enabled:
            raise WebhookDisabled(webhook_id)
        named = {"webhook_id": webhook_id, "position": position}
        if not self._deliveries(_ONE_DELIVERY, named):
            raise DeliveryNotFound(webhook_id, position)
        with self._pool.connection() as connection:
            if not connection.execute(_RESEND, named).rowcount:
                raise DeliveryPending
        return self._deliveries(_ONE_DELIVERY, named)[0]

    def _said(self, wanted: WebhookWanted) -> Parameters:
        self._guard.read(wanted.url)
        return {
            "url": wanted.url,
            "description": wanted.description,
            "types": list(wanted.types),
            "enabled": wanted.enabled,
        }

    def _there(self, webhook_id: UUID, query: LiteralString, parameters: Parameters) -> Webhook:
        found = self._one(query, {**parameters, "webhook_id": webhook_id})
        if found is None:
            raise WebhookNotFound(webhook_id)
        return found

    def _one(self, query: LiteralString, parameters: Parameters) -> Webhook | None:
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Webhook))
            return cursor.execute(query, parameters).fetchone()

    def _deliveries(self, query: LiteralString, parameters: Parameters) -> tuple[Delivery, ...]:
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Delivery))
            return tuple(cursor.execute(query, parameters).fetchall())
