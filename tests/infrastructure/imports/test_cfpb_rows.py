"""A published complaint is the same complaint in every dialect, or is rejected with a reason."""

import csv
import io
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from infrastructure.imports.cfpb import CfpbRow, Response, read_cfpb
from infrastructure.imports.columns import UnknownHeader
from infrastructure.imports.files import open_table
from infrastructure.imports.rejects import RejectedRow

Write = Callable[[bytes | str], Path]
Original = Callable[[str], Path]

SAMPLES = Path(__file__).parents[2] / "data"
TODAY = date(2026, 1, 31)

OFFICIAL = (
    "Date received,Product,Sub-product,Issue,Sub-issue,Consumer complaint narrative,"
    "Company public response,Company,State,ZIP code,Tags,Consumer consent provided?,"
    "Submitted via,Date sent to company,Company response to consumer,Timely response?,"
    "Consumer disputed?,Complaint ID"
).split(",")
API = {
    "Consumer complaint narrative": "complaint_what_happened",
    "Company response to consumer": "company_response",
    "Timely response?": "timely",
}
GOOD = {
    "Date received": "2014-07-09",
    "Issue": "Billing disputes",
    "Submitted via": "Web",
    "Company response to consumer": "Closed",
}


def rows_of(path: Path, *, today: date = TODAY) -> list[CfpbRow | RejectedRow]:
    with open_table(path) as table:
        return list(read_cfpb(table, today=today))


def accepted(rows: Iterable[CfpbRow | RejectedRow]) -> list[CfpbRow]:
    return [row for row in rows if isinstance(row, CfpbRow)]


def csv_of(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def one(write: Write, **values: str) -> CfpbRow | RejectedRow:
    row = GOOD | {name.replace("_", " "): value for name, value in values.items()}
    (read,) = rows_of(write(csv_of(row.keys(), [row.values()])))
    return read


def sample() -> list[dict[str, str]]:
    with (SAMPLES / "cfpb_sample.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_official_export_is_read_whole() -> None:
    rows = accepted(rows_of(SAMPLES / "cfpb_sample.csv"))
    assert len(rows) == 17
    assert rows[0] == CfpbRow(
        line=2,
        key="cfpb:726918",
        source_id="726918",
        received_on=date(2014, 2, 23),
        sent_on=date(2014, 2, 22),
        sent_before_received=True,
        product="Mortgage",
        sub_product="Other mortgage",
        issue="Application, originator, mortgage broker",
        sub_issue=None,
        narrative=None,
        public_response=None,
        company="MUFG UNION BANK, NATIONAL ASSOCIATION",
        state="CA",
        zip_code="931XX",
        tags=None,
        consent=None,
        channel="portal",
        submitted_via="Web",
        response=Response.CLOSED_WITH_EXPLANATION,
        timely=True,
        disputed=False,
    )
    assert "\n\nI feel" in (rows[1].narrative or "")
    assert [row.line for row in rows[:4]] == [2, 3, 6, 7]
    assert {row.response for row in rows} == set(Response) - {Response.NONE}


@pytest.mark.parametrize("rename", [str.upper, str.title, "_{} ".format])
def test_a_header_may_be_spelled_and_ordered_freely(
    write: Write, rename: Callable[[str], str]
) -> None:
    header = OFFICIAL[::-1]
    content = csv_of(map(rename, header), [[row[name] for name in header] for row in sample()])
    expected = accepted(rows_of(SAMPLES / "cfpb_sample.csv"))
    assert accepted(rows_of(write(content))) == expected


def test_the_names_of_the_search_api_mean_the_same(write: Write) -> None:
    header = [API.get(name, name.lower().rstrip("?").replace(" ", "_")) for name in OFFICIAL]
    content = csv_of(header, [[row[name] for name in OFFICIAL] for row in sample()])
    assert accepted(rows_of(write(content))) == accepted(rows_of(SAMPLES / "cfpb_sample.csv"))


@pytest.mark.parametrize("title", ["", "Unnamed: 0", "index"])
def test_a_leading_index_is_left_aside(write: Write, title: str) -> None:
    rows = [[str(n), *row.values()] for n, row in enumerate(sample())]
    content = csv_of([title, *OFFICIAL], rows)
    assert accepted(rows_of(write(content))) == accepted(rows_of(SAMPLES / "cfpb_sample.csv"))


def test_a_missing_optional_column_is_an_empty_one(write: Write) -> None:
    row = one(write)
    assert isinstance(row, CfpbRow)
    assert (row.sent_on, row.product, row.timely, row.disputed) == (None, None, None, None)


@pytest.mark.parametrize("missing", ["Date received", "Issue"])
def test_an_unknown_header_is_refused_with_what_is_missing_and_known(
    write: Write, missing: str
) -> None:
    header = [name for name in OFFICIAL if name != missing]
    with open_table(write(csv_of(header, []))) as table:
        with pytest.raises(UnknownHeader) as refused:
            read_cfpb(table, today=TODAY)
        assert f"no column for {missing}" in str(refused.value)
        assert "complaint_what_happened" in str(refused.value)


def test_two_columns_for_one_value_are_refused(write: Write) -> None:
    with (
        open_table(write("Date received,date_received,Issue\n")) as table,
        pytest.raises(UnknownHeader, match="two columns are Date received"),
    ):
        read_cfpb(table, today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "2014-07-09",
        "2014/07/09",
        "7/9/2014",
        "07/09/2014",
        "07/09/14",
        "2014-07-09T12:00:00",
        "2014-07-09T12:00:00.000Z",
        "2014-07-09T23:59:59-05:00",
        "2014-07-09T00:00:00+0530",
        "2014-07-09 12:00:00",
        "2014-07-09 12:00:00.123456 UTC",
        " 2014-07-09 ",
    ],
)
def test_every_known_form_of_a_day_gives_the_day_as_written(write: Write, text: str) -> None:
    row = one(write, Date_received=text)
    assert isinstance(row, CfpbRow)
    assert row.received_on == date(2014, 7, 9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "N/A",
        "2014-02-30",
        "13/13/2014",
        "25/12/2014",
        "2014-7-9",
        "20140709",
        "9 July 2014",
        "2014-07-09T25:00:00",
        "2014-07-09T12:00:00+99:00",
        "0001-01-01",
        "\uff19/\uff19/2014",
        "2014-07/09",
        "41829",
    ],
)
def test_what_is_no_day_is_rejected(write: Write, text: str) -> None:
    row = one(write, Date_received=text)
    assert isinstance(row, RejectedRow)
    assert row.reason.startswith("Date received ")
    assert row.record[0] == text


@pytest.mark.parametrize("column", ["Date_received", "Date_sent_to_company"])
def test_a_day_after_the_import_is_rejected(write: Write, column: str) -> None:
    assert isinstance(one(write, **{column: "2026-01-31"}), CfpbRow)
    rejected = one(write, **{column: "2026-02-01"})
    assert isinstance(rejected, RejectedRow)
    assert "lies after 2026-01-31: '2026-02-01'" in rejected.reason


@pytest.mark.parametrize("blank", ["", " ", "N/A", "n/a", "NA", "None", "NaN", "null", "\t"])
def test_a_field_that_says_it_is_empty_is_empty(write: Write, blank: str) -> None:
    row = one(
        write,
        Company=blank,
        Submitted_via=blank,
        Company_response_to_consumer=blank,
        **{"Consumer_disputed?": blank},
    )
    assert isinstance(row, CfpbRow)
    assert (row.company, row.submitted_via, row.disputed) == (None, None, None)
    assert (row.channel, row.response) == ("import", Response.NONE)


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("Web", "portal"),
        ("PHONE", "phone"),
        ("Postal mail", "letter"),
        ("Fax", "letter"),
        ("Email", "email"),
        ("Referral", "import"),
        ("Web Referral", "import"),
        ("Pigeon", "import"),
    ],
)
def test_the_way_of_submitting_is_a_channel_and_stays_readable(
    write: Write, text: str, channel: str
) -> None:
    row = one(write, Submitted_via=text)
    assert isinstance(row, CfpbRow)
    assert (row.channel, row.submitted_via) == (channel, text)


@pytest.mark.parametrize(
    "column", ["Company_response_to_consumer", "Timely_response?", "Consumer_disputed?"]
)
def test_an_answer_that_nobody_knows_is_rejected(write: Write, column: str) -> None:
    row = one(write, **{column: "Perhaps"})
    assert isinstance(row, RejectedRow)
    assert row.reason.endswith("has an unknown value: 'Perhaps'")


def test_a_text_is_kept_as_written_in_composed_form(write: Write) -> None:
    row = one(write, Consumer_complaint_narrative=" He said “Cafe\u0301”,\r\n\tthen\x0b no. ")
    assert isinstance(row, CfpbRow)
    assert row.narrative == "He said “Café”,\n\tthen\ufffd no."


@pytest.mark.parametrize(
    ("text", "reason"), [(b"a\x00b", "a NUL character"), (b"caf\xe9", "bytes that are not UTF-8")]
)
def test_a_text_that_cannot_be_stored_is_rejected(write: Write, text: bytes, reason: str) -> None:
    path = write(b"Date received,Issue\n2014-07-09," + text + b"\n2014-07-09,Other\n")
    rejected, kept = rows_of(path)
    assert isinstance(rejected, RejectedRow)
    assert rejected.reason == f"Issue holds {reason}"
    assert isinstance(kept, CfpbRow)


@pytest.mark.parametrize("text", ["930149", " 930149 ", "930149.0"])
def test_an_identifier_is_the_same_however_tools_wrote_it(write: Write, text: str) -> None:
    row = one(write, Complaint_ID=text)
    assert isinstance(row, CfpbRow)
    assert row.key == "cfpb:930149"


def test_what_is_no_identifier_is_rejected(write: Write) -> None:
    row = one(write, Complaint_ID="=1+1")
    assert isinstance(row, RejectedRow)
    assert row.reason == "Complaint ID is no identifier: '=1+1'"


def test_identical_rows_are_different_complaints_with_the_same_keys_every_time() -> None:
    path = SAMPLES / "cfpb_outcomes_sample.csv"
    keys = [row.key for row in accepted(rows_of(path))]
    assert len(set(keys)) == len(keys) == 16
    assert keys == [row.key for row in accepted(rows_of(path))]


def test_overlapping_files_name_their_common_rows_alike(write: Write) -> None:
    header, *lines = (SAMPLES / "cfpb_outcomes_sample.csv").read_text().splitlines()

    def keys(some: list[str]) -> set[str]:
        return {row.key for row in accepted(rows_of(write("\n".join([header, *some]))))}

    assert keys(lines[:10]) | keys(lines[6:]) <= keys(lines)
    assert keys(lines[::-1]) == keys(lines)


def test_a_row_without_identifier_has_its_key_in_every_dialect(write: Write) -> None:
    (first,) = accepted(rows_of(write("Date received,Issue,Tags\n2014-07-09,Café,N/A\n")))
    (second,) = accepted(rows_of(write("issue;date_received\nCafe\u0301;07/09/14\n")))
    assert replace(second, line=first.line) == first


@pytest.mark.parametrize(
    ("name", "count", "disputed", "too_early"),
    [
        ("cfpb-complaints/export_2023-09-10_to_2023-09-17.csv.gz", 17_004, 0, 0),
        ("cfpb-complaints/export_2023-06.csv.gz", 5_048, 0, 0),
        ("cfpb-complaints/sample_2011_to_2020.csv", 2_000, 192, 4),
        ("cfpb-outcomes/outcomes_2012_2014.csv.gz", 334_250, 68_861, 7_082),
    ],
)
def test_the_originals_are_read_without_a_reject(
    original: Original,
    name: str,
    count: int,
    disputed: int,
    too_early: int,
) -> None:
    found: Counter[str] = Counter()
    keys: set[str] = set()
    with open_table(original(name)) as table:
        for row in read_cfpb(table, today=TODAY):
            assert isinstance(row, CfpbRow)
            keys.add(row.key)
            found["rows"] += 1
            found["disputed"] += row.disputed is True
            found["too early"] += row.sent_before_received
    assert len(keys) == count
    assert found == Counter({"rows": count, "disputed": disputed, "too early": too_early})


def test_reading_is_fast_and_needs_little_memory(original: Original) -> None:
    before, started, peak, count = resident_memory(), time.process_time(), 0, 0
    with open_table(original("cfpb-outcomes/outcomes_2012_2014.csv.gz")) as table:
        for count, _ in enumerate(read_cfpb(table, today=TODAY), start=1):
            if count % 10_000 == 0:
                peak = max(peak, resident_memory())
    # A third of what a quiet machine reaches: this guards against another order of magnitude.
    assert count / (time.process_time() - started) > 40_000
    assert peak - before < 100 * 2**20


def resident_memory() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()
