"""Exchange rates: stated, dated, and never guessed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

from domain.money import exponent_of
from domain.refusals import RuleBroken


class RateMissing(RuleBroken):
    """Money is converted with a rate that somebody stated, or not at all."""

    def __init__(self, currency: str, *, into: str) -> None:
        super().__init__(f"state the rate of {currency} in {into}, and its date")
        self.currency = currency
        self.into = into


class RateTwice(RuleBroken):
    """Of two rates of one currency nobody knows which is meant."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"the rate of {currency} is stated twice")
        self.currency = currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One unit of a currency, in another one, on a day."""

    currency: str
    rate: Decimal
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one unit of each currency is worth in one of them."""

    into: str
    stated: tuple[Rate, ...]

    @classmethod
    def of(cls, rates: Iterable[Rate], *, into: str) -> Self:
        """Take these rates together.

        Raises:
            UnknownCurrency: not an ISO 4217 code.
            RateTwice: two of one currency.
        """
        stated = tuple(rates)
        seen = set[str]()
        exponent_of(into)
        for rate in stated:
            exponent_of(rate.currency)
            if rate.currency in seen:
                raise RateTwice(rate.currency)
            seen.add(rate.currency)
        return cls(into=into, stated=stated)

    def convert(self, amount: Decimal, *, currency: str) -> Decimal:
        """What an amount is worth, to the minor unit; halves go to the even digit.

        Raises:
            RateMissing: nobody stated the currency's rate.
        """
        unit = Decimal(1).scaleb(-exponent_of(self.into))
        return (amount * self._rate(currency)).quantize(unit, ROUND_HALF_EVEN)

    def _rate(self, currency: str) -> Decimal:
        if currency == self.into:
            return Decimal(1)
        for rate in self.stated:
            if rate.currency == currency:
                return rate.rate
        raise RateMissing(currency, into=self.into)
