"""The change feed, page by page."""

from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool
from starlette.testclient import TestClient

from application.reach import EVERYWHERE, Reach
from domain.parties import Role
from infrastructure.event_store.event_types import product_event_types
from infrastructure.feed.history import PostgresFeed
from tests.api.doors import Door
from tests.api.reaches import BOTH, FRANCE, GERMANY, PARIS
from tests.api.requests import begin, complaint, dispute, slug, taken

Pool = ConnectionPool[Connection[TupleRow]]


@pytest.fixture
def client(door: Door) -> TestClient:
    """Somebody who has seen three complaints and a dispute begin."""
    agent = door.client(Role.AGENT)
    for number in range(3):
        taken(agent, begin(agent, "/v1/complaints", complaint(customer_id=f"C-{number}")), "review")
    begin(agent, "/v1/disputes", dispute())
    return door.client(Role.CONNECTOR)


def walk(client: TestClient, address: str) -> list[dict[str, Any]]:  # Any: JSON
    events: list[dict[str, Any]] = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        events += answer.json()["events"]
        address = answer.links["next"]["url"] if "next" in answer.links else ""
    return events


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_the_pages_together_are_the_history_in_order(
    door: Door, client: TestClient, limit: int
) -> None:
    told = [(int(e["position"]), e["id"]) for e in walk(client, f"/v1/events?limit={limit}")]

    history = list(door.services.cases.everything())
    assert told == [(e.position, f"{e.stream_id}:{e.version}") for e in history]


def test_the_last_page_has_no_next_one_and_says_where_to_go_on(client: TestClient) -> None:
    last = client.get("/v1/events")
    later = client.get(f"/v1/events?after={last.json()['position']}")

    assert "Link" not in last.headers
    assert later.json() == {"events": [], "position": last.json()["position"]}


def test_the_position_of_a_command_is_one_to_go_on_from(door: Door, client: TestClient) -> None:
    begun = door.client(Role.AGENT).post("/v1/complaints", json=complaint())
    position = int(begun.headers["X-Position"])
    before = client.get(f"/v1/events?after={position - 1}").json()["events"]

    assert [event["type"] for event in before] == ["complaint.registered"]
    assert client.get(f"/v1/events?after={position}").json()["events"] == []


def test_only_what_is_wanted_is_told(client: TestClient) -> None:
    wanted = "types=dispute.*&types=complaint.review_started"
    told = [event["type"] for event in walk(client, f"/v1/events?limit=1&{wanted}")]

    assert told == ["complaint.review_started"] * 3 + ["dispute.opened"]


def test_a_rare_type_is_looked_for_a_part_at_a_time(pool: Pool, client: TestClient) -> None:
    feed = PostgresFeed(pool, event_types=product_event_types(), window=2)
    after, found, looks, more = 0, list[str](), 0, True
    while more:
        events, after, more = feed.page(after=after, limit=10, types=frozenset({"dispute.opened"}))
        found += [recorded.event.type for recorded in events]
        looks += 1

    assert found == ["dispute.opened"]
    assert looks > 3
    assert client.get(f"/v1/events?after={after}").json()["events"] == []


def test_what_a_customer_wrote_is_not_told(client: TestClient) -> None:
    assert "palette" not in client.get("/v1/events").text


@pytest.mark.parametrize("address", ["/v1/events", "/v1/events/stream"])
def test_a_position_that_the_history_has_not_reached_is_refused(
    client: TestClient, address: str
) -> None:
    assert slug(client.get(f"{address}?after=1000000")) == "bad-cursor"


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=first",
        f"after={2**63}",
        "limit=0",
        "limit=1001",
        "types=dispute",
        "types=nothing.happened",
        "type=dispute.opened",
    ],
)
def test_what_cannot_be_asked_is_refused(client: TestClient, query: str) -> None:
    assert slug(client.get(f"/v1/events?{query}")) == "invalid"


@pytest.mark.parametrize(
    ("reach", "told"),
    [(FRANCE, ["C-FRANCE"] * 2), (GERMANY, ["C-GERMANY"]), (PARIS, []), (BOTH, ["C-FRANCE"] * 2)],
)
@pytest.mark.parametrize("limit", [1, 100])
def test_who_sees_some_cases_is_told_of_them_alone(
    door: Door, limit: int, reach: Reach, told: list[str]
) -> None:
    mixed_history(door)
    door.projector.catch_up()
    follower = door.client(Role.CONNECTOR, reach=reach)
    found = walk(follower, f"/v1/events?limit={limit}")

    begun = [event["data"]["customer_id"] for event in found if "customer_id" in event["data"]]
    wanted = [*told, "C-GERMANY"] if reach == BOTH else told
    assert sorted(begun) == wanted
    last = follower.get(f"/v1/events?limit={limit}&after={position_of(door)}").json()
    assert last == {"events": [], "position": position_of(door)}


def test_a_page_of_some_cases_ends_where_it_is_known_whose_they_are(door: Door) -> None:
    mixed_history(door)
    door.projector.catch_up()
    known = position_of(door)
    mixed_history(door)
    follower, everybody = (door.client(Role.CONNECTOR, reach=r) for r in (FRANCE, EVERYWHERE))

    page = follower.get(f"/v1/events?after={known}")
    assert page.json() == {"events": [], "position": known}
    assert "Link" not in page.headers
    assert len(walk(everybody, f"/v1/events?after={known}")) == 4
    door.projector.catch_up()
    assert len(walk(follower, f"/v1/events?after={known}&limit=1")) == 3


def test_of_a_case_that_was_given_away_nothing_more_is_told(door: Door) -> None:
    francine, bea = (door.client(Role.AGENT, reach=reach) for reach in (FRANCE, BOTH))
    case = begin(francine, "/v1/complaints", complaint())
    follower = door.client(Role.CONNECTOR, reach=FRANCE)
    door.projector.catch_up()
    assert [event["type"] for event in walk(follower, "/v1/events")] == ["complaint.registered"]
    corrected = {"corrects_version": 1, "field": "company_code", "was": "FR01", "now": "DE01"}
    taken(bea, case, "corrections", **corrected)
    door.projector.catch_up()

    assert walk(follower, "/v1/events") == []


def mixed_history(door: Door) -> None:
    """A French complaint, a German one, and a French one with a review."""
    for reach, customer in ((FRANCE, "C-FRANCE"), (GERMANY, "C-GERMANY"), (FRANCE, "C-FRANCE")):
        agent = door.client(Role.AGENT, reach=reach)
        case = begin(agent, "/v1/complaints", complaint(customer_id=customer))
    taken(agent, case, "review")


def position_of(door: Door) -> int:
    """Where the history ends."""
    return [recorded.position for recorded in door.services.cases.everything()][-1]


@pytest.mark.parametrize(
    ("address", "accepted", "status"),
    [
        ("/v1/events", "text/event-stream", 406),
        ("/v1/events/stream?after=9999999", "text/event-stream", 400),
        ("/v1/events/stream?after=9999999", "text/html", 406),
    ],
)
def test_the_stream_alone_speaks_of_events(
    client: TestClient, address: str, accepted: str, status: int
) -> None:
    assert client.get(address, headers={"Accept": accepted}).status_code == status
