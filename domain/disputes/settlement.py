"""Settling a dispute: what is offered, and how it is spread over the lines."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.disputes.lines import ZERO, Account, Allocation, LineTwice, UnknownLine
from domain.money import check_amount
from domain.refusals import RuleBroken


class SettlementKind(StrEnum):
    """The ways to settle."""

    CREDIT_NOTE = "credit_note"
    CORRECTED_INVOICE = "corrected_invoice"
    RETURN = "return"
    REPLACEMENT = "replacement"
    GOODWILL = "goodwill"
    PROMISE_TO_PAY = "promise_to_pay"
    PAYMENT_PLAN = "payment_plan"
    WRITE_OFF = "write_off"
    REJECTION = "rejection"


class Effect(StrEnum):
    """What executing a settlement does to the allocated money."""

    CREDITED = "credited"
    WRITTEN_OFF = "written_off"
    OTHERWISE_CLEARED = "otherwise_cleared"
    RETURNED = "returned"


EFFECTS: Final = MappingProxyType(
    {
        SettlementKind.CREDIT_NOTE: Effect.CREDITED,
        SettlementKind.CORRECTED_INVOICE: Effect.CREDITED,
        SettlementKind.RETURN: Effect.CREDITED,
        SettlementKind.REPLACEMENT: Effect.OTHERWISE_CLEARED,
        SettlementKind.GOODWILL: Effect.CREDITED,
        SettlementKind.PROMISE_TO_PAY: Effect.RETURNED,
        SettlementKind.PAYMENT_PLAN: Effect.RETURNED,
        SettlementKind.WRITE_OFF: Effect.WRITTEN_OFF,
        SettlementKind.REJECTION: Effect.RETURNED,
    },
)
"""What is not allocated returns to collection when the settlement is executed."""

COMPENSATING: Final = frozenset(
    kind for kind, effect in EFFECTS.items() if effect is not Effect.RETURNED
)
"""The kinds that give the customer something; the others allocate nothing."""


class Settlement(BaseModel):
    """An offer: its kind, and how much of each line it gives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settlement_id: UUID
    kind: SettlementKind
    allocations: tuple[Allocation, ...] = ()


class AllocationExceedsLine(RuleBroken):
    """Nobody gets back more than is disputed (invariant 9)."""

    def __init__(self, line_id: UUID) -> None:
        super().__init__(
            f"the allocation to line {line_id} must be more than 0 and at most what it disputes",
        )
        self.line_id = line_id


class AllocationMissing(RuleBroken):
    """A settlement that gives something says to which lines."""

    def __init__(self, kind: SettlementKind) -> None:
        super().__init__(f"a {kind} allocates an amount to at least one line")
        self.kind = kind


class AllocationSuperfluous(RuleBroken):
    """A settlement that gives nothing allocates nothing."""

    def __init__(self, kind: SettlementKind) -> None:
        super().__init__(f"a {kind} gives nothing back, so it allocates nothing")
        self.kind = kind


def check_settlement(settlement: Settlement, *, accounts: Mapping[UUID, Account]) -> None:
    """Refuse a settlement that its lines cannot bear.

    Raises:
        AllocationMissing: a compensation without allocation.
        AllocationSuperfluous: an allocation without compensation.
        LineTwice: two allocations to one line.
        UnknownLine: an allocation to a line that the dispute does not have.
        WrongPrecision: more decimal places than the currency has.
        AllocationExceedsLine: more than the line disputes, or not more than 0.
    """
    if settlement.kind in COMPENSATING and not settlement.allocations:
        raise AllocationMissing(settlement.kind)
    if settlement.kind not in COMPENSATING and settlement.allocations:
        raise AllocationSuperfluous(settlement.kind)
    check_allocations(settlement.allocations, accounts=accounts)


def check_allocations(
    allocations: tuple[Allocation, ...],
    *,
    accounts: Mapping[UUID, Account],
) -> None:
    """Refuse allocations that their lines cannot bear; the errors are `check_settlement`'s."""
    seen: set[UUID] = set()
    for allocation in allocations:
        account = accounts.get(allocation.line_id)
        if account is None:
            raise UnknownLine(allocation.line_id)
        if allocation.line_id in seen:
            raise LineTwice(allocation.line_id)
        seen.add(allocation.line_id)
        check_amount(allocation.amount, currency=account.line.currency)
        if not ZERO < allocation.amount <= account.current:
            raise AllocationExceedsLine(allocation.line_id)


def compensation(settlement: Settlement, *, accounts: Mapping[UUID, Account]) -> dict[str, Decimal]:
    """How much the settlement gives the customer, by currency."""
    given: dict[str, Decimal] = {}
    for allocation in settlement.allocations:
        currency = accounts[allocation.line_id].line.currency
        given[currency] = given.get(currency, ZERO) + allocation.amount
    return given


def execute(settlement: Settlement, *, accounts: Mapping[UUID, Account]) -> dict[UUID, Account]:
    """Move the money as the settlement says; the rest returns to collection."""
    given = {allocation.line_id: allocation.amount for allocation in settlement.allocations}
    return {
        line_id: _spend(account, settlement.kind, given.get(line_id, ZERO)).return_rest()
        for line_id, account in accounts.items()
    }


def _spend(account: Account, kind: SettlementKind, amount: Decimal) -> Account:
    effect = EFFECTS[kind]
    match effect:
        case Effect.CREDITED:
            return account.credit(amount)
        case Effect.WRITTEN_OFF:
            return account.write_off(amount)
        case Effect.OTHERWISE_CLEARED:
            return account.clear_otherwise(amount)
        case Effect.RETURNED:
            return account
        case _:
            assert_never(effect)
