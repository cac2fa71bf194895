"""Approval limits over HTTP: who may approve what, and who says so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from httpx2 import Response

from application.reach import EVERYWHERE, Reach
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import LAST_DAY, Said, begin, dispute, document, line, slug, step, taken

POLICY: Final = "/v1/approval-policy"
TODAY: Final = datetime.now(UTC).date()
FINANCE_ONLY: Final = {"level": 1, "role": "finance", "currency": "EUR"}


def proposed(door: Door, amount: str, *, number: str = "9000042", by: Role = Role.AGENT) -> str:
    """A blocked dispute over 5 000 EUR, in which it was proposed to give so much."""
    agent, erp = door.client(Role.AGENT), door.client(Role.CONNECTOR)
    contested = line(open_amount="5000.00", amount="5000.00", document=document(number=number))
    case = begin(agent, "/v1/disputes", dispute(lines=[contested]))
    (blocked,) = taken(agent, case, "block-request", review_by=LAST_DAY)["lines"]
    block = f"/v1/payment-blocks/{blocked['blocks'][0]['block_id']}"
    taken(door.client(Role.ADMIN), block, "sending")
    taken(erp, block, "confirmation")
    gives = [{"line_id": blocked["line_id"], "amount": amount}]
    taken(door.client(by), case, "settlement", kind="credit_note", allocations=gives)
    return case


def approve(door: Door, case: str, *, by: Role, reach: Reach = EVERYWHERE) -> Response:
    client = door.client(by, reach=reach)
    settlement_id = client.get(case).json()["settlement"]["settlement_id"]
    return step(client, case, "approval", settlement_id=settlement_id)


def needs(door: Door, case: str) -> Said:
    shown: Said = door.client(Role.AUDITOR).get(f"{case}/approval").json()
    return shown


def test_999_euros_pass_at_level_1_and_1001_euros_go_to_level_2(door: Door) -> None:
    little = proposed(door, "999.00")
    much = proposed(door, "1001.00", number="9000043")

    refused = approve(door, much, by=Role.MANAGER)

    assert approve(door, little, by=Role.MANAGER).status_code == 200
    assert (slug(refused), refused.json()["rule"]) == ("rule-broken", "approval-beyond-limit")
    assert refused.json()["detail"].endswith("goes to level 2 (finance)")
    assert approve(door, much, by=Role.FINANCE).status_code == 200


def test_three_times_400_euros_to_one_customer_in_a_week_go_to_level_2(door: Door) -> None:
    cases = [proposed(door, "400.00", number=f"900004{n}") for n in range(3)]

    answers = [approve(door, case, by=Role.MANAGER) for case in cases]

    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert needs(door, cases[2])["gives"] == [
        {
            "currency": "EUR",
            "amount": "400.00",
            "given_within_a_year": "800.00",
            "level": 2,
            "role": "finance",
        }
    ]
    assert approve(door, cases[2], by=Role.FINANCE).status_code == 200


def test_two_managers_at_once_do_not_exceed_the_limit_together(door: Door) -> None:
    cases = [proposed(door, "600.00", number=f"900004{n}") for n in range(4)]

    with ThreadPoolExecutor(len(cases)) as managers:
        answers = list(managers.map(partial(approve, door, by=Role.MANAGER), cases))

    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]


def test_an_offer_that_the_customer_refused_counts_no_more(door: Door) -> None:
    first, second = proposed(door, "600.00"), proposed(door, "600.00", number="9000043")
    assert approve(door, first, by=Role.MANAGER).status_code == 200
    assert approve(door, second, by=Role.MANAGER).status_code == 422

    taken(door.client(Role.AGENT), first, "settlement-refusal")

    assert approve(door, second, by=Role.MANAGER).status_code == 200


def test_nobody_approves_their_own_proposal_whatever_the_amount(door: Door) -> None:
    case = proposed(door, "1.00", by=Role.FINANCE)

    refused = approve(door, case, by=Role.FINANCE)

    assert (slug(refused), refused.json()["rule"]) == ("rule-broken", "approved-by-proposer")
    assert refused.json()["detail"].endswith("somebody else must approve it")


def test_an_admin_adopts_a_matrix_and_the_next_approval_obeys_it(door: Door) -> None:
    earlier, later = proposed(door, "10.00"), proposed(door, "10.00", number="9000043")
    approve(door, earlier, by=Role.MANAGER)
    said = {"valid_from": TODAY.isoformat(), "limits": [FINANCE_ONLY]}

    adopted = door.client(Role.ADMIN).post(f"{POLICY}/matrices", json=said)

    assert adopted.status_code == 201
    assert adopted.headers["Location"] == POLICY
    policy = door.client(Role.AUDITOR).get(POLICY).json()
    assert (
        policy["in_force"]["limits"] == policy["adopted"][0]["limits"] == adopted.json()["limits"]
    )
    assert (adopted.json()["number"], policy["in_force"]["number"]) == (1, 1)
    assert needs(door, later)["matrix"] == 1
    assert approve(door, later, by=Role.MANAGER).status_code == 422
    assert approve(door, later, by=Role.FINANCE).status_code == 200


def test_a_matrix_that_leaves_an_amount_without_an_approver_is_refused(door: Door) -> None:
    admin, capped = door.client(Role.ADMIN), {**FINANCE_ONLY, "single": "5.00"}
    yesterday = (TODAY - timedelta(days=1)).isoformat()

    unsound = admin.post(f"{POLICY}/matrices", json={"valid_from": LAST_DAY, "limits": [capped]})
    late = admin.post(
        f"{POLICY}/matrices", json={"valid_from": yesterday, "limits": [FINANCE_ONLY]}
    )

    assert unsound.json()["rule"] == "matrix-unsound"
    assert late.json()["rule"] == "policy-back-dated"
    policy = admin.get(POLICY).json()
    assert (policy["in_force"]["number"], policy["adopted"]) == (0, [])


def test_who_is_limited_to_a_company_approves_by_the_same_rules(door: Door) -> None:
    within = Reach(companies=frozenset({"FR01"}))
    cases = [proposed(door, "600.00", number=f"900004{n}") for n in range(2)]
    manager = door.client(Role.MANAGER, reach=within)

    answers = [approve(door, case, by=Role.MANAGER, reach=within) for case in cases]

    assert [answer.status_code for answer in answers] == [200, 422]
    assert manager.get(f"{cases[1]}/approval").json() == needs(door, cases[1])


def test_who_is_limited_to_a_company_sets_no_limits_for_all(door: Door) -> None:
    limited = door.client(Role.ADMIN, reach=Reach(companies=frozenset({"FR01"})))
    said = {"valid_from": TODAY.isoformat(), "limits": [FINANCE_ONLY]}

    refused = [limited.post(f"{POLICY}/matrices", json=said)]
    door.client(Role.ADMIN).post(f"{POLICY}/matrices", json=said).raise_for_status()
    refused += [limited.post(f"{POLICY}/matrices", json=said)]

    assert [slug(answer) for answer in refused] == ["out-of-reach"] * 2
    assert limited.get(POLICY).json()["in_force"]["number"] == 1


def test_while_nothing_is_proposed_nothing_needs_approval(door: Door) -> None:
    case = begin(door.client(Role.AGENT), "/v1/disputes", dispute())

    assert needs(door, case) == {
        "dispute_id": case.rpartition("/")[2],
        "settlement_id": None,
        "is_approved": False,
        "proposed_by": None,
        "matrix": 0,
        "gives": [],
    }
