"""What is worked out from the answers about blocked money: conversions, the steps of a series."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from application.exposures import Exposure, Step
from domain.rates import Rate, Rates
from domain.refusals import RuleBroken

MOST_STEPS: Final = 1_000


class DatesReversed(RuleBroken):
    """What is asked between two dates begins before it ends."""

    def __init__(self) -> None:
        super().__init__("the first date must lie before the second one")


class TooManySteps(RuleBroken):
    """A series has so many points at most."""

    def __init__(self) -> None:
        super().__init__(f"a series has at most {MOST_STEPS} points; take a longer step")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What is blocked in all currencies, with the rates that somebody stated."""

    currency: str
    amount: Decimal
    requested: Decimal
    failed: Decimal
    rates: tuple[Rate, ...]


def check_between(first: date | datetime, last: date | datetime) -> None:
    """Refuse dates in the wrong order.

    Raises:
        DatesReversed: the first is not before the last.
    """
    if first >= last:
        raise DatesReversed


def ends_of_steps(first: date, last: date, *, step: Step) -> tuple[datetime, ...]:
    """The ends in UTC of the first day, of each step after it, and of the last day.

    A month's step is the end of each month.

    Raises:
        DatesReversed: the first day is not before the last.
        TooManySteps: the step is too short.
    """
    check_between(first, last)
    days = [first]
    for day in _days(first, step):
        if day >= last:
            break
        if len(days) == MOST_STEPS:
            raise TooManySteps
        days.append(day)
    return tuple(datetime.combine(day, time.max, UTC) for day in (*days, last))


def converted(found: Iterable[Exposure], *, rates: Rates) -> Converted:
    """Add up what is blocked in several currencies; each currency is converted as a whole.

    Raises:
        RateMissing: nobody stated the rate of one of them.
    """
    totals: dict[str, list[Decimal]] = {}
    for each in found:
        sums = totals.setdefault(each.currency, [Decimal(0)] * 3)
        more = (each.amount, each.requested, each.failed)
        totals[each.currency] = [one + other for one, other in zip(sums, more, strict=True)]
    amounts = [Decimal(0)] * 3
    for currency, sums in totals.items():
        worth = [rates.convert(amount, currency=currency) for amount in sums]
        amounts = [one + other for one, other in zip(amounts, worth, strict=True)]
    used = tuple(rate for rate in rates.stated if rate.currency in totals)
    return Converted(
        currency=rates.into,
        amount=amounts[0],
        requested=amounts[1],
        failed=amounts[2],
        rates=used,
    )


def _days(first: date, step: Step) -> Iterator[date]:
    day = first
    while True:
        match step:
            case Step.DAY:
                day += timedelta(days=1)
            case Step.WEEK:
                day += timedelta(days=7)
            case Step.MONTH:
                day = _end_of_month(day + timedelta(days=1))
        yield day


def _end_of_month(day: date) -> date:
    next_month = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return next_month - timedelta(days=1)
