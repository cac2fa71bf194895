"""How much money the ERP holds back: a ledger of signed rows with both times."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import orjson
from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from domain.blocks.events import BlockOrdered
from domain.disputes import events
from domain.disputes.lines import Line
from infrastructure.read_models.projection import KeyedRows, Projection, Row, Table, insert

_DISPUTE: Final = Table(
    "blocked_dispute", ("dispute_id",), ("dispute_id", "customer_id", "opened_at")
)
_LINE: Final = Table(
    "blocked_line",
    ("dispute_id", "line_id"),
    (
        "dispute_id",
        "line_id",
        "customer_id",
        "company_code",
        "document",
        "reason_code",
        "currency",
        "opened_at",
        "ordered",
        "blocked",
    ),
)
_LEDGER: Final = Table(
    "blocked_payment",
    ("position", "line_id"),
    (
        "position",
        "dispute_id",
        "line_id",
        "customer_id",
        "company_code",
        "document",
        "reason_code",
        "currency",
        "opened_at",
        "amount",
        "occurred_at",
        "recorded_at",
    ),
)
_DAY: Final = Table(
    "blocked_payment_day",
    ("valid_on", "known_on", "currency"),
    ("valid_on", "known_on", "currency", "amount"),
)
_ADD_TO_DAYS: Final = """
    INSERT INTO blocked_payment_day AS known
    SELECT * FROM json_populate_recordset(NULL::blocked_payment_day, %s)
        ON CONFLICT (valid_on, known_on, currency)
        DO UPDATE SET amount = known.amount + excluded.amount
"""
_ZERO: Final = Decimal(0)


class _Held(NamedTuple):
    """What the ERP holds of a line from now on."""

    line_id: UUID
    amount: Decimal


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    concerned = [r for r in page if r.event.type.startswith(("dispute.", "block.ordered"))]
    disputes = KeyedRows(cursor, _DISPUTE, map(_dispute_of, concerned))
    lines = KeyedRows(cursor, _LINE, map(_dispute_of, concerned))
    ledger: list[Row] = []
    for recorded in concerned:
        _learn(disputes, lines, recorded)
        for held in _holds(lines, recorded):
            line = lines.get(recorded.stream_id, held.line_id)
            if line is not None and held.amount != line["blocked"]:
                ledger.append(_entry(recorded, line, held.amount - line["blocked"]))
                lines.put({**line, "blocked": held.amount})
    disputes.save()
    lines.save()
    insert(cursor, _LEDGER, ledger)
    _add_to_days(cursor, ledger)


def _dispute_of(recorded: RecordedEvent) -> UUID:
    event = recorded.event
    return event.dispute_id if isinstance(event, BlockOrdered) else recorded.stream_id


def _learn(disputes: KeyedRows, lines: KeyedRows, recorded: RecordedEvent) -> None:
    match recorded.event:
        case events.DisputeOpened() as opened:
            dispute: Row = {
                "dispute_id": recorded.stream_id,
                "customer_id": opened.customer_id,
                "opened_at": recorded.envelope.occurred_at,
            }
            disputes.put(dispute)
            for line in opened.lines:
                lines.put(_line(dispute, line))
        case events.LineAdded(line=line) | events.LineSplit(part=line):
            lines.put(_line(disputes[recorded.stream_id], line))
        case BlockOrdered() as order:
            known = lines.get(order.dispute_id, order.line_id)
            assert known is not None, "a block is ordered for a line of its dispute"
            lines.put({**known, "ordered": order.amount})
        case events.LineReduced(line_id=line_id, amount=amount):
            known = lines.get(recorded.stream_id, line_id)
            assert known is not None, "a line is reduced that the dispute has"
            lines.put({**known, "ordered": max(known["ordered"] - amount, _ZERO)})
        case _:
            pass


def _holds(lines: KeyedRows, recorded: RecordedEvent) -> Iterator[_Held]:
    match recorded.event:
        case events.LineBlockConfirmed(line_id=line_id) | events.PaymentBlocked(line_id=line_id):
            yield _as_ordered(lines, recorded.stream_id, line_id)
        case events.BlockConfirmedManually(blocks=blocks):
            for block in blocks:
                yield _as_ordered(lines, recorded.stream_id, block.line_id)
        case events.LineReduced(line_id=line_id):
            line = lines.get(recorded.stream_id, line_id)
            if line is not None and line["blocked"]:
                yield _Held(line_id, line["ordered"])
        case (
            events.BlockDrifted(line_id=line_id)
            | events.BlockFailed(line_id=line_id)
            | events.LineReleased(line_id=line_id)
        ):
            yield _Held(line_id, _ZERO)
        case events.PaymentReleased(line_id=line_id) if line_id is not None:
            yield _Held(line_id, _ZERO)
        case _:
            pass


def _as_ordered(lines: KeyedRows, dispute_id: UUID, line_id: UUID) -> _Held:
    line = lines.get(dispute_id, line_id)
    assert line is not None, "a block holds a line of its dispute"
    return _Held(line_id, line["ordered"])


def _line(dispute: Row, line: Line) -> Row:
    return {
        **dispute,
        "line_id": line.line_id,
        "company_code": line.document.company_code,
        "document": line.document.number,
        "reason_code": line.reason_code,
        "currency": line.currency,
        "ordered": _ZERO,
        "blocked": _ZERO,
    }


def _entry(recorded: RecordedEvent, line: Row, amount: Decimal) -> Row:
    told = {name: line[name] for name in _LEDGER.columns if name in line}
    return {
        **told,
        "position": recorded.position,
        "amount": amount,
        "occurred_at": recorded.envelope.occurred_at,
        "recorded_at": recorded.recorded_at,
    }


def _add_to_days(cursor: Cursor[DictRow], ledger: Sequence[Row]) -> None:
    days: defaultdict[tuple[date, date, str], Decimal] = defaultdict(Decimal)
    for entry in ledger:
        valid_on = entry["occurred_at"].astimezone(UTC).date()
        known_on = entry["recorded_at"].astimezone(UTC).date()
        days[valid_on, known_on, entry["currency"]] += entry["amount"]
    if days:
        rows = [
            {"valid_on": v, "known_on": k, "currency": currency, "amount": str(amount)}
            for (v, k, currency), amount in days.items()
        ]
        cursor.execute(_ADD_TO_DAYS, [orjson.dumps(rows).decode()])


BLOCKED_PAYMENTS: Final = Projection("blocked_payments", (_DISPUTE, _LINE, _LEDGER, _DAY), _project)
