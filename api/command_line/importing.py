"""Files taken in, each row exactly once."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from api.command_line.opening import catch_up, opened
from api.command_line.output import answer_json, say, show
from api.command_line.progress import counting
from application.imports.report import ImportReport
from application.ports import Clock
from domain.money import exponent_of
from infrastructure.bootstrap import Wiring
from infrastructure.imports.importing import (
    ImportProgress,
    ShowProgress,
    import_cfpb,
    import_invoices,
)


@dataclass(frozen=True, slots=True)
class StatedDay:
    """A clock that stands at the end of the day that somebody stated."""

    day: date

    def now(self) -> datetime:
        """Tell the stated day's last moment."""
        return datetime.combine(self.day, time.max, UTC)


Importing = Callable[[Wiring, Clock, ShowProgress], ImportReport]


def take_complaints_in(
    file: Path, *, rejects: Path | None, today: date | None, as_json: bool
) -> None:
    """Import published consumer complaints."""
    listed = _place_for_rejects(file, said=rejects)

    def work(wiring: Wiring, clock: Clock, show_progress: ShowProgress) -> ImportReport:
        return import_cfpb(
            file, cases=wiring.cases, clock=clock, rejects=listed, show=show_progress
        )

    _take_in(file, work, listed=listed, today=today, as_json=as_json)


def take_invoices_in(
    file: Path, *, currency: str, rejects: Path | None, today: date | None, as_json: bool
) -> None:
    """Import invoices with their disputes."""
    exponent_of(currency)  # refused before a database is started for it
    listed = _place_for_rejects(file, said=rejects)

    def work(wiring: Wiring, clock: Clock, show_progress: ShowProgress) -> ImportReport:
        return import_invoices(
            file,
            currency=currency,
            cases=wiring.cases,
            clock=clock,
            rejects=listed,
            show=show_progress,
        )

    _take_in(file, work, listed=listed, today=today, as_json=as_json)


def _take_in(
    file: Path, work: Importing, *, listed: Path, today: date | None, as_json: bool
) -> None:
    with opened() as wiring:
        clock = wiring.services.clock if today is None else StatedDay(today)
        try:
            with counting(f"importing {file.name}", total=None) as bar:

                def draw(progress: ImportProgress) -> None:
                    bar.measure(progress.bytes_read, of=progress.bytes_total)

                report = work(wiring, clock, draw)
            catch_up(wiring)
        except KeyboardInterrupt:
            say("stopped; what is recorded stays: run the same command again to finish it")
            raise
    if report.rejected:
        say("{} rejected rows are listed in {}", report.rejected, listed)
    if as_json:
        answer_json(report)
    else:
        _show(report)


def _show(report: ImportReport) -> None:
    show(
        f"{report.read:,} rows read: {report.accepted:,} accepted, "
        f"{report.already_known:,} already known, {report.rejected:,} rejected"
    )
    show(
        f"{report.complaints:,} complaints and {report.disputes:,} disputes begun, "
        f"{report.events:,} events recorded"
    )


def _place_for_rejects(file: Path, *, said: Path | None) -> Path:
    if said is not None:
        return said
    name = f"{file.name}.rejects.csv"
    # A pipe's folder is the system's, and one that is read-only takes no file.
    if file.is_file() and os.access(file.parent, os.W_OK):
        return file.with_name(name)
    return Path.cwd() / name
