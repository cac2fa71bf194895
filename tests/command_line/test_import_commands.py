"""Importing files from the command line."""

import csv
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infrastructure.postgres.embedded import EmbeddedServer, Login
from tests.command_line.commands import Here, Installation

COLUMNS = ["read", "accepted", "already_known", "rejected", "complaints", "disputes", "events"]
ROWS = 3_000

INVOICES = """\
countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,\
SettledDate,PaperlessBill,DaysToSettle,DaysLate
391,0379-NEVHP,4/6/2013,0000611365,1/2/2013,2/1/2013,55.94,Yes,1/15/2013,Paper,13,0
391,2820-XGXSB,1/26/2012,0009231909,7/3/2013,8/2/2013,65.88,No,7/8/2013,Electronic,5,0
818,5148-SYKLB,8/28/2013,0018104516,1/27/2012,2/26/2012,nine,Yes,2/22/2012,Paper,26,0
"""


@pytest.fixture
def invoices(tmp_path: Path) -> Path:
    file = tmp_path / "invoices.csv"
    file.write_text(INVOICES, encoding="utf-8")
    return file


def complaints(file: Path, *, rows: int) -> Path:
    """Write a file of so many complaints."""
    header = [
        *("Date received", "Product", "Sub-product", "Issue", "Sub-issue"),
        *("Consumer complaint narrative", "Company public response", "Company", "State"),
        *("ZIP code", "Tags", "Consumer consent provided?", "Submitted via"),
        *("Date sent to company", "Company response to consumer", "Timely response?"),
        *("Consumer disputed?", "Complaint ID"),
    ]
    row = [
        *("2014-02-23", "Mortgage", "Other mortgage", "Application", "", "", "", "A BANK", "CA"),
        *("931XX", "", "", "Web", "2014-02-24", "Closed with explanation", "Yes", "No"),
    ]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows([*row, str(700_000 + number)] for number in range(rows))
    return file


def test_an_import_ends_with_one_object_and_the_exposure_is_right_at_once(
    recours: Here, invoices: Path
) -> None:
    answer = recours("import", "invoices", str(invoices), "--currency", "EUR", "--json").document
    exposed = recours("exposure", "--valid-at", "2013-01-14", "--json").document["items"]
    settled = recours("exposure", "--valid-at", "2013-01-15", "--json").document["items"]

    assert list(answer) == COLUMNS
    assert (answer["read"], answer["accepted"], answer["rejected"]) == (3, 2, 1)
    assert [(item["currency"], item["amount"]) for item in exposed] == [("EUR", "55.94")]
    assert settled == []


def test_rejected_rows_are_listed_beside_the_file_or_where_it_is_said(
    recours: Here, invoices: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.csv"
    recours("import", "invoices", str(invoices), "--currency", "EUR")
    recours("import", "invoices", str(invoices), "--currency", "EUR", "--rejects", str(elsewhere))

    beside = tmp_path / "invoices.csv.rejects.csv"
    assert beside.read_text(encoding="utf-8") == elsewhere.read_text(encoding="utf-8")
    assert "nine" in beside.read_text(encoding="utf-8")


def test_a_second_import_adds_nothing(recours: Here, tmp_path: Path) -> None:
    file = complaints(tmp_path / "complaints.csv", rows=20)
    recours("import", "cfpb", str(file))
    again = recours("import", "cfpb", str(file), "--json").document

    assert (again["read"], again["already_known"], again["events"]) == (20, 20, 0)


def test_rows_younger_than_the_stated_day_are_rejected(recours: Here, tmp_path: Path) -> None:
    file = complaints(tmp_path / "complaints.csv", rows=20)
    answer = recours("import", "cfpb", str(file), "--today", "2014-02-22", "--json").document

    assert answer["rejected"] == 20


def test_an_unknown_currency_is_refused_with_an_example(recours: Here, invoices: Path) -> None:
    refused = recours("import", "invoices", str(invoices), "--currency", "EUX")

    assert (refused.code, refused.out) == (1, "")
    assert "use for example EUR" in refused.err


def test_a_missing_currency_and_a_missing_file_are_errors_of_usage(
    recours: Here, invoices: Path
) -> None:
    assert recours("import", "invoices", str(invoices)).code == 2
    assert recours("import", "cfpb", "nowhere.csv").code == 2


def test_a_file_of_another_kind_is_refused_without_a_traceback(recours: Here) -> None:
    refused = recours("import", "cfpb", "README.md")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("recours: README.md ")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Installation, str]]:
    """An installation whose events can be counted from outside."""
    with EmbeddedServer.start(tmp_path / "data") as server:
        yield Installation(tmp_path / "data"), server.url(Login.OWNER)


def events_in(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM recours.event").fetchone()
    assert row is not None
    return int(row[0])


def test_an_import_that_was_stopped_is_finished_by_the_same_command_exactly_once(
    watched: tuple[Installation, str], tmp_path: Path
) -> None:
    installation, url = watched
    file = complaints(tmp_path / "complaints.csv", rows=ROWS)
    assert installation.run("migrate").code == 0

    stopped = installation.start("import", "cfpb", str(file), "--json")
    while not events_in(url) and stopped.poll() is None:
        pass  # each look is a round trip
    stopped.send_signal(signal.SIGINT)
    out, err = stopped.communicate()
    assert (stopped.returncode, out) == (130, "")
    assert "run the same command again" in err
    before = events_in(url)
    finished = installation.run("import", "cfpb", str(file), "--json")

    answer = finished.document
    assert 0 < before < events_in(url)
    assert answer["read"] == answer["accepted"] + answer["already_known"] == ROWS
    assert answer["already_known"] > 0
    assert before + answer["events"] == events_in(url)
    again = installation.run("import", "cfpb", str(file), "--json")
    assert again.document["already_known"] == ROWS
