"""The answers, read from PostgreSQL."""

import base64
import binascii
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any, Final, LiteralString, Self, TypeVar
from uuid import UUID

import orjson
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from application.errors import BadCursor
from application.queries import (
    WHOLE,
    AuditEntry,
    BlockView,
    Contact,
    Part,
    ProjectionStatus,
    TimelineEntry,
    Waiting,
    WorkFilter,
    WorkItem,
    WorkOrder,
    WorkPage,
)
from application.reach import EVERYWHERE, Reach
from infrastructure.postgres.durability import make_durable
from infrastructure.read_models.case_words import without_accents
from infrastructure.read_models.catalogue import PROJECTIONS
from infrastructure.read_models.within import SEES, reach_parameters, within

POLL_SECONDS: Final = 0.005

A = TypeVar("A")

_ENVELOPE: Final[LiteralString] = """
     , event.version
     , event.type
     , (event.metadata->>'occurred_at')::timestamptz AS occurred_at
     , event.recorded_at
     , event.metadata->'actor'->>'kind' AS actor_kind
     , event.metadata->'actor'->>'subject_id' AS actor_id
     , event.metadata->'actor'->>'role' AS actor_role
     , event.metadata->>'channel' AS channel
     , event.metadata->>'reason' AS reason
"""
_TIMELINE: Final[LiteralString] = (
    "SELECT position, told.case_id, told.case_kind" + _ENVELOPE + ", event.state::jsonb AS facts"
    """
      FROM case_timeline AS told JOIN event USING (position)
     WHERE told.family_id = (SELECT family_id FROM case_family WHERE case_id = %(case_id)s)
       AND """
    + within("told.case_id")
    + "AND position > %(after)s ORDER BY position LIMIT %(limit)s"
)
_AUDIT: Final[LiteralString] = (
    "SELECT position, audited.case_id, audited.case_kind"
    + _ENVELOPE
    + """
     , (event.metadata->>'correlation_id')::uuid AS correlation_id
     , event.metadata->>'causation_id' AS causation_id
     , audited.status_before
     , audited.status_after
     , event.state::jsonb AS changes
      FROM audit_trail AS audited JOIN event USING (position)
     WHERE audited.case_id = %(case_id)s
       AND """
    + within("audited.case_id")
    + "AND position > %(after)s ORDER BY position LIMIT %(limit)s"
)
_CONTACT: Final[LiteralString] = """
    SELECT position, case_id, customer_id, direction, channel, reached, summary, occurred_at
         , recorded_at, promised_next_contact, waiting_since, actor_id
      FROM customer_contact
"""
_CONTACTS: Final[LiteralString] = (
    _CONTACT
    + "WHERE family_id = (SELECT family_id FROM contact_case WHERE case_id = %(case_id)s) AND"
    + within("customer_contact.case_id")
    + "AND position > %(after)s ORDER BY position LIMIT %(limit)s"
)
_CUSTOMER_CONTACTS: Final[LiteralString] = (
    _CONTACT
    + "WHERE customer_id = %(customer_id)s AND"
    + within("customer_contact.case_id")
    + "AND position > %(after)s ORDER BY position LIMIT %(limit)s"
)
# Nobody waits for us on a case that is over, whatever was said last.
_WAITING_SINCE: Final[LiteralString] = "CASE WHEN item.is_open THEN waiting.waiting_since END"
_CUSTOMER_WAITING: Final[LiteralString] = (
    """
    SELECT waiting.family_id AS case_id, waiting.customer_id, waiting.last_reached_at
         , """
    + _WAITING_SINCE
    + """ AS waiting_since
         , CASE WHEN item.is_open THEN waiting.promised_next_contact END AS promised_next_contact
         , item.is_open
      FROM customer_waiting AS waiting JOIN worklist AS item ON item.case_id = waiting.family_id
     WHERE waiting.customer_id = %(customer_id)s
       AND """
    + within("item.case_id")
    + "ORDER BY item.opened_at, item.case_id"
)
_ITEM: Final[LiteralString] = (
    """
    SELECT item.case_id, item.case_kind, item.version, item.status, item.is_open, item.customer_id
         , item.category, item.language, item.complaint_id, item.dispute_id, item.queue
         , item.claimed_by, item.opened_at, item.last_event_at, item.amount, item.currency
         , CASE WHEN item.is_open THEN waiting.promised_next_contact END AS promised_next_contact
         , """
    + _WAITING_SINCE
    + """ AS waiting_since
      FROM worklist AS item LEFT JOIN customer_waiting AS waiting USING (family_id)
"""
)
_ONE_ITEM: Final[LiteralString] = (
    _ITEM + "WHERE item.case_id = %(case_id)s AND" + within("item.case_id")
)
_FILTER: Final[LiteralString] = """
     WHERE (%(case_kind)s::text IS NULL OR item.case_kind = %(case_kind)s)
       AND (%(status)s::text IS NULL OR item.status = %(status)s)
       AND (%(is_open)s::boolean IS NULL OR item.is_open = %(is_open)s)
       AND (%(customer_id)s::text IS NULL OR item.customer_id = %(customer_id)s)
       AND (%(queue)s::text IS NULL OR item.queue = %(queue)s)
       AND (%(claimed_by)s::text IS NULL OR item.claimed_by = %(claimed_by)s)
       AND (%(words)s::text IS NULL OR item.case_id IN (
               SELECT case_id FROM case_words
                WHERE words @@ plainto_tsquery('simple', %(words)s)
           ))
       AND """ + within("item.case_id")
_LIST: Final[dict[WorkOrder, LiteralString]] = {
    WorkOrder.NEWEST: _ITEM
    + _FILTER
    + """
       AND (%(at)s::timestamptz IS NULL OR (item.opened_at, item.case_id) < (%(at)s, %(id)s))
     ORDER BY item.opened_at DESC, item.case_id DESC LIMIT %(limit)s
    """,
    WorkOrder.WAITING: _ITEM
    + _FILTER
    + " AND (%(at)s::timestamptz IS NULL OR (coalesce("
    + _WAITING_SINCE
    + ", 'infinity'), item.case_id) > (%(at)s, %(id)s)) ORDER BY coalesce("
    + _WAITING_SINCE
    + ", 'infinity'), item.case_id LIMIT %(limit)s",
}
_BLOCK: Final[LiteralString] = """
    SELECT block_id, dispute_id, line_id, status, system, company_code, document, document_line
         , scope, amount, currency, reason_code, review_by, attempts, version, changed_at
      FROM payment_block
"""
_BLOCKS_OF: Final[LiteralString] = (
    _BLOCK + "WHERE dispute_id = %(dispute_id)s AND" + within("dispute_id") + "ORDER BY block_id"
)
_CONFIRMED: Final[LiteralString] = (
    _BLOCK
    + "WHERE status = 'confirmed' AND (%(after)s::uuid IS NULL OR block_id > %(after)s)"
    + " ORDER BY block_id LIMIT %(limit)s"
)
_UNFINISHED: Final[LiteralString] = _BLOCK + "WHERE is_unfinished ORDER BY changed_at LIMIT %s"
_STATUS: Final = """
    SELECT name, coalesce(tracking.notification_id, 0) AS position
         , (SELECT count(*) FROM event
             WHERE event.position > coalesce(tracking.notification_id, 0)) AS lag
         , failure.position AS failed_position, failure.failure
      FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (name, place)
      LEFT JOIN tracking ON tracking.application_name = wanted.name
      LEFT JOIN projection_failure AS failure USING (name)
     ORDER BY place
"""
_BEHIND: Final = """
    SELECT count(*) FROM unnest(%s::text[]) AS wanted (name)
      LEFT JOIN tracking ON tracking.application_name = wanted.name
     WHERE coalesce(tracking.notification_id, 0) < %s
"""

_LAST: Final = "SELECT coalesce(max(position), 0) FROM event"


class PostgresQuestions:
    """The read models' answers; see the port `application.queries.Questions`."""

    def __init__(
        self, pool: ConnectionPool[Connection[TupleRow]], *, reach: Reach = EVERYWHERE
    ) -> None:
        self._pool = pool
        self._reach = reach
        self._within = reach_parameters(reach)

    def within(self, reach: Reach) -> Self:
        """The same questions within a reach; see the port."""
        return type(self)(self._pool, reach=reach)

    def sees(self, case_id: UUID) -> bool:
        """Whether the case is known and lies within; see the port."""
        with self._pool.connection() as connection:
            found = connection.execute(SEES, {"case_id": case_id, **self._within}).fetchone()
        return found == (True,)

    def wait_for(self, position: int, *, seconds: float) -> bool:
        """Wait until every read model has come to the position, for so long at most."""
        names = [projection.name for projection in PROJECTIONS]
        deadline = monotonic() + seconds
        while True:
            with self._pool.connection() as connection:
                behind = connection.execute(_BEHIND, [names, position]).fetchone()
            if behind == (0,):
                return True
            if monotonic() >= deadline:
                return False
            sleep(POLL_SECONDS)

    def last_position(self) -> int:
        """The position of the last event; 0 while there is none."""
        with self._pool.connection() as connection:
            row = connection.execute(_LAST).fetchone()
        assert row is not None, "an aggregate answers with one row"
        return int(row[0])

    def timeline(self, case_id: UUID, *, part: Part = WHOLE) -> tuple[TimelineEntry, ...]:
        """Everything that happened to a case and to what belongs to it, oldest first."""
        return self._rows_within(
            TimelineEntry, _TIMELINE, {"case_id": case_id, "after": part.after, "limit": part.limit}
        )

    def audit_trail(self, case_id: UUID, *, part: Part = WHOLE) -> tuple[AuditEntry, ...]:
        """Who did what to this case, oldest first."""
        return self._rows_within(
            AuditEntry, _AUDIT, {"case_id": case_id, "after": part.after, "limit": part.limit}
        )

    def contacts(self, case_id: UUID, *, part: Part = WHOLE) -> tuple[Contact, ...]:
        """The contacts about a case and what belongs to it, oldest first."""
        return self._rows_within(
            Contact, _CONTACTS, {"case_id": case_id, "after": part.after, "limit": part.limit}
        )

    def customer_contacts(self, customer_id: str, *, part: Part = WHOLE) -> tuple[Contact, ...]:
        """The contacts with a customer over all cases, oldest first."""
        return self._rows_within(
            Contact,
            _CUSTOMER_CONTACTS,
            {"customer_id": customer_id, "after": part.after, "limit": part.limit},
        )

    def customer_waiting(self, customer_id: str) -> tuple[Waiting, ...]:
        """Where a customer stands with us, on each case."""
        return self._rows_within(Waiting, _CUSTOMER_WAITING, {"customer_id": customer_id})

    def worklist(
        self, wanted: WorkFilter, *, order: WorkOrder, limit: int, cursor: str | None
    ) -> WorkPage:
        """Cases, page by page."""
        at, case_id = (None, None) if cursor is None else _read_cursor(cursor, order)
        parameters = {
            "case_kind": wanted.case_kind,
            "status": wanted.status,
            "is_open": wanted.is_open,
            "customer_id": wanted.customer_id,
            "queue": wanted.queue,
            "claimed_by": wanted.claimed_by,
            "words": None if wanted.words is None else without_accents(wanted.words),
            "at": at,
            "id": case_id,
            "limit": limit + 1,
        }
        items = self._rows_within(WorkItem, _LIST[order], parameters)
        shown = items[:limit]
        more = len(items) > limit
        return WorkPage(items=shown, next_cursor=_cursor(shown[-1], order) if more else None)

    def work_item(self, case_id: UUID) -> WorkItem | None:
        """One case as a list shows it."""
        return next(iter(self._rows_within(WorkItem, _ONE_ITEM, {"case_id": case_id})), None)

    def blocks_of(self, dispute_id: UUID) -> tuple[BlockView, ...]:
        """The payment blocks of a dispute."""
        return self._rows_within(BlockView, _BLOCKS_OF, {"dispute_id": dispute_id})

    def confirmed_blocks(self, *, after: UUID | None, limit: int) -> tuple[BlockView, ...]:
        """The blocks that we hold for confirmed; see the port."""
        return self._rows(BlockView, _CONFIRMED, {"after": after, "limit": limit})

    def unfinished_blocks(self, *, limit: int) -> tuple[BlockView, ...]:
        """The blocks for which the ERP must be asked something, longest unchanged first.

        What it tells is on the disk: an order that a crash takes back must not have left us.
        """
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(BlockView))
            unfinished = tuple(cursor.execute(_UNFINISHED, [limit]).fetchall())
            if unfinished:
                make_durable(connection)
        return unfinished

    def projections(self) -> tuple[ProjectionStatus, ...]:
        """How far each read model has come."""
        names = [projection.name for projection in PROJECTIONS]
        return self._rows(ProjectionStatus, _STATUS, [names])

    def _rows_within(
        self,
        answer: type[A],
        query: LiteralString,
        parameters: dict[str, Any],  # Any: what the database takes
    ) -> tuple[A, ...]:
        return self._rows(answer, query, {**parameters, **self._within})

    def _rows(
        self,
        answer: type[A],
        query: LiteralString,
        parameters: list[Any] | dict[str, Any],  # Any: what the database takes
    ) -> tuple[A, ...]:
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(answer))
            return tuple(cursor.execute(query, parameters).fetchall())


def _cursor(last: WorkItem, order: WorkOrder) -> str:
    at = last.opened_at if order is WorkOrder.NEWEST else last.waiting_since
    told = [order, None if at is None else at.isoformat(), str(last.case_id)]
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode()


def _read_cursor(cursor: str, order: WorkOrder) -> tuple[str, UUID]:
    try:
        told = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        written_for, at, case_id = told
        if written_for != order:
            raise BadCursor
        if at is None:
            return "infinity", UUID(case_id)
        # Written anew: Python reads more forms of an instant than the server does.
        return datetime.fromisoformat(at).astimezone(UTC).isoformat(), UUID(case_id)
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error) as error:
        raise BadCursor from error
