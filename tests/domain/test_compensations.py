"""What a customer was given over all disputes within a year."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest

from domain.compensations import events
from domain.compensations.compensations import Compensations, a_year_before, grant
from domain.disputes.settlement import SettlementKind
from domain.event import Envelope
from tests import examples as an
from tests.domain.given import Given, given

OTHER_SETTLEMENT_ID: Final = an.numbered(0x502)


def granted(*, days: int = 0, **changes: an.Change) -> tuple[events.CompensationGranted, Envelope]:
    """A credit note of 40.00 EUR, so many days after Monday."""
    usual: dict[str, an.Change] = {
        "customer_id": an.CUSTOMER,
        "dispute_id": an.DISPUTE_ID,
        "settlement_id": an.SETTLEMENT_ID,
        "kind": SettlementKind.CREDIT_NOTE,
        "amount": Decimal("40.00"),
        "currency": "EUR",
    }
    event = events.CompensationGranted(**{**usual, **changes})
    return event, an.envelope(occurred_at=an.MONDAY + timedelta(days=days))


def known(*facts: tuple[events.CompensationGranted, Envelope]) -> Given[Compensations]:
    return given(Compensations, *facts)


def test_what_was_granted_within_twelve_months_counts_by_currency() -> None:
    case = known(granted(), granted(days=10), granted(days=20, currency="USD")).case

    assert case.given(at=an.MONDAY + timedelta(days=30)) == {"EUR": 80, "USD": 40}
    assert case.given(at=an.MONDAY + timedelta(days=366)) == {"EUR": 40, "USD": 40}
    assert case.given(at=an.MONDAY + timedelta(days=376)) == {"USD": 40}


def test_nobody_gains_by_back_dating_an_approval() -> None:
    case = known(granted(), granted(days=10)).case

    assert case.given(at=an.MONDAY - timedelta(days=90)) == {"EUR": 80}


def test_an_offer_that_was_lost_counts_no_more() -> None:
    taken_back = events.CompensationTakenBack(settlement_id=an.SETTLEMENT_ID)
    offers = known(granted(), granted(settlement_id=OTHER_SETTLEMENT_ID, amount=Decimal(5)))

    case = offers.when(lambda c: c.take_back(an.SETTLEMENT_ID)).then(taken_back)

    assert case.given(at=an.FRIDAY) == {"EUR": 5}
    assert case.take_back(an.SETTLEMENT_ID) == []


def test_a_settlement_over_lines_in_two_currencies_counts_in_each() -> None:
    facts = grant(
        customer_id=an.CUSTOMER,
        dispute_id=an.DISPUTE_ID,
        settlement_id=an.SETTLEMENT_ID,
        kind=SettlementKind.CREDIT_NOTE,
        amounts={"EUR": Decimal(1), "JPY": Decimal(2)},
    )

    assert given(Compensations, *facts).case.given(at=an.MONDAY) == {"EUR": 1, "JPY": 2}


@pytest.mark.parametrize(
    ("at", "before"),
    [
        (datetime(2028, 2, 29, 8, tzinfo=UTC), datetime(2027, 2, 28, 8, tzinfo=UTC)),
        (datetime(2029, 2, 28, 8, tzinfo=UTC), datetime(2028, 2, 28, 8, tzinfo=UTC)),
        (datetime(2027, 7, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)),
    ],
)
def test_a_year_before_a_leap_day_is_the_last_of_february(at: datetime, before: datetime) -> None:
    assert a_year_before(at) == before
