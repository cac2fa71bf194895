"""The values that cross the border: strict in, plain out.

JSON knows neither dates nor decimals, and Python's JSON reader takes NaN, lone surrogates and
numbers without end: what a field takes is said here once, in text.
"""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from domain.money import EXPONENTS

MOST_POSITION: Final = 2**63 - 1
MOST_VERSION: Final = 2**31 - 1
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2199

_MONEY: Final = r"^[0-9]{1,14}(\.[0-9]{1,4})?$"
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_LAST_MOMENT: Final = time(23, 59, 59, 999_999)


def _from_text(value: object, *, shape: re.Pattern[str], example: str) -> str:
    if not isinstance(value, str) or shape.fullmatch(value) is None:
        raise ValueError(f"write it as a string such as {example}")
    return value


def _money(value: object) -> Decimal:
    return Decimal(_from_text(value, shape=re.compile(_MONEY), example="120.50"))


def _instant(value: object) -> str:
    return _from_text(value, shape=_INSTANT, example="2027-03-01T09:30:00Z, with its zone")


def _date(value: object) -> str:
    return _from_text(value, shape=_DATE, example="2027-03-01")


def _instant_or_day(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return datetime.combine(date.fromisoformat(value), _LAST_MOMENT, tzinfo=UTC).isoformat()
    return _instant(value)


def _in_utc(instant: datetime) -> datetime:
    _check_year(instant)
    return instant.astimezone(UTC)


def _check_year(day: date) -> date:
    # Years at the ends of the calendar leave it when they are moved to another zone.
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"the year lies between {_FIRST_YEAR} and {_LAST_YEAR}")
    return day


def in_currency(amount: Decimal, *, currency: str) -> str:
    """Write an amount with all the decimal places of its currency, and never fewer than it has."""
    unit = Decimal(1).scaleb(-EXPONENTS.get(currency, 0))
    padded = amount.quantize(unit)
    return format(padded if padded == amount else amount, "f")


def _plain(amount: Decimal) -> str:
    return format(amount, "f")


AmountIn = Annotated[
    Decimal,
    BeforeValidator(_money),
    WithJsonSchema({"type": "string", "pattern": _MONEY, "examples": ["120.50"]}),
]
"""Money comes as a decimal string: a JSON number would be a float somewhere on its way."""

AmountOut = Annotated[
    Decimal,
    PlainSerializer(_plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
]
"""Money goes out as it came in."""

Instant = Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(_in_utc)]
Day = Annotated[date, BeforeValidator(_date), AfterValidator(_check_year)]
InstantOrDay = Annotated[
    AwareDatetime,
    BeforeValidator(_instant_or_day),
    AfterValidator(_in_utc),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date"},
                {"type": "string", "format": "date-time"},
            ],
        },
    ),
]
"""An instant, or a date, which means the end of that day in UTC."""

Code = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
    ),
]
"""One line that says something: a number, a name, a code."""

Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

Prose = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=20_000,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$",
    ),
]
"""What people write, in lines. PostgreSQL keeps no NUL; a browser shows no other control."""

Version = Annotated[int, Field(strict=True, ge=1, le=MOST_VERSION)]

Json = dict[str, Any]  # Any: a recorded fact, in the shape that it was recorded in


class Body(BaseModel):
    """What a caller says."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Answer(BaseModel):
    """What we say."""

    model_config = ConfigDict(frozen=True)


class ListAnswer(Answer):
    """What we say of one row of a read model."""

    model_config = ConfigDict(frozen=True, from_attributes=True)
