"""How much money is blocked."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from rich.text import Text

from api.command_line.opening import catch_up, opened
from api.command_line.output import (
    Column,
    answer_json,
    instant,
    money,
    plain_amount,
    show,
    table,
)
from application.exposures import Exposure, ExposureGroup

_TITLES: Final = {
    ExposureGroup.AGE: "age in days",
    ExposureGroup.INVOICE_AGE: "invoice's age in days",
}
_AMOUNTS: Final = (
    Column("blocked", align="right"),
    Column("requested", align="right"),
    Column("failed", align="right"),
    Column("lines", align="right"),
)


def show_exposure(
    *,
    valid_at: datetime | None,
    known_at: datetime | None,
    by: ExposureGroup | None,
    as_json: bool,
) -> None:
    """Show how much was blocked; sums are wrong by what is missing, so nothing may be missing."""
    with opened() as wiring:
        catch_up(wiring)
        now = wiring.services.clock.now()
        valid = now if valid_at is None else valid_at
        found = wiring.services.exposures.exposure(valid_at=valid, known_at=known_at, by=by)
    known = now if known_at is None else known_at
    if as_json:
        items = [_plain(item) for item in found]
        answer_json({"valid_at": valid, "known_at": known, "by": by, "items": items})
        return
    show(Text(f"blocked at {instant(valid)} UTC, as known at {instant(known)} UTC", style="bold"))
    if not found:
        show("nothing")
    elif by is None:
        columns = (Column("currency"), *_AMOUNTS)
        show(table(columns, [(item.currency, *_amounts(item)) for item in found]))
    else:
        _show_groups(found, by=by)


def _plain(item: Exposure) -> dict[str, object]:
    amounts = {
        name: plain_amount(amount, item.currency)
        for name, amount in (
            ("amount", item.amount),
            ("requested", item.requested),
            ("failed", item.failed),
        )
    }
    return {"currency": item.currency, "group": item.group, **amounts, "lines": item.lines}


def _amounts(item: Exposure) -> tuple[str, ...]:
    amounts = (item.amount, item.requested, item.failed)
    return (*(money(amount, item.currency) for amount in amounts), str(item.lines))


def _show_groups(found: tuple[Exposure, ...], *, by: ExposureGroup) -> None:
    columns = (Column(_TITLES.get(by, str(by))), Column("share", align="right"), *_AMOUNTS)
    rows: list[tuple[object, ...]] = []
    for currency in dict.fromkeys(item.currency for item in found):
        items = [item for item in found if item.currency == currency]
        total = Exposure(
            currency=currency,
            group=None,
            amount=sum((item.amount for item in items), Decimal(0)),
            requested=sum((item.requested for item in items), Decimal(0)),
            failed=sum((item.failed for item in items), Decimal(0)),
            lines=sum(item.lines for item in items),
        )
        rows += [(item.group, _share(item.amount, total.amount), *_amounts(item)) for item in items]
        rows.append(tuple(Text(cell, style="bold") for cell in ("total", "", *_amounts(total))))
    show(table(columns, rows))


def _share(amount: Decimal, total: Decimal) -> str:
    return f"{amount / total:.0%}" if total else ""
