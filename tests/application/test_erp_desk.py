"""The desk between the blocks and an ERP that loses, delays, repeats, garbles, denies and decides.

The ERP is the real simulator behind the real connector; what it did stands in its own books.
"""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from application import disputes
from application.erp import BlockOrder, ErpDocument
from application.erp_desk import PAGE, ErpDesk
from domain.blocks.block import PaymentBlock
from domain.disputes.blocking import SecondPersonNeeded
from domain.disputes.lifecycle import Status
from infrastructure.erp.http_connector import HttpErp
from tests import examples as an
from tests.application.desks import (
    Simulator,
    blocks_of,
    check_blocks,
    desk_at,
    dispute_of,
    elsewhere,
    order,
    serve,
)
from tests.databases import Database
from tests.faults.harness import until
from tests.infrastructure.read_models.office import Office

FEW, MANY = 20, 60
"""Disputes over two lines each, for one kind of fault and for all of them together."""

EVERY_FAULT = {
    "lose_before": 0.08,
    "lose": 0.08,
    "error": 0.08,
    "repeat": 0.2,
    "stale": 0.1,
    "garble": 0.08,
    "delay": 0.03,
    "delay_ms": 800,
    "pending_looks": 2,
    "reject": 0.1,
    "deny_release": 0.2,
}
LET_GO = {"released", "release_unconfirmed", "rejected"}


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"lose_before": 0.4},
        {"lose": 0.4},
        {"error": 0.4},
        {"repeat": 1},
        {"stale": 0.5},
        {"garble": 0.4},
        {"delay": 0.1, "delay_ms": 800},
        {"pending_looks": 3},
        {"reject": 0.3},
        {"deny_release": 0.5},
        EVERY_FAULT,
    ],
    ids=lambda faults: "+".join(faults) or "none",
)
def test_whatever_goes_wrong_nothing_counts_as_blocked_or_released_that_is_not(
    faults: dict[str, float], office: Office, desk: ErpDesk, simulator: Simulator
) -> None:
    simulator.turn(**faults)
    opened = order(office, count=MANY if faults is EVERY_FAULT else FEW)
    serve(office, desk)
    found = check_blocks(office, simulator, opened)
    assert found["confirmed"] >= len(opened)
    if not faults.keys() & {"reject"}:
        assert found["rejected"] == 0
    for dispute_id in opened:
        disputes.withdraw(office.on(dispute_id), cases=office.cases)
    serve(office, desk)
    let_go = blocks_of(office, opened)
    assert set(let_go.values()) <= LET_GO
    there = simulator.states()
    released = {block_id for block_id, status in let_go.items() if status == "released"}
    # What nobody knew to be rejected was let go as well.
    assert {there[block_id] for block_id in released} <= {"released", "rejected"}
    # Once the ERP is well, asking again brings the rest to its end.
    simulator.turn()
    for dispute_id in opened:
        if dispute_of(office, dispute_id).status is Status.RELEASE_FAILED:
            disputes.retry_release(office.on(dispute_id, by=an.FAYE), cases=office.cases)
    serve(office, desk)
    assert set(blocks_of(office, opened).values()) <= {"released", "rejected"}
    assert set(simulator.states().values()) <= {"released", "rejected"}
    assert {dispute_of(office, each).status for each in opened} == {Status.RESOLVED}


def test_two_desks_at_once_ask_for_everything_and_do_nothing_twice(
    office: Office, desk: ErpDesk, simulator: Simulator, erp: HttpErp, database: Database
) -> None:
    simulator.turn(**EVERY_FAULT)
    opened = order(office, count=MANY)
    with elsewhere(database) as other:
        serve(office, desk, desk_at(other, erp))
        check_blocks(office, simulator, opened)
        for dispute_id in opened:
            disputes.withdraw(office.on(dispute_id), cases=office.cases)
        simulator.turn(pending_looks=1, repeat=0.5)
        serve(office, desk, desk_at(other, erp))
    assert {dispute_of(office, each).status for each in opened} == {Status.RESOLVED}
    assert set(simulator.states().values()) <= {"released", "rejected"}
    for block_id in blocks_of(office, opened):
        types = Counter(recorded.event.type for recorded in office.cases.history(block_id))
        assert types["block.confirmed"] + types["block.rejected"] <= 1
        assert types["block.released"] <= 1


def test_a_block_that_the_erp_never_answers_is_unconfirmed_until_two_people_look(
    office: Office, desk: ErpDesk, simulator: Simulator
) -> None:
    simulator.turn(lose=1)
    (dispute_id,) = order(office)
    serve(office, desk)
    assert set(blocks_of(office, [dispute_id]).values()) == {"unconfirmed"}
    assert dispute_of(office, dispute_id).status is Status.BLOCK_FAILED
    assert set(simulator.states().values()) == {"confirmed"}  # and only a person can know it
    disputes.propose_manual_confirmation(office.on(dispute_id, by=an.FAYE), cases=office.cases)
    seen = list(blocks_of(office, [dispute_id]))
    with pytest.raises(SecondPersonNeeded):
        disputes.confirm_block_manually(
            office.on(dispute_id, by=an.FAYE), seen=seen, cases=office.cases
        )
    assert office.blocked() == 0
    disputes.confirm_block_manually(
        office.on(dispute_id, by=an.MARC), seen=seen, cases=office.cases
    )
    assert dispute_of(office, dispute_id).status is Status.PAYMENT_BLOCKED
    assert office.blocked() == Decimal("130.00")
    simulator.turn()
    disputes.withdraw(office.on(dispute_id), cases=office.cases)
    serve(office, desk)
    assert set(simulator.states().values()) == {"released"}


def test_a_block_that_a_new_request_supersedes_is_released(
    office: Office, desk: ErpDesk, simulator: Simulator
) -> None:
    simulator.turn(lose=1)
    (dispute_id,) = order(office)
    serve(office, desk)
    superseded = blocks_of(office, [dispute_id]).keys()
    simulator.turn()
    office.order_block(dispute_id)
    serve(office, desk)
    there, here = simulator.states(), blocks_of(office, [dispute_id])
    assert there == here
    assert {status for block, status in here.items() if block in superseded} == {"released"}
    assert {status for block, status in here.items() if block not in superseded} == {"confirmed"}
    assert dispute_of(office, dispute_id).status is Status.PAYMENT_BLOCKED
    assert simulator.standing_twice() == []


def test_a_dispute_withdrawn_before_the_erp_answered_leaves_nothing_held(
    office: Office, desk: ErpDesk, simulator: Simulator
) -> None:
    simulator.turn(pending_looks=50)
    (dispute_id,) = order(office)
    desk.work_through()
    office.project()
    desk.work_through()
    disputes.withdraw(office.on(dispute_id), cases=office.cases)
    simulator.turn()
    serve(office, desk)
    assert dispute_of(office, dispute_id).status is Status.RESOLVED
    assert "confirmed" not in simulator.states().values()


def test_blocks_that_the_erp_does_not_decide_keep_no_other_from_being_served(
    office: Office, desk: ErpDesk, simulator: Simulator
) -> None:
    desk.first_pause = timedelta(milliseconds=500)
    simulator.turn(pending_looks=100_000)
    order(office, count=PAGE // 2 + 1)
    until(partial(all_are_pending, office, desk, simulator, PAGE + 2))
    simulator.turn()
    (late,) = order(office)

    def is_blocked() -> bool:
        office.project()
        desk.work_through()
        return dispute_of(office, late).status is Status.PAYMENT_BLOCKED

    until(is_blocked)
    assert Counter(simulator.states().values()) == {"pending": PAGE + 2, "confirmed": 2}


def test_a_new_desk_asks_again_at_once_and_nothing_is_done_twice(
    office: Office, desk: ErpDesk, erp: HttpErp, simulator: Simulator
) -> None:
    desk.first_pause = timedelta(days=1)
    simulator.turn(lose=1)
    (dispute_id,) = order(office)
    office.project()
    assert desk.work_through() == 0
    office.project()
    assert desk.work_through() == 0  # it waits a day
    simulator.turn()
    assert desk_at(office, erp).work_through() == 2
    assert dispute_of(office, dispute_id).status is Status.PAYMENT_BLOCKED
    assert set(simulator.states().values()) == {"confirmed"}


def test_an_order_that_the_erp_takes_for_another_is_rejected_with_its_words(
    office: Office, desk: ErpDesk, erp: HttpErp
) -> None:
    (dispute_id,) = order(office)
    for block in office.blocks_of(dispute_id):
        erp.request_block(
            BlockOrder(
                block_id=block.block_id,
                holder="somebody else",
                document=ErpDocument(system="S4", company_code="FR01", number="7", line=1),
                scope="dunning",
                amount=Decimal(1),
                currency="EUR",
                reason_code="other",
                review_by=block.review_by,
            )
        )
    serve(office, desk)
    assert set(blocks_of(office, [dispute_id]).values()) == {"rejected"}
    assert dispute_of(office, dispute_id).status is Status.BLOCK_FAILED
    causes = {
        entry.facts["cause"]
        for entry in office.questions.timeline(dispute_id)
        if entry.type == "block.rejected"
    }
    assert causes == {"this block id was used before for another block"}


def test_the_erps_decision_is_recorded_as_the_erps_at_the_time_it_decided(
    office: Office, desk: ErpDesk, erp: HttpErp
) -> None:
    (dispute_id,) = order(office)
    serve(office, desk)
    for block_id in blocks_of(office, [dispute_id]):
        (confirmed,) = (
            recorded
            for recorded in office.cases.history(block_id)
            if recorded.event.type == "block.confirmed"
        )
        told = erp.look_up(block_id)
        assert told is not None
        assert confirmed.envelope.occurred_at == told.decided_at
        assert (confirmed.envelope.actor.kind, confirmed.envelope.actor.subject_id) == (
            "erp",
            "erp:S4",
        )
        case = office.cases.load(PaymentBlock, block_id)
        assert case.attempts == 1


def all_are_pending(office: Office, desk: ErpDesk, simulator: Simulator, count: int) -> bool:
    office.project()
    desk.work_through()
    return Counter(simulator.states().values()) == {"pending": count}
