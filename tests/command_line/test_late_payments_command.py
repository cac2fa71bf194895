"""What is owed at the end of a year, asked on the command line."""

from decimal import Decimal

import pytest

from tests.command_line.commands import Here

YEAR = ("late-payments", "--from", "2026-01-01", "--closing", "2026-06-30")


def test_the_bands_add_up_to_the_total_and_a_person_sees_the_same(told: Here) -> None:
    tables = told(*YEAR, "--json").document["tables"]
    shown = told(*YEAR).out

    assert tables
    for table in tables:
        late = [Decimal(band["amount"]) for band in table["bands"][1:]]
        assert sum(late) == Decimal(table["late"]["amount"])
        assert f"{table['company_code']}, {table['currency']}" in shown


def test_sales_are_stated_for_one_company(told: Here) -> None:
    table = told(*YEAR, "--json").document["tables"][0]
    stated = ("--sales", f"{table['currency']}:1000000", "--company", table["company_code"])
    tables = told(*YEAR, *stated, "--json").document["tables"]

    assert any(t["sales_stated"] for t in tables)
    assert "name the company" in told(*YEAR, "--sales", "EUR:1000000").err


@pytest.mark.parametrize("sales", ["EUR", "EUR:much", "EUR:0", "1000"])
def test_what_states_no_sales_is_refused(told: Here, sales: str) -> None:
    assert told(*YEAR, "--sales", sales).code == 1
