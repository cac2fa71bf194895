"""Whatever interrupts an import, running it again ends where one undisturbed run would have."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infrastructure.event_store.cases import RecordedCases
from infrastructure.imports.importing import BATCH, ImportProgress, import_cfpb
from tests.databases import Database, Server
from tests.infrastructure.imports.import_examples import (
    StoppedClock,
    Streams,
    csv_of,
    lines_of,
    many_complaints,
    open_cases,
    streams,
)

ROWS = 20 * BATCH
REJECTED = [str(number + 2) for number in range(ROWS) if number % 7 == 6]
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "complaints.csv"
    path.write_text(csv_of(list(many_complaints(ROWS))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def undisturbed(server: Server, template: Database, source: Path) -> Streams:
    """What one import in peace records."""
    with (
        server.copy(template) as database,
        open_cases(database.application_url, schema=database.schema) as cases,
    ):
        import_cfpb(source, cases=cases, clock=StoppedClock())
        return streams(cases)


@pytest.fixture
def cases(database: Database) -> Iterator[RecordedCases]:
    with open_cases(database.application_url, schema=database.schema) as opened:
        yield opened


def interrupt_after(rows: int) -> Callable[[ImportProgress], None]:
    def show(progress: ImportProgress) -> None:
        if progress.rows >= rows:
            raise KeyboardInterrupt

    return show


@pytest.mark.parametrize("rows", [1, 5 * BATCH, ROWS])
def test_after_an_interruption_a_second_run_finishes_the_job_exactly_once(
    source: Path, cases: RecordedCases, undisturbed: Streams, tmp_path: Path, rows: int
) -> None:
    rejects = tmp_path / "rejects.csv"
    with pytest.raises(KeyboardInterrupt):
        import_cfpb(
            source,
            cases=cases,
            clock=StoppedClock(),
            rejects=rejects,
            show=interrupt_after(rows),
        )
    assert not rejects.exists()

    report = import_cfpb(source, cases=cases, clock=StoppedClock(), rejects=rejects)

    assert streams(cases) == undisturbed
    assert report.accepted + report.already_known == ROWS - len(REJECTED)
    assert report.already_known > 0
    assert lines_of(rejects) == REJECTED


def test_an_interrupted_import_leaves_no_batch_under_way(
    source: Path, cases: RecordedCases
) -> None:
    with pytest.raises(KeyboardInterrupt):
        import_cfpb(source, cases=cases, clock=StoppedClock(), show=interrupt_after(BATCH))

    assert not [t for t in threading.enumerate() if t.name.startswith("import lane")]
    assert 0 < len(streams(cases)) < ROWS


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_import_is_finished_by_the_next_one(
    database: Database,
    source: Path,
    cases: RecordedCases,
    undisturbed: Streams,
    tmp_path: Path,
    how: signal.Signals,
) -> None:
    rejects = tmp_path / "rejects.csv"
    for rows in (3 * BATCH, 8 * BATCH):
        _start_and_end(database, source, rejects=rejects, after=rows, how=how)
    assert not rejects.exists()
    assert len(streams(cases)) < len(undisturbed)

    report = import_cfpb(source, cases=cases, clock=StoppedClock(), rejects=rejects)

    assert streams(cases) == undisturbed
    assert 0 < report.already_known < ROWS - len(REJECTED)
    assert lines_of(rejects) == REJECTED


def test_two_imports_at_once_record_everything_once(
    database: Database, source: Path, undisturbed: Streams
) -> None:
    def run() -> tuple[int, int, int]:
        with open_cases(database.application_url, schema=database.schema) as cases:
            report = import_cfpb(source, cases=cases, clock=StoppedClock())
        return report.accepted, report.rejected, report.events

    with ThreadPoolExecutor(2) as both:
        first, second = (future.result() for future in [both.submit(run) for _ in range(2)])

    with open_cases(database.application_url, schema=database.schema) as cases:
        assert streams(cases) == undisturbed
    assert first[0] + second[0] == ROWS - len(REJECTED)
    assert first[1] == second[1] == len(REJECTED)
    assert first[2] + second[2] == sum(map(len, undisturbed.values()))


def _start_and_end(
    database: Database, source: Path, *, rejects: Path, after: int, how: signal.Signals
) -> None:
    arguments = [database.application_url, database.schema, str(source), str(rejects)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.infrastructure.imports.import_process", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        text=True,
    ) as process:
        assert process.stdout is not None, "asked for"
        for line in process.stdout:
            if int(line) >= after:
                process.send_signal(how)
                break
        process.stdout.read()
        assert process.wait() != 0
