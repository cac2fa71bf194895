"""The approval matrix: up to which amount a role approves a settlement (invariant 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from domain.disputes.lines import ZERO
from domain.disputes.settlement import SettlementKind
from domain.money import Amount, check_amount
from domain.parties import Role
from domain.refusals import RuleBroken

APPROVERS: Final = frozenset({Role.MANAGER, Role.FINANCE})
"""The roles to which the transition table offers `approve`."""


class Limit(BaseModel):
    """Up to how much one level approves in one currency. A limit that is not said does not bind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Annotated[int, Field(ge=1, le=9)]
    role: Role
    currency: str
    kind: SettlementKind | None = None
    """The kind of settlement; without one, every kind that has no rows of its own."""
    single: Amount | None = None
    """The most that one settlement gives."""
    yearly: Amount | None = None
    """The most that one customer is given within twelve months, this settlement included."""

    def bears(self, amount: Decimal, *, given: Decimal) -> bool:
        """Whether the level may give this much to who was given so much within the year."""
        return (self.single is None or amount <= self.single) and (
            self.yearly is None or given + amount <= self.yearly
        )

    @property
    def is_open(self) -> bool:
        """Whether nothing binds the level."""
        return self.single is None and self.yearly is None


class MatrixUnsound(RuleBroken):
    """A matrix leaves no amount without somebody who may approve it."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"the approval matrix is unsound: {fault}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class ApprovalMatrix:
    """The limits in force, and under which number they were adopted; 0 is what we ship."""

    number: int
    limits: tuple[Limit, ...]

    def needed(
        self, kind: SettlementKind, *, currency: str, amount: Decimal, given: Decimal
    ) -> Limit:
        """Find the lowest level that may approve the amount."""
        return next(
            limit for limit in self.rows(kind, currency) if limit.bears(amount, given=given)
        )

    def reaches(self, role: Role, *, needed: Limit, kind: SettlementKind) -> bool:
        """Whether the role stands at the needed level, or above it."""
        return any(
            limit.role is role and limit.level >= needed.level
            for limit in self.rows(kind, needed.currency)
        )

    def rows(self, kind: SettlementKind, currency: str) -> Sequence[Limit]:
        """The levels for a kind and a currency, lowest first.

        A currency without rows goes to the highest level there is: nothing is compared across
        currencies without a stated rate.
        """
        of_currency = [limit for limit in self.limits if limit.currency == currency]
        own = [limit for limit in of_currency if limit.kind is kind]
        found = own or [limit for limit in of_currency if limit.kind is None]
        if not found:
            highest = max(self.limits, key=_level)
            return (Limit(level=highest.level, role=highest.role, currency=currency),)
        return sorted(found, key=_level)


SHIPPED: Final = ApprovalMatrix(
    0,
    (
        Limit(
            level=1,
            role=Role.MANAGER,
            currency="EUR",
            single=Decimal(1_000),
            yearly=Decimal(1_000),
        ),
        Limit(level=2, role=Role.FINANCE, currency="EUR"),
    ),
)
"""What is in force until an installation adopts a matrix of its own."""


def check_limits(limits: Sequence[Limit]) -> None:
    """Refuse a matrix under which some amount could be approved by nobody, or by the wrong level.

    Raises:
        MatrixUnsound: no rows, a role that approves nothing, levels that do not climb, limits that
            fall with the level, or a highest level that is limited.
        UnknownCurrency, WrongPrecision: a limit that its currency cannot express.
    """
    if not limits:
        raise MatrixUnsound("it has no rows")
    for limit in limits:
        _check_limit(limit)
    for _, rows in groupby(sorted(limits, key=_place), key=_column):
        _check_column(list(rows))


def _check_limit(limit: Limit) -> None:
    if limit.role not in APPROVERS:
        raise MatrixUnsound(f"{limit.role} approves nothing; use {', '.join(sorted(APPROVERS))}")
    for amount in (limit.single, limit.yearly):
        check_amount(amount or ZERO, currency=limit.currency)
        if amount is not None and amount < ZERO:
            raise MatrixUnsound(f"a limit of {amount} lies below 0")


def _check_column(rows: Sequence[Limit]) -> None:
    named = f"{rows[0].currency} {rows[0].kind or 'of every kind'}"
    if [row.level for row in rows] != list(range(1, len(rows) + 1)):
        raise MatrixUnsound(f"the levels for {named} are not 1, 2, 3 and so on, once each")
    for lower, higher in pairwise(rows):
        if _falls(lower.single, higher.single) or _falls(lower.yearly, higher.yearly):
            raise MatrixUnsound(f"level {higher.level} for {named} is below level {lower.level}")
    if not rows[-1].is_open:
        raise MatrixUnsound(f"nobody approves beyond level {rows[-1].level} for {named}")


def _falls(lower: Decimal | None, higher: Decimal | None) -> bool:
    return higher is not None and (lower is None or higher < lower)


def _level(limit: Limit) -> int:
    return limit.level


def _column(limit: Limit) -> tuple[str, str]:
    return limit.currency, limit.kind or ""


def _place(limit: Limit) -> tuple[str, str, int]:
    return (*_column(limit), limit.level)
