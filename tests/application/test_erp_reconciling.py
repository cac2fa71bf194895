"""What the ERP no longer holds is found without anybody telling."""

from uuid import UUID

import pytest

from application import disputes
from application.erp_desk import ErpDesk
from application.erp_reconciling import MOST_SILENCES, Reconciler
from domain.disputes.lifecycle import Status
from tests import examples as an
from tests.application.desks import Simulator, blocks_of, dispute_of, order, serve
from tests.infrastructure.read_models.office import Office


@pytest.fixture
def reconciler(desk: ErpDesk) -> Reconciler:
    return Reconciler.beside(desk)


def drop(simulator: Simulator, block_id: UUID, *, forget: bool = False) -> None:
    answer = simulator.person.post(f"/blocks/{block_id}/drop", json={"forget": forget})
    answer.raise_for_status()


def test_a_block_that_the_erp_never_met_is_left_to_a_person(
    office: Office, desk: ErpDesk, simulator: Simulator, reconciler: Reconciler
) -> None:
    opened = order(office, count=3)
    serve(office, desk)
    for forgotten in blocks_of(office, opened):
        drop(simulator, forgotten, forget=True)

    found = reconciler.go_round()

    assert (found.held, found.drifted, found.unknown) == (0, 0, 6)
    office.project()
    assert set(blocks_of(office, opened).values()) == {"confirmed"}


def test_a_block_that_the_erp_no_longer_holds_has_drifted(
    office: Office, desk: ErpDesk, simulator: Simulator, reconciler: Reconciler
) -> None:
    opened = order(office, count=3)
    serve(office, desk)
    gone = next(iter(blocks_of(office, opened[1:2])))
    drop(simulator, gone)

    found = reconciler.go_round()

    assert (found.held, found.drifted, found.unanswered) == (5, 1, 0)
    office.project()
    assert blocks_of(office, opened)[gone] == "drifted"
    assert [dispute_of(office, each).status for each in opened] == [
        Status.PAYMENT_BLOCKED,
        Status.BLOCK_FAILED,
        Status.PAYMENT_BLOCKED,
    ]
    again = reconciler.go_round()
    assert (again.held, again.drifted) == (5, 0)


def test_what_the_erp_decided_is_told_with_its_time_and_its_reason(
    office: Office, desk: ErpDesk, simulator: Simulator, reconciler: Reconciler
) -> None:
    (dispute_id,) = order(office)
    serve(office, desk)
    gone = next(iter(blocks_of(office, [dispute_id])))
    drop(simulator, gone)
    told = desk.erp.look_up(gone)
    reconciler.go_round()

    drifted = office.cases.history(gone)[-1]
    assert told is not None
    assert drifted.event.type == "block.drifted"
    assert drifted.envelope.occurred_at == told.decided_at
    assert drifted.envelope.reason == "removed by hand in the ERP"
    assert drifted.envelope.actor.subject_id == "erp:S4"


def test_no_answer_is_no_drift(
    office: Office, desk: ErpDesk, simulator: Simulator, reconciler: Reconciler
) -> None:
    opened = order(office, count=MOST_SILENCES // 2 + 1)
    serve(office, desk)
    simulator.turn(lose=1)

    found = reconciler.go_round()

    assert (found.held, found.drifted, found.unanswered) == (0, 0, MOST_SILENCES)
    assert found.broken_off
    office.project()
    assert set(blocks_of(office, opened).values()) == {"confirmed"}


def test_what_two_people_saw_is_not_lost_because_the_erp_never_met_our_name_for_it(
    office: Office, desk: ErpDesk, simulator: Simulator, reconciler: Reconciler
) -> None:
    simulator.turn(lose_before=1)
    (dispute_id,) = order(office)
    serve(office, desk)
    seen = list(blocks_of(office, [dispute_id]))
    disputes.propose_manual_confirmation(office.on(dispute_id, by=an.FAYE), cases=office.cases)
    disputes.confirm_block_manually(
        office.on(dispute_id, by=an.MARC), seen=seen, cases=office.cases
    )
    office.project()
    simulator.turn()

    found = reconciler.go_round()

    assert (found.held, found.drifted) == (2, 0)
    assert dispute_of(office, dispute_id).status is Status.PAYMENT_BLOCKED


def test_what_was_released_while_we_asked_has_not_drifted(
    office: Office, desk: ErpDesk, reconciler: Reconciler
) -> None:
    (dispute_id,) = order(office)
    serve(office, desk)
    disputes.withdraw(office.on(dispute_id), cases=office.cases)
    for block_id in blocks_of(office, [dispute_id]):
        desk.erp.release_block(block_id)  # the read models still tell of confirmed blocks

    found = reconciler.go_round()

    assert (found.held, found.drifted) == (0, 0)


def test_a_round_that_is_stopped_says_so(
    office: Office, desk: ErpDesk, reconciler: Reconciler
) -> None:
    order(office)
    serve(office, desk)

    found = reconciler.go_round(is_stopped=lambda: True)

    assert (found.held, found.broken_off) == (0, True)
