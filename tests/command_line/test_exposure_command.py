"""How much money is blocked, asked on the command line."""

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from application.exposures import ExposureGroup
from tests.command_line.commands import Here
from tests.spreadsheets import rows_in


@pytest.mark.parametrize("by", ExposureGroup)
def test_groups_add_up_to_the_totals(told: Here, by: ExposureGroup) -> None:
    totals = told("exposure", "--json").document["items"]
    groups = told("exposure", "--by", by, "--json").document["items"]

    for total in totals:
        parts = [group for group in groups if group["currency"] == total["currency"]]
        for amount in ("amount", "requested", "failed"):
            assert sum(Decimal(part[amount]) for part in parts) == Decimal(total[amount])


def test_amounts_have_the_decimal_places_of_their_currency(told: Here) -> None:
    items = told("exposure", "--json").document["items"]
    places = {i["currency"]: -Decimal(i["amount"]).as_tuple().exponent for i in items}  # type: ignore[operator]  # finite

    assert places == {"CHF": 2, "EUR": 2, "GBP": 2, "JPY": 0, "TND": 3, "USD": 2}


def test_a_date_means_its_end(told: Here) -> None:
    answer = told("exposure", "--valid-at", "2026-05-31", "--known-at", "2026-05-31", "--json")

    assert answer.document["valid_at"] == "2026-05-31T23:59:59.999999Z"
    # The story was not known then: it is recorded now.
    assert answer.document["items"] == []


def test_an_instant_needs_its_zone(told: Here) -> None:
    assert told("exposure", "--valid-at", "2026-05-31T12:00:00+02:00").code == 0
    refused = told("exposure", "--valid-at", "2026-05-31T12:00:00")

    assert refused.code == 2
    assert "names no zone" in " ".join(refused.err.split())


def test_exposure_for_people_shows_totals(told: Here) -> None:
    shown = told("exposure", "--by", "age")

    assert "age in days" in shown.out
    assert sum(line.split()[:1] == ["total"] for line in shown.out.splitlines()) == 6


def test_a_series_is_a_table_with_a_chart_and_a_picture(told: Here, tmp_path: Path) -> None:
    svg = tmp_path / "blocked.svg"
    asked = ("exposure", "--series", "month", "--since", "2026-01-31", "--valid-at", "2026-06-30")
    shown = told(*asked, "--svg", str(svg))
    items = told(*asked, "--json").document["items"]

    assert {item["valid_at"][:10] for item in items} >= {"2026-01-31", "2026-02-28", "2026-06-30"}
    assert "█" in shown.out
    root = ET.fromstring(svg.read_text(encoding="utf-8"))  # noqa: S314 - our own picture
    texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert texts >= {"EUR", "JPY", "2026-01-31"}


def test_a_bridge_adds_up(told: Here) -> None:
    asked = ("exposure", "--bridge", "--since", "2026-01-31", "--valid-at", "2026-06-30", "--json")
    rows = told(*asked).document["items"]

    for currency in {row["currency"] for row in rows}:
        amounts = {r["movement"]: Decimal(r["amount"]) for r in rows if r["currency"] == currency}
        closing = amounts.pop("closing")
        assert sum(amounts.values()) == closing


def test_what_was_learnt_since_is_everything_for_a_story_told_today(told: Here) -> None:
    asked = ("exposure", "--learnt-since", "2026-07-01", "--valid-at", "2026-06-30", "--json")
    rows = told(*asked).document["items"]

    assert {Decimal(row["amount"]) for row in rows if row["movement"] == "opening"} == {Decimal(0)}


def test_currencies_are_added_up_at_the_rates_of_a_file(told: Here, tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    codes = ("CHF", "GBP", "JPY", "TND", "USD")
    lines = [f"{code},2,2026-06-30" for code in codes]
    rates.write_text("\n".join(["currency,rate,date", *lines]), encoding="utf-8")
    answer = told("exposure", "--into", "EUR", "--rates", str(rates), "--json").document
    worth = [Decimal(i["amount"]) * (1 if i["currency"] == "EUR" else 2) for i in answer["items"]]

    assert abs(Decimal(answer["converted"]["amount"]) - sum(worth)) < Decimal("0.05")
    assert "state the rate of" in told("exposure", "--into", "EUR").err


@pytest.mark.parametrize("line", ["USD,much,2026-06-30", "USD,1", "USD,-1,2026-06-30"])
def test_a_file_that_states_no_rates_is_refused(told: Here, tmp_path: Path, line: str) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text(f"currency,rate,date\n{line}\n", encoding="utf-8")
    refused = told("exposure", "--into", "EUR", "--rates", str(rates))

    assert refused.code == 1
    assert "line 2" in refused.err


def test_the_blocked_lines_leave_as_files(told: Here, tmp_path: Path) -> None:
    shown = told("exposure", "--lines", "--format", "csv")
    rows = list(csv.DictReader(StringIO(shown.out)))
    file = tmp_path / "lines.xlsx"
    told("exposure", "--lines", "--format", "xlsx", "--out", str(file))
    lines = sum(item["lines"] for item in told("exposure", "--json").document["items"])

    assert len(rows) == lines
    assert len(rows_in(file)) == lines + 1


@pytest.mark.parametrize(
    "asked",
    [
        ("--series", "day"),
        ("--since", "2026-01-01"),
        ("--bridge", "--lines", "--since", "2026-01-01"),
        ("--by", "age", "--lines"),
        ("--into", "EUR", "--lines"),
        ("--rates", __file__),
        ("--out", "lines.csv"),
        ("--svg", "blocked.svg"),
    ],
)
def test_what_does_not_go_together_is_refused(told: Here, asked: tuple[str, ...]) -> None:
    refused = told("exposure", *asked)

    assert (refused.code, refused.out) == (1, "")
