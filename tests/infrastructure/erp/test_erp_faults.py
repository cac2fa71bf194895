"""Faults strike on demand, and the same way in every run."""

from decimal import Decimal

import httpx2
import pytest

from application.erp import BlockOrder, ErpBlockState, ErpUnavailable
from infrastructure.erp.http_connector import HttpErp
from infrastructure.erp.simulator_faults import Faults
from infrastructure.erp.wire import BlockRequest
from tests.infrastructure.erp.erp_examples import SECRET, block_id, order

TRANSPORT_FAULTS = ["lose_before", "lose", "error", "garble"]


def turn(desk: httpx2.Client, **faults: object) -> None:
    desk.put("/faults", json=faults).raise_for_status()


def entry(desk: httpx2.Client, number: int = 1) -> dict[str, object]:
    found: list[dict[str, object]] = desk.get("/ledger").json()["blocks"]
    return next(block for block in found if block["block_id"] == str(block_id(number)))


def test_without_faults_a_block_is_confirmed_and_released_at_once(erp: HttpErp) -> None:
    confirmed = erp.request_block(order())
    assert confirmed.state is ErpBlockState.CONFIRMED
    assert confirmed.reference
    assert confirmed.decided_at
    assert erp.look_up(block_id(1)) == confirmed
    assert erp.release_block(block_id(1)).state is ErpBlockState.RELEASED


@pytest.mark.parametrize("fault", TRANSPORT_FAULTS)
def test_after_a_broken_answer_repeating_the_request_settles_it(
    fault: str, erp: HttpErp, desk: httpx2.Client
) -> None:
    turn(desk, **{fault: 1, "first_messages": 2})
    for _ in range(2):
        with pytest.raises(ErpUnavailable):
            erp.request_block(order())
    assert erp.request_block(order()).state is ErpBlockState.CONFIRMED
    assert entry(desk)["requested"] == 3
    assert entry(desk)["effected"] == 1


@pytest.mark.parametrize("fault", TRANSPORT_FAULTS)
def test_a_broken_answer_to_a_release_is_settled_by_repeating_it(
    fault: str, erp: HttpErp, desk: httpx2.Client
) -> None:
    erp.request_block(order())
    turn(desk, **{fault: 1})
    with pytest.raises(ErpUnavailable):
        erp.release_block(block_id(1))
    turn(desk)
    assert erp.release_block(block_id(1)).state is ErpBlockState.RELEASED
    assert entry(desk)["release_effected"] == 1


@pytest.mark.parametrize(
    ("fault", "done"),
    [("lose_before", "not"), ("error", "not"), ("lose", "done"), ("garble", "done")],
)
def test_each_fault_strikes_before_or_after_the_work(
    fault: str, done: str, erp: HttpErp, desk: httpx2.Client
) -> None:
    turn(desk, **{fault: 1})
    with pytest.raises(ErpUnavailable):
        erp.request_block(order())
    turn(desk)
    assert (erp.look_up(block_id(1)) is not None) == (done == "done")


@pytest.mark.parametrize("fault", TRANSPORT_FAULTS)
def test_a_look_up_that_finds_nothing_can_be_spoilt_too(
    fault: str, erp: HttpErp, desk: httpx2.Client
) -> None:
    turn(desk, **{fault: 1})
    with pytest.raises(ErpUnavailable):
        erp.look_up(block_id(7))


def test_an_answer_that_comes_too_late_leaves_the_outcome_unknown(
    address: str, desk: httpx2.Client
) -> None:
    turn(desk, delay=1, delay_ms=60_000)
    with (
        HttpErp(address, secret=SECRET, timeout=0.3) as impatient,
        pytest.raises(ErpUnavailable),
    ):
        impatient.request_block(order())
    assert entry(desk)["effected"] == 1


def test_a_delayed_answer_in_time_is_believed(erp: HttpErp, desk: httpx2.Client) -> None:
    turn(desk, delay=1, delay_ms=50)
    assert erp.request_block(order()).state is ErpBlockState.CONFIRMED


def test_a_pending_block_is_decided_after_the_looks_asked_for(
    erp: HttpErp, desk: httpx2.Client
) -> None:
    turn(desk, pending_looks=2)
    first = erp.request_block(order())
    assert (first.state, first.decided_at) == (ErpBlockState.PENDING, None)
    assert erp.request_block(order()).state is ErpBlockState.PENDING
    looks = [erp.look_up(block_id(1)) for _ in range(3)]
    assert [look.state for look in looks if look] == ["pending", "pending", "confirmed"]


def test_repeating_a_pending_release_does_not_put_it_off(erp: HttpErp, desk: httpx2.Client) -> None:
    erp.request_block(order())
    turn(desk, pending_looks=2)
    for _ in range(2):
        assert erp.release_block(block_id(1)).state is ErpBlockState.PENDING
        erp.look_up(block_id(1))
    assert erp.look_up(block_id(1)) == erp.release_block(block_id(1))
    assert entry(desk)["release_effected"] == 1


def test_repeating_a_release_that_is_being_denied_does_not_put_it_off(
    erp: HttpErp, desk: httpx2.Client
) -> None:
    erp.request_block(order())
    turn(desk, pending_looks=2, deny_release=1)
    for _ in range(2):
        assert erp.release_block(block_id(1)).state is ErpBlockState.PENDING
        erp.look_up(block_id(1))
    denied = erp.look_up(block_id(1))
    assert denied is not None
    assert (denied.state, bool(denied.reason)) == (ErpBlockState.CONFIRMED, True)


def test_a_message_delivered_twice_has_one_effect(erp: HttpErp, desk: httpx2.Client) -> None:
    turn(desk, repeat=1)
    assert erp.request_block(order()).state is ErpBlockState.CONFIRMED
    assert erp.release_block(block_id(1)).state is ErpBlockState.RELEASED
    found = entry(desk)
    assert (found["requested"], found["effected"]) == (2, 1)
    assert (found["release_requested"], found["release_effected"]) == (2, 1)


def test_an_answer_given_before_is_not_believed_again(erp: HttpErp, desk: httpx2.Client) -> None:
    turn(desk, stale=1)
    assert erp.request_block(order()).state is ErpBlockState.CONFIRMED
    with pytest.raises(ErpUnavailable, match="another question"):
        erp.release_block(block_id(1))
    turn(desk)
    assert erp.release_block(block_id(1)).state is ErpBlockState.RELEASED


@pytest.mark.parametrize(
    ("faults", "wrong"),
    [
        ({"reject": 1}, order()),
        ({"reject_above": "1000"}, order(amount="1000.01")),
        ({"reject_number_suffix": "66"}, order(document_number="1266")),
        ({"reject_every": 1}, order()),
    ],
)
def test_a_rejected_block_says_why_and_stays_rejected(
    faults: dict[str, object], wrong: BlockOrder, erp: HttpErp, desk: httpx2.Client
) -> None:
    turn(desk, **faults)
    rejected = erp.request_block(wrong)
    assert rejected.state is ErpBlockState.REJECTED
    assert rejected.reason
    turn(desk)
    assert erp.request_block(wrong) == rejected
    assert erp.release_block(wrong.block_id) == rejected


def test_every_nth_block_is_rejected_in_the_order_of_arrival(
    erp: HttpErp, desk: httpx2.Client
) -> None:
    turn(desk, reject_every=3)
    states = [erp.request_block(order(number)).state for number in range(1, 7)]
    assert states == ["confirmed", "confirmed", "rejected"] * 2


def test_a_denied_release_leaves_the_block_and_says_why(erp: HttpErp, desk: httpx2.Client) -> None:
    erp.request_block(order())
    turn(desk, deny_release=1)
    denied = erp.release_block(block_id(1))
    assert denied.state is ErpBlockState.CONFIRMED
    assert denied.reason
    turn(desk)
    assert erp.release_block(block_id(1)).state is ErpBlockState.RELEASED


def test_a_rate_strikes_as_often_as_it_says_and_always_the_same() -> None:
    faults = Faults(lose=0.05)
    struck = [number for number in range(4000) if faults.plan(block_id(number), attempt=1).lose]
    again = [number for number in range(4000) if faults.plan(block_id(number), attempt=1).lose]
    assert struck == again
    assert 140 <= len(struck) <= 260


def test_another_seed_and_another_attempt_strike_other_blocks() -> None:
    def victims(faults: Faults, attempt: int) -> list[int]:
        return [n for n in range(500) if faults.plan(block_id(n), attempt=attempt).lose]

    first = victims(Faults(lose=0.2), 1)
    assert victims(Faults(lose=0.2), 2) != first
    assert victims(Faults(lose=0.2, seed="b"), 1) != first


def test_no_fault_strikes_at_rate_nought_and_all_at_rate_one() -> None:
    assert not any(Faults().plan(block_id(n), attempt=1).lose for n in range(500))
    assert all(Faults(lose=1).plan(block_id(n), attempt=1).lose for n in range(500))


def test_an_amount_at_the_limit_is_not_above_it() -> None:
    request = BlockRequest.of(order(amount="1000"))
    faults = Faults(reject_above=Decimal(1000))
    assert faults.rejection(request, block_id=block_id(1), ordinal=1) is None
