"""Amounts in the currency's own precision, and nothing across currencies."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.money import (
    EXPONENTS,
    MAX_DIGITS,
    CurrenciesDiffer,
    Money,
    UnknownCurrency,
    WrongPrecision,
    check_amount,
    exponent_of,
    same_currency,
)

currencies = st.sampled_from(sorted(EXPONENTS))


@pytest.mark.parametrize(
    ("currency", "places"),
    [("JPY", 0), ("EUR", 2), ("TND", 3), ("CLF", 4), ("MRU", 2), ("ISK", 0), ("UYW", 4)],
)
def test_a_currency_has_the_decimal_places_of_its_minor_unit(currency: str, places: int) -> None:
    assert exponent_of(currency) == places


@pytest.mark.parametrize("code", ["", "eur", "EUX", "EURO", " EUR", "XAU", "XXX"])
def test_what_is_no_code_of_a_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        exponent_of(code)


@given(currency=currencies, units=st.integers(-(10**12), 10**12))
def test_every_whole_number_of_minor_units_is_an_amount(currency: str, units: int) -> None:
    amount = Decimal(units).scaleb(-exponent_of(currency))

    check_amount(amount, currency=currency)
    assert Money(amount=amount, currency=currency).amount == amount


@given(currency=currencies, units=st.integers(-(10**12), 10**12))
def test_a_place_beyond_the_minor_unit_is_refused_even_when_it_is_zero(
    currency: str,
    units: int,
) -> None:
    amount = Decimal(units * 10).scaleb(-exponent_of(currency) - 1)

    with pytest.raises(WrongPrecision) as refused:
        check_amount(amount, currency=currency)
    assert refused.value.places == exponent_of(currency)


@given(currency=currencies, units=st.integers(-(10**12), 10**12))
def test_money_is_written_and_read_without_loss(currency: str, units: int) -> None:
    money = Money(amount=Decimal(units).scaleb(-exponent_of(currency)), currency=currency)
    written = money.model_dump_json()

    assert Money.model_validate_json(written) == money
    assert f'"{money.amount}"' in written


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_only_a_finite_amount_is_money(amount: str) -> None:
    with pytest.raises(WrongPrecision):
        check_amount(Decimal(amount), currency="EUR")
    with pytest.raises(ValidationError):
        Money(amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize("amount", ["0.001", "1" * (MAX_DIGITS + 1), "1e99"])
def test_what_no_ledger_can_hold_is_no_money(amount: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=Decimal(amount), currency="EUR")


def test_an_amount_without_a_currency_of_the_world_is_no_money() -> None:
    with pytest.raises(ValidationError, match="not an ISO 4217 currency code"):
        Money(amount=Decimal(1), currency="EUX")


def test_nothing_is_summed_across_currencies() -> None:
    assert same_currency(["EUR", "EUR"]) == "EUR"
    assert same_currency([]) is None
    with pytest.raises(CurrenciesDiffer) as refused:
        same_currency(["EUR", "USD", "EUR"])
    assert refused.value.currencies == ("EUR", "USD")
