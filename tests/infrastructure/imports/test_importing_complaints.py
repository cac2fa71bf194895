"""A published complaint becomes a complaint with a history, once, however often it is told."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from application import complaints
from application.imports.circumstances import on_imported
from application.imports.report import ImportReport
from domain.complaints.complaint import Complaint
from domain.complaints.events import ComplaintRegistered, FinalResponseSent
from domain.complaints.lifecycle import Status
from domain.disputes.dispute import Dispute
from domain.disputes.events import DisputeOpened
from domain.event import Channel
from domain.parties import Role
from infrastructure.event_store.cases import RecordedCases
from infrastructure.imports.importing import ImportProgress, import_cfpb
from tests.databases import Database
from tests.infrastructure.imports.import_examples import (
    StoppedClock,
    complaint,
    csv_of,
    facts,
    lines_of,
    open_cases,
    streams,
)

Write = Callable[[bytes | str], Path]
Original = Callable[[str], Path]

SAMPLES = Path(__file__).parents[2] / "data"
RECEIVED, SENT = date(2014, 7, 9), date(2014, 7, 14)


@pytest.fixture
def cases(database: Database) -> Iterator[RecordedCases]:
    with open_cases(database.application_url, schema=database.schema) as opened:
        yield opened


def imported(path: Path, cases: RecordedCases, *, rejects: Path | None = None) -> ImportReport:
    return import_cfpb(path, cases=cases, clock=StoppedClock(), rejects=rejects)


def told(write: Write, cases: RecordedCases, *rows: dict[str, str]) -> ImportReport:
    return imported(write(csv_of(rows)), cases)


def only_complaint(cases: RecordedCases) -> Complaint:
    (first, *_) = cases.everything()
    return cases.load(Complaint, first.stream_id)


def test_a_closed_complaint_was_received_reviewed_and_answered(
    write: Write, cases: RecordedCases
) -> None:
    report = told(write, cases, complaint())

    assert report == ImportReport(
        read=1, accepted=1, already_known=0, rejected=0, complaints=1, disputes=0, events=3
    )
    assert facts(cases) == [
        ("complaint.registered", RECEIVED, None),
        ("complaint.review_started", SENT, None),
        ("complaint.final_response_sent", SENT, "date_not_stated"),
    ]
    assert only_complaint(cases).status is Status.RESPONDED


def test_a_complaint_keeps_what_the_row_says_of_it(write: Write, cases: RecordedCases) -> None:
    told(write, cases, complaint() | {"Consumer complaint narrative": "They called\nat night."})

    first, _, answer = cases.everything()
    assert isinstance(first.event, ComplaintRegistered)
    assert first.event.first_received_at == datetime(2014, 7, 9, tzinfo=UTC)
    assert first.event.text == "They called\nat night."
    assert first.event.category == "Debt collection / Cont'd attempts collect debt not owed"
    assert first.event.references.product == "Debt collection"
    assert first.envelope.channel is Channel.LETTER
    assert first.envelope.actor.role is Role.IMPORTER
    assert isinstance(answer.event, FinalResponseSent)
    assert answer.event.response == "closed_with_explanation"
    assert answer.event.how_to_contest == "cfpb_dispute_within_60_days"
    assert answer.envelope.channel is Channel.IMPORT
    assert answer.envelope.correlation_id == first.envelope.correlation_id


def test_how_to_contest_is_not_invented_for_the_years_without_an_offer(
    write: Write, cases: RecordedCases
) -> None:
    told(write, cases, complaint(Date_received="2017-04-24"))

    *_, answer = cases.everything()
    assert isinstance(answer.event, FinalResponseSent)
    assert answer.event.how_to_contest == "not_stated"


def test_a_complaint_without_a_narrative_says_its_issue(write: Write, cases: RecordedCases) -> None:
    told(write, cases, complaint())

    (first, *_) = cases.everything()
    assert isinstance(first.event, ComplaintRegistered)
    assert first.event.text == "Cont'd attempts collect debt not owed"


def test_a_review_before_the_reception_is_kept_with_the_reason(
    write: Write, cases: RecordedCases
) -> None:
    told(write, cases, complaint() | {"Date sent to company": "2014-07-01"})

    assert facts(cases)[1:] == [
        ("complaint.review_started", date(2014, 7, 1), "sent_before_received"),
        ("complaint.final_response_sent", RECEIVED, "date_not_stated"),
    ]


def test_a_contested_answer_becomes_a_dispute_without_lines(
    write: Write, cases: RecordedCases
) -> None:
    report = told(write, cases, complaint() | {"Consumer disputed?": "Yes"})

    assert [fact[0] for fact in facts(cases)[3:]] == [
        "complaint.response_contested",
        "complaint.dispute_opened",
        "dispute.opened",
    ]
    assert (report.disputes, report.events) == (1, 6)
    *_, opened = cases.everything()
    assert isinstance(opened.event, DisputeOpened)
    assert opened.event.reason_code == "response_contested"
    assert cases.load(Dispute, opened.stream_id).complaint_id == only_complaint(cases).id


def test_an_uncontested_answer_closes_the_complaint(write: Write, cases: RecordedCases) -> None:
    told(write, cases, complaint() | {"Consumer disputed?": "No"})

    assert facts(cases)[-1] == ("complaint.response_window_elapsed", SENT, "date_not_stated")
    assert only_complaint(cases).status is Status.CLOSED


def test_an_untimely_response_escalates(write: Write, cases: RecordedCases) -> None:
    row = complaint() | {"Company response to consumer": "Untimely response"}

    told(write, cases, row | {"Consumer disputed?": "No"})

    assert facts(cases)[2:] == [
        ("complaint.escalated", SENT, "untimely_response; date_not_stated"),
    ]


@pytest.mark.parametrize("response", ["Untimely response", "In progress", ""])
def test_a_dispute_without_an_answer_escalates_first(
    write: Write, cases: RecordedCases, response: str
) -> None:
    row = complaint() | {"Company response to consumer": response, "Consumer disputed?": "Yes"}

    report = told(write, cases, row)

    assert [fact[0] for fact in facts(cases)[2:]] == [
        "complaint.escalated",
        "complaint.dispute_opened",
        "dispute.opened",
    ]
    assert report.disputes == 1


def test_a_second_import_adds_nothing(cases: RecordedCases) -> None:
    first = imported(SAMPLES / "cfpb_sample.csv", cases)
    before = streams(cases)

    second = imported(SAMPLES / "cfpb_sample.csv", cases)

    assert first.accepted == first.read == first.complaints
    assert second == ImportReport(
        read=first.read,
        accepted=0,
        already_known=first.read,
        rejected=0,
        complaints=0,
        disputes=0,
        events=0,
    )
    assert streams(cases) == before


def test_identical_rows_without_an_identifier_are_different_complaints(
    cases: RecordedCases,
) -> None:
    report = imported(SAMPLES / "cfpb_outcomes_sample.csv", cases)

    assert (report.read, report.complaints) == (16, 16)


@pytest.mark.parametrize(
    ("earlier", "later", "added"),
    [
        ({"response": ""}, {"response": "In progress"}, []),
        ({"response": "In progress"}, {"response": "Closed"}, ["final_response_sent"]),
        ({"sent": ""}, {"sent": "2014-07-14"}, []),
        (
            {"response": "", "sent": ""},
            {"response": "", "sent": "2014-07-14"},
            ["review_started"],
        ),
        ({}, {"disputed": "Yes"}, ["response_contested", "dispute_opened"]),
        ({}, {"disputed": "No"}, ["response_window_elapsed"]),
        ({"response": "In progress"}, {"response": "Untimely response"}, ["escalated"]),
        ({"response": "Untimely response"}, {"response": "Closed"}, ["final_response_sent"]),
    ],
)
def test_a_later_export_adds_exactly_what_is_missing(
    write: Write,
    cases: RecordedCases,
    earlier: dict[str, str],
    later: dict[str, str],
    added: list[str],
) -> None:
    told(write, cases, _row(earlier))
    (complaint_id,) = (c for c in streams(cases) if isinstance(cases.find(c), Complaint))
    known = len(cases.history(complaint_id))

    report = told(write, cases, _row(later))

    new = cases.history(complaint_id)[known:]
    assert [recorded.event.type.removeprefix("complaint.") for recorded in new] == added
    assert (report.accepted, report.already_known) == ((1, 0) if added else (0, 1))


@pytest.mark.parametrize(
    "less",
    [{"disputed": ""}, {"response": "In progress", "disputed": ""}, {"sent": ""}, {"response": ""}],
)
def test_an_export_that_says_less_adds_nothing(
    write: Write, cases: RecordedCases, less: dict[str, str]
) -> None:
    told(write, cases, _row({"disputed": "Yes"}))

    report = told(write, cases, _row({"disputed": "Yes"} | less))

    assert (report.already_known, report.events) == (1, 0)


def test_a_row_that_contradicts_what_is_known_is_rejected_with_the_reason(
    write: Write, cases: RecordedCases, tmp_path: Path
) -> None:
    told(write, cases, _row({"disputed": "No"}))
    other = complaint(Complaint_ID="2")
    rejects = tmp_path / "rejects.csv"

    path = write(csv_of([complaint(Complaint_ID="1"), _row({"disputed": "Yes"}), other]))
    report = imported(path, cases, rejects=rejects)

    assert (report.accepted, report.rejected) == (2, 1)
    assert lines_of(rejects) == ["3"]
    assert "contest_response is not allowed" in rejects.read_text(encoding="utf-8")


def test_a_repeated_row_of_one_file_is_known_at_its_second_time(
    write: Write, cases: RecordedCases
) -> None:
    report = told(write, cases, complaint(), complaint(), _row({"disputed": "Yes"}))

    assert (report.accepted, report.already_known, report.complaints) == (2, 1, 1)


def test_a_number_names_the_same_complaint_in_every_export(
    write: Write, cases: RecordedCases
) -> None:
    told(write, cases, complaint())

    report = told(write, cases, complaint() | {"Date received": "2014-07-08"})

    assert (report.complaints, report.already_known, report.events) == (0, 1, 0)


def test_the_product_goes_on_with_what_was_imported(write: Write, cases: RecordedCases) -> None:
    told(write, cases, complaint())
    case_id = only_complaint(cases).id
    on = on_imported(case_id, on=date(2014, 8, 1), correlation_id=case_id)
    complaints.accept_response(on, cases=cases)

    report = told(write, cases, _row({"disputed": "No"}))

    assert (report.already_known, report.events) == (1, 0)


def test_bad_rows_are_listed_in_the_order_of_the_file(
    write: Write, cases: RecordedCases, tmp_path: Path
) -> None:
    told(write, cases, _row({"disputed": "No"}))
    rows = [complaint(Complaint_ID=str(number)) for number in range(1, 8)]
    rows[1] = _row({"disputed": "Yes"})
    rows[4]["Date received"] = "yesterday"
    rows[6]["Consumer disputed?"] = "maybe"

    report = imported(write(csv_of(rows)), cases, rejects=tmp_path / "rejects.csv")

    assert (report.accepted, report.rejected) == (4, 3)
    assert lines_of(tmp_path / "rejects.csv") == ["3", "6", "8"]


def test_progress_ends_with_every_row_and_every_byte(cases: RecordedCases) -> None:
    shown: list[ImportProgress] = []
    path = SAMPLES / "cfpb_sample.csv"

    report = import_cfpb(path, cases=cases, clock=StoppedClock(), show=shown.append)

    size = path.stat().st_size
    assert shown[-1] == ImportProgress(bytes_read=size, bytes_total=size, rows=report.read)


@pytest.mark.parametrize(
    ("name", "read", "disputes"),
    [
        ("cfpb-complaints/sample_2011_to_2020.csv", 2_000, 192),
        ("cfpb-complaints/export_2023-06.csv.gz", 5_048, 0),
    ],
)
def test_the_original_exports_are_taken_in_whole(
    original: Original, cases: RecordedCases, name: str, read: int, disputes: int
) -> None:
    report = imported(original(name), cases)

    assert (report.read, report.accepted, report.rejected) == (read, read, 0)
    assert (report.complaints, report.disputes) == (read, disputes)


def _row(values: dict[str, str]) -> dict[str, str]:
    names = {
        "response": "Company response to consumer",
        "sent": "Date sent to company",
        "disputed": "Consumer disputed?",
    }
    return complaint() | {names[name]: value for name, value in values.items()}
