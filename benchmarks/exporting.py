"""export.*: blocked lines as files, in memory that does not grow with them."""

import multiprocessing
import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from application.exports import FileFormat
from application.exposure_sheets import sheet_of_lines
from benchmarks.exposing import fill_open
from benchmarks.figures import Figures, Scale, at_most, stated
from benchmarks.site import Ground, Site

SHARE: Final = 10
"""An export of all lines is compared with one of a tenth of them."""

GOAL: Final = 1.15
_HIGHEST: Final = re.compile(r"VmHWM:\s+(\d+) kB")
LATER: Final = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=365)


class _Exported(NamedTuple):
    seconds: float
    size: int
    peak: int
    """Bytes that the process held at most."""


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure exports of 100 000 lines from the database, each in a process of its own."""
    lines = scale.ledger // SHARE
    with ground.site() as site:
        fill_open(site, lines=lines)
        for file_format in FileFormat:
            some = _export(site, file_format, lines // SHARE)
            every = _export(site, file_format, lines)
            name = f"export.{file_format}"
            yield stated(name, value=lines / every.seconds, unit="lines/s", bytes=every.size)
            peak = every.peak / 1_000_000
            yield stated(f"{name}.peak_rss", value=peak, unit="MB", lines=lines)
            growth = every.peak / some.peak
            yield at_most(GOAL, figure=f"{name}.memory_growth", value=growth, unit="ratio")


def _export(site: Site, file_format: FileFormat, lines: int) -> _Exported:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, site, file_format, lines))
    process.start()
    there.close()
    exported: _Exported = here.recv()
    process.join()
    return exported


def _work(lane: Connection, site: Site, file_format: FileFormat, lines: int) -> None:
    with site.product(remembered=0) as wiring:
        services = wiring.services
        found = services.exposures.every_line(valid_at=LATER, known_at=None)
        sheet = sheet_of_lines(islice(found, lines))
        began = perf_counter()
        size = sum(len(piece) for piece in services.exports.write(sheet, file_format=file_format))
        seconds = perf_counter() - began
    lane.send(_Exported(seconds, size, _peak()))


def _peak() -> int:
    # Not getrusage, which begins with what the process that started this one held.
    (told,) = _HIGHEST.findall(Path("/proc/self/status").read_text(encoding="ascii"))
    return int(told) * 1024
