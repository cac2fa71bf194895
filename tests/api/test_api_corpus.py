"""Nasty values in every field, parameter and header of every operation of the document."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final
from urllib.parse import quote

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.http.permissions import OPEN, permits
from api.http.refusing import MEDIA_TYPE
from application.keys import GRANTABLE, Principal, every_scope
from domain.parties import Role
from tests.api.document import PLACE, Documented, documented
from tests.api.doors import Door
from tests.api.nasty import BLNS, JSON, TEXTS, in_json
from tests.api.requests import LAST_DAY, begin, complaint, dispute, document, line, slug, taken

HEADERS: Final = (
    "Accept",
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "X-Correlation-Id",
    "traceparent",
)
"""Headers that we read, whether or not an operation tells of them."""

CANNOT_TRAVEL: Final = frozenset(b"\r\n\x00")
BEFORE_ANY_OPERATION: Final = {"no-such-address", "method-not-allowed"}
"""A nasty value in a path can lead to another address, or to none."""

FEW: Final = 3
"""Values that are tried at each place in the ordinary run: at each place others."""


@dataclass(frozen=True)
class Attempt:
    """A request with one nasty value."""

    where: str
    url: str
    headers: dict[bytes, bytes]
    body: bytes | None
    text: str | None = None
    """The value, where it is a text that is kept: if it is taken, it reads back."""


@dataclass(frozen=True)
class Ground:
    """A case of each kind, and clients who may do something to them."""

    clients: dict[Role, TestClient]
    ids: dict[str, str]
    keys: Iterator[int]

    def client_for(self, operation: Documented) -> TestClient:
        """Somebody who may do this."""
        role = next(role for role in GRANTABLE if operation.name in OPEN or may(role, operation))
        return self.clients[role]

    def address(self, operation: Documented, **instead: str) -> str:
        """Where the operation is, about the case of its kind."""
        kind = operation.path.split("/")[2] if operation.path.startswith("/v1/") else ""
        known = {name: self.ids.get(kind, "sample") for name in operation.named("path")}
        return operation.path.format(**{**known, **instead})

    def headers(self, operation: Documented) -> dict[bytes, bytes]:
        """What goes with a request that means well."""
        return {
            b"if-match": b"*",
            b"idempotency-key": f"corpus-{next(self.keys)}".encode(),
            **({} if operation.body is None else {b"content-type": b"application/json"}),
        }


def may(role: Role, operation: Documented) -> bool:
    return permits(operation.name, Principal(subject_id="x", role=role, scopes=every_scope(role)))


@pytest.fixture
def ground(door: Door) -> Ground:
    clients = {role: door.client(role) for role in GRANTABLE}
    faye = clients[Role.FINANCE]
    disputed = begin(faye, "/v1/disputes", dispute(lines=[line(open_amount="1000000.00")]))
    asked = taken(faye, disputed, "block-request", review_by=LAST_DAY)
    complained = begin(faye, "/v1/complaints", complaint())
    mirrored = begin(
        faye,
        "/v1/invoices",
        {
            "customer_id": "C-1",
            "document": document(number="9000077"),
            "open_amount": "5.00",
            "currency": "EUR",
        },
    )
    issued = clients[Role.ADMIN].post("/v1/keys", json={"subject_id": "x", "role": "agent"})
    door.projector.catch_up()
    return Ground(
        clients=clients,
        ids={
            "complaints": complained.rpartition("/")[2],
            "cases": complained.rpartition("/")[2],
            "disputes": disputed.rpartition("/")[2],
            "payment-blocks": asked["lines"][0]["blocks"][0]["block_id"],
            "invoices": mirrored.rpartition("/")[2],
            "keys": issued.json()["key"]["key_id"],
        },
        keys=count(),
    )


def attempts(
    ground: Ground, operation: Documented, texts: list[str], junk: list[bytes], *, few: int | None
) -> Iterator[Attempt]:
    """Every place of an operation with all values, or a few."""
    url = ground.address(operation)
    places = [("path", name) for name in operation.named("path")]
    places += [("query", name) for name in (*operation.named("query"), "unknown")]
    places += [("header", name) for name in {*operation.named("header"), *HEADERS}]
    places += [("body", "/".join(place)) for place in operation.places()]
    values: list[str | bytes] = [*texts, *junk]
    sample = operation.sample()
    body = None if sample is None else sample.encode()
    for number, (where, name) in enumerate(sorted(places)):
        if few is not None:
            # Others at each place, so that a run of all operations tries each many times.
            first = len(operation.name) * 31 + number * few
            chosen = [values[(first + step * 29) % len(values)] for step in range(few)]
        else:
            chosen = values
        for value in chosen:
            headers = ground.headers(operation)
            raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
            text = value if isinstance(value, str) else None
            told = f"{where} {name} = {ascii(value)[:60]}"
            if where == "body":
                marked = operation.sample(tuple(name.split("/")))
                assert marked is not None, "only a body has fields"
                inside = in_json(text) if text is not None else raw
                full = marked.encode().replace(in_json(PLACE), inside)
                yield Attempt(told, url, headers, full, text)
            elif where == "header" and not CANNOT_TRAVEL & set(raw):
                yield Attempt(told, url, {**headers, name.lower().encode(): raw[:8_000]}, body)
            elif where == "query":
                yield Attempt(told, f"{url}?{name}={quote(raw[:8_000])}", headers, body)
            elif where == "path":
                there = ground.address(operation, **{name: quote(raw[:2_000], safe="")})
                yield Attempt(told, there, headers, body)


def send(ground: Ground, operation: Documented, attempt: Attempt) -> Response:
    client = ground.client_for(operation)
    return client.request(
        operation.method,
        attempt.url,
        headers=[*attempt.headers.items()],
        content=attempt.body,
    )


def check(operation: Documented, attempt: Attempt, answer: Response) -> None:
    told = f"{operation.method} {operation.path}: {attempt.where}: {answer.text[:300]}"
    # A position that no event has yet is waited for, and that answer is meant.
    assert answer.status_code < 500 or slug(answer) == "not-caught-up", told
    if answer.request.url.path.count("/") == operation.path.count("/"):
        assert str(answer.status_code) in {*operation.responses, "404", "405"}, told
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == MEDIA_TYPE, told
        problem = answer.json()
        assert problem["status"] == answer.status_code, told
        may_be = operation.problems(answer.status_code) | BEFORE_ANY_OPERATION
        assert slug(answer) in may_be, f"{told} is not documented"


def leaves(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every text in an answer."""
    if isinstance(value, dict):
        for child in value.values():  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from leaves(child)
    elif isinstance(value, list):
        for child in value:  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from leaves(child)
    elif isinstance(value, str):
        yield value


def same(kept: str, sent: str) -> bool:
    """Whether what is kept is what was sent, as the documentation says it is kept."""
    if kept == unicodedata.normalize("NFC", sent) or kept == sent.lower():
        return True
    try:
        return datetime.fromisoformat(kept) == datetime.fromisoformat(sent)
    except (ValueError, TypeError):
        return False


def reads_back(ground: Ground, answer: Response, text: str) -> bool:
    """Whether a text stands in the answer, or in what was recorded of the case."""
    told: dict[str, Any] = answer.json()
    found = list(leaves(told))
    for case_id in filter(None, (told.get("id"), told.get("complaint_id"))):
        history = ground.clients[Role.AUDITOR].get(f"/v1/cases/{case_id}/history")
        found += leaves(history.json())
    return any(same(kept, text) for kept in found)


def try_out(
    ground: Ground, operations: list[Documented], texts: list[str], *, few: int | None
) -> tuple[int, int]:
    tried = kept = 0
    for operation in operations:
        for attempt in attempts(ground, operation, texts, JSON, few=few):
            answer = send(ground, operation, attempt)
            check(operation, attempt, answer)
            tried += 1
            if answer.status_code in {200, 201} and attempt.text is not None:
                told = f"{operation.name}: {attempt.where} does not read back"
                assert reads_back(ground, answer, attempt.text), told
                kept += 1
    return tried, kept


def test_the_corpus_is_large_enough() -> None:
    assert len({*TEXTS}) == len(TEXTS)
    assert len({*JSON}) == len(JSON)
    assert len(TEXTS) + len(JSON) >= 80


def test_no_operation_fails_on_a_nasty_value(door: Door, ground: Ground) -> None:
    operations = [operation for operation in documented(door.app) if not operation.streams]

    tried, kept = try_out(ground, operations, TEXTS, few=FEW)

    assert tried > len(operations) * FEW
    assert kept > 50


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4))
def test_no_operation_fails_on_any_nasty_value(door: Door, ground: Ground, part: int) -> None:
    operations = [operation for operation in documented(door.app) if not operation.streams]

    tried, kept = try_out(ground, operations[part::4], TEXTS, few=None)

    assert tried > 5_000
    assert kept > 50


@pytest.mark.parametrize("operation", ["complaints.register", "keys.issue"])
def test_what_people_paste_is_kept_or_refused(door: Door, ground: Ground, operation: str) -> None:
    (one,) = [found for found in documented(door.app) if found.name == operation]

    _, kept = try_out(ground, [one], BLNS[::7], few=None)

    assert kept > 20
