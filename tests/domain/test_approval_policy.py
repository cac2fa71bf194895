"""Which approval matrix is sound, and which one is in force."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.approvals.events import ApprovalMatrixAdopted
from domain.approvals.matrix import SHIPPED, ApprovalMatrix, Limit, MatrixUnsound, check_limits
from domain.approvals.policy import ApprovalPolicy, PolicyBackDated, adopt_matrix
from domain.disputes.settlement import SettlementKind
from domain.money import UnknownCurrency, WrongPrecision
from domain.parties import Role
from tests import examples as an
from tests.domain.given import given

GOODWILL: Final = SettlementKind.GOODWILL
CREDIT: Final = SettlementKind.CREDIT_NOTE
MONDAY: Final = an.MONDAY.date()


def limit(level: int, **changes: an.Change) -> Limit:
    """A level of managers without a limit, in euros."""
    usual: dict[str, an.Change] = {"role": Role.MANAGER, "currency": "EUR"}
    return Limit(level=level, **{**usual, **changes})


LOW: Final = limit(1, single=Decimal(100))
HIGH: Final = limit(2, role=Role.FINANCE)
OWN: Final = (LOW, HIGH)


def adopted(*limits: Limit, valid_from: date = MONDAY) -> ApprovalMatrixAdopted:
    return ApprovalMatrixAdopted(valid_from=valid_from, limits=limits)


def test_the_matrix_that_ships_is_sound() -> None:
    check_limits(SHIPPED.limits)


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        ((), MatrixUnsound),
        ((limit(1, role=Role.AGENT),), MatrixUnsound),
        ((limit(2),), MatrixUnsound),
        ((LOW, limit(1)), MatrixUnsound),
        ((LOW,), MatrixUnsound),
        ((limit(1, yearly=Decimal(5)),), MatrixUnsound),
        ((limit(1), limit(2, single=Decimal(5)), limit(3)), MatrixUnsound),
        ((limit(1, yearly=Decimal(9)), limit(2, yearly=Decimal(8)), limit(3)), MatrixUnsound),
        ((limit(1, single=Decimal(-1)), HIGH), MatrixUnsound),
        ((*OWN, limit(1, kind=GOODWILL, single=Decimal(5))), MatrixUnsound),
        ((*OWN, limit(1, currency="USD", single=Decimal(5))), MatrixUnsound),
        ((limit(1, currency="EURO"),), UnknownCurrency),
        (
            (limit(1, currency="JPY", single=Decimal("0.5")), limit(2, currency="JPY")),
            WrongPrecision,
        ),
    ],
)
def test_a_matrix_leaves_no_amount_without_an_approver(
    limits: tuple[Limit, ...], rule: type[Exception]
) -> None:
    with pytest.raises(rule):
        adopt_matrix(limits=limits, valid_from=MONDAY, at=an.MONDAY)


def test_a_matrix_changes_nothing_that_was_approved_before_it() -> None:
    yesterday = MONDAY - timedelta(days=1)

    with pytest.raises(PolicyBackDated):
        adopt_matrix(limits=OWN, valid_from=yesterday, at=an.MONDAY)


def test_until_the_day_of_the_next_matrix_the_one_before_it_counts() -> None:
    policy = given(ApprovalPolicy, adopted(*OWN), adopted(HIGH, valid_from=an.FRIDAY.date())).case

    assert policy.in_force(an.MONDAY - timedelta(days=1)) == SHIPPED
    assert policy.in_force(an.MONDAY) == ApprovalMatrix(1, OWN)
    assert policy.in_force(an.FRIDAY - timedelta(days=1)) == ApprovalMatrix(1, OWN)
    assert policy.in_force(an.FRIDAY) == ApprovalMatrix(2, (HIGH,))


def test_rows_of_a_kind_replace_those_of_every_kind() -> None:
    matrix = ApprovalMatrix(1, (*OWN, limit(1, kind=GOODWILL, role=Role.FINANCE)))

    for kind, role in ((CREDIT, Role.MANAGER), (GOODWILL, Role.FINANCE)):
        needed = matrix.needed(kind, currency="EUR", amount=Decimal(100), given=Decimal(0))
        assert (needed.level, needed.role) == (1, role)
    assert not matrix.reaches(Role.MANAGER, needed=needed, kind=GOODWILL)


def test_a_currency_without_rows_goes_to_the_highest_level() -> None:
    needed = SHIPPED.needed(CREDIT, currency="JPY", amount=Decimal(1), given=Decimal(0))

    assert (needed.level, needed.role) == (2, Role.FINANCE)
    assert not SHIPPED.reaches(Role.MANAGER, needed=needed, kind=CREDIT)


@drawn(amount=st.integers(0, 3_000), given_before=st.integers(0, 3_000), more=st.integers(0, 500))
def test_more_money_never_needs_a_lower_level(amount: int, given_before: int, more: int) -> None:
    def level(single: int, before: int) -> int:
        needed = SHIPPED.needed(
            CREDIT, currency="EUR", amount=Decimal(single), given=Decimal(before)
        )
        return needed.level

    assert level(amount, given_before) <= level(amount + more, given_before)
    assert level(amount, given_before) <= level(amount, given_before + more)
    assert level(amount, given_before) == (1 if amount + given_before <= 1_000 else 2)
