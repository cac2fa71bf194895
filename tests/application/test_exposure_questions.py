"""The steps of a series, and what several currencies are worth together."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

import pytest

from application.exposure_questions import (
    MOST_STEPS,
    DatesReversed,
    TooManySteps,
    converted,
    ends_of_steps,
)
from application.exposures import Exposure, Step
from domain.rates import Rate, RateMissing, Rates

FIRST: Final = date(2027, 1, 15)


def days(first: date, last: date, step: Step) -> list[str]:
    return [f"{end:%m-%d}" for end in ends_of_steps(first, last, step=step)]


def test_a_series_has_the_end_of_its_first_day_of_each_step_and_of_its_last_day() -> None:
    assert days(FIRST, date(2027, 1, 18), Step.DAY) == ["01-15", "01-16", "01-17", "01-18"]
    assert days(FIRST, date(2027, 1, 30), Step.WEEK) == ["01-15", "01-22", "01-29", "01-30"]
    assert days(FIRST, date(2027, 4, 10), Step.MONTH) == [
        "01-15",
        "01-31",
        "02-28",
        "03-31",
        "04-10",
    ]
    (first, _) = ends_of_steps(FIRST, date(2027, 1, 16), step=Step.MONTH)
    assert first == datetime.combine(FIRST, time.max, UTC)


def test_a_series_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(DatesReversed):
        ends_of_steps(FIRST, FIRST, step=Step.DAY)


def test_a_series_has_an_end() -> None:
    last = FIRST + timedelta(days=MOST_STEPS)
    assert len(ends_of_steps(FIRST, last - timedelta(days=1), step=Step.DAY)) == MOST_STEPS
    with pytest.raises(TooManySteps):
        ends_of_steps(FIRST, last + timedelta(days=1), step=Step.DAY)


def blocked(currency: str, amount: str) -> Exposure:
    return Exposure(
        currency=currency,
        group="C-1",
        amount=Decimal(amount),
        requested=Decimal(0),
        failed=Decimal(1),
        lines=1,
    )


def test_each_currency_is_converted_as_a_whole_at_a_stated_rate() -> None:
    found = [blocked("EUR", "10.00"), blocked("USD", "0.01"), blocked("USD", "0.01")]
    rate = Rate(currency="USD", rate=Decimal("0.5"), on=FIRST)
    worth = converted(found, rates=Rates.of([rate], into="EUR"))

    assert (worth.amount, worth.failed, worth.rates) == (Decimal("10.01"), Decimal("2.00"), (rate,))
    with pytest.raises(RateMissing):
        converted(found, rates=Rates.of([], into="EUR"))
