"""The outbox: one row for each event and each webhook that wants it, made once, tried until done.

It is derived from the history by a follower, in one transaction with its place (`tracking`). The
row of an event is visible only after a synchronous commit that is later than the event's, and so is
each attempt's lease: nothing is sent that a crash could take back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import ConnectionPool

from application.recorded import RecordedEvent
from application.webhooks import WhyDisabled
from infrastructure.event_store.event_types import EventTypes
from infrastructure.event_store.rows import Row
from infrastructure.postgres.durability import make_durable
from infrastructure.webhooks.posting import Outcome

NAME: Final = "webhooks"
"""The follower's name."""

PAGE: Final = 1_000

PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After each attempt that failed; after the last one there is no other. 75 h 35 min in all."""

LEASE: Final = timedelta(seconds=60)
"""An attempt whose worker died is made again after this; longer than any attempt takes."""

AT_ONCE: Final = 4
"""Attempts under way to one webhook, so that a slow receiver keeps nobody else waiting."""

PATIENCE: Final = timedelta(days=3)
"""A webhook to which nothing got through for so long is switched off."""

KEPT_FOR: Final = timedelta(days=30)
GONE: Final = 410
TAKEN: Final = range(200, 300)

_FOLLOW: Final = "INSERT INTO tracking VALUES (%s, 0) ON CONFLICT DO NOTHING"
_PLACE: Final = (
    "SELECT notification_id FROM tracking WHERE application_name = %s FOR UPDATE SKIP LOCKED"
)
_END: Final = """
    SELECT max(position) FROM (
        SELECT position FROM event WHERE position > %s ORDER BY position LIMIT %s) AS page
"""
_FILL: Final = """
    INSERT INTO webhook_delivery (webhook_id, position, case_id)
    SELECT webhook.webhook_id, event.position, event.stream_id
      FROM event JOIN webhook ON webhook.enabled AND event.position > webhook.begins_after
       AND (webhook.types = '{}' OR event.type = ANY (webhook.types)
            OR split_part(event.type, '.', 1) || '.*' = ANY (webhook.types))
     WHERE event.position > %s AND event.position <= %s
     ORDER BY event.position
        ON CONFLICT DO NOTHING
"""
_MOVE: Final = "UPDATE tracking SET notification_id = %s WHERE application_name = %s"
# The order of a case is kept for each webhook: nothing overtakes what is still being tried.
_CLAIM: Final[LiteralString] = """
    WITH due AS (
        SELECT next.webhook_id, next.position
          FROM webhook CROSS JOIN LATERAL (
              SELECT delivery.webhook_id, delivery.position FROM webhook_delivery AS delivery
               WHERE delivery.webhook_id = webhook.webhook_id
                 AND delivery.state = 'pending'
                 AND delivery.due_at <= clock_timestamp()
                 AND (delivery.leased_until IS NULL OR delivery.leased_until < clock_timestamp())
                 AND NOT EXISTS (
                     SELECT FROM webhook_delivery AS earlier
                      WHERE earlier.webhook_id = delivery.webhook_id
                        AND earlier.case_id = delivery.case_id
                        AND earlier.state = 'pending'
                        AND earlier.position < delivery.position)
               ORDER BY delivery.due_at, delivery.position
               LIMIT greatest(0, %(at_once)s - (
                   SELECT count(*) FROM webhook_delivery AS leased
                    WHERE leased.webhook_id = webhook.webhook_id
                      AND leased.state = 'pending'
                      AND leased.leased_until >= clock_timestamp()))
                 FOR UPDATE OF delivery SKIP LOCKED
          ) AS next
         WHERE webhook.enabled
         LIMIT %(most)s
    )
    UPDATE webhook_delivery AS delivery
       SET attempts = attempts + 1
         , last_attempt_at = clock_timestamp()
         , leased_until = clock_timestamp() + %(lease)s
      FROM due JOIN webhook USING (webhook_id) JOIN event USING (position)
     WHERE delivery.webhook_id = due.webhook_id AND delivery.position = due.position
    RETURNING delivery.webhook_id, delivery.attempts, webhook.url, webhook.secret
         , CASE WHEN webhook.previous_until > clock_timestamp() THEN webhook.previous_secret END
           AS previous_secret
         , delivery.last_attempt_at AS at
         , event.position, event.recorded_at, event.stream_id, event.version, event.schema_version
         , event.type, event.state::text AS state, event.metadata::text AS metadata
"""
# Whoever lost the lease to another worker changes nothing any more.
_SETTLE: Final[LiteralString] = """
    UPDATE webhook_delivery
       SET leased_until = NULL, last_status = %(status)s, last_fault = %(fault)s
         , last_answer = %(answer)s, state = %(state)s
         , due_at = CASE WHEN %(state)s = 'pending' THEN clock_timestamp() + %(pause)s
                         ELSE due_at END
         , delivered_at = CASE WHEN %(state)s = 'delivered' THEN clock_timestamp() END
     WHERE webhook_id = %(webhook_id)s AND position = %(position)s
       AND state = 'pending' AND attempts = %(attempts)s
"""
_WELL: Final = """
    UPDATE webhook SET failing_since = NULL WHERE webhook_id = %s AND failing_since IS NOT NULL
"""
_FAILING: Final = """
    UPDATE webhook SET failing_since = coalesce(failing_since, %s) WHERE webhook_id = %s
"""
_DISABLE: Final[LiteralString] = """
    UPDATE webhook
       SET enabled = false, disabled_at = clock_timestamp(), disabled_because = %(because)s
     WHERE webhook_id = %(webhook_id)s AND enabled
       AND (%(because)s = 'gone' OR failing_since < clock_timestamp() - %(patience)s)
    RETURNING url
"""
_FORGET: Final = """
    DELETE FROM webhook_delivery WHERE (webhook_id, position) IN (
        SELECT webhook_id, position FROM webhook_delivery
         WHERE state <> 'pending' AND last_attempt_at < clock_timestamp() - %s
         ORDER BY last_attempt_at LIMIT %s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One delivery, taken to be tried now."""

    webhook_id: UUID
    attempts: int
    """Which attempt this is, from 1 on."""

    url: str
    secrets: tuple[str, ...]
    at: datetime
    recorded: RecordedEvent

    @property
    def message_id(self) -> str:
        """The same in every attempt, and of no other delivery."""
        return f"{self.webhook_id}_{self.recorded.position}"


class Outbox:
    """Deliveries on PostgreSQL; any number of workers may work on them."""

    def __init__(
        self,
        pool: ConnectionPool[Connection[TupleRow]],
        *,
        event_types: EventTypes,
        pauses: Sequence[timedelta] = PAUSES,
        lease: timedelta = LEASE,
    ) -> None:
        self._pool = pool
        self._event_types = event_types
        self._pauses = pauses
        self._lease = lease

    def fill(self) -> int:
        """Make the deliveries of a page of events; answers how many positions it went on."""
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(_FOLLOW, [NAME])
            place = connection.execute(_PLACE, [NAME]).fetchone()
            if place is None:
                return 0  # another worker is at it
            end = connection.execute(_END, [place[0], PAGE]).fetchone()
            if end is None or end[0] is None:
                return 0
            connection.execute(_FILL, [place[0], end[0]])
            connection.execute(_MOVE, [end[0], NAME])
        return int(end[0] - place[0])

    def claim(self, most: int) -> list[Attempt]:
        """Take deliveries that are due; what is not settled in time is taken again."""
        parameters = {"most": most, "at_once": AT_ONCE, "lease": self._lease}
        with self._pool.connection() as connection:
            found = connection.cursor(row_factory=dict_row).execute(_CLAIM, parameters).fetchall()
            if found:
                # The lease is durable by its own commit; this also heeds a standby's silence.
                make_durable(connection)
        return [self._attempt(row) for row in found]

    def settle(self, attempt: Attempt, outcome: Outcome) -> WhyDisabled | None:
        """Note what came of an attempt; answers why its webhook was switched off, if it was."""
        state, pause = self._next(attempt, outcome)
        named = {"webhook_id": attempt.webhook_id, "position": attempt.recorded.position}
        noted = {
            **named,
            "attempts": attempt.attempts,
            "state": state,
            "pause": pause,
            "status": outcome.status,
            "fault": outcome.fault,
            "answer": outcome.answer,
        }
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(_SETTLE, noted)
            if state == "delivered":
                connection.execute(_WELL, [attempt.webhook_id])
                return None
            connection.execute(_FAILING, [attempt.at, attempt.webhook_id])
            because = WhyDisabled.GONE if outcome.status == GONE else WhyDisabled.FAILING
            judged = {"webhook_id": attempt.webhook_id, "because": because, "patience": PATIENCE}
            disabled = connection.execute(_DISABLE, judged).fetchone()
        return None if disabled is None else because

    def forget(self, *, after: timedelta = KEPT_FOR) -> int:
        """Forget deliveries that were done with long ago; answers how many."""
        with self._pool.connection() as connection:
            return connection.execute(_FORGET, [after, PAGE]).rowcount

    def _next(self, attempt: Attempt, outcome: Outcome) -> tuple[str, timedelta]:
        if outcome.status is not None and outcome.status in TAKEN:
            return "delivered", timedelta()
        if outcome.status == GONE or attempt.attempts > len(self._pauses):
            return "dead", timedelta()
        return "pending", max(self._pauses[attempt.attempts - 1], outcome.pause or timedelta())

    def _attempt(self, row: dict[str, Any]) -> Attempt:
        secrets = (row["secret"], row["previous_secret"])
        return Attempt(
            webhook_id=row["webhook_id"],
            attempts=row["attempts"],
            url=row["url"],
            secrets=tuple(secret for secret in secrets if secret is not None),
            at=row["at"],
            recorded=self._event_types.decode(Row(*(row[name] for name in Row._fields))),
        )
