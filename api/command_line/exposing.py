"""How much money is blocked."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn

from rich.text import Text

from api.command_line.charts import bar, draw_series
from api.command_line.exposure_rates import read_rates
from api.command_line.opening import catch_up, opened
from api.command_line.output import Column, answer_json, instant, money, say, show, table
from application.errors import ApplicationError
from application.exports import Cell, FileFormat, Kind, Sheet
from application.exports import Column as Titled
from application.exposure_questions import (
    Converted,
    check_between,
    converted,
    ends_of_steps,
)
from application.exposure_sheets import (
    sheet_of_bridges,
    sheet_of_exposure,
    sheet_of_lines,
    sheet_of_series,
)
from application.exposures import Exposure, ExposureGroup, ExposurePoint, Step
from application.services import Services

_TITLES: Final = {
    ExposureGroup.CUSTOMER: Titled("customer", "client"),
    ExposureGroup.COMPANY: Titled("company", "société"),
    ExposureGroup.REASON: Titled("reason", "motif"),
    ExposureGroup.AGE: Titled("age in days", "âge en jours"),
    ExposureGroup.INVOICE_AGE: Titled("invoice's age in days", "âge de la facture en jours"),
}


class OptionsMisplaced(ApplicationError):
    """What was asked for does not go together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked about blocked money."""

    valid_at: datetime | None
    known_at: datetime | None
    by: ExposureGroup | None
    since: datetime | None
    series: Step | None
    bridge: bool
    learnt_since: datetime | None
    lines: bool
    into: str | None
    rates: Path | None

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            OptionsMisplaced: it says which.
        """
        kinds = (self.series is not None, self.bridge, self.learnt_since is not None, self.lines)
        if sum(kinds) > 1 or (any(kinds) and self.by is not None):
            _misplaced("ask for one of --by, --series, --bridge, --learnt-since and --lines")
        if (self.since is None) == (self.series is not None or self.bridge):
            _misplaced("--since goes with --series and with --bridge, and they need it")
        if self.into is not None and any(kinds):
            _misplaced("--into goes with totals and with --by")
        if self.rates is not None and self.into is None:
            _misplaced("--rates goes with --into")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What was found: a title, and a table of it."""

    title: str
    sheet: Sheet
    points: tuple[ExposurePoint, ...] = ()
    found: tuple[Exposure, ...] = ()
    converted: Converted | None = None


def show_exposure(
    asked: Asked,
    *,
    as_json: bool,
    file_format: FileFormat | None,
    out: Path | None,
    svg: Path | None,
) -> None:
    """Show how much was blocked; sums are wrong by what is missing, so nothing may be missing."""
    asked.check()
    if out is not None and file_format is None:
        _misplaced("--out goes with --format")
    if svg is not None and asked.series is None:
        _misplaced("--svg goes with --series")
    with opened() as wiring:
        catch_up(wiring)
        services = wiring.services
        now = services.clock.now()
        valid, known = asked.valid_at or now, asked.known_at or now
        answer = _ask(asked, services, valid_at=valid)
        if svg is not None:
            svg.write_text(draw_series(answer.points, title=answer.title), encoding="utf-8")
            say("wrote {}", svg)
        if file_format is not None:
            _write(services.exports.write(answer.sheet, file_format=file_format), out)
        elif as_json:
            times = {"valid_at": valid, "known_at": known, "by": asked.by}
            answer_json({**times, **_plain(answer)})
        else:
            _show(answer, known_at=known, by=asked.by)


def _ask(asked: Asked, services: Services, *, valid_at: datetime) -> _Answer:
    exposures, known_at = services.exposures, asked.known_at
    title = f"blocked at {instant(valid_at)} UTC"
    if asked.since is not None:
        title = f"blocked from {instant(asked.since)} to {instant(valid_at)} UTC"
    if asked.series is not None and asked.since is not None:
        ends = ends_of_steps(_day(asked.since), _day(valid_at), step=asked.series)
        points = exposures.series(ends, known_at=known_at)
        return _Answer(title=title, sheet=sheet_of_series(points), points=points)
    if asked.bridge and asked.since is not None:
        check_between(asked.since, valid_at)
        bridges = exposures.bridge(valid_from=asked.since, valid_until=valid_at, known_at=known_at)
        return _Answer(title=title, sheet=sheet_of_bridges(bridges))
    if asked.learnt_since is not None:
        bridges = exposures.learnt(
            valid_at=valid_at, known_from=asked.learnt_since, known_until=known_at
        )
        title = f"{title}, learnt since {instant(asked.learnt_since)} UTC"
        return _Answer(title=title, sheet=sheet_of_bridges(bridges))
    if asked.lines:
        lines = exposures.every_line(valid_at=valid_at, known_at=known_at)
        return _Answer(title=title, sheet=sheet_of_lines(lines))
    found = exposures.exposure(valid_at=valid_at, known_at=known_at, by=asked.by)
    group = None if asked.by is None else _TITLES[asked.by]
    worth = None
    if asked.into is not None:
        worth = converted(found, rates=read_rates(asked.rates, into=asked.into))
    sheet = sheet_of_exposure(found, group=group)
    return _Answer(title=title, sheet=sheet, found=found, converted=worth)


def _plain(answer: _Answer) -> dict[str, object]:
    """The table as JSON: amounts are strings at their currency's precision."""
    names = ["group" if c.name in _GROUP_TITLES else c.name for c in answer.sheet.columns]
    names = ["amount" if name == "blocked" else name for name in names]
    items = [dict(zip(names, row, strict=True)) for row in answer.sheet.rows]
    if answer.found:
        items = [{"group": None, **item} for item in items]
    worth = answer.converted
    if worth is None:
        return {"items": items}
    return {"items": items, "converted": worth}


_GROUP_TITLES: Final = frozenset(column.name for column in _TITLES.values())


def _write(pieces: Iterator[bytes], out: Path | None) -> None:
    if out is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    with out.open("wb") as file:
        for piece in pieces:
            file.write(piece)
    say("wrote {}", out)


def _show(answer: _Answer, *, known_at: datetime, by: ExposureGroup | None) -> None:
    show(Text(f"{answer.title}, as known at {instant(known_at)} UTC", style="bold"))
    rows = list(answer.sheet.rows)
    if not rows:
        show("nothing")
        return
    columns = [
        Column(c.name, align="left" if c.kind in {Kind.TEXT, Kind.INSTANT} else "right")
        for c in answer.sheet.columns
    ]
    place = [c.name for c in answer.sheet.columns].index("currency")
    cells = [[_cell(cell, str(row[place])) for cell in row] for row in rows]
    if answer.points:
        columns.append(Column("chart"))
        cells = [[*row, chart] for row, chart in zip(cells, _bars(answer.points), strict=True)]
    if by is not None:
        columns.append(Column("share", align="right"))
        cells = list(_with_totals(cells, answer.found))
    show(table(columns, cells))
    if answer.converted is not None:
        _show_converted(answer.converted)


def _cell(cell: Cell, currency: str) -> object:
    match cell:
        case Decimal():
            return money(cell, currency)
        case datetime():
            return instant(cell)
        case _:
            return cell


def _bars(points: Sequence[ExposurePoint]) -> list[str]:
    most: dict[str, Decimal] = {}
    for point in points:
        most[point.currency] = max(most.get(point.currency, Decimal(0)), point.amount)
    return [bar(point.amount, most=most[point.currency]) for point in points]


def _with_totals(cells: list[list[object]], found: Sequence[Exposure]) -> Iterator[list[object]]:
    for currency in dict.fromkeys(each.currency for each in found):
        items = [each for each in found if each.currency == currency]
        total = sum((each.amount for each in items), Decimal(0))
        for row, each in zip(cells, found, strict=True):
            if each.currency == currency:
                yield [*row, f"{each.amount / total:.0%}" if total else ""]
        sums = (
            total,
            sum((each.requested for each in items), Decimal(0)),
            sum((each.failed for each in items), Decimal(0)),
        )
        amounts = [money(amount, currency) for amount in sums]
        lines = str(sum(each.lines for each in items))
        yield [Text(cell, style="bold") for cell in ("", "total", *amounts, lines, "")]


def _show_converted(worth: Converted) -> None:
    amounts = (worth.amount, worth.requested, worth.failed)
    blocked, requested, failed = (money(amount, worth.currency) for amount in amounts)
    show(f"together: {blocked} blocked, {requested} requested, {failed} failed")
    for rate in worth.rates:
        show(f"at 1 {rate.currency} = {rate.rate} {worth.currency} on {rate.on}")


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _misplaced(words: str) -> NoReturn:
    raise OptionsMisplaced(words)
