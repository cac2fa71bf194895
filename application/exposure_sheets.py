"""The answers about blocked money as tables that can leave the house."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from application.exports import Cell, Column, Kind, Sheet
from application.exposures import BlockedLine, Bridge, Exposure, ExposurePoint
from domain.money import EXPONENTS

_CURRENCY: Final = Column("currency", "devise")
_AMOUNTS: Final = (
    Column("blocked", "bloqué", Kind.AMOUNT),
    Column("requested", "demandé", Kind.AMOUNT),
    Column("failed", "en échec", Kind.AMOUNT),
)
_LINES: Final = (
    Column("dispute_id", "litige"),
    Column("line_id", "ligne de litige"),
    Column("customer_id", "client"),
    Column("company_code", "société"),
    Column("document", "facture"),
    Column("document_line", "ligne", Kind.NUMBER),
    Column("reason_code", "motif"),
    _CURRENCY,
    Column("amount", "montant bloqué", Kind.AMOUNT),
    Column("opened_at", "ouvert le (UTC)", Kind.INSTANT),
    Column("blocked_since", "bloqué depuis (UTC)", Kind.INSTANT),
)


def sheet_of_lines(lines: Iterable[BlockedLine]) -> Sheet:
    """Which document lines are blocked; taken one after the other."""
    return Sheet(name="blocked_lines", columns=_LINES, rows=map(_line, lines))


def sheet_of_exposure(found: Iterable[Exposure], *, group: Column | None) -> Sheet:
    """How much is blocked, by currency and group."""
    groups = () if group is None else (group,)
    return Sheet(
        name="exposure",
        columns=(_CURRENCY, *groups, *_AMOUNTS, Column("lines", "lignes", Kind.NUMBER)),
        rows=(
            (
                each.currency,
                *([] if group is None else [each.group]),
                *_at_precision((each.amount, each.requested, each.failed), each.currency),
                each.lines,
            )
            for each in found
        ),
    )


def sheet_of_series(points: Iterable[ExposurePoint]) -> Sheet:
    """How much was blocked at each instant of a series."""
    return Sheet(
        name="exposure_series",
        columns=(Column("valid_at", "en vigueur le (UTC)", Kind.INSTANT), _CURRENCY, *_AMOUNTS),
        rows=(
            (
                each.valid_at,
                each.currency,
                *_at_precision((each.amount, each.requested, each.failed), each.currency),
            )
            for each in points
        ),
    )


def sheet_of_bridges(bridges: Iterable[Bridge]) -> Sheet:
    """How one figure became another, row by row."""
    return Sheet(
        name="exposure_bridge",
        columns=(
            _CURRENCY,
            Column("movement", "mouvement"),
            Column("amount", "montant", Kind.AMOUNT),
            Column("entries", "écritures", Kind.NUMBER),
        ),
        rows=(row for bridge in bridges for row in _bridge(bridge)),
    )


def at_precision(amount: Decimal, currency: str) -> Decimal:
    """An amount with all the decimal places of its currency, and never fewer than it has."""
    padded = amount.quantize(Decimal(1).scaleb(-EXPONENTS.get(currency, 0)))
    return padded if padded == amount else amount


def _at_precision(amounts: Sequence[Decimal], currency: str) -> Iterator[Decimal]:
    return (at_precision(amount, currency) for amount in amounts)


def _line(line: BlockedLine) -> tuple[Cell, ...]:
    return (
        str(line.dispute_id),
        str(line.line_id),
        line.customer_id,
        line.company_code,
        line.document,
        line.document_line,
        line.reason_code,
        line.currency,
        at_precision(line.amount, line.currency),
        line.opened_at,
        line.blocked_since,
    )


def _bridge(bridge: Bridge) -> Iterator[tuple[Cell, ...]]:
    code = bridge.currency
    yield code, "opening", at_precision(bridge.opening, code), None
    for moved in bridge.movements:
        yield code, str(moved.movement), at_precision(moved.amount, code), moved.entries
    yield code, "closing", at_precision(bridge.closing, code), None
