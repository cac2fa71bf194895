"""Webhooks as an admin manages them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from application.reach import Reach
from domain.parties import Role
from infrastructure.event_store.event_types import product_event_types
from infrastructure.webhooks.guard import Guard
from infrastructure.webhooks.outbox import Outbox
from infrastructure.webhooks.sending import Sender
from tests.api.conftest import Pool
from tests.api.doors import Door
from tests.api.requests import NOBODY, Said, begin, complaint, slug
from tests.infrastructure.webhooks.receivers import receiving, status


@pytest.fixture
def admin(door: Door) -> TestClient:
    return door.client(Role.ADMIN, subject_id="ada")


@pytest.fixture
def sender(pool: Pool) -> Sender:
    return Sender(Outbox(pool, event_types=product_event_types()), guard=Guard(loopback=True))


def webhook(**changes: Any) -> Said:  # noqa: ANN401 - JSON
    return {"url": "https://hooks.example.com/in", "description": "the portal", **changes}


def made(admin: TestClient, **changes: Any) -> Said:  # noqa: ANN401 - JSON
    answer = admin.post("/v1/webhooks", json=webhook(**changes))
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    issued: Said = answer.json()
    return issued


def address(issued: Said) -> str:
    return f"/v1/webhooks/{issued['webhook']['webhook_id']}"


def test_a_secret_is_shown_once_and_the_webhook_without_it(admin: TestClient) -> None:
    issued = made(admin, types=["dispute.*"])
    listed, read = admin.get("/v1/webhooks"), admin.get(address(issued))

    assert issued["secret"].startswith("whsec_")
    assert issued["secret"] not in listed.text + read.text
    assert listed.json() == [read.json()] == [issued["webhook"]]
    shown = read.json()
    assert (shown["types"], shown["enabled"], shown["created_by"]) == (["dispute.*"], True, "ada")


def test_a_rotation_shows_a_new_secret_and_how_long_the_old_one_counts(admin: TestClient) -> None:
    issued = made(admin)
    rotated = admin.post(f"{address(issued)}/secret-rotation")

    assert rotated.headers["Cache-Control"] == "no-store"
    assert rotated.json()["secret"] not in {issued["secret"], ""}
    assert rotated.json()["webhook"]["previous_secret_until"] is not None


def test_a_webhook_is_switched_off_and_on_and_deleted(admin: TestClient) -> None:
    where = address(made(admin))
    off = admin.put(where, json=webhook(enabled=False, description="paused")).json()
    on = admin.put(where, json=webhook(enabled=True)).json()
    deleted = admin.delete(where)

    assert (off["enabled"], off["disabled_because"], off["description"]) == (
        False,
        "by_admin",
        "paused",
    )
    assert (on["enabled"], on["disabled_because"], on["disabled_at"]) == (True, None, None)
    assert deleted.status_code == 200
    assert slug(admin.get(where)) == "webhook-not-found"


@pytest.mark.parametrize("url", ["ftp://hooks.example.com/", "https://10.0.0.1/", "https://0x7f1/"])
def test_an_address_that_leads_inside_is_refused(admin: TestClient, url: str) -> None:
    where = address(made(admin))

    assert slug(admin.post("/v1/webhooks", json=webhook(url=url))) == "address-refused"
    assert slug(admin.put(where, json=webhook(url=url, enabled=True))) == "address-refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"types": ["dispute"]},
        {"types": ["nothing.happened"]},
        {"types": "dispute.*"},
        {"description": ""},
        {"secret": "whsec_mine"},
        {"url": ""},
        {"url": "https://" + "a" * 2_000},
    ],
)
def test_what_cannot_be_said_is_refused(admin: TestClient, changes: Said) -> None:
    assert slug(admin.post("/v1/webhooks", json=webhook(**changes))) == "invalid"


@pytest.mark.parametrize(
    ("method", "path", "problem"),
    [
        ("GET", "", "webhook-not-found"),
        ("DELETE", "", "webhook-not-found"),
        ("POST", "/secret-rotation", "webhook-not-found"),
        ("GET", "/deliveries", "webhook-not-found"),
        ("POST", "/deliveries/1/resend", "webhook-not-found"),
    ],
)
def test_a_webhook_that_is_not_there_is_not_found(
    admin: TestClient, method: str, path: str, problem: str
) -> None:
    assert slug(admin.request(method, f"/v1/webhooks/{NOBODY}{path}")) == problem
    assert slug(admin.put(f"/v1/webhooks/{NOBODY}", json=webhook(enabled=True))) == problem


def test_deliveries_are_listed_newest_first_page_by_page_and_sent_again_by_hand(
    door: Door, admin: TestClient, sender: Sender
) -> None:
    with receiving(status(410, b"moved away"), status(204)) as receiver:
        issued = made(admin, url=receiver.url)
        where = address(issued)
        agent = door.client(Role.AGENT)
        for _ in range(3):
            begin(agent, "/v1/complaints", complaint())
        sender.work_through()
        admin.put(where, json=webhook(url=receiver.url, enabled=True))
        sender.work_through()

        dead = admin.get(f"{where}/deliveries?state=dead").json()["deliveries"]
        first = admin.get(f"{where}/deliveries?limit=2")
        second = admin.get(first.links["next"]["url"])
        again = admin.post(f"{where}/deliveries/{dead[0]['position']}/resend")
        twice = admin.post(f"{where}/deliveries/{dead[0]['position']}/resend")
        sender.work_through()
        after = admin.get(f"{where}/deliveries?state=delivered").json()["deliveries"]

    told = [one["position"] for one in first.json()["deliveries"] + second.json()["deliveries"]]
    assert told == sorted(told, reverse=True)
    assert len(told) == 3
    assert "Link" not in second.headers
    assert (dead[0]["last_status"], dead[0]["last_answer"]) == (410, "moved away")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    assert slug(twice) == "delivery-pending"
    assert len(after) == 3


def test_nothing_is_sent_again_to_a_webhook_that_is_off_or_of_a_delivery_that_never_was(
    admin: TestClient,
) -> None:
    where = address(made(admin))
    missing = admin.post(f"{where}/deliveries/1/resend")
    admin.put(where, json=webhook(enabled=False))

    assert slug(missing) == "delivery-not-found"
    assert slug(admin.post(f"{where}/deliveries/1/resend")) == "webhook-disabled"


def test_who_may_not_see_every_case_sends_them_nowhere(door: Door) -> None:
    limited = door.client(Role.ADMIN, reach=Reach(companies=frozenset({"FR01"})))

    assert slug(limited.post("/v1/webhooks", json=webhook())) == "reach-too-narrow"
    assert slug(limited.get("/v1/webhooks")) == "reach-too-narrow"


def test_there_are_only_so_many_webhooks(door: Door, admin: TestClient) -> None:
    for _ in range(100):
        made(admin)

    refused = admin.post("/v1/webhooks", json=webhook())
    assert (slug(refused), refused.json()["most"]) == ("too-many-webhooks", 100)
    assert len(door.services.webhooks.list()) == 100
