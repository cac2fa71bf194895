"""The values that cross the border: strict in, plain out.

JSON knows neither dates nor decimals nor identities, and a query is nothing but text: what a field
or a parameter takes is said here once. A body is strict: it takes no text for a number, no number
for a text, and nothing but `true` for true. Strict is also that a list is no tuple and a word no
member of an enumeration: write `ListOf[DisputedLine]`, `OneOf[Channel]` and `Identifier`.
"""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from api.http.texts import ONE_LINE, SOME_LINES, reads
from domain.money import EXPONENTS

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

MOST_POSITION: Final = 2**63 - 1
MOST_VERSION: Final = 2**31 - 1
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2199

_MONEY: Final = re.compile(r"^(0|[1-9][0-9]{0,13})(\.[0-9]{1,4})?$")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
"""RFC 3339, to the microsecond: a finer time could not be told back."""

_IDENTITY: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_FLAGS: Final = {"true": True, "false": False}
_LAST_MOMENT: Final = time(23, 59, 59, 999_999)


def _from_text(value: object, *, shape: re.Pattern[str], example: str) -> str:
    if not isinstance(value, str) or shape.fullmatch(value) is None:
        raise ValueError(f"write it as a string such as {example}")
    return value


def _money(value: object) -> Decimal:
    return Decimal(_from_text(value, shape=_MONEY, example="120.50"))


def _instant(value: object) -> datetime:
    text = _from_text(value, shape=_INSTANT, example="2027-03-01T09:30:00Z, with its zone")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such time") from None
    _check_year(instant)
    return instant.astimezone(UTC)


def read_identity(value: object) -> UUID:
    """Read a UUID in its usual spelling."""
    return UUID(_from_text(value, shape=_IDENTITY, example="01961f5e-0000-7000-8000-00000000cafe"))


def _each_once(words: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(words)) != len(words):
        raise ValueError("write each word once")
    return words


def _whole(value: object) -> int:
    return int(_from_text(value, shape=_WHOLE, example="50"))


def _flag(value: object) -> bool:
    if not isinstance(value, str) or value not in _FLAGS:
        raise ValueError("write true or false")
    return _FLAGS[value]


def _day(value: object) -> date:
    text = _from_text(value, shape=_DATE, example="2027-03-01")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day") from None
    _check_year(day)
    return day


def _instant_or_day(value: object) -> datetime:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return datetime.combine(_day(value), _LAST_MOMENT, tzinfo=UTC)
    return _instant(value)


def _check_year(day: date) -> None:
    # Years at the ends of the calendar leave it when they are moved to another zone.
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"the year lies between {_FIRST_YEAR} and {_LAST_YEAR}")


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
    WithJsonSchema({"type": "string", "pattern": _MONEY.pattern, "examples": ["120.50"]}),
]
"""Money comes as a decimal string: a JSON number would be a float somewhere on its way."""

AmountOut = Annotated[
    Decimal,
    PlainSerializer(_plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
]
"""Money goes out as it came in."""

Instant = Annotated[datetime, BeforeValidator(_instant)]
Day = Annotated[date, BeforeValidator(_day)]
InstantOrDay = Annotated[
    datetime,
    BeforeValidator(_instant_or_day),
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

OneOf = Annotated[E, Field(strict=False)]
"""One word of a list, in text."""

ListOf = Annotated[tuple[T, ...], Field(strict=False, max_length=200)]
"""Several things in their order, as a JSON array."""

SetOf = Annotated[
    tuple[T, ...],
    Field(strict=False, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]
"""Several words in no order, each once, as a JSON array."""

Identifier = Annotated[UUID, BeforeValidator(read_identity)]
"""A UUID in its usual spelling: its bytes in five groups, without braces or a prefix."""

Code = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(reads(ONE_LINE, most=200)),
    Field(json_schema_extra={"pattern": ONE_LINE.pattern}),
]
"""One line that says something: a number, a name, a code."""

Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

Prose = Annotated[
    str,
    StringConstraints(min_length=1, max_length=20_000),
    AfterValidator(reads(SOME_LINES, most=20_000)),
    Field(json_schema_extra={"pattern": SOME_LINES.pattern}),
]
"""What people write, in lines. PostgreSQL keeps no NUL; a browser shows no other control."""

WholeInQuery = Annotated[int, BeforeValidator(_whole)]
"""A whole number in a query: ASCII digits, without a sign or zeros before it."""

FlagInQuery = Annotated[bool, BeforeValidator(_flag)]
"""Yes or no in a query: `true` or `false`, and nothing that resembles them."""

Version = Annotated[int, Field(ge=1, le=MOST_VERSION)]

Json = dict[str, Any]  # Any: a recorded fact, in the shape that it was recorded in


class Body(BaseModel):
    """What a caller says, and means."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


class Answer(BaseModel):
    """What we say."""

    model_config = ConfigDict(frozen=True)


class ListAnswer(Answer):
    """What we say of one row of a read model."""

    model_config = ConfigDict(frozen=True, from_attributes=True)
