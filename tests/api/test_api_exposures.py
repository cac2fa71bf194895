"""Blocked money over HTTP: series, bridges, the rows behind a figure, files."""

import csv
from io import StringIO
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from application.exports import FileFormat
from application.reach import Reach
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import begin, dispute, document, line, slug, taken
from tests.spreadsheets import rows_of

AT: Final = {"occurred_at": "2026-03-10T12:00:00Z"}
MONEY: Final = "/v1/blocked-payments"


@pytest.fixture
def faye(door: Door) -> TestClient:
    """Finance, after 100.00 EUR and 5 000 JPY were blocked on 10 March 2026 and 30.00 EUR less."""
    faye, erp = door.client(Role.FINANCE), door.client(Role.CONNECTOR)
    in_yen = line(
        document=document(number="9000043", company_code="JP01"),
        open_amount="5000",
        amount="5000",
        currency="JPY",
    )
    for disputed in (line(), in_yen):
        case = begin(faye, "/v1/disputes", dispute(lines=[disputed], **AT))
        (held,) = taken(faye, case, "block-request", review_by="2199-12-31", **AT)["lines"]
        block = f"/v1/payment-blocks/{held['blocks'][0]['block_id']}"
        taken(door.client(Role.ADMIN), block, "sending", **AT)
        taken(erp, block, "confirmation", **AT)
        if disputed != in_yen:
            less = {"line_id": held["line_id"], "amount": "30.00", "reason": "Half was fine."}
            taken(faye, case, "line-reduction", **less, occurred_at="2026-04-10T12:00:00Z")
    door.projector.catch_up()
    return faye


def asked(client: TestClient, address: str, **question: str) -> Any:  # noqa: ANN401 - JSON
    answer = client.get(f"{MONEY}{address}", params=question)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_series_tells_each_step_by_currency(faye: TestClient) -> None:
    question = {"from": "2026-02-28", "until": "2026-04-30", "step": "month"}
    points = asked(faye, "/series", **question)["points"]

    assert [(p["valid_at"][:10], p["amount"]) for p in points if p["currency"] == "EUR"] == [
        ("2026-02-28", "0.00"),
        ("2026-03-31", "100.00"),
        ("2026-04-30", "70.00"),
    ]


def test_a_bridge_adds_up_and_says_why(faye: TestClient) -> None:
    bridges = asked(faye, "/bridge", **{"from": "2026-03-01", "until": "2026-04-30"})["bridges"]

    assert bridges[0] == {
        "currency": "EUR",
        "opening": "0.00",
        "movements": [
            {"movement": "new", "amount": "100.00", "entries": 1},
            {"movement": "reduced", "amount": "-30.00", "entries": 1},
        ],
        "closing": "70.00",
    }


def test_what_was_learnt_late_is_a_bridge_between_two_times_of_knowing(faye: TestClient) -> None:
    question = {"valid_at": "2026-03-31", "known_from": "2026-03-31", "known_until": "2199-12-31"}
    (euros, _) = asked(faye, "/learnt", **question)["bridges"]

    assert (euros["opening"], euros["closing"]) == ("0.00", "100.00")


def test_the_rows_behind_a_figure_lead_to_their_events(faye: TestClient) -> None:
    question = {"movement": "reduced", "currency": "EUR"}
    (entry,) = asked(faye, "/entries", **question)["entries"]

    assert (entry["amount"], entry["type"]) == ("-30.00", "dispute.line_reduced")
    assert (entry["actor_id"], entry["reason"]) == ("finance", "Half was fine.")
    events = faye.get(f"/v1/cases/{entry['case_id']}/history").json()
    assert events[entry["version"] - 1]["type"] == entry["type"]


def test_the_rows_are_read_page_by_page(faye: TestClient) -> None:
    first = asked(faye, "/entries", limit="2")
    last = first["entries"][-1]
    rest = asked(faye, "/entries", after_entry=f"{last['position']}.{last['entry']}")

    assert (first["has_more"], len(first["entries"])) == (True, 2)
    assert (rest["has_more"], len(rest["entries"])) == (False, 1)


def test_currencies_are_added_up_at_stated_rates_only(faye: TestClient) -> None:
    together = asked(faye, "", into="EUR", rate="JPY:0.006:2026-05-01")["converted"]

    assert together["amount"] == "100.00"
    assert together["rates"] == [{"currency": "JPY", "rate": "0.006", "on": "2026-05-01"}]
    assert asked(faye, "")["converted"] is None
    assert slug(faye.get(MONEY, params={"into": "EUR"})) == "rule-broken"


@pytest.mark.parametrize("rate", ["JPY:0:2026-05-01", "JPY:1:2026-02-30", "yen:1:2026-05-01", "1"])
def test_what_is_no_rate_is_refused(rate: str, faye: TestClient) -> None:
    assert slug(faye.get(MONEY, params={"into": "EUR", "rate": rate})) == "invalid"


@pytest.mark.parametrize(
    ("address", "question"),
    [
        ("/series", {"from": "2026-03-01", "until": "2026-02-01"}),
        ("/series", {"from": "1990-01-01", "until": "2026-02-01", "step": "day"}),
        ("/bridge", {"from": "2026-03-01", "until": "2026-03-01"}),
    ],
)
def test_dates_that_cannot_be_are_refused(
    address: str, question: dict[str, str], faye: TestClient
) -> None:
    assert slug(faye.get(f"{MONEY}{address}", params=question)) == "rule-broken"


def test_the_blocked_lines_leave_as_a_file(faye: TestClient) -> None:
    answer = faye.get(f"{MONEY}/lines/file", params={"valid_at": "2026-04-30"})
    rows = list(csv.DictReader(StringIO(answer.text, newline="")))

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="blocked-lines-2026-04-30.csv"'
    )
    assert {row["currency"]: row["amount"] for row in rows} == {"EUR": "70.00", "JPY": "5000"}


def test_a_spreadsheet_leaves_with_numbers(faye: TestClient) -> None:
    answer = faye.get(f"{MONEY}/lines/file", params={"format": "xlsx"})

    assert answer.headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert sorted(row[8] for row in rows_of(answer.content)[1:]) == [70, 5000]


@pytest.mark.parametrize("file_format", FileFormat)
def test_every_form_has_its_media_type_and_ending(
    file_format: FileFormat, faye: TestClient
) -> None:
    answer = faye.get(f"{MONEY}/lines/file", params={"format": file_format})

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(f'.{file_format.ending}"')


@pytest.mark.parametrize(
    ("address", "question"),
    [
        ("", {}),
        ("/lines", {}),
        ("/series", {"from": "2026-03-01", "until": "2026-04-30"}),
        ("/bridge", {"from": "2026-03-01", "until": "2026-04-30"}),
        (
            "/learnt",
            {"valid_at": "2026-03-31", "known_from": "2026-03-31", "known_until": "2199-12-31"},
        ),
        ("/entries", {}),
        ("/lines/file", {}),
    ],
)
def test_whoever_works_for_a_company_sees_its_money_only(
    address: str, question: dict[str, str], faye: TestClient, door: Door
) -> None:
    ours = door.client(Role.FINANCE, reach=Reach(companies=frozenset({"JP01"})))
    everything = faye.get(f"{MONEY}{address}", params=question).text
    seen = ours.get(f"{MONEY}{address}", params=question).text

    assert ("EUR" in everything, "JPY" in everything) == (True, True)
    assert ("EUR" in seen, "JPY" in seen) == (False, True)


def test_what_is_owed_is_told_by_how_late_it_is(faye: TestClient, door: Door) -> None:
    invoice = {
        "customer_id": "C-1001",
        "document": document(number="9000044"),
        "open_amount": "80.00",
        "currency": "EUR",
        "invoiced_on": "2026-01-10",
        "due_on": "2026-02-10",
        "occurred_at": "2026-01-11T12:00:00Z",
    }
    begin(faye, "/v1/invoices", invoice)
    door.projector.catch_up()
    year = {"from": "2026-01-01", "closing": "2026-04-30", "company": "FR01"}
    question = {**year, "sales": "EUR:800.00"}
    answer = faye.get("/v1/receivables/late-payments", params=question).json()
    (table,) = answer["tables"]

    assert [b["number"] for b in table["bands"]] == [0, 0, 0, 1, 0]
    assert table["late"]["percentage"] == "10.00"
    assert (table["disputed"]["number"], table["disputed"]["amount"]) == (1, "250.00")
    assert (table["sales"], table["sales_stated"]) == ("800.00", True)
    stated = {"from": "2026-01-01", "closing": "2026-04-30", "sales": "EUR:1"}
    assert slug(faye.get("/v1/receivables/late-payments", params=stated)) == "rule-broken"
    reach = Reach(companies=frozenset({"JP01"}))
    ours = door.client(Role.FINANCE, reach=reach)
    assert ours.get("/v1/receivables/late-payments", params=question).json()["tables"] == []
