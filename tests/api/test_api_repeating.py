"""A request that is sent again with its key is recorded once, and answered alike."""

from typing import Final

import pytest
from httpx2 import Response

from api.http.reading import read_json
from api.http.repeating import fingerprint
from domain.parties import Role
from tests.api.doors import Door
from tests.api.requests import Said, begin, complaint, dispute, document, line, slug, taken

KEY: Final = {"Idempotency-Key": "01961f5e-0000-7000-8000-000000000001"}
OF_THE_REQUEST: Final = frozenset({"x-correlation-id", "x-request-id", "idempotency-replayed"})
"""What each answer has of its own."""

INVOICE: Final = {
    "customer_id": "C-1001",
    "document": document(),
    "open_amount": "250.00",
    "currency": "EUR",
}


def told(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """What two answers to one command have in common."""
    headers = {n: v for n, v in answer.headers.items() if n not in OF_THE_REQUEST}
    return answer.status_code, answer.content, headers


@pytest.mark.parametrize(
    ("address", "said"),
    [("complaints", complaint()), ("disputes", dispute()), ("invoices", INVOICE)],
)
def test_a_case_is_begun_once_and_not_without_a_key(door: Door, address: str, said: Said) -> None:
    faye = door.client(Role.FINANCE)

    first = faye.post(f"/v1/{address}", json=said, headers=KEY)
    again = faye.post(f"/v1/{address}", json=said, headers=KEY)
    faye.event_hooks = {}
    keyless = faye.post(f"/v1/{address}", json=said)

    assert (first.status_code, "Idempotency-Replayed" in first.headers) == (201, False)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert told(again) == told(first)
    assert (slug(keyless), keyless.status_code) == ("idempotency-key-missing", 400)


def test_a_complaint_becomes_a_dispute_once_and_not_without_a_key(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())
    said = {"reason_code": "goods_damaged", "lines": [line()]}
    headers = {"If-Match": '"1"'}

    first = anna.post(f"{case}/dispute", json=said, headers=headers | KEY)
    again = anna.post(f"{case}/dispute", json=said, headers=headers | KEY)
    anna.event_hooks = {}
    keyless = anna.post(f"{case}/dispute", json=said, headers=headers)

    assert told(again) == told(first)
    assert slug(keyless) == "idempotency-key-missing"


def test_an_answer_given_again_shows_the_case_as_it_was(door: Door) -> None:
    anna = door.client(Role.AGENT)
    first = anna.post("/v1/complaints", json=complaint(), headers=KEY)
    taken(anna, first.headers["Location"], "review")

    again = anna.post("/v1/complaints", json=complaint(), headers=KEY)

    assert told(again) == told(first)
    assert anna.get(first.headers["Location"]).json()["version"] == 2


def test_a_change_may_be_sent_again_by_who_saw_it_since(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    first = anna.post(f"{case}/review", headers={"If-Match": '"1"'} | KEY)
    again = anna.post(f"{case}/review", headers={"If-Match": '"2"'} | KEY)

    assert first.status_code == 200
    assert told(again) == told(first)


def test_a_change_needs_no_key(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())
    anna.event_hooks = {}

    assert anna.post(f"{case}/review", headers={"If-Match": '"1"'}).status_code == 200


def test_a_key_names_one_request(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = anna.post("/v1/complaints", json=complaint(), headers=KEY).headers["Location"]

    others = [
        anna.post("/v1/complaints", json=complaint(category="other"), headers=KEY),
        anna.post("/v1/disputes", json=dispute(), headers=KEY),
        anna.post(f"{case}/review", headers={"If-Match": "*"} | KEY),
    ]

    assert [slug(other) for other in others] == ["idempotency-key-reused"] * 3
    assert others[0].status_code == 422
    assert anna.get(case).json()["version"] == 1


def test_everybody_has_keys_of_their_own_and_one_person_the_same_ones(door: Door) -> None:
    anna, marc = (door.client(Role.AGENT, subject_id=name) for name in ("anna", "marc"))
    annas_other_key = door.client(Role.AGENT, subject_id="anna")

    begun = [c.post("/v1/complaints", json=complaint(), headers=KEY) for c in (anna, marc)]
    again = annas_other_key.post("/v1/complaints", json=complaint(), headers=KEY)

    assert begun[0].json()["id"] != begun[1].json()["id"]
    assert told(again) == told(begun[0])


def test_a_refused_request_uses_up_no_key(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())
    taken(anna, case, "review")

    stale = anna.post(f"{case}/escalation", headers={"If-Match": '"1"'} | KEY)
    mended = anna.post(f"{case}/escalation", json={}, headers={"If-Match": '"2"'} | KEY)

    assert slug(stale) == "case-changed"
    assert (mended.status_code, "Idempotency-Replayed" in mended.headers) == (200, False)


@pytest.mark.parametrize("key", ["", " ", "two words", "é", "k" * 256])
def test_a_key_that_cannot_be_read_is_refused(door: Door, key: str) -> None:
    answer = door.client(Role.AGENT).post(
        "/v1/complaints", json=complaint(), headers={b"Idempotency-Key": key.encode()}
    )

    assert (slug(answer), answer.status_code) == ("idempotency-key-unreadable", 400)


def test_a_stranger_is_told_to_come_in_before_anything_else(door: Door) -> None:
    assert slug(door.stranger().post("/v1/complaints", json=complaint())) == "key-missing"


@pytest.mark.parametrize(
    ("body", "same"),
    [
        (b'{"a":1,"b":[1,2]}', True),
        (b'{ "b": [1, 2],\n "a": 1 }', True),
        (b'{"a":1,"b":[2,1]}', False),
        (b'{"a":"1","b":[1,2]}', False),
    ],
)
def test_the_layout_of_a_body_does_not_matter_and_its_content_does(
    body: bytes, *, same: bool
) -> None:
    first = fingerprint("POST", "/v1/complaints", {"a": 1, "b": [1, 2]})

    assert (fingerprint("POST", "/v1/complaints", read_json(body)) == first) is same


def test_saying_nothing_is_said_with_an_empty_body_or_an_empty_object(door: Door) -> None:
    anna = door.client(Role.AGENT)
    begun = begin(anna, "/v1/complaints", complaint())
    headers = {"If-Match": '"1"', "Idempotency-Key": "nothing-said"}

    first = anna.post(f"{begun}/acknowledgement", headers=headers)
    again = anna.post(f"{begun}/acknowledgement", json={}, headers=headers)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_method_and_address_are_part_of_a_request() -> None:
    digests = {fingerprint(m, p, {}) for m in ("POST", "PUT") for p in ("/a", "/b")}

    assert len(digests) == 4
