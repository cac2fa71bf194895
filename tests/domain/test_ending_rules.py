"""How a dispute ends, comes back, and keeps its file."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from domain.casework import EvidenceMissing, UnknownVersionCorrected
from domain.contacts import Direction, InboundAlwaysReaches, Reached
from domain.disputes import ending, events, keeping
from domain.disputes.dispute import Dispute
from domain.disputes.ending import BlockedAlready, NothingDisputed, NothingToDispute
from domain.disputes.lifecycle import Status
from domain.disputes.lines import (
    Allocation,
    UnknownLine,
)
from domain.disputes.settlement import (
    AllocationExceedsLine,
)
from domain.event import Channel, Event
from domain.refusals import RuleBroken
from tests import examples as an
from tests.domain.dispute_histories import (
    BLOCKED,
    CONFIRMED,
    DRIFTED,
    FAILED,
    HUNDRED,
    REQUESTED,
    executed,
)
from tests.domain.given import given


def clear(*payments: Allocation) -> Callable[[Dispute], list[Event]]:
    return lambda d: ending.cleared_in_erp(d, payments=payments, erp_document=None, by=an.ERP)


def test_what_was_not_paid_returns_to_collection() -> None:
    paid = Allocation(line_id=an.LINE_ID, amount=Decimal(70))

    case = given(Dispute, *BLOCKED).when(clear(paid)).then(events.ClearedInErp(payments=(paid,)))
    account = case.accounts[an.LINE_ID]

    assert [account.paid, account.returned, account.current] == [70, 30, 0]


@pytest.mark.parametrize(
    ("payments", "rule"),
    [
        ((Allocation(line_id=an.LINE_ID, amount=Decimal(101)),), AllocationExceedsLine),
        ((Allocation(line_id=an.PART_ID, amount=Decimal(1)),), UnknownLine),
    ],
)
def test_a_payment_clears_what_a_line_disputes_and_no_more(
    payments: tuple[Allocation, ...],
    rule: type[RuleBroken],
) -> None:
    given(Dispute, *BLOCKED).when(clear(*payments)).refused(rule)


def test_a_dispute_that_is_over_is_not_cleared_while_a_mediator_is_at_work() -> None:
    closed = events.DisputeClosed(root_cause="none_found")
    over = (*BLOCKED, *executed(), closed, events.DisputeReferredToMediator(mediator="CM2C"))

    given(Dispute, *over).when(clear()).refused(NothingDisputed)


def test_where_nothing_is_held_letting_go_resolves_the_dispute() -> None:
    case = (
        given(Dispute, an.opened())
        .when(lambda d: ending.withdraw(d, by=an.ANNA))
        .then(events.DisputeWithdrawn(), events.PaymentReleased())
    )

    assert case.status is Status.RESOLVED


def test_a_block_that_the_erp_refused_is_not_waited_for() -> None:
    refused = events.BlockFailed(
        line_id=an.LINE_ID,
        block_id=an.BLOCK_ID,
        refused=True,
        cause="locked",
    )

    (
        given(Dispute, an.opened(), REQUESTED, refused)
        .when(lambda d: ending.withdraw(d, by=an.ANNA))
        .then(events.DisputeWithdrawn(), events.PaymentReleased())
    )


def test_a_block_that_nobody_answered_is_waited_for() -> None:
    case = (
        given(Dispute, an.opened(), REQUESTED, FAILED)
        .when(lambda d: ending.withdraw(d, by=an.ANNA))
        .then(events.DisputeWithdrawn())
    )

    assert case.status is Status.RELEASE_PENDING


def test_a_reopened_dispute_is_about_what_was_paid_or_returned() -> None:
    case = (
        given(Dispute, *BLOCKED, *executed())
        .when(lambda d: ending.reopen(d, by=an.ANNA))
        .then(events.DisputeReopened())
    )
    account = case.accounts[an.LINE_ID]

    assert [account.credited, account.current, account.returned] == [40, 60, 0]
    assert not case.holds


def test_a_dispute_is_not_reopened_over_what_was_credited() -> None:
    everything = (Allocation(line_id=an.LINE_ID, amount=HUNDRED),)

    (
        given(Dispute, *BLOCKED, *executed(allocations=everything))
        .when(lambda d: ending.reopen(d, by=an.ANNA))
        .refused(NothingToDispute)
    )


@pytest.mark.parametrize("history", [(FAILED,), (CONFIRMED, DRIFTED)], ids=["never", "once"])
def test_only_a_dispute_that_never_blocked_a_payment_was_a_mistake(
    history: tuple[Event, ...],
) -> None:
    voiding = given(Dispute, an.opened(), REQUESTED, *history).when(
        lambda d: ending.void(d, by=an.MARC),
    )

    if CONFIRMED in history:
        voiding.refused(BlockedAlready)
    else:
        case = voiding.then(events.DisputeVoided())
        assert case.accounts[an.LINE_ID].returned == HUNDRED
        assert case.holds == {}


def test_a_reinstated_dispute_is_about_the_same_amounts_as_before() -> None:
    case = (
        given(Dispute, an.opened(), events.DisputeVoided())
        .when(lambda d: ending.reinstate(d, by=an.ANNA))
        .then(events.DisputeReinstated())
    )

    assert case.accounts[an.LINE_ID].current == HUNDRED


def correct(dispute: Dispute, **changes: an.Change) -> list[Event]:
    usual: dict[str, an.Change] = {
        "corrects_version": 1,
        "line_id": an.LINE_ID,
        "field": events.CorrectableDisputeField.REASON_CODE,
        "was": "goods_damaged",
        "now": "price",
    }
    return keeping.correct(dispute, **{**usual, **changes}, by=an.ANNA)


def test_a_correction_names_an_event_and_a_line_of_the_dispute() -> None:
    opened = given(Dispute, an.opened())

    opened.when(lambda d: correct(d, corrects_version=2)).refused(UnknownVersionCorrected)
    opened.when(lambda d: correct(d, line_id=an.PART_ID)).refused(UnknownLine)


def test_adding_evidence_to_a_dispute_needs_the_evidence() -> None:
    (
        given(Dispute, an.opened())
        .when(lambda d: keeping.add_evidence(d, evidence=(), by=an.ANNA))
        .refused(EvidenceMissing)
    )


def test_a_customer_who_turned_to_us_about_a_dispute_has_reached_us() -> None:
    (
        given(Dispute, an.opened())
        .when(
            lambda d: keeping.record_contact(
                d,
                direction=Direction.INBOUND,
                channel=Channel.LETTER,
                reached=Reached.BOUNCED,
                summary=None,
                promised_next_contact=None,
                by=an.ANNA,
            ),
        )
        .refused(InboundAlwaysReaches)
    )
