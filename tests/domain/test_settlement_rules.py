"""What can be given to settle a dispute, and by whom."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from domain.disputes import ending, events, negotiating
from domain.disputes.dispute import Dispute
from domain.disputes.lines import (
    Allocation,
    LineTwice,
    UnknownLine,
)
from domain.disputes.negotiating import ApprovedByProposer, NotBlocked, OtherSettlementProposed
from domain.disputes.settlement import (
    COMPENSATING,
    EFFECTS,
    AllocationExceedsLine,
    AllocationMissing,
    AllocationSuperfluous,
    Effect,
    Settlement,
    SettlementKind,
)
from domain.event import Event
from domain.money import WrongPrecision
from domain.refusals import RuleBroken
from tests import examples as an
from tests.domain.dispute_histories import (
    BLOCKED,
    accepted,
    executed,
    proposed,
    told_by,
)
from tests.domain.given import given


def propose(settlement: Settlement) -> Callable[[Dispute], list[Event]]:
    return lambda dispute: negotiating.propose_settlement(
        dispute, settlement=settlement, by=an.ANNA
    )


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"allocations": ()}, AllocationMissing),
        ({"kind": SettlementKind.PAYMENT_PLAN}, AllocationSuperfluous),
        ({"allocations": (Allocation(line_id=an.LINE_ID, amount=Decimal("100.01")),)}, None),
        ({"allocations": (Allocation(line_id=an.LINE_ID, amount=Decimal(0)),)}, None),
        (
            {"allocations": (Allocation(line_id=an.LINE_ID, amount=Decimal("1.001")),)},
            WrongPrecision,
        ),
        ({"allocations": (Allocation(line_id=an.PART_ID, amount=Decimal(1)),)}, UnknownLine),
        ({"allocations": (Allocation(line_id=an.LINE_ID, amount=Decimal(1)),) * 2}, LineTwice),
    ],
)
def test_a_settlement_gives_what_its_lines_dispute_and_no_more(
    changes: dict[str, object],
    rule: type[RuleBroken] | None,
) -> None:
    settlement = an.settlement(**changes)

    given(Dispute, *BLOCKED).when(propose(settlement)).refused(rule or AllocationExceedsLine)


def test_a_dispute_that_is_over_is_not_settled_by_its_mediator() -> None:
    over = (*BLOCKED, *executed(), events.DisputeReferredToMediator(mediator="CM2C"))

    given(Dispute, *over).when(propose(an.settlement())).refused(NotBlocked)


def test_nobody_approves_their_own_proposal() -> None:
    (
        given(Dispute, *BLOCKED, told_by(proposed(), actor=an.MARC))
        .when(lambda d: negotiating.approve(d, settlement_id=an.SETTLEMENT_ID, by=an.MARC))
        .refused(ApprovedByProposer)
    )
    (
        given(Dispute, *BLOCKED, told_by(proposed(), actor=an.MARC))
        .when(lambda d: negotiating.approve(d, settlement_id=an.SETTLEMENT_ID, by=an.MONA))
        .then(events.SettlementApproved(settlement_id=an.SETTLEMENT_ID))
    )


def test_an_approval_is_of_the_settlement_that_was_read() -> None:
    (
        given(Dispute, *BLOCKED, told_by(proposed(), actor=an.MARC))
        .when(lambda d: negotiating.approve(d, settlement_id=an.numbered(0x5E7), by=an.MONA))
        .refused(OtherSettlementProposed)
    )


@pytest.mark.parametrize("kind", SettlementKind)
def test_an_executed_settlement_moves_the_money_as_its_kind_says(kind: SettlementKind) -> None:
    gives = kind in COMPENSATING
    allocations = an.settlement().allocations if gives else ()
    case = (
        given(Dispute, *BLOCKED, *accepted(kind=kind, allocations=allocations))
        .when(lambda d: ending.settlement_executed(d, erp_document=None, by=an.ERP))
        .then(events.SettlementExecuted(settlement_id=an.SETTLEMENT_ID))
    )
    account = case.accounts[an.LINE_ID]
    moved = {
        Effect.CREDITED: account.credited,
        Effect.WRITTEN_OFF: account.written_off,
        Effect.OTHERWISE_CLEARED: account.otherwise_cleared,
        Effect.RETURNED: account.returned - 60,
    }

    assert {effect for effect, amount in moved.items() if amount == 40} == {EFFECTS[kind]}
    assert account.returned == (60 if gives else 100)
    assert account.current == 0
    assert account.conserved
