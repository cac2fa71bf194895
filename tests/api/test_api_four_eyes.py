"""Two people decide: whoever proposed is not whoever approves, and both speak of the same thing."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import LAST_DAY, NOBODY, Said, begin, dispute, slug, step, taken


@pytest.fixture
def case(door: Door) -> str:
    """A dispute whose payment the ERP was asked to block."""
    opened = begin(door.client(Role.FINANCE), "/v1/disputes", dispute())
    taken(door.client(Role.FINANCE), opened, "block-request", review_by=LAST_DAY)
    taken(door.client(Role.ADMIN), block_of(door, opened), "sending")
    return opened


def block_of(door: Door, case: str) -> str:
    (held,) = door.client(Role.AGENT).get(case).json()["lines"]
    return f"/v1/payment-blocks/{held['blocks'][0]['block_id']}"


def propose(client: TestClient, case: str, amount: str = "80.00") -> str:
    """Propose a credit note; answers with its identity."""
    (held,) = client.get(case).json()["lines"]
    allocations = [{"line_id": held["line_id"], "amount": amount}]
    proposed = taken(client, case, "settlement", kind="credit_note", allocations=allocations)
    return str(proposed["settlement"]["settlement_id"])


def rule(answer: Any) -> str:  # noqa: ANN401 - a response of the test client
    assert slug(answer) == "rule-broken", answer.text
    told: Said = answer.json()
    return str(told["rule"])


def test_two_keys_of_one_person_do_not_approve_each_other(door: Door, case: str) -> None:
    taken(door.client(Role.CONNECTOR), block_of(door, case), "confirmation")
    marc_as_agent = door.client(Role.AGENT, subject_id="marc")
    marc_as_manager = door.client(Role.MANAGER, subject_id="marc")
    offered = propose(marc_as_agent, case)

    refused = step(marc_as_manager, case, "approval", settlement_id=offered)
    assert rule(refused) == "approved-by-proposer"
    assert "marc proposed this settlement" in refused.json()["detail"]

    mona = door.client(Role.MANAGER, subject_id="mona")
    assert taken(mona, case, "approval", settlement_id=offered)["status"] == "settlement_offered"


def test_an_approval_is_of_what_was_read_even_in_any_version(door: Door, case: str) -> None:
    taken(door.client(Role.CONNECTOR), block_of(door, case), "confirmation")
    anna, mona = door.client(Role.AGENT), door.client(Role.MANAGER)
    read = propose(anna, case)
    taken(mona, case, "approval-refusal")
    now = propose(anna, case, amount="100.00")

    for stale in (read, str(NOBODY)):
        refused = mona.post(
            f"{case}/approval", json={"settlement_id": stale}, headers={"If-Match": "*"}
        )
        assert rule(refused) == "other-settlement-proposed"
        assert now in refused.json()["detail"]
    assert slug(mona.post(f"{case}/approval", headers={"If-Match": "*"})) == "invalid"
    assert taken(mona, case, "approval", settlement_id=now)["status"] == "settlement_offered"


def test_two_people_of_two_roles_confirm_the_blocks_that_they_saw(door: Door, case: str) -> None:
    taken(door.client(Role.ADMIN), block_of(door, case), "wait-expiry")
    seen = [block_of(door, case).rpartition("/")[2]]
    faye, marc = door.client(Role.FINANCE, subject_id="faye"), door.client(Role.MANAGER)
    faye_as_manager = door.client(Role.MANAGER, subject_id="faye")
    taken(faye, case, "manual-confirmation-proposal")

    own = step(faye_as_manager, case, "manual-confirmation", block_ids=seen)
    other = step(marc, case, "manual-confirmation", block_ids=[str(NOBODY)])
    assert rule(own) == "second-person-needed"
    assert rule(other) == "other-blocks-unconfirmed"
    assert seen[0] in other.json()["detail"]

    assert taken(marc, case, "manual-confirmation", block_ids=seen)["is_blocked"]


def test_a_block_that_was_asked_for_anew_is_looked_for_anew(door: Door, case: str) -> None:
    taken(door.client(Role.ADMIN), block_of(door, case), "wait-expiry")
    before = [block_of(door, case).rpartition("/")[2]]
    faye, marc = door.client(Role.FINANCE), door.client(Role.MANAGER)
    taken(faye, case, "manual-confirmation-proposal")
    taken(faye, case, "block-request", review_by=LAST_DAY)
    taken(door.client(Role.ADMIN), block_of(door, case), "sending")
    taken(door.client(Role.ADMIN), block_of(door, case), "wait-expiry")

    assert rule(step(marc, case, "manual-confirmation", block_ids=before)) == "no-witness"
    taken(faye, case, "manual-confirmation-proposal")
    stale = step(marc, case, "manual-confirmation", block_ids=before)
    assert rule(stale) == "other-blocks-unconfirmed"
