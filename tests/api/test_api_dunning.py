"""The undisputed rest of an invoice stays collectible, and the dunning feed says so."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from application.reach import Reach
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import begin, dispute, document, line, taken


@pytest.fixture
def faye(door: Door) -> TestClient:
    return door.client(Role.FINANCE)


def request_block(faye: TestClient, *scopes: str, **changes: object) -> tuple[str, str]:
    """120 € of an invoice of 1 000 € are disputed; answers with the dispute and a block."""
    disputed = line(**{"open_amount": "1000.00", "amount": "120.00", "vat": "20.00", **changes})
    case = begin(faye, "/v1/disputes", dispute(lines=[disputed]))
    asked = taken(faye, case, "block-request", review_by="2199-12-31", scopes=list(scopes))
    return case, f"/v1/payment-blocks/{asked['lines'][0]['blocks'][0]['block_id']}"


def confirm(door: Door, block: str) -> None:
    taken(door.client(Role.ADMIN), block, "sending")
    taken(door.client(Role.CONNECTOR), block, "confirmation")


def dunned(door: Door, client: TestClient, **question: str) -> list[dict[str, Any]]:
    door.projector.catch_up()
    answer = client.get("/v1/dunning", params=question)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["invoices"]
    return rows


def amounts(rows: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    return [(r["open_amount"], r["blocked"], r["requested"], r["collectible"]) for r in rows]


def test_the_undisputed_rest_stays_collectible(door: Door, faye: TestClient) -> None:
    case, block = request_block(faye, "dunning")
    assert amounts(dunned(door, faye)) == [("1000.00", "0.00", "120.00", "1000.00")]
    confirm(door, block)
    assert amounts(dunned(door, faye)) == [("1000.00", "120.00", "0.00", "880.00")]
    taken(faye, case, "withdrawal")
    assert amounts(dunned(door, faye)) == [("1000.00", "120.00", "0.00", "880.00")]
    taken(door.client(Role.CONNECTOR), block, "release-confirmation")
    assert amounts(dunned(door, faye)) == [("1000.00", "0.00", "0.00", "1000.00")]


def test_another_scope_does_not_keep_from_dunning(door: Door, faye: TestClient) -> None:
    _, block = request_block(faye, "collection")
    confirm(door, block)
    assert amounts(dunned(door, faye)) == [("1000.00", "0.00", "0.00", "1000.00")]


def test_the_feed_is_read_part_by_part_and_by_company(door: Door, faye: TestClient) -> None:
    for number in ("1", "2", "3"):
        request_block(faye, "dunning", document=document(number=number, company_code="FR01"))
    request_block(faye, "dunning", document=document(number="4", company_code="DE01"))
    (only,) = dunned(door, faye, company="DE01")
    assert only["document"] == "4"
    first = faye.get("/v1/dunning", params={"company": "FR01", "limit": 2})
    rest = faye.get(first.links["next"]["url"])
    numbers = [row["document"] for part in (first, rest) for row in part.json()["invoices"]]
    assert sorted(numbers) == ["1", "2", "3"]
    assert "next" not in rest.links


def test_the_feed_tells_of_nothing_out_of_reach(door: Door, faye: TestClient) -> None:
    request_block(faye, "dunning", document=document(company_code="FR01"))
    german = door.client(Role.FINANCE, reach=Reach(companies=frozenset({"DE01"})))
    assert dunned(door, german) == []
    assert dunned(door, german, company="FR01") == []
    assert len(dunned(door, faye)) == 1
