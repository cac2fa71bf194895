"""How much money is blocked, asked on the command line."""

from decimal import Decimal

import pytest

from application.exposures import ExposureGroup
from tests.command_line.commands import Here


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
    assert sum(line.startswith("total") for line in shown.out.splitlines()) == 6
