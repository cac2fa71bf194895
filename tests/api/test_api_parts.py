"""Lists that grow are read part by part, by links that lead nowhere else."""

from typing import Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import CUSTOMER, Said, begin, complaint, slug, taken

ABOUT_A_CASE: Final = ("timeline", "audit-trail", "contacts", "history")
EVENTS: Final = 5


@pytest.fixture
def case(door: Door) -> str:
    """A complaint with four contacts, as its lists are addressed."""
    anna = door.client(Role.AGENT)
    begun = begin(anna, "/v1/complaints", complaint())
    for _ in range(EVENTS - 1):
        taken(anna, begun, "contacts", direction="outbound", channel="phone", reached="yes")
    door.projector.catch_up()
    return begun.replace("complaints", "cases")


def following(answer: Response) -> str | None:
    """Where the next part is, if there is one."""
    link = answer.headers.get("Link")
    if link is None:
        return None
    address, _, relation = link.partition("; ")
    assert relation == 'rel="next"'
    return str(address.strip("<>"))


def read_all(
    client: TestClient, address: str | None, *, field: str | None = None
) -> list[list[Said]]:
    """Every part of a list; a customer's contacts are a field of their own."""
    parts: list[list[Said]] = []
    while address is not None:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        entries: list[Said] = answer.json() if field is None else answer.json()[field]
        parts.append(entries)
        address = following(answer)
    return parts


@pytest.mark.parametrize("limit", [1, 2, 3, EVENTS - 1, EVENTS, 100])
@pytest.mark.parametrize("what", ABOUT_A_CASE)
def test_the_parts_of_a_list_are_the_list(door: Door, case: str, what: str, limit: int) -> None:
    alan = door.client(Role.AUDITOR)
    (whole,) = read_all(alan, f"{case}/{what}")

    parts = read_all(alan, f"{case}/{what}?limit={limit}")

    assert [entry for part in parts for entry in part] == whole
    assert len(whole) >= EVENTS - 1
    assert all(len(part) == limit for part in parts[:-1])
    assert 1 <= len(parts[-1]) <= limit


def test_the_contacts_of_a_customer_are_read_part_by_part(door: Door, case: str) -> None:
    anna, address = door.client(Role.AGENT), f"/v1/customers/{CUSTOMER}/contacts"
    (whole,) = read_all(anna, address, field="contacts")

    parts = read_all(anna, f"{address}?limit=2", field="contacts")

    assert case
    assert len(parts) > 1
    assert [entry for part in parts for entry in part] == whole


def test_what_is_recorded_meanwhile_comes_in_a_later_part(door: Door, case: str) -> None:
    anna = door.client(Role.AGENT)
    first = anna.get(f"{case}/history", params={"limit": EVENTS - 1})
    taken(anna, case.replace("cases", "complaints"), "notes", text="calls every day")

    rest = anna.get(str(following(first)))

    assert [event["version"] for event in first.json() + rest.json()] == list(range(1, EVENTS + 2))


@pytest.mark.parametrize("cursor", ["", "nonsense", "AAAAAAAAAAAAAAAAAAA", "é", "a" * 200])
def test_a_cursor_that_the_list_did_not_give_is_refused(door: Door, case: str, cursor: str) -> None:
    answer = door.client(Role.AUDITOR).get(f"{case}/history", params={"cursor": cursor})

    assert slug(answer) in {"bad-cursor", "invalid"}


def test_a_cursor_leads_on_only_in_its_own_list(door: Door, case: str) -> None:
    alan = door.client(Role.AUDITOR)
    given = following(alan.get(f"{case}/history", params={"limit": 2}))
    assert given is not None

    elsewhere = alan.get(given.replace("history", "timeline"))

    assert (slug(elsewhere), elsewhere.status_code) == ("bad-cursor", 400)
    assert alan.get(given.replace("limit=2", "limit=1")).status_code == 200


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many"])
def test_a_part_has_its_limits(door: Door, case: str, limit: str) -> None:
    answer = door.client(Role.AUDITOR).get(f"{case}/history", params={"limit": limit})

    assert slug(answer) == "invalid"


def test_a_cursor_of_cases_leads_on_only_with_the_filters_that_gave_it(door: Door) -> None:
    anna = door.client(Role.AGENT)
    for _ in range(3):
        begin(anna, "/v1/complaints", complaint())
    door.projector.catch_up()
    cursor = anna.get("/v1/cases?kind=complaint&limit=1").json()["next_cursor"]

    same = anna.get("/v1/cases", params={"limit": 2, "kind": "complaint", "cursor": cursor})
    other = anna.get("/v1/cases", params={"limit": 1, "open": "true", "cursor": cursor})

    assert len(same.json()["items"]) == 2
    assert (slug(other), other.status_code) == ("bad-cursor", 400)
