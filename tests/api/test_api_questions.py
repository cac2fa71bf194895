"""What can be asked of the read models through the door."""

from typing import Final

import pytest

from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import (
    CUSTOMER,
    LAST_DAY,
    NOBODY,
    Said,
    begin,
    complaint,
    dispute,
    document,
    line,
    slug,
    taken,
)

JANUARY: Final = "2026-01-05T08:00:00Z"
IN_TOTAL: Final = [("EUR", None, "100.00"), ("JPY", None, "5000")]


def listed(page: Said) -> list[str]:
    return [item["case_id"] for item in page["items"]]


@pytest.fixture
def five(door: Door) -> list[str]:
    """Five complaints of as many days, the first one oldest."""
    anna = door.client(Role.AGENT)
    said = (complaint(first_received_at=f"2026-01-0{day}T08:00:00Z") for day in range(1, 6))
    begun = [begin(anna, "/v1/complaints", one).rpartition("/")[2] for one in said]
    door.projector.catch_up()
    return begun


@pytest.mark.parametrize(("order", "backwards"), [("waiting", False), ("newest", True)])
def test_a_list_is_read_page_by_page_by_its_links(
    door: Door, five: list[str], order: str, *, backwards: bool
) -> None:
    anna = door.client(Role.AGENT)
    read: list[str] = []
    following = f"/v1/cases?limit=2&order={order}&open=true"
    while following:
        answer = anna.get(following)
        read += listed(answer.json())
        link = answer.headers.get("Link", "")
        following = link.partition("<")[2].partition(">")[0]

    assert read == (five[::-1] if backwards else five)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({"kind": "complaint"}, 5),
        ({"kind": "dispute"}, 0),
        ({"status": "received"}, 5),
        ({"status": "closed"}, 0),
        ({"open": "false"}, 0),
        ({"customer": CUSTOMER}, 5),
        ({"customer": "C-2"}, 0),
        ({"queue": "returns"}, 0),
        ({"claimed_by": "anna"}, 0),
        ({"q": "PALETTE abimee"}, 5),
        ({"q": "invoice"}, 0),
        ({"limit": "3"}, 3),
    ],
)
@pytest.mark.usefixtures("five")
def test_a_list_holds_what_was_asked_for(door: Door, question: dict[str, str], found: int) -> None:
    answer = door.client(Role.AGENT).get("/v1/cases", params=question)

    assert len(answer.json()["items"]) == found


def test_who_waits_for_a_position_that_the_read_models_have_reads_at_once(door: Door) -> None:
    anna = door.client(Role.AGENT)
    position = anna.post("/v1/complaints", json=complaint()).headers["X-Position"]
    door.projector.catch_up()

    answer = anna.get("/v1/cases", params={"after_position": position})

    assert len(answer.json()["items"]) == 1


def test_who_waits_for_a_position_beyond_the_history_is_told_so_at_once(door: Door) -> None:
    answer = door.client(Role.AGENT).get("/v1/cases", params={"after_position": "7"})

    assert (slug(answer), answer.status_code) == ("position-ahead", 400)
    assert answer.json()["position"] == 7


def test_who_waits_for_read_models_that_do_not_come_is_told_to_ask_again(door: Door) -> None:
    anna = door.client(Role.AGENT)
    position = anna.post("/v1/complaints", json=complaint()).headers["X-Position"]
    answer = anna.get("/v1/cases", params={"after_position": position})

    assert (slug(answer), answer.status_code) == ("not-caught-up", 503)
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("what", ["timeline", "audit-trail", "contacts", "history"])
def test_nothing_is_told_of_a_case_that_is_not(door: Door, what: str) -> None:
    answer = door.client(Role.AUDITOR).get(f"/v1/cases/{NOBODY}/{what}")

    assert slug(answer) == "case-not-found"


def test_a_case_tells_who_did_what_and_what_it_changed(door: Door) -> None:
    anna = door.client(Role.AGENT, subject_id="anna")
    case = begin(anna, "/v1/complaints", complaint())
    taken(anna, case, "review", reason="first in the queue")
    door.projector.catch_up()

    told = case.replace("complaints", "cases")
    registered, reviewed = anna.get(f"{told}/audit-trail").json()
    history = anna.get(f"{told}/history").json()

    assert (registered["status_before"], registered["status_after"]) == (None, "received")
    assert (reviewed["status_before"], reviewed["status_after"]) == ("received", "in_progress")
    assert (reviewed["actor_id"], reviewed["reason"]) == ("anna", "first in the queue")
    assert [event["type"] for event in history] == [registered["type"], reviewed["type"]]
    assert history[0]["event"]["text"] == complaint()["text"]


def test_a_case_without_contacts_says_so(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())
    taken(anna, case, "notes", text="calls us every day")
    door.projector.catch_up()

    assert anna.get(f"{case.replace('complaints', 'cases')}/contacts").json() == []


def test_a_customer_is_shown_with_every_contact_and_where_they_wait(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint(occurred_at=JANUARY))
    taken(anna, case, "contacts", direction="outbound", channel="phone", reached="voicemail")
    door.projector.catch_up()

    answer = anna.get(f"/v1/customers/{CUSTOMER}/contacts").json()

    assert [contact["reached"] for contact in answer["contacts"]][-1] == "voicemail"
    (waiting,) = answer["waiting"]
    assert (waiting["waiting_since"], waiting["is_open"]) == (JANUARY, True)


def test_a_customer_whose_number_holds_a_slash_is_found(door: Door) -> None:
    answer = door.client(Role.AGENT).get("/v1/customers/FR%2F1001/contacts").json()

    assert (answer["customer_id"], answer["contacts"]) == ("FR/1001", [])


@pytest.fixture
def blocked(door: Door) -> str:
    """100.00 EUR and 5000 JPY of a customer, blocked since March."""
    faye, erp = door.client(Role.FINANCE), door.client(Role.CONNECTOR)
    worker = door.client(Role.ADMIN)
    in_yen = line(
        document=document(number="9000043"), open_amount="5000", amount="5000", currency="JPY"
    )
    at = {"occurred_at": "2026-03-10T12:00:00Z"}
    case = begin(faye, "/v1/disputes", dispute(lines=[line(), in_yen], **at))
    asked = taken(faye, case, "block-request", review_by=LAST_DAY, **at)
    for held in asked["lines"]:
        block = f"/v1/payment-blocks/{held['blocks'][0]['block_id']}"
        taken(worker, block, "sending", **at)
        taken(erp, block, "confirmation", **at)
    door.projector.catch_up()
    return case


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, IN_TOTAL),
        ({"valid_at": "2026-03-10"}, IN_TOTAL),
        ({"valid_at": "2026-03-09"}, []),
        ({"valid_at": "2026-03-10T11:59:59Z"}, []),
        (
            {"valid_at": "2026-03-10T13:00:00%2B01:00"},
            [("EUR", None, "100.00"), ("JPY", None, "5000")],
        ),
        ({"valid_at": "2026-03-31", "known_at": "2026-03-31"}, []),
        ({"by": "customer"}, [("EUR", CUSTOMER, "100.00"), ("JPY", CUSTOMER, "5000")]),
        ({"by": "reason"}, [("EUR", "goods_damaged", "100.00"), ("JPY", "goods_damaged", "5000")]),
        ({"by": "company"}, [("EUR", "FR01", "100.00"), ("JPY", "FR01", "5000")]),
        (
            {"by": "age", "valid_at": "2026-05-01"},
            [("EUR", "31-60", "100.00"), ("JPY", "31-60", "5000")],
        ),
    ],
)
@pytest.mark.usefixtures("blocked")
def test_blocked_money_is_told_by_currency_on_any_date(
    door: Door, question: dict[str, str], found: list[tuple[str, str | None, str]]
) -> None:
    query = "&".join(f"{name}={value}" for name, value in question.items())

    answer = door.client(Role.FINANCE).get(f"/v1/blocked-payments?{query}").json()

    rows = [(row["currency"], row["group"], row["amount"]) for row in answer["exposure"]]
    assert sorted(rows) == found


@pytest.mark.parametrize(
    ("question", "found"), [({}, 2), ({"customer": "C-2"}, 0), ({"limit": "1"}, 1)]
)
@pytest.mark.usefixtures("blocked")
def test_blocked_lines_are_listed(door: Door, question: dict[str, str], found: int) -> None:
    answer = door.client(Role.FINANCE).get("/v1/blocked-payments/lines", params=question).json()

    assert len(answer["lines"]) == found
    assert answer["has_more"] is ("limit" in question)
    assert all(row["blocked_since"] == "2026-03-10T12:00:00Z" for row in answer["lines"])


def test_a_dispute_lists_its_blocks(door: Door, blocked: str) -> None:
    answer = door.client(Role.CONNECTOR).get(f"{blocked}/payment-blocks").json()

    assert sorted((block["status"], block["amount"]) for block in answer) == [
        ("confirmed", "100.00"),
        ("confirmed", "5000"),
    ]


def test_only_a_dispute_has_blocks(door: Door) -> None:
    answer = door.client(Role.CONNECTOR).get(f"/v1/disputes/{NOBODY}/payment-blocks")

    assert slug(answer) == "case-not-found"


def test_the_read_models_tell_how_far_they_have_come(door: Door) -> None:
    begin(door.client(Role.AGENT), "/v1/complaints", complaint())
    behind = door.client(Role.AUDITOR).get("/v1/projections").json()
    door.projector.catch_up()
    there = door.client(Role.AUDITOR).get("/v1/projections").json()

    assert {one["lag"] for one in behind} == {1}
    assert {one["lag"] for one in there} == {0}
