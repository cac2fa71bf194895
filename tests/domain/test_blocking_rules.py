"""When the payment counts as blocked, and who may say so."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest

from domain.blocks.block import PaymentBlock
from domain.blocks.events import Scope
from domain.disputes import blocking, ending, events
from domain.disputes.blocking import (
    BlockInUse,
    BlockSuperseded,
    NothingToBlock,
    NoWitness,
    OtherBlocksUnconfirmed,
    ReviewInThePast,
    SecondPersonNeeded,
)
from domain.disputes.dispute import Dispute
from domain.disputes.events import LineBlock
from domain.disputes.lifecycle import Status
from domain.disputes.lines import (
    Allocation,
)
from domain.event import Event
from domain.parties import Actor
from tests import examples as an
from tests.domain.dispute_histories import (
    BLOCKED,
    BOTH_REQUESTED,
    CONFIRMED,
    DRIFTED,
    FAILED,
    HUNDRED,
    RELEASED,
    REQUESTED,
    TWO_LINES,
    accepted,
    proposed,
    told_by,
)
from tests.domain.given import given


def request(dispute: Dispute) -> list[Event]:
    block_ids = {an.LINE_ID: an.BLOCK_ID, an.OTHER_LINE_ID: an.OTHER_BLOCK_ID}
    wanted = dispute.unheld((Scope.DUNNING,))
    return blocking.request_block(
        dispute,
        block_ids={(line_id, scope): block_ids[line_id] for line_id, scope in wanted},
        review_by=an.END_OF_MARCH,
        by=an.ANNA,
        at=an.MONDAY,
    )


def test_a_dispute_without_lines_blocks_nothing() -> None:
    given(Dispute, an.opened(lines=())).when(request).refused(NothingToBlock)


def test_a_block_is_reviewed_by_a_day_to_come() -> None:
    (
        given(Dispute, an.opened())
        .when(
            lambda d: blocking.request_block(
                d,
                block_ids={(an.LINE_ID, Scope.DUNNING): an.BLOCK_ID},
                review_by=(an.MONDAY - timedelta(days=1)).date(),
                by=an.ANNA,
                at=an.MONDAY,
            ),
        )
        .refused(ReviewInThePast)
    )


def test_the_payment_is_blocked_with_the_last_line() -> None:
    first = events.LineBlockConfirmed(line_id=an.LINE_ID, block_id=an.BLOCK_ID)

    case = (
        given(Dispute, TWO_LINES, BOTH_REQUESTED)
        .when(lambda d: blocking.block_confirmed(d, block_id=an.BLOCK_ID, by=an.ERP))
        .then(first)
    )
    assert case.status is Status.BLOCK_PENDING
    case = (
        given(Dispute, TWO_LINES, BOTH_REQUESTED, first)
        .when(lambda d: blocking.block_confirmed(d, block_id=an.OTHER_BLOCK_ID, by=an.ERP))
        .then(events.PaymentBlocked(line_id=an.OTHER_LINE_ID, block_id=an.OTHER_BLOCK_ID))
    )
    assert case.status is Status.PAYMENT_BLOCKED
    assert case.is_blocked


def test_a_line_that_was_credited_needs_no_block_when_the_dispute_is_reopened() -> None:
    blocked = (
        events.LineBlockConfirmed(line_id=an.LINE_ID, block_id=an.BLOCK_ID),
        events.PaymentBlocked(line_id=an.OTHER_LINE_ID, block_id=an.OTHER_BLOCK_ID),
    )
    all_of_one = (Allocation(line_id=an.LINE_ID, amount=HUNDRED),)
    settled = (*accepted(allocations=all_of_one),)
    let_go = events.SettlementExecuted(settlement_id=an.SETTLEMENT_ID)
    history = (TWO_LINES, BOTH_REQUESTED, *blocked, *settled, let_go, RELEASED)
    again = events.BlockRequested(
        blocks=(
            LineBlock(line_id=an.OTHER_LINE_ID, block_id=an.OTHER_BLOCK_ID, scope=Scope.DUNNING),
        ),
        review_by=an.END_OF_MARCH,
    )
    reopened = (*history, events.DisputeReopened())

    given(Dispute, *reopened).when(request).then(again)
    case = (
        given(Dispute, *reopened, again)
        .when(lambda d: blocking.block_confirmed(d, block_id=an.OTHER_BLOCK_ID, by=an.ERP))
        .then(events.PaymentBlocked(line_id=an.OTHER_LINE_ID, block_id=an.OTHER_BLOCK_ID))
    )
    assert case.is_blocked


def test_a_superseded_block_says_nothing_about_the_dispute() -> None:
    pending = given(Dispute, an.opened(), REQUESTED)
    other = an.OTHER_BLOCK_ID

    pending.when(lambda d: blocking.block_confirmed(d, block_id=other, by=an.ERP)).refused(
        BlockSuperseded,
    )
    pending.when(lambda d: blocking.block_drifted(d, block_id=other, by=an.ERP)).refused(
        BlockSuperseded,
    )
    pending.when(
        lambda d: blocking.block_failed(d, block_id=other, refused=True, cause="", by=an.ERP),
    ).refused(BlockSuperseded)


def test_a_release_concerns_the_blocks_of_the_dispute() -> None:
    history = (*BLOCKED, events.DisputeWithdrawn())

    (
        given(Dispute, *history)
        .when(lambda d: ending.release_confirmed(d, block_id=an.OTHER_BLOCK_ID, by=an.ERP))
        .refused(BlockSuperseded)
    )
    (
        given(Dispute, *history)
        .when(
            lambda d: ending.release_failed(d, block_id=an.OTHER_BLOCK_ID, cause="", by=an.ERP),
        )
        .refused(BlockSuperseded)
    )


def test_a_block_that_holds_a_line_is_released_by_its_dispute_alone() -> None:
    dispute = given(Dispute, *BLOCKED).case

    with pytest.raises(BlockInUse):
        blocking.check_superseded(dispute, block_id=an.BLOCK_ID)
    blocking.check_superseded(dispute, block_id=an.OTHER_BLOCK_ID)


def test_a_lost_block_interrupts_the_offer_until_it_is_confirmed_anew() -> None:
    offered = (proposed(), events.SettlementApproved(settlement_id=an.SETTLEMENT_ID))

    case = (
        given(Dispute, *BLOCKED, *offered, DRIFTED, REQUESTED)
        .when(lambda d: blocking.block_confirmed(d, block_id=an.BLOCK_ID, by=an.ERP))
        .then(CONFIRMED)
    )

    assert case.status is Status.SETTLEMENT_OFFERED


def test_a_block_lost_while_others_are_awaited_can_be_requested_anew() -> None:
    first = events.LineBlockConfirmed(line_id=an.LINE_ID, block_id=an.BLOCK_ID)

    case = (
        given(Dispute, TWO_LINES, BOTH_REQUESTED, first)
        .when(lambda d: blocking.block_drifted(d, block_id=an.BLOCK_ID, by=an.ERP))
        .then(DRIFTED)
    )

    assert case.status is Status.BLOCK_FAILED


WITNESSED = events.ManualConfirmationProposed()


def test_nobody_confirms_by_hand_what_nobody_has_proposed() -> None:
    (
        given(Dispute, an.opened(), REQUESTED, FAILED)
        .when(lambda d: blocking.confirm_block_manually(d, seen=[an.BLOCK_ID], by=an.MARC))
        .refused(NoWitness)
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [(an.MARC, an.MARC), (an.MARC, an.MONA), (an.FAYE, an.FAYE)],
)
def test_manual_confirmation_takes_finance_and_a_manager(
    first: Actor,
    second: Actor,
) -> None:
    (
        given(Dispute, an.opened(), REQUESTED, FAILED, told_by(WITNESSED, actor=first))
        .when(lambda d: blocking.confirm_block_manually(d, seen=[an.BLOCK_ID], by=second))
        .refused(SecondPersonNeeded)
    )


def test_two_people_confirm_every_block_that_the_erp_did_not() -> None:
    case = (
        given(Dispute, an.opened(), REQUESTED, FAILED, told_by(WITNESSED, actor=an.FAYE))
        .when(lambda d: blocking.confirm_block_manually(d, seen=[an.BLOCK_ID], by=an.MARC))
        .then(events.BlockConfirmedManually(blocks=REQUESTED.blocks))
    )

    assert case.is_blocked


@pytest.mark.parametrize("since", [FAILED, DRIFTED], ids=["failed", "drifted"])
def test_what_a_witness_saw_before_the_block_failed_again_does_not_count(since: Event) -> None:
    (
        given(Dispute, an.opened(), REQUESTED, FAILED, told_by(WITNESSED, actor=an.FAYE), since)
        .when(lambda d: blocking.confirm_block_manually(d, seen=[an.BLOCK_ID], by=an.MARC))
        .refused(NoWitness)
    )


def test_a_line_that_was_never_requested_is_not_confirmed_by_hand() -> None:
    (
        given(Dispute, TWO_LINES, REQUESTED, FAILED, told_by(WITNESSED, actor=an.FAYE))
        .when(lambda d: blocking.confirm_block_manually(d, seen=[an.BLOCK_ID], by=an.MARC))
        .refused(NothingToBlock)
    )


@pytest.mark.parametrize(
    "seen",
    [[], [an.OTHER_BLOCK_ID], [an.BLOCK_ID, an.OTHER_BLOCK_ID]],
    ids=["none", "other", "more"],
)
def test_the_second_person_confirms_the_very_blocks_that_wait_for_it(seen: list[UUID]) -> None:
    (
        given(Dispute, an.opened(), REQUESTED, FAILED, told_by(WITNESSED, actor=an.FAYE))
        .when(lambda d: blocking.confirm_block_manually(d, seen=seen, by=an.MARC))
        .refused(OtherBlocksUnconfirmed)
    )


def test_every_request_to_the_erp_is_counted() -> None:
    block = an.block()
    for attempt in (1, 2):
        (sent,) = block.send(by=an.ADA)
        block = block.after(sent, an.envelope())
        assert isinstance(block, PaymentBlock)
        assert block.attempts == attempt


BOTH: Final = (Scope.DUNNING, Scope.COLLECTION)
TWO_SCOPES: Final = events.BlockRequested(
    blocks=(
        LineBlock(line_id=an.LINE_ID, block_id=an.BLOCK_ID, scope=Scope.DUNNING),
        LineBlock(line_id=an.LINE_ID, block_id=an.OTHER_BLOCK_ID, scope=Scope.COLLECTION),
    ),
    review_by=an.END_OF_MARCH,
)
HELD_PARTLY: Final = events.LineBlockConfirmed(
    line_id=an.LINE_ID, block_id=an.BLOCK_ID, partly=True
)
REFUSED: Final = events.BlockFailed(
    line_id=an.LINE_ID, block_id=an.OTHER_BLOCK_ID, refused=True, cause="no_such_scope"
)


def request_scopes(*scopes: Scope) -> Callable[[Dispute], list[Event]]:
    return lambda dispute: blocking.request_block(
        dispute,
        block_ids={wanted: an.numbered(0xB9) for wanted in dispute.unheld(scopes)},
        review_by=an.END_OF_MARCH,
        by=an.ANNA,
        at=an.MONDAY,
    )


def test_a_payment_is_blocked_when_the_erp_holds_every_line_in_every_scope() -> None:
    case = (
        given(Dispute, an.opened(), TWO_SCOPES)
        .when(lambda d: blocking.block_confirmed(d, block_id=an.BLOCK_ID, by=an.ERP))
        .then(HELD_PARTLY)
    )
    assert not case.is_blocked
    case = (
        given(Dispute, an.opened(), TWO_SCOPES, HELD_PARTLY)
        .when(lambda d: blocking.block_confirmed(d, block_id=an.OTHER_BLOCK_ID, by=an.ERP))
        .then(events.PaymentBlocked(line_id=an.LINE_ID, block_id=an.OTHER_BLOCK_ID))
    )
    assert case.is_blocked


def test_a_dispute_is_resolved_when_its_last_scope_is_released() -> None:
    blocked = events.PaymentBlocked(line_id=an.LINE_ID, block_id=an.OTHER_BLOCK_ID)
    history = (an.opened(), TWO_SCOPES, HELD_PARTLY, blocked, events.DisputeWithdrawn())
    let_go = events.LineReleased(line_id=an.LINE_ID, block_id=an.BLOCK_ID, partly=True)

    (
        given(Dispute, *history)
        .when(lambda d: ending.release_confirmed(d, block_id=an.BLOCK_ID, by=an.ERP))
        .then(let_go)
    )
    (
        given(Dispute, *history, let_go)
        .when(lambda d: ending.release_confirmed(d, block_id=an.OTHER_BLOCK_ID, by=an.ERP))
        .then(events.PaymentReleased(line_id=an.LINE_ID, block_id=an.OTHER_BLOCK_ID))
    )


def test_a_scope_that_the_erp_refused_is_given_up_by_asking_without_it() -> None:
    case = (
        given(Dispute, an.opened(), TWO_SCOPES, HELD_PARTLY, REFUSED)
        .when(request_scopes(Scope.DUNNING))
        .then(
            events.BlockRequested(
                blocks=(), review_by=an.END_OF_MARCH, superseded=(an.OTHER_BLOCK_ID,)
            ),
            events.PaymentBlocked(line_id=an.LINE_ID, block_id=an.BLOCK_ID),
        )
    )
    assert case.status is Status.PAYMENT_BLOCKED
    assert case.line_of(an.OTHER_BLOCK_ID) is None


def test_asking_again_asks_for_no_scope_that_is_confirmed() -> None:
    again = LineBlock(line_id=an.LINE_ID, block_id=an.numbered(0xB9), scope=Scope.COLLECTION)

    (
        given(Dispute, an.opened(), TWO_SCOPES, HELD_PARTLY, REFUSED)
        .when(request_scopes(*BOTH))
        .then(
            events.BlockRequested(
                blocks=(again,), review_by=an.END_OF_MARCH, superseded=(an.OTHER_BLOCK_ID,)
            )
        )
    )


def test_a_line_is_never_left_without_any_scope() -> None:
    (
        given(Dispute, an.opened(), TWO_SCOPES, HELD_PARTLY, REFUSED)
        .when(request_scopes())
        .then(
            events.BlockRequested(
                blocks=(), review_by=an.END_OF_MARCH, superseded=(an.OTHER_BLOCK_ID,)
            ),
            events.PaymentBlocked(line_id=an.LINE_ID, block_id=an.BLOCK_ID),
        )
    )
    given(Dispute, an.opened(), REQUESTED, FAILED).when(request_scopes()).refused(NothingToBlock)
    given(Dispute, an.opened()).when(request_scopes()).refused(NothingToBlock)
