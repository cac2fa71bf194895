"""How much money is blocked."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

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
from application.queries import Exposure, ExposureGroup


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
        found = wiring.services.questions.exposure(valid_at=valid, known_at=known_at, by=by)
    known = now if known_at is None else known_at
    if as_json:
        items = [
            {
                "currency": item.currency,
                "group": item.group,
                "amount": plain_amount(item.amount, item.currency),
                "lines": item.lines,
            }
            for item in found
        ]
        answer_json({"valid_at": valid, "known_at": known, "by": by, "items": items})
        return
    show(Text(f"blocked at {instant(valid)} UTC, as known at {instant(known)} UTC", style="bold"))
    if not found:
        show("nothing")
    elif by is None:
        totals = [(item.currency, money(item.amount, item.currency)) for item in found]
        show(table((Column("currency"), Column("amount", align="right")), totals))
    else:
        _show_groups(found, by=by)


def _show_groups(found: tuple[Exposure, ...], *, by: ExposureGroup) -> None:
    totals, lines = defaultdict[str, Decimal](Decimal), defaultdict[str, int](int)
    for item in found:
        totals[item.currency] += item.amount
        lines[item.currency] += item.lines or 0
    title = "age in days" if by is ExposureGroup.AGE else str(by)
    columns = (
        Column(title),
        Column("amount", align="right"),
        Column("share", align="right"),
        Column("lines", align="right"),
    )
    rows: list[tuple[object, ...]] = []
    for currency, total in totals.items():
        rows += [
            (item.group, money(item.amount, currency), _share(item.amount, total), item.lines)
            for item in found
            if item.currency == currency
        ]
        rows.append(
            (
                Text("total", style="bold"),
                Text(money(total, currency), style="bold"),
                "",
                Text(str(lines[currency]), style="bold"),
            )
        )
    show(table(columns, rows))


def _share(amount: Decimal, total: Decimal) -> str:
    return f"{amount / total:.0%}" if total else ""
