"""Money is converted at stated rates only."""

from datetime import date
from decimal import Decimal
from typing import Final

import pytest

from domain.money import UnknownCurrency
from domain.rates import Rate, RateMissing, Rates, RateTwice

DOLLAR: Final = Rate(currency="USD", rate=Decimal("0.925"), on=date(2027, 3, 1))


def test_an_amount_is_worth_what_the_stated_rate_says_to_the_minor_unit() -> None:
    rates = Rates.of([DOLLAR], into="EUR")

    assert rates.convert(Decimal("10.10"), currency="USD") == Decimal("9.34")
    assert rates.convert(Decimal("10.10"), currency="EUR") == Decimal("10.10")
    assert str(Rates.of([DOLLAR], into="JPY").convert(Decimal(100), currency="USD")) == "92"


def test_without_a_stated_rate_nothing_is_converted() -> None:
    with pytest.raises(RateMissing, match="GBP"):
        Rates.of([DOLLAR], into="EUR").convert(Decimal(1), currency="GBP")


def test_a_currency_has_one_rate() -> None:
    with pytest.raises(RateTwice):
        Rates.of([DOLLAR, DOLLAR], into="EUR")


def test_a_rate_is_of_a_currency_into_a_currency() -> None:
    with pytest.raises(UnknownCurrency):
        Rates.of([DOLLAR], into="XXX")
