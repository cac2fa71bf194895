"""Importing a file: rows in, commands out, everything exactly once whatever interrupts it."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import astuple, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from application.imports.catching_up import CasesInBulk, Caught, Reported, catch_up_together
from application.imports.report import ImportReport
from application.ports import Clock
from domain.money import exponent_of
from infrastructure.imports.cfpb import CfpbRow, read_cfpb
from infrastructure.imports.files import Table, open_table
from infrastructure.imports.invoices import InvoiceRow, read_invoices
from infrastructure.imports.rejects import RejectedRow, RejectFile
from infrastructure.imports.reports import report_complaint, report_invoice

BATCH: Final = 100
"""Rows that are looked up and appended together."""

LANES: Final = 2
"""Batches under way at once: one is decided while the server writes the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """How far an import has come; reading is a little ahead of recording."""

    bytes_read: int
    bytes_total: int | None
    """Nothing where the file has no size, like a pipe."""
    rows: int
    """Rows done with, one way or the other."""


ShowProgress = Callable[[ImportProgress], None]


class ReadRow(NamedTuple):
    """A row as it is reported, and how to name it when it is refused."""

    report: Reported
    row: CfpbRow | InvoiceRow


def import_cfpb(
    path: Path,
    *,
    cases: CasesInBulk,
    clock: Clock,
    rejects: Path | None = None,
    show: ShowProgress | None = None,
) -> ImportReport:
    """Take the published complaints of a file in.

    Run it again after an interruption: what is recorded already is recognised.

    Args:
        path: the file.
        cases: where the complaints go.
        clock: what today is; no complaint is younger.
        rejects: the file in which rejected rows are listed, if there are any.
        show: called now and then in the caller's thread.

    Raises:
        InputError: the file cannot be imported at all, or ends too early.
        OutcomeUnknown: the server's answer was lost; run the import again.
    """
    today = clock.now().date()
    with open_table(path) as table:
        rows = (
            row if isinstance(row, RejectedRow) else ReadRow(report_complaint(row), row)
            for row in read_cfpb(table, today=today)
        )
        return _import(rows, table=table, cases=cases, rejects=rejects, show=show)


def import_invoices(
    path: Path,
    *,
    currency: str,
    cases: CasesInBulk,
    clock: Clock,
    rejects: Path | None = None,
    show: ShowProgress | None = None,
) -> ImportReport:
    """Take the invoices of a file in, with their disputes; see `import_cfpb`.

    Raises:
        UnknownCurrency: not an ISO 4217 code.
        InputError: the file cannot be imported at all, or ends too early.
        OutcomeUnknown: the server's answer was lost; run the import again.
    """
    exponent, today = exponent_of(currency), clock.now().date()
    with open_table(path) as table:
        rows = (
            row
            if isinstance(row, RejectedRow)
            else ReadRow(report_invoice(row, currency=currency), row)
            for row in read_invoices(table, currency=currency, exponent=exponent, today=today)
        )
        return _import(rows, table=table, cases=cases, rejects=rejects, show=show)


Row = ReadRow | RejectedRow
Batch = Sequence[Row]


def _import(
    rows: Iterable[Row],
    *,
    table: Table,
    cases: CasesInBulk,
    rejects: Path | None,
    show: ShowProgress | None,
) -> ImportReport:
    total, read, rejected = Caught(), 0, 0
    with ExitStack() as stack:
        reject_file = None if rejects is None else stack.enter_context(RejectFile(rejects))
        # Closed, whatever happens: no batch is under way any more when this returns.
        ended = stack.enter_context(closing(_in_lanes(_batches(rows), cases=cases)))
        for batch, caught in ended:
            for row in _rejected(batch, caught):
                rejected += 1
                if reject_file is not None:
                    reject_file.add(row)
            read += len(batch)
            total += replace(caught, refused={})
            if show is not None:
                show(ImportProgress(bytes_read=table.bytes_read, bytes_total=table.size, rows=read))
    return ImportReport(
        read=read,
        accepted=total.accepted,
        already_known=total.already_known,
        rejected=rejected,
        complaints=total.complaints,
        disputes=total.disputes,
        events=total.events,
    )


def _batches(rows: Iterable[Row]) -> Iterator[Batch]:
    source = iter(rows)
    while batch := tuple(islice(source, BATCH)):
        yield batch


def _in_lanes(
    batches: Iterable[Batch],
    *,
    cases: CasesInBulk,
) -> Generator[tuple[Batch, Caught]]:
    """Take batches in, some at once, and give them with their outcome in the file's order.

    Rows of one case are never under way at once: the file's later row is to find the earlier one.
    The lanes are threads so that ^C, which reaches the main thread only, never cuts an append.
    """
    under_way: deque[_UnderWay] = deque()
    with ThreadPoolExecutor(LANES, thread_name_prefix="import lane") as lanes:
        for batch in batches:
            reports = tuple(row.report for row in batch if isinstance(row, ReadRow))
            case_ids = {report.case_id for report in reports}
            while len(under_way) == LANES or not all(
                case_ids.isdisjoint(other.case_ids) for other in under_way
            ):
                yield under_way.popleft().end()
            outcome = lanes.submit(catch_up_together, reports, cases=cases)
            under_way.append(_UnderWay(batch, case_ids, outcome))
        while under_way:
            yield under_way.popleft().end()


class _UnderWay(NamedTuple):
    batch: Batch
    case_ids: set[UUID]
    outcome: Future[Caught]

    def end(self) -> tuple[Batch, Caught]:
        return self.batch, self.outcome.result()


def _rejected(batch: Batch, caught: Caught) -> Iterator[RejectedRow]:
    """Give what was rejected while reading or by the rules, in the file's order."""
    place = 0
    for row in batch:
        if isinstance(row, RejectedRow):
            yield row
            continue
        if place in caught.refused:
            yield RejectedRow(row.row.line, caught.refused[place], _fields(row.row))
        place += 1


def _fields(row: CfpbRow | InvoiceRow) -> tuple[str, ...]:
    # The values as they were understood: the fields as they stood are gone by now.
    return tuple("" if value is None else str(value) for value in astuple(row))
