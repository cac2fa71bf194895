"""Money: a decimal amount with an ISO 4217 currency, at the currency's own precision."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.refusals import RuleBroken

_CODES_BY_EXPONENT: Final = (
    (
        2,
        (
            "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN"
            " BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP"
            " GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD"
            " KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN"
            " NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG"
            " SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH"
            " USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
        ),
    ),
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
)

EXPONENTS: Final[Mapping[str, int]] = MappingProxyType(
    {str(code): places for places, codes in _CODES_BY_EXPONENT for code in codes.split()},
)
"""ISO 4217 currency codes and the decimal places of their minor unit (list one, January 2026)."""

MAX_DIGITS: Final = 18
"""No amount has more digits: `numeric(18, …)` is what ledgers and ERP systems exchange."""

Amount = Annotated[Decimal, Field(max_digits=MAX_DIGITS, allow_inf_nan=False)]
"""A finite decimal amount; its currency stands beside it."""


class UnknownCurrency(RuleBroken):
    """The code is not in ISO 4217."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code!r} is not an ISO 4217 currency code; use for example EUR")
        self.code = code


class WrongPrecision(RuleBroken):
    """The amount has more decimal places than its currency."""

    def __init__(self, amount: Decimal, *, currency: str, places: int) -> None:
        super().__init__(f"{amount} has more than the {places} decimal places of {currency}")
        self.amount = amount
        self.currency = currency
        self.places = places


class CurrenciesDiffer(RuleBroken):
    """Nothing is summed across currencies without a stated rate."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second} are not summed without a stated rate")
        self.currencies = (first, second)


def exponent_of(currency: str) -> int:
    """How many decimal places the currency has.

    Raises:
        UnknownCurrency: the code is not in ISO 4217.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def check_amount(amount: Decimal, *, currency: str) -> None:
    """Refuse an amount that the currency cannot express.

    Raises:
        UnknownCurrency: the code is not in ISO 4217.
        WrongPrecision: the amount has more decimal places than the currency.
    """
    places = exponent_of(currency)
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > places:
        raise WrongPrecision(amount, currency=currency, places=places)


class Money(BaseModel):
    """An amount in one currency. Arithmetic across currencies is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Amount
    currency: str

    @model_validator(mode="after")
    def _fits_its_currency(self) -> Self:
        try:
            check_amount(self.amount, currency=self.currency)
        except RuleBroken as refusal:
            raise ValueError(str(refusal)) from refusal
        return self


def same_currency(codes: Iterable[str]) -> str | None:
    """The one currency of all codes, or nothing when there are none.

    Raises:
        CurrenciesDiffer: there are two.
    """
    distinct = list(dict.fromkeys(codes))
    if len(distinct) > 1:
        raise CurrenciesDiffer(distinct[0], distinct[1])
    return distinct[0] if distinct else None
