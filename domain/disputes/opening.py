"""Decisions about opening a dispute and about its lines."""

from decimal import Decimal
from uuid import UUID

from domain.disputes import events
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import LIFECYCLE
from domain.disputes.lines import (
    ZERO,
    Account,
    AmountOutOfRange,
    Line,
    LinesUnlike,
    LineTwice,
    UnknownLine,
    check_line,
)
from domain.event import Event
from domain.money import check_amount
from domain.parties import Actor


def open_dispute(
    *,
    customer_id: str,
    complaint_id: UUID | None,
    reason_code: str,
    requested_action: str | None,
    lines: tuple[Line, ...],
) -> list[Event]:
    """Begin a dispute. Lines may follow; nothing can be blocked without one.

    Raises:
        LineTwice: a line or its document is named twice.
        AmountOutOfRange, UnknownCurrency, WrongPrecision: an amount is impossible.
    """
    for number, line in enumerate(lines):
        check_line(line)
        _check_new(line, beside=lines[:number])
    return [
        events.DisputeOpened(
            customer_id=customer_id,
            complaint_id=complaint_id,
            reason_code=reason_code,
            requested_action=requested_action,
            lines=lines,
        ),
    ]


def add_line(dispute: Dispute, *, line: Line, by: Actor) -> list[Event]:
    """Dispute one more document line; the errors are those of `open_dispute`."""
    LIFECYCLE.require("add_line", dispute.status, by=by)
    check_line(line)
    _check_new(line, beside=tuple(account.line for account in dispute.accounts.values()))
    return [events.LineAdded(line=line)]


def reduce_line(dispute: Dispute, *, line_id: UUID, amount: Decimal, by: Actor) -> list[Event]:
    """Dispute less of a line. To dispute nothing of it any more, withdraw the dispute.

    Raises:
        UnknownLine: the dispute has no such line.
        WrongPrecision: more decimal places than the currency has.
        AmountOutOfRange: not more than 0, or nothing would be left.
    """
    LIFECYCLE.require("reduce_line", dispute.status, by=by)
    _check_part(_account(dispute, line_id), amount)
    return [events.LineReduced(line_id=line_id, amount=amount)]


def split_line(
    dispute: Dispute,
    *,
    line_id: UUID,
    part_id: UUID,
    amount: Decimal,
    reason_code: str,
    by: Actor,
) -> list[Event]:
    """Make a part of a line a line of its own, with its own reason.

    Raises:
        UnknownLine: the dispute has no such line.
        LineTwice: the part's identity is taken.
        WrongPrecision: more decimal places than the currency has.
        AmountOutOfRange: not more than 0, or nothing would be left.
    """
    LIFECYCLE.require("split_line", dispute.status, by=by)
    account = _account(dispute, line_id)
    if part_id in dispute.accounts:
        raise LineTwice(part_id)
    _check_part(account, amount)
    part = account.line.model_copy(
        update={"line_id": part_id, "amount": amount, "vat": ZERO, "reason_code": reason_code},
    )
    return [events.LineSplit(line_id=line_id, part=part)]


def merge_lines(
    dispute: Dispute,
    *,
    line_id: UUID,
    into_line_id: UUID,
    by: Actor,
) -> list[Event]:
    """Put a line into another one of the same document line.

    Raises:
        UnknownLine: the dispute has no such line.
        LinesUnlike: they are the same line, or dispute different documents.
    """
    LIFECYCLE.require("merge_lines", dispute.status, by=by)
    line, into = _account(dispute, line_id).line, _account(dispute, into_line_id).line
    alike = line.document == into.document and line.currency == into.currency
    if line_id == into_line_id or not alike:
        raise LinesUnlike
    return [events.LinesMerged(line_id=line_id, into_line_id=into_line_id)]


def _account(dispute: Dispute, line_id: UUID) -> Account:
    try:
        return dispute.accounts[line_id]
    except KeyError:
        raise UnknownLine(line_id) from None


def _check_part(account: Account, amount: Decimal) -> None:
    check_amount(amount, currency=account.line.currency)
    if not ZERO < amount < account.current:
        raise AmountOutOfRange(amount, most=account.current)


def _check_new(line: Line, *, beside: tuple[Line, ...]) -> None:
    for other in beside:
        if line.line_id == other.line_id or line.document == other.document:
            raise LineTwice(line.line_id)
