"""What can be given to settle a dispute, and by whom."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

import pytest

from domain.approvals.matrix import SHIPPED
from domain.disputes import ending, events, negotiating
from domain.disputes.dispute import Dispute
from domain.disputes.lines import (
    Allocation,
    LineTwice,
    UnknownLine,
)
from domain.disputes.negotiating import (
    ApprovalBeyondLimit,
    ApprovedByProposer,
    NotBlocked,
    OtherSettlementProposed,
    lost_offer,
)
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
from domain.parties import Actor, Role
from domain.refusals import RuleBroken
from tests import examples as an
from tests.domain.dispute_histories import (
    BLOCKED,
    CONFIRMED,
    REQUESTED,
    accepted,
    executed,
    proposed,
    told_by,
)
from tests.domain.given import Given, given


def propose(settlement: Settlement) -> Callable[[Dispute], list[Event]]:
    return lambda dispute: negotiating.propose_settlement(
        dispute, settlement=settlement, by=an.ANNA
    )


def approve(
    dispute: Dispute,
    *,
    by: Actor,
    given: Mapping[str, Decimal] = MappingProxyType({}),
    settlement_id: UUID = an.SETTLEMENT_ID,
) -> list[Event]:
    return negotiating.approve(
        dispute, settlement_id=settlement_id, matrix=SHIPPED, given=given, by=by
    )


def offered(amount: int, **changes: an.Change) -> Given[Dispute]:
    """A settlement that gives so much of a line of 5 000 EUR, proposed by Anna."""
    line = an.line(open_amount=Decimal(5_000), amount=Decimal(5_000))
    gives = (Allocation(line_id=an.LINE_ID, amount=Decimal(amount)),)
    history = (an.opened(lines=(line,)), REQUESTED, CONFIRMED)
    return given(Dispute, *history, proposed(**{"allocations": gives, **changes}))


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
        .when(lambda d: approve(d, by=an.MARC))
        .refused(ApprovedByProposer)
    )
    (
        given(Dispute, *BLOCKED, told_by(proposed(), actor=an.MARC))
        .when(lambda d: approve(d, by=an.MONA))
        .then(events.SettlementApproved(settlement_id=an.SETTLEMENT_ID, level=1, matrix=0))
    )


def test_an_approval_is_of_the_settlement_that_was_read() -> None:
    (
        given(Dispute, *BLOCKED, told_by(proposed(), actor=an.MARC))
        .when(lambda d: approve(d, settlement_id=an.numbered(0x5E7), by=an.MONA))
        .refused(OtherSettlementProposed)
    )


@pytest.mark.parametrize("amount", [1, 999, 1_000])
def test_a_manager_approves_up_to_the_limit_of_level_1(amount: int) -> None:
    approved = events.SettlementApproved(settlement_id=an.SETTLEMENT_ID, level=1, matrix=0)

    offered(amount).when(lambda d: approve(d, by=an.MARC)).then(approved)


def test_beyond_its_limit_an_approval_goes_to_level_2() -> None:
    refused = offered(1_001).when(lambda d: approve(d, by=an.MARC)).refused(ApprovalBeyondLimit)
    approved = events.SettlementApproved(settlement_id=an.SETTLEMENT_ID, level=2, matrix=0)

    assert (refused.part.needed.level, refused.part.needed.role) == (2, Role.FINANCE)
    offered(1_001).when(lambda d: approve(d, by=an.FAYE)).then(approved)


def test_what_the_customer_was_given_within_the_year_counts() -> None:
    within, beyond = {"EUR": Decimal(600)}, {"EUR": Decimal("600.01")}

    offered(400).when(lambda d: approve(d, by=an.MARC, given=within)).then(
        events.SettlementApproved(settlement_id=an.SETTLEMENT_ID, level=1, matrix=0)
    )
    offered(400).when(lambda d: approve(d, by=an.MARC, given=beyond)).refused(ApprovalBeyondLimit)


def test_a_settlement_that_gives_nothing_is_beyond_nobody() -> None:
    promise = offered(1, kind=SettlementKind.PROMISE_TO_PAY, allocations=())

    promise.when(lambda d: approve(d, by=an.MARC, given={"EUR": Decimal(9_999)})).then(
        events.SettlementApproved(settlement_id=an.SETTLEMENT_ID, level=1, matrix=0)
    )


def test_what_another_system_approved_is_written_down_without_a_level() -> None:
    offered(4_000).when(lambda d: approve(d, by=an.IVO)).then(
        events.SettlementApproved(settlement_id=an.SETTLEMENT_ID)
    )


@pytest.mark.parametrize(
    "fate",
    [
        events.SettlementRefused(settlement_id=an.SETTLEMENT_ID),
        events.OfferExpired(settlement_id=an.SETTLEMENT_ID),
        events.SettlementFailed(settlement_id=an.SETTLEMENT_ID, cause="period_closed"),
        events.DisputeRejected(how_to_contest="Write to us."),
        events.DisputeWithdrawn(),
        events.ClearedInErp(payments=()),
        proposed(settlement_id=an.numbered(0x502)),
        events.DisputeReopened(),
    ],
    ids=lambda event: event.type,
)
def test_an_approved_offer_is_lost_with_whatever_ends_it_but_its_execution(fate: Event) -> None:
    before = given(Dispute, *BLOCKED, *accepted()).case
    executed_now = events.SettlementExecuted(settlement_id=an.SETTLEMENT_ID)

    assert lost_offer(before, before) is None
    assert lost_offer(before, before.after(fate, an.envelope())) == an.SETTLEMENT_ID
    carried_out = before.after(executed_now, an.envelope())
    assert lost_offer(before, carried_out) is None
    assert lost_offer(carried_out, carried_out.after(fate, an.envelope())) is None


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
