"""import.outcomes: the published outcomes of complaints, end to end, in a process of its own."""

import gzip
import multiprocessing
import resource
import sys
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, cast

from application.imports.report import ImportReport
from benchmarks.figures import Figures, Scale, at_most, stated
from benchmarks.site import Ground, Site
from infrastructure.bootstrap import REMEMBERED_CASES
from infrastructure.event_store.cases import RecordedCases
from infrastructure.imports.importing import ImportProgress, import_cfpb

_ROOT: Final = Path(__file__).resolve().parent.parent
OUTCOMES: Final = _ROOT.parent / "shared/data/cfpb-outcomes/outcomes_2012_2014.csv.gz"
SAMPLE: Final = _ROOT / "tests/data/cfpb_outcomes_sample.csv"
EVERY: Final = 20_000
"""Rows between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What the importing process tells when it is done."""

    report: ImportReport
    seconds: float
    peak_bytes: int


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure rows and events per second, and the memory of the importing process."""
    with ground.site() as site, TemporaryDirectory(prefix="recours-import-") as directory:
        source = OUTCOMES if OUTCOMES.exists() else SAMPLE
        if source is SAMPLE:
            print(
                "import.outcomes: the shared data is missing, a sample stands in for it",
                file=sys.stderr,
            )
        rows = scale.import_rows
        file = source if rows is None else _first(source, rows, into=Path(directory))
        imported = _in_a_process(site, file)
        again = _in_a_process(site, file)
    report = imported.report
    if again.report.accepted or again.report.events:
        raise AssertionError("a second import adds nothing")
    told = {"read": report.read, "rejected": report.rejected, "events": report.events}
    rate = report.read / imported.seconds
    yield stated("import.outcomes", value=rate, unit="rows/s", file=source.name, **told)
    yield stated("import.outcomes.events", value=report.events / imported.seconds, unit="events/s")
    peak = max(imported.peak_bytes, again.peak_bytes) / 1e6
    yield at_most(300, figure="import.outcomes.peak_rss", value=peak, unit="MB")
    yield stated("import.outcomes.again", value=report.read / again.seconds, unit="rows/s")


def _first(source: Path, rows: int, *, into: Path) -> Path:
    """Cut the beginning of a file off; its fields hold no line breaks."""
    cut = into / "beginning.csv"
    open_ = gzip.open if source.suffix == ".gz" else Path.open
    with open_(source, "rb") as whole, cut.open("wb") as part:
        part.writelines(islice(whole, rows + 1))
    return cut


def _in_a_process(site: Site, file: Path) -> Imported:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_import, args=(there, site, file))
    process.start()
    there.close()
    try:
        answer = cast("Imported | BaseException", here.recv())
    finally:
        here.close()
        process.join()
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _import(lane: Connection, site: Site, file: Path) -> None:
    def show(progress: ImportProgress) -> None:
        if progress.rows % EVERY == 0:
            print(f"import.outcomes: {progress.rows:,} rows", file=sys.stderr, flush=True)

    try:
        with site.product(remembered=REMEMBERED_CASES) as wiring:
            cases, clock = wiring.services.cases, wiring.services.clock
            assert isinstance(cases, RecordedCases), "only those are looked up in bulk"
            began = perf_counter()
            report = import_cfpb(file, cases=cases, clock=clock, show=show)
            seconds = perf_counter() - began
    except Exception as error:  # noqa: BLE001 - it is raised where the import was asked for
        lane.send(error)
        return
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    lane.send(Imported(report, seconds, peak))
