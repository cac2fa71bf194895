"""What is blocked of a line, at every pair of times: periods that are believed, and signed entries.

A period says "this much, from then until then, as far as we knew from then until then". A new fact
ends what was believed and begins what is known now; nothing that was believed is lost. The same
change stands in the ledger as signed rows, so that any two figures can be explained.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.types.range import Range

from application.exposures import BlockState, Movement
from application.recorded import RecordedEvent
from infrastructure.read_models.projection import KeyedRows, Row, Table, insert

_TOLD: Final = (
    "customer_id",
    "company_code",
    "document",
    "document_line",
    "reason_code",
    "currency",
    "opened_at",
    "invoiced_on",
)
"""What a figure can be grouped by."""

PERIODS: Final = Table(
    "blocked_period",
    ("dispute_id", "line_id", "state", "position", "learnt"),
    (
        "dispute_id",
        "line_id",
        "state",
        "position",
        "learnt",
        *_TOLD,
        "amount",
        "since",
        "valid",
        "known",
    ),
)
LEDGER: Final = Table(
    "blocked_payment",
    ("position", "entry"),
    (
        "position",
        "entry",
        "dispute_id",
        "line_id",
        "state",
        "movement",
        *_TOLD,
        "amount",
        "valid_at",
        "recorded_at",
    ),
)
ZERO: Final = Decimal(0)

_Span = Range[datetime]


class Held(NamedTuple):
    """How a line stands from now on, and why."""

    line: Row
    amounts: Mapping[BlockState, Decimal]
    """What is not named is nothing."""
    why: Mapping[BlockState, Movement]


class BlockedLines:
    """The periods and the ledger of the lines that a page of events is about."""

    def __init__(self, cursor: Cursor[DictRow], disputes: Iterable[object]) -> None:
        self._cursor = cursor
        self._periods = KeyedRows(cursor, PERIODS, disputes)
        self._entries: list[Row] = []
        self._written = 0
        self._position = 0

    def change(self, recorded: RecordedEvent, held: Held) -> Row:
        """Take in how a line stands after an event; answers with the line as it is then.

        A fact counts from when it happened, but not before the line's earlier facts: it was decided
        on them, so a line without them never was.
        """
        valid_at = max(held.line["valid_at"], recorded.envelope.occurred_at)
        for state in BlockState:
            before, after = held.line[state], held.amounts.get(state, ZERO)
            if before != after:
                since = self._end(recorded, held.line, state, valid_at=valid_at)
                if after:
                    told = {"state": state, "amount": after, "since": since or valid_at}
                    self._begin(recorded, held.line, **told, valid_at=valid_at)
                told = {"state": state, "movement": held.why[state], "amount": after - before}
                self._enter(recorded, held.line, **told, valid_at=valid_at)
        amounts = {str(state): held.amounts.get(state, ZERO) for state in BlockState}
        was_held = held.line["was_held"] or bool(amounts[BlockState.CONFIRMED])
        return {**held.line, **amounts, "valid_at": valid_at, "was_held": was_held}

    def correct(self, recorded: RecordedEvent, line: Row, *, reason_code: str) -> Row:
        """Take in that a line had another reason all along; answers with the line as it is then."""
        corrected = {**line, "reason_code": reason_code}
        moved: defaultdict[tuple[BlockState, datetime], Decimal] = defaultdict(Decimal)
        for period in self._known_now(line):
            state = BlockState(period["state"])
            self._believe_no_more(recorded, period)
            self._periods.put(
                {
                    **period,
                    "learnt": recorded.position,
                    "reason_code": reason_code,
                    "known": Range(recorded.recorded_at, None),
                }
            )
            span: _Span = period["valid"]
            assert span.lower is not None, "a period has a beginning"
            moved[state, span.lower] += period["amount"]
            if span.upper is not None:
                moved[state, span.upper] -= period["amount"]
        for (state, valid_at), amount in sorted(moved.items()):
            if amount:
                told = {"state": state, "movement": Movement.CORRECTED, "valid_at": valid_at}
                self._enter(recorded, line, **told, amount=-amount)
                self._enter(recorded, corrected, **told, amount=amount)
        return corrected

    def save(self) -> None:
        """Write what changed."""
        self._periods.save()
        insert(self._cursor, LEDGER, self._entries)

    def _known_now(self, line: Row) -> list[Row]:
        return [
            period
            for period in self._periods.all_of(line["dispute_id"])
            if period["line_id"] == line["line_id"] and period["known"].upper is None
        ]

    def _begin(
        self, recorded: RecordedEvent, line: Row, *, valid_at: datetime, **told: object
    ) -> None:
        self._periods.put(
            {
                **{name: line[name] for name in ("dispute_id", "line_id", *_TOLD)},
                **told,
                "position": recorded.position,
                "learnt": recorded.position,
                "valid": Range(valid_at, None),
                "known": Range(recorded.recorded_at, None),
            }
        )

    def _end(
        self, recorded: RecordedEvent, line: Row, state: BlockState, *, valid_at: datetime
    ) -> datetime | None:
        """End the period that goes on, if there is one; answers since when there was something."""
        for period in self._known_now(line):
            span: _Span = period["valid"]
            if period["state"] == state and span.upper is None:
                self._believe_no_more(recorded, period)
                if span.lower != valid_at:
                    ended = {"valid": Range(span.lower, valid_at), "learnt": recorded.position}
                    known: _Span = Range(recorded.recorded_at, None)
                    self._periods.put({**period, **ended, "known": known})
                since: datetime = period["since"]
                return since
        return None

    def _believe_no_more(self, recorded: RecordedEvent, period: Row) -> None:
        known: _Span = period["known"]
        if known.lower == recorded.recorded_at:
            self._periods.remove(period)
        else:
            self._periods.put({**period, "known": Range(known.lower, recorded.recorded_at)})

    def _enter(self, recorded: RecordedEvent, line: Row, **told: object) -> None:
        self._written = self._written + 1 if recorded.position == self._position else 1
        self._position = recorded.position
        self._entries.append(
            {
                **{name: line[name] for name in ("dispute_id", "line_id", *_TOLD)},
                **told,
                "position": recorded.position,
                "entry": self._written,
                "recorded_at": recorded.recorded_at,
            }
        )
