"""What customers owe, read from PostgreSQL; see the port `application.receivables.Receivables`."""

from datetime import UTC, date, datetime, time
from typing import Any, Final, LiteralString, Self, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from application.reach import EVERYWHERE, Reach
from application.receivables import Dunnable, Sold, Unpaid

A = TypeVar("A")

_UNPAID: Final[LiteralString] = """
    SELECT company_code, currency
         , CASE WHEN standing.disputed > 0 THEN 'disputed'
                WHEN due_on IS NULL THEN 'undated'
                WHEN due_on > %(closing)s THEN 'not_due'
                ELSE (ARRAY['0', '1-30', '31-60', '61-90', '91+'])
                     [1 + width_bucket(%(closing)s::date - due_on, ARRAY[1, 31, 61, 91])]
           END AS standing
         , count(*) AS number, sum(standing.open) AS amount, sum(standing.disputed) AS disputed
      FROM (
           SELECT invoice_id
                , coalesce(sum(amount) FILTER (WHERE kind = 'open'), 0) AS open
                , coalesce(sum(amount) FILTER (WHERE kind = 'disputed'), 0) AS disputed
             FROM receivable_entry
            WHERE valid_at <= %(valid_at)s AND recorded_at <= %(known_at)s::timestamptz
            GROUP BY invoice_id
           ) AS standing
      JOIN receivable USING (invoice_id)
     WHERE standing.open > 0
       AND (%(companies)s::text[] IS NULL OR company_code = ANY (%(companies)s))
     GROUP BY 1, 2, 3
"""
_SOLD: Final[LiteralString] = """
    SELECT company_code, currency, sum(amount) AS amount
      FROM receivable
     WHERE invoiced_on BETWEEN %(first)s AND %(closing)s
       AND recorded_at <= %(known_at)s::timestamptz
       AND (%(companies)s::text[] IS NULL OR company_code = ANY (%(companies)s))
     GROUP BY 1, 2
"""
# The latest block of a line counts once, however many stood before it; the claim tells the ERPs'
# documents of one number apart.
_DUNNING: Final[LiteralString] = """
    SELECT invoice_id, customer_id, company_code, document, document_line, currency, due_on
         , standing.open AS open_amount
         , least(standing.open, coalesce(held.blocked, 0)) AS blocked
         , coalesce(held.requested, 0) AS requested
      FROM receivable
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(entry.amount), 0) AS open
             FROM receivable_entry AS entry
            WHERE entry.invoice_id = receivable.invoice_id AND entry.kind = 'open'
           ) AS standing
     CROSS JOIN LATERAL (
           SELECT sum(held) AS blocked, sum(asked) FILTER (WHERE held IS NULL) AS requested
             FROM (
                  SELECT max(block.amount) FILTER (WHERE status IN (
                             'confirmed', 'release_requested', 'release_unconfirmed')) AS held
                       , max(block.amount) FILTER (WHERE status IN (
                             'requested', 'sent', 'unconfirmed')) AS asked
                    FROM receivable_claim AS claim JOIN payment_block AS block USING (dispute_id)
                   WHERE claim.invoice_id = receivable.invoice_id
                     AND block.scope = 'dunning'
                     AND (block.company_code, block.document, block.document_line)
                       = (receivable.company_code, receivable.document, receivable.document_line)
                   GROUP BY block.line_id
                  ) AS line
           ) AS held
     WHERE standing.open > 0
       AND (%(after)s::uuid IS NULL OR invoice_id > %(after)s)
       AND (%(companies)s::text[] IS NULL OR company_code = ANY (%(companies)s))
     ORDER BY invoice_id LIMIT %(limit)s
"""


class PostgresReceivables:
    """The answers about what customers owe."""

    def __init__(
        self, pool: ConnectionPool[Connection[TupleRow]], *, reach: Reach = EVERYWHERE
    ) -> None:
        self._pool = pool
        self._reached = reach.companies if reach.teams is None else frozenset[str]()

    def within(self, reach: Reach) -> Self:
        """The same answers about what lies within a reach; see the port."""
        return type(self)(self._pool, reach=reach)

    def unpaid(
        self, *, closing: date, known_at: datetime | None, companies: frozenset[str] | None
    ) -> tuple[Unpaid, ...]:
        """The invoices unpaid at the end of a day in UTC, by where they stand."""
        parameters = {
            **self._parameters(closing, known_at=known_at, companies=companies),
            "valid_at": datetime.combine(closing, time.max, UTC),
        }
        return self._rows(Unpaid, _UNPAID, parameters)

    def sold(
        self,
        *,
        first: date,
        closing: date,
        known_at: datetime | None,
        companies: frozenset[str] | None,
    ) -> tuple[Sold, ...]:
        """What was invoiced from one day to another."""
        parameters = self._parameters(closing, known_at=known_at, companies=companies)
        return self._rows(Sold, _SOLD, {**parameters, "first": first})

    def dunning(
        self, *, company: str | None, after: UUID | None, limit: int
    ) -> tuple[Dunnable, ...]:
        """The invoice lines that are open now; see the port."""
        companies = self._among(None if company is None else frozenset({company}))
        return self._rows(
            Dunnable, _DUNNING, {"after": after, "companies": companies, "limit": limit}
        )

    def _parameters(
        self, closing: date, *, known_at: datetime | None, companies: frozenset[str] | None
    ) -> dict[str, Any]:  # Any: what the database takes
        return {
            "closing": closing,
            "known_at": known_at or "infinity",
            "companies": self._among(companies),
        }

    def _among(self, companies: frozenset[str] | None) -> list[str] | None:
        asked = self._reached if companies is None else companies
        if asked is not None and self._reached is not None:
            asked &= self._reached
        return None if asked is None else sorted(asked)

    def _rows(
        self,
        answer: type[A],
        query: LiteralString,
        parameters: dict[str, Any],  # Any: what the database takes
    ) -> tuple[A, ...]:
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(answer))
            return tuple(cursor.execute(query, parameters).fetchall())
