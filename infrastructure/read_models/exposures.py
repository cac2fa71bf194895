"""Blocked money at any two times, read from PostgreSQL; see the port `application.exposures`.

A figure is the sum of the periods that contain both times: its cost grows with what was blocked
then, and not with the ledger. What changed between two times is a sum over the ledger's rows.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, LiteralString, NamedTuple, Self, TypeVar

from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool

from application.exposures import (
    EVERYTHING,
    BlockedLine,
    BlockState,
    Bridge,
    Exposure,
    ExposureGroup,
    ExposurePoint,
    LedgerEntry,
    Moved,
    Movement,
    Selection,
    Window,
)
from application.reach import EVERYWHERE, Reach
from infrastructure.read_models.within import reach_parameters, within

A = TypeVar("A")

ROWS_AT_ONCE: Final = 2_000
"""Of a list without an end."""

_NOW: Final = "infinity"
"""What is known now is known in every time to come."""

_INSTANT: Final = timedelta(microseconds=1)
_ZERO: Final = Decimal(0)

_GROUPS: Final[dict[ExposureGroup | None, LiteralString]] = {
    None: "NULL::text",
    ExposureGroup.CUSTOMER: "customer_id",
    ExposureGroup.COMPANY: "company_code",
    ExposureGroup.REASON: "reason_code",
    ExposureGroup.AGE: """
        (%(labels)s::text[])[1 + width_bucket(
            floor(extract(epoch FROM %(aged_at)s::timestamptz - opened_at) / 86400)::integer
          , %(bounds)s::integer[])]
    """,
    ExposureGroup.INVOICE_AGE: """
        CASE WHEN invoiced_on IS NULL THEN 'unknown' ELSE
        (%(labels)s::text[])[1 + width_bucket(
            (%(aged_at)s::timestamptz AT TIME ZONE 'UTC')::date - invoiced_on
          , %(bounds)s::integer[])] END
    """,
}
_CHOSEN: Final[LiteralString] = """
       AND (%(companies)s::text[] IS NULL OR company_code = ANY (%(companies)s))
       AND (%(customer_id)s::text IS NULL OR customer_id = %(customer_id)s)
       AND (%(currency)s::text IS NULL OR currency = %(currency)s)
       AND """ + within("dispute_id")
_AMONG: Final[dict[ExposureGroup | None, LiteralString]] = {
    by: _CHOSEN + " AND (%(group)s::text IS NULL OR " + group + " = %(group)s)"
    for by, group in _GROUPS.items()
}
_THEN: Final[LiteralString] = """
      FROM blocked_period
     WHERE valid @> %(valid_at)s::timestamptz AND known @> %(known_at)s::timestamptz
"""
_SUMS: Final[LiteralString] = """
     , coalesce(sum(amount) FILTER (WHERE state = 'confirmed'), 0) AS amount
     , coalesce(sum(amount) FILTER (WHERE state = 'requested'), 0) AS requested
     , coalesce(sum(amount) FILTER (WHERE state = 'failed'), 0) AS failed
"""
_EXPOSURE: Final[dict[tuple[ExposureGroup | None, ExposureGroup | None], LiteralString]] = {
    (by, of): "SELECT currency, "
    + group
    + ' AS "group"'
    + _SUMS
    + ", count(*) FILTER (WHERE state = 'confirmed') AS lines"
    + _THEN
    + _AMONG[of]
    + " GROUP BY 1, 2 ORDER BY currency, amount DESC, 2"
    for by, group in _GROUPS.items()
    for of in _GROUPS
}
_WINDOW: Final[LiteralString] = """
     WHERE (%(valid_after)s::timestamptz IS NULL OR valid_at > %(valid_after)s)
       AND valid_at <= %(valid_until)s
       AND (%(known_after)s::timestamptz IS NULL OR recorded_at > %(known_after)s)
       AND recorded_at <= %(known_until)s::timestamptz
"""
_CHANGES: Final[dict[ExposureGroup | None, LiteralString]] = {
    of: "SELECT 1 + width_bucket(valid_at, %(bounds_of_time)s::timestamptz[]) AS step, currency"
    + _SUMS
    + " FROM blocked_payment"
    + _WINDOW
    + among
    + " GROUP BY 1, 2"
    for of, among in _AMONG.items()
}
_MOVED: Final[dict[ExposureGroup | None, LiteralString]] = {
    of: "SELECT currency, movement, sum(amount), count(*) FROM blocked_payment"
    + _WINDOW
    + " AND state = 'confirmed'"
    + among
    + " GROUP BY 1, 2"
    for of, among in _AMONG.items()
}
_LINES: Final[dict[ExposureGroup | None, LiteralString]] = {
    of: """
    SELECT dispute_id, line_id, customer_id, company_code, document, document_line, reason_code
         , currency, amount, opened_at, since AS blocked_since
    """
    + _THEN
    + " AND state = 'confirmed'"
    + among
    + " ORDER BY since, dispute_id, line_id LIMIT %(limit)s"
    for of, among in _AMONG.items()
}
_ENTRIES: Final[dict[ExposureGroup | None, LiteralString]] = {
    of: """
    SELECT told.*, event.stream_id AS case_id, event.version, event.type
         , (event.metadata->>'occurred_at')::timestamptz AS occurred_at
         , event.metadata->'actor'->>'kind' AS actor_kind
         , event.metadata->'actor'->>'subject_id' AS actor_id
         , event.metadata->'actor'->>'role' AS actor_role
         , event.metadata->>'reason' AS reason
      FROM (
           SELECT position, entry, dispute_id, line_id, state, movement, customer_id, company_code
                , document, document_line, reason_code, currency, amount, valid_at, recorded_at
             FROM blocked_payment
    """
    + _WINDOW
    + among
    + """
              AND (%(state)s::text IS NULL OR state = %(state)s)
              AND (%(movement)s::text IS NULL OR movement = %(movement)s)
              AND (position, entry) > (%(position)s, %(entry)s)
            ORDER BY position, entry LIMIT %(limit)s
           ) AS told
      JOIN event USING (position)
     ORDER BY told.position, told.entry
    """
    for of, among in _AMONG.items()
}


class _Moment(NamedTuple):
    valid_at: datetime
    known_at: datetime | None


class _Step(NamedTuple):
    step: int
    currency: str
    amount: Decimal
    requested: Decimal
    failed: Decimal


class PostgresExposures:
    """The answers about blocked money."""

    def __init__(
        self, pool: ConnectionPool[Connection[TupleRow]], *, reach: Reach = EVERYWHERE
    ) -> None:
        self._pool = pool
        self._reach = reach_parameters(reach)

    def within(self, reach: Reach) -> Self:
        """The same figures of what lies within a reach; see the port."""
        return type(self)(self._pool, reach=reach)

    def exposure(
        self,
        *,
        valid_at: datetime,
        known_at: datetime | None,
        by: ExposureGroup | None,
        among: Selection = EVERYTHING,
    ) -> tuple[Exposure, ...]:
        """How much was blocked, by currency and group."""
        return self._exposure(_Moment(valid_at, known_at), by=by, among=among, aged_at=valid_at)

    def series(
        self,
        ends: Sequence[datetime],
        *,
        known_at: datetime | None,
        among: Selection = EVERYTHING,
    ) -> tuple[ExposurePoint, ...]:
        """How much was blocked at each of these instants, earliest first, by currency."""
        first, last = ends[0], ends[-1]
        start = _Moment(first, known_at)
        opening = self._exposure(start, by=None, among=among, aged_at=last)
        window = Window(valid_after=first, valid_until=last, known_until=known_at)
        # What happens at the very end of a step belongs to it.
        bounds = [end + _INSTANT for end in ends[1:]]
        parameters = {
            **self._chosen(among, aged_at=last),
            **_within(window),
            "bounds_of_time": bounds,
        }
        changes = self._rows(_Step, _CHANGES[among.by], parameters)
        told: dict[tuple[int, str], _Step] = {(c.step, c.currency): c for c in changes}
        points: list[ExposurePoint] = []
        currencies = {e.currency for e in opening} | {c.currency for c in changes}
        stands = {e.currency: (e.amount, e.requested, e.failed) for e in opening}
        for step, end in enumerate(ends):
            for currency in sorted(currencies):
                amounts = stands.get(currency, (_ZERO, _ZERO, _ZERO))
                change = told.get((step, currency))
                if change is not None:
                    more = (change.amount, change.requested, change.failed)
                    amounts = amounts[0] + more[0], amounts[1] + more[1], amounts[2] + more[2]
                stands[currency] = amounts
                points.append(_point(end, currency, amounts))
        return tuple(points)

    def bridge(
        self,
        *,
        valid_from: datetime,
        valid_until: datetime,
        known_at: datetime | None,
        among: Selection = EVERYTHING,
    ) -> tuple[Bridge, ...]:
        """What became of the money that was blocked at one instant until another."""
        window = Window(valid_after=valid_from, valid_until=valid_until, known_until=known_at)
        opening, closing = _Moment(valid_from, known_at), _Moment(valid_until, known_at)
        return self._bridge(window, opening=opening, closing=closing, among=among)

    def learnt(
        self,
        *,
        valid_at: datetime,
        known_from: datetime,
        known_until: datetime | None,
        among: Selection = EVERYTHING,
    ) -> tuple[Bridge, ...]:
        """What we learnt late about one instant, between two times of knowing."""
        window = Window(valid_until=valid_at, known_after=known_from, known_until=known_until)
        opening, closing = _Moment(valid_at, known_from), _Moment(valid_at, known_until)
        return self._bridge(window, opening=opening, closing=closing, among=among)

    def lines(
        self,
        *,
        valid_at: datetime,
        known_at: datetime | None,
        among: Selection = EVERYTHING,
        limit: int | None,
    ) -> tuple[BlockedLine, ...]:
        """Which document lines were blocked, longest first."""
        parameters = {**self._chosen(among, aged_at=valid_at), **_at(_Moment(valid_at, known_at))}
        return self._rows(BlockedLine, _LINES[among.by], {**parameters, "limit": limit})

    def every_line(
        self, *, valid_at: datetime, known_at: datetime | None, among: Selection = EVERYTHING
    ) -> Iterator[BlockedLine]:
        """The same, however many, a few at a time."""
        parameters = {**self._chosen(among, aged_at=valid_at), **_at(_Moment(valid_at, known_at))}
        with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor("lines", row_factory=class_row(BlockedLine)) as cursor,
        ):
            cursor.itersize = ROWS_AT_ONCE
            yield from cursor.execute(_LINES[among.by], {**parameters, "limit": None})

    def entries(
        self,
        window: Window,
        *,
        state: BlockState | None = BlockState.CONFIRMED,
        movement: Movement | None = None,
        among: Selection = EVERYTHING,
        after: tuple[int, int] | None = None,
        limit: int,
    ) -> tuple[LedgerEntry, ...]:
        """The signed rows behind a figure, in the order in which we learnt them."""
        position, entry = after or (0, 0)
        parameters = {
            **self._chosen(among, aged_at=window.valid_until),
            **_within(window),
            "state": state,
            "movement": movement,
            "position": position,
            "entry": entry,
            "limit": limit,
        }
        return self._rows(LedgerEntry, _ENTRIES[among.by], parameters)

    def _exposure(
        self,
        moment: _Moment,
        *,
        by: ExposureGroup | None,
        among: Selection,
        aged_at: datetime,
    ) -> tuple[Exposure, ...]:
        parameters = {**self._chosen(among, aged_at=aged_at), **_at(moment)}
        return self._rows(Exposure, _EXPOSURE[by, among.by], parameters)

    def _bridge(
        self, window: Window, *, opening: _Moment, closing: _Moment, among: Selection
    ) -> tuple[Bridge, ...]:
        ends: list[dict[str, Decimal]] = []
        for moment in (opening, closing):
            # A line that only grows older does not move.
            aged_at = window.valid_until
            found = self._exposure(moment, by=None, among=among, aged_at=aged_at)
            ends.append({each.currency: each.amount for each in found})
        parameters = {**self._chosen(among, aged_at=window.valid_until), **_within(window)}
        moved: defaultdict[str, dict[Movement, Moved]] = defaultdict(dict)
        with self._pool.connection() as connection:
            for currency, movement, amount, entries in connection.execute(
                _MOVED[among.by], parameters
            ):
                kind = Movement(movement)
                moved[currency][kind] = Moved(movement=kind, amount=amount, entries=entries)
        return tuple(
            Bridge(
                currency=currency,
                opening=ends[0].get(currency, _ZERO),
                movements=tuple(
                    moved[currency][kind] for kind in Movement if kind in moved[currency]
                ),
                closing=ends[1].get(currency, _ZERO),
            )
            for currency in sorted({*ends[0], *ends[1], *moved})
        )

    def _chosen(self, among: Selection, *, aged_at: datetime) -> dict[str, Any]:  # Any: SQL values
        return {
            **self._reach,
            "aged_at": aged_at,
            "companies": None if among.companies is None else sorted(among.companies),
            "customer_id": among.customer_id,
            "currency": among.currency,
            "group": among.group,
            "labels": labels_of(among.ages),
            "bounds": [age + 1 for age in among.ages],
        }

    def _rows(
        self,
        answer: type[A],
        query: LiteralString,
        parameters: dict[str, Any],  # Any: what the database takes
    ) -> tuple[A, ...]:
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(answer))
            # Planned for these very times: a plan for any could not know which filters fall away.
            return tuple(cursor.execute(query, parameters, prepare=False).fetchall())


def labels_of(ages: Sequence[int]) -> list[str]:
    """How buckets of ages that end with these days are called."""
    firsts = [0, *(age + 1 for age in ages)]
    closed = [f"{first}-{after - 1}" for first, after in pairwise(firsts)]
    return [*closed, f"{firsts[-1]}+"]


def _at(moment: _Moment) -> dict[str, Any]:  # Any: as the database takes
    return {"valid_at": moment.valid_at, "known_at": moment.known_at or _NOW}


def _within(window: Window) -> dict[str, Any]:  # Any: as the database takes
    return {
        "valid_after": window.valid_after,
        "valid_until": window.valid_until,
        "known_after": window.known_after,
        "known_until": window.known_until or _NOW,
    }


def _point(at: datetime, currency: str, amounts: tuple[Decimal, Decimal, Decimal]) -> ExposurePoint:
    amount, requested, failed = amounts
    return ExposurePoint(
        valid_at=at, currency=currency, amount=amount, requested=requested, failed=failed
    )
