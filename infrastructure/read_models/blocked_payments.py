"""How much money the ERP holds back, was asked to hold, and did not: at any two times."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from application.exposures import BlockState, Movement
from application.recorded import RecordedEvent
from domain.blocks.events import BlockOrdered
from domain.disputes import events
from domain.disputes.lines import Line
from domain.event import Event
from domain.invoices.events import InvoiceMirrored
from infrastructure.read_models.blocked_lines import LEDGER, PERIODS, ZERO, BlockedLines, Held
from infrastructure.read_models.projection import KeyedRows, Projection, Row, Table

_INVOICE: Final = Table("blocked_invoice", ("invoice_id",), ("invoice_id", "invoiced_on"))
_DISPUTE: Final = Table(
    "blocked_dispute", ("dispute_id",), ("dispute_id", "customer_id", "opened_at", "ending")
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
        "document_line",
        "reason_code",
        "currency",
        "opened_at",
        "invoiced_on",
        "ordered",
        "requested",
        "confirmed",
        "failed",
        "was_held",
        "valid_at",
    ),
)
_REQUESTED, _CONFIRMED, _FAILED = BlockState
_ENDINGS: Final[Mapping[type[Event], Movement]] = MappingProxyType(
    {
        events.SettlementExecuted: Movement.SETTLED,
        events.ClearedInErp: Movement.PAID,
        events.DisputeWithdrawn: Movement.WITHDRAWN,
        events.ReleaseOrdered: Movement.UNFOUNDED,
    }
)
"""What a release that follows was for."""


class _Book:
    """The rows that a page of events is about."""

    def __init__(self, cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
        of_disputes = (r for r in page if not isinstance(r.event, InvoiceMirrored))
        disputes = [_dispute_of(recorded) for recorded in of_disputes]
        invoices = [line.invoice_id for recorded in page for line in _new_lines(recorded.event)]
        self.invoices = KeyedRows(cursor, _INVOICE, invoices)
        self.disputes = KeyedRows(cursor, _DISPUTE, disputes)
        self.lines = KeyedRows(cursor, _LINE, disputes)
        self.blocked = BlockedLines(cursor, disputes)

    def save(self) -> None:
        for rows in (self.invoices, self.disputes, self.lines, self.blocked):
            rows.save()


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    told = ("dispute.", "block.ordered", "invoice.mirrored")
    concerned = [recorded for recorded in page if recorded.event.type.startswith(told)]
    book = _Book(cursor, concerned)
    for recorded in concerned:
        _learn(book, recorded)
        for held in () if _is_partly(recorded.event) else _held_after(book, recorded):
            book.lines.put(book.blocked.change(recorded, held))
        for line, reason_code in _corrected(book, recorded):
            book.lines.put(book.blocked.correct(recorded, line, reason_code=reason_code))
    book.save()


def _dispute_of(recorded: RecordedEvent) -> UUID:
    event = recorded.event
    return event.dispute_id if isinstance(event, BlockOrdered) else recorded.stream_id


def _new_lines(event: Event) -> Sequence[Line]:
    match event:
        case events.DisputeOpened(lines=lines):
            return lines
        case events.LineAdded(line=line) | events.LineSplit(part=line):
            return (line,)
        case _:
            return ()


def _learn(book: _Book, recorded: RecordedEvent) -> None:
    dispute_id, event = recorded.stream_id, recorded.event
    match event:
        case InvoiceMirrored(invoiced_on=invoiced_on):
            book.invoices.put({"invoice_id": dispute_id, "invoiced_on": invoiced_on})
        case events.DisputeOpened() as opened:
            dispute = {"dispute_id": dispute_id, "customer_id": opened.customer_id}
            opened_at = recorded.envelope.occurred_at
            book.disputes.put({**dispute, "opened_at": opened_at, "ending": None})
        case events.DisputeReopened():
            book.disputes.put({**book.disputes[dispute_id], "ending": None})
        case _ if type(event) in _ENDINGS:
            book.disputes.put({**book.disputes[dispute_id], "ending": _ENDINGS[type(event)]})
        case _:
            pass
    for line in _new_lines(event):
        book.lines.put(_line(book, recorded, line))


def _is_partly(event: Event) -> bool:
    """A line counts once: blocked when it is held in every scope, and until it is in none."""
    return isinstance(event, events.LineBlockConfirmed | events.LineReleased) and bool(event.partly)


def _held_after(book: _Book, recorded: RecordedEvent) -> Iterator[Held]:
    dispute_id, event = _dispute_of(recorded), recorded.event
    match event:
        case BlockOrdered(line_id=line_id, amount=amount):
            line = {**_known(book, dispute_id, line_id), "ordered": amount}
            yield _asked(line)
        case events.LineBlockConfirmed(line_id=line_id) | events.PaymentBlocked(line_id=line_id):
            yield _confirmed(_known(book, dispute_id, line_id))
        case events.BlockConfirmedManually(blocks=blocks):
            for block in blocks:
                yield _confirmed(_known(book, dispute_id, block.line_id))
        case events.LineReduced(line_id=line_id, amount=amount):
            known = _known(book, dispute_id, line_id)
            yield _reduced({**known, "ordered": max(known["ordered"] - amount, ZERO)})
        case events.BlockDrifted(line_id=line_id) | events.BlockFailed(line_id=line_id):
            yield _failed(_known(book, dispute_id, line_id))
        case events.LineReleased(line_id=line_id):
            yield _released(book, _known(book, dispute_id, line_id))
        case events.PaymentReleased() | events.DisputeVoided() | events.DisputeReopened():
            for line in book.lines.all_of(dispute_id):
                yield _released(book, line)
        case _:
            pass


def _corrected(book: _Book, recorded: RecordedEvent) -> Iterator[tuple[Row, str]]:
    match recorded.event:
        case events.DisputeCorrected(
            field=events.CorrectableDisputeField.REASON_CODE,
            line_id=line_id,
            now=str() as reason_code,
        ):
            for line in book.lines.all_of(recorded.stream_id):
                # Without a line it is said of all of them.
                if line_id in {None, line["line_id"]} and line["reason_code"] != reason_code:
                    yield line, reason_code
        case _:
            pass


def _asked(line: Row) -> Held:
    held = line[_CONFIRMED]
    amounts = {_REQUESTED: line["ordered"], _CONFIRMED: held}
    return Held(line, amounts, dict.fromkeys(BlockState, Movement.ASKED))


def _confirmed(line: Row) -> Held:
    before, after = line[_CONFIRMED], line["ordered"]
    if not before:
        movement = Movement.RESTORED if line["was_held"] else Movement.NEW
    else:
        movement = Movement.INCREASED if after > before else Movement.REDUCED
    beside = dict.fromkeys((_REQUESTED, _FAILED), Movement.CONFIRMED)
    return Held(line, {_CONFIRMED: after}, {**beside, _CONFIRMED: movement})


def _reduced(line: Row) -> Held:
    amounts = {state: min(line[state], line["ordered"]) for state in BlockState}
    return Held(line, amounts, dict.fromkeys(BlockState, Movement.REDUCED))


def _failed(line: Row) -> Held:
    why = {_REQUESTED: Movement.FAILED, _CONFIRMED: Movement.LOST, _FAILED: Movement.FAILED}
    return Held(line, {_FAILED: line["ordered"]}, why)


def _released(book: _Book, line: Row) -> Held:
    ending = book.disputes[line["dispute_id"]]["ending"]
    movement = Movement.RELEASED if ending is None else Movement(ending)
    return Held(line, {}, dict.fromkeys(BlockState, movement))


def _known(book: _Book, dispute_id: UUID, line_id: UUID) -> Row:
    line = book.lines.get(dispute_id, line_id)
    assert line is not None, "a block holds a line of its dispute"
    return line


def _line(book: _Book, recorded: RecordedEvent, line: Line) -> Row:
    dispute = book.disputes[recorded.stream_id]
    invoice = book.invoices.get(line.invoice_id)
    return {
        **{name: dispute[name] for name in ("dispute_id", "customer_id", "opened_at")},
        "line_id": line.line_id,
        "company_code": line.document.company_code,
        "document": line.document.number,
        "document_line": line.document.line,
        "reason_code": line.reason_code,
        "currency": line.currency,
        # An invoice that was first heard of with the dispute has no date.
        "invoiced_on": None if invoice is None else invoice["invoiced_on"],
        "ordered": ZERO,
        **dict.fromkeys(map(str, BlockState), ZERO),
        "was_held": False,
        "valid_at": max(dispute["opened_at"], recorded.envelope.occurred_at),
    }


BLOCKED_PAYMENTS: Final = Projection(
    "blocked_payments", (_INVOICE, _DISPUTE, _LINE, PERIODS, LEDGER), _project
)
