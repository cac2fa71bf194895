"""Ten thousand blocks, several desks, and an ERP that loses, repeats and reorders answers."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final
from uuid import UUID

import pytest

from application import disputes
from application.erp_desk import ErpDesk
from domain.blocks.events import BlockConfirmed, BlockLost, Scope
from domain.disputes import events
from domain.disputes.lifecycle import Status
from infrastructure.erp.http_connector import HttpErp
from tests.application.desks import (
    ANSWERED,
    Simulator,
    blocks_of,
    desk_at,
    dispute_of,
    elsewhere,
)
from tests.databases import Database
from tests.infrastructure.read_models.office import Office

LINES: Final = 10
SCOPES: Final = (Scope.DUNNING, Scope.COLLECTION)
DESKS: Final = 3
PAUSE: Final = 0.01
FIVE_PER_CENT: Final = {
    "lose_before": 0.05,
    "lose": 0.05,
    "repeat": 0.05,
    "stale": 0.05,
    "delay": 0.05,
    "delay_ms": 700,
    "reject": 0.002,
}


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param(200, id="a few"),
        pytest.param(10_000, id="ten thousand", marks=pytest.mark.soak),
    ],
)
def test_no_payment_is_blocked_without_every_confirmation_and_nothing_is_done_twice(
    blocks: int,
    office: Office,
    desk: ErpDesk,
    erp: HttpErp,
    simulator: Simulator,
    database: Database,
) -> None:
    simulator.turn(**FIVE_PER_CENT)
    opened = order(office, count=blocks // (LINES * len(SCOPES)))
    with ExitStack() as others:
        offices = [others.enter_context(elsewhere(database)) for _ in range(DESKS - 1)]
        desks = [desk, *(desk_at(each, erp) for each in offices)]
        serve_all(office, desks, blocks=blocks)
        check_confirmations(office)
        found = check_ends(office, simulator, opened)
        assert found.total() == blocks
        assert found["confirmed"] > 0.95 * blocks
        let_go = opened[::10]
        for dispute_id in let_go:
            disputes.withdraw(office.on(dispute_id), cases=office.cases)
        serve_all(office, desks, blocks=blocks)
    there = simulator.states()
    for dispute_id in let_go:
        for block_id, status in blocks_of(office, [dispute_id]).items():
            assert status in {"released", "rejected", "release_unconfirmed"}
            if status == "released":
                assert there[block_id] in {"released", "rejected"}
    assert simulator.standing_twice() == []


def order(office: Office, *, count: int) -> list[UUID]:
    """So many disputes over ten lines each that want to be blocked in two scopes."""
    opened: list[UUID] = []
    for _ in range(count):
        dispute_id = office.dispute(*(office.claim("10.00") for _ in range(LINES)))
        office.order_block(dispute_id, scopes=SCOPES)
        opened.append(dispute_id)
    return opened


def serve_all(office: Office, desks: Sequence[ErpDesk], *, blocks: int) -> None:
    """Let the desks work until the ERP need not be asked anything more."""
    with ThreadPoolExecutor(len(desks)) as threads:
        for _ in range(1_000 + blocks):
            office.project()
            moved = sum(threads.map(ErpDesk.work_through, desks))
            office.project()
            if not office.questions.unfinished_blocks(limit=1):
                return
            if not moved:
                time.sleep(PAUSE)
    raise AssertionError("the desks do not come to an end")


def check_confirmations(office: Office) -> None:
    """Whenever a payment counted as blocked, every block it asked for had been confirmed."""
    wanted: dict[UUID, set[UUID]] = {}
    confirmed: set[UUID] = set()
    for recorded in office.cases.everything():
        match recorded.event:
            case events.BlockRequested(blocks=blocks):
                wanted[recorded.stream_id] = {block.block_id for block in blocks}
            case BlockConfirmed():
                assert recorded.stream_id not in confirmed, "a block is confirmed once"
                confirmed.add(recorded.stream_id)
            case BlockLost():
                confirmed.discard(recorded.stream_id)
            case events.PaymentBlocked():
                assert wanted[recorded.stream_id] <= confirmed
            case _:
                pass


def check_ends(office: Office, simulator: Simulator, opened: list[UUID]) -> Counter[str]:
    """Every block is confirmed, rejected, or listed for a person; only the last are not known."""
    there, here = simulator.states(), blocks_of(office, opened)
    assert set(here.values()) <= ANSWERED
    assert all(there[block] == status for block, status in here.items() if status != "unconfirmed")
    for dispute_id in opened:
        statuses = set(blocks_of(office, [dispute_id]).values())
        blocked = dispute_of(office, dispute_id).status is Status.PAYMENT_BLOCKED
        assert blocked == (statuses == {"confirmed"})
    return Counter(here.values())
