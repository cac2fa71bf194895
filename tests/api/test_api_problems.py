"""Every error has its problem, and a problem tells no more than it should."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import psycopg
import psycopg_pool
import pytest
from eventsourcing.persistence import OperationalError
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool
from starlette.testclient import TestClient

import api
import application
import domain
import infrastructure
from api.http.app import create_app
from api.http.problems import BY_STATUS, PROBLEMS, UNEXPECTED, row_of
from api.http.refusing import tell
from application.errors import ApplicationError, CaseChanged, CaseContended, OutcomeUnknown
from application.once import CommandUnderWay
from application.services import Services
from domain.parties import Role
from domain.refusals import ActionNotAllowed, Refusal, RuleBroken
from infrastructure.postgres.errors import ServerUnsafe
from tests.api.doors import Door
from tests.api.requests import NOBODY, begin, complaint, line, slug, step

Pool = ConnectionPool[Connection[TupleRow]]
STANDARD: Final = {"type", "title", "status", "detail", "instance"}


def walk(error: type[Exception]) -> Iterator[type[Exception]]:
    yield error
    for child in error.__subclasses__():
        yield from walk(child)


def all_errors() -> list[type[Exception]]:
    for package in (domain, application, infrastructure, api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    return [*walk(Refusal), *walk(ApplicationError)]


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_error_of_ours_has_a_problem(error: type[Exception]) -> None:
    row = row_of(error)

    assert row is not UNEXPECTED
    assert 400 <= row.status < 600


@pytest.mark.parametrize("row", [*PROBLEMS.values(), *BY_STATUS.values()], ids=lambda r: r.slug)
def test_a_problem_adds_nothing_under_a_name_of_the_standard(row: Any) -> None:  # noqa: ANN401 - a row
    assert not {shown.partition("=")[0] for shown in row.shown} & STANDARD


def test_a_kind_of_problem_has_one_name() -> None:
    rows = [*PROBLEMS.values(), *BY_STATUS.values(), UNEXPECTED]

    assert len({row.slug for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("error", "status", "again"),
    [
        (CaseContended(8), 503, "1"),
        (CommandUnderWay(), 409, "1"),
        (OutcomeUnknown(), 503, None),
        (ServerUnsafe("fsync is off on db-7"), 503, "1"),
        (psycopg.OperationalError("connection to db-7 failed"), 503, "1"),
        (psycopg_pool.PoolTimeout("no connection to db-7"), 503, "1"),
        (OperationalError("connection to db-7 failed"), 503, "1"),
        (ZeroDivisionError("of db-7"), 500, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_we_cannot_serve_now_says_whether_to_try_again_and_not_why(
    error: Exception, status: int, again: str | None
) -> None:
    answer = tell(error, {})

    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == again
    assert b"db-7" not in bytes(answer.body)


@pytest.mark.parametrize(
    ("error", "status"),
    [(RuntimeError("secret of db-7"), 500), (psycopg.OperationalError("db-7"), 503)],
)
def test_what_goes_wrong_inside_is_a_problem_without_its_text(
    services: Services, error: Exception, status: int
) -> None:
    app = create_app(services)

    @app.get("/fails", operation_id="health.live")
    def fails() -> None:
        raise error

    answer = TestClient(app, raise_server_exceptions=False).get("/fails")

    assert answer.status_code == status
    assert slug(answer) in {"unexpected", "unavailable"}
    assert "db-7" not in answer.text
    assert UUID(answer.json()["correlation_id"]) == UUID(answer.headers["X-Correlation-Id"])


def test_a_step_that_is_not_allowed_now_says_what_is(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    answer = step(anna, case, "response-acceptance")

    assert (slug(answer), answer.status_code) == ("action-not-allowed", 409)
    problem = answer.json()
    assert (problem["action"], problem["case_status"], problem["role"]) == (
        "accept_response",
        "received",
        "agent",
    )
    offered = [link["name"] for link in anna.get(case).json()["allowed_actions"]]
    assert problem["allowed"] == offered


def test_a_broken_rule_is_named(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    answer = step(anna, case, "contacts", direction="inbound", reached="no", channel="phone")

    assert (slug(answer), answer.status_code) == ("rule-broken", 422)
    assert answer.json()["rule"] == "inbound-always-reaches"


def test_nothing_is_recorded_before_it_happens(door: Door) -> None:
    answer = door.client(Role.AGENT).post(
        "/v1/complaints", json=complaint(occurred_at="2199-01-01T00:00:00Z")
    )

    assert slug(answer) == "occurred-in-the-future"


def test_a_case_is_looked_for_among_its_kind(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    assert slug(anna.get(f"/v1/complaints/{NOBODY}")) == "case-not-found"
    assert slug(anna.get(case.replace("complaints", "disputes"))) == "case-not-found"


def test_an_invoice_line_is_mirrored_once(door: Door) -> None:
    erp = door.client(Role.CONNECTOR)
    said = {key: line()[key] for key in ("document", "open_amount", "currency")}
    first = erp.post("/v1/invoices", json={**said, "customer_id": "C-1"})

    again = erp.post("/v1/invoices", json={**said, "customer_id": "C-1"})

    assert first.status_code == 201
    assert (slug(again), again.status_code) == ("already-exists", 409)


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("GET", "/v1/nothing", {}, "no-such-address"),
        ("GET", "/v1/cases/", {}, "no-such-address"),
        ("PUT", "/v1/complaints", {}, "method-not-allowed"),
        ("GET", "/v1/cases", {"Accept": "text/html"}, "not-acceptable"),
        ("GET", "/v1/cases", {"Accept": "application/json;q=0"}, "not-acceptable"),
        ("GET", "/v1/cases", {"X-Correlation-Id": "x"}, "correlation-unreadable"),
        ("GET", "/v1/cases?cursor=nonsense", {}, "bad-cursor"),
        ("GET", "/v1/cases?colour=blue", {}, "invalid"),
        ("GET", "/v1/complaints/7", {}, "invalid"),
    ],
)
def test_a_request_that_leads_nowhere_is_a_problem(
    door: Door, method: str, path: str, headers: dict[str, str], expected: str
) -> None:
    answer = door.client(Role.AGENT).request(method, path, headers=headers)

    assert slug(answer) == expected
    assert (answer.headers.get("Allow") is not None) == (expected == "method-not-allowed")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_json_is_not_read(door: Door, content_type: str) -> None:
    answer = door.client(Role.AGENT).post(
        "/v1/complaints", content=b"{}", headers={"Content-Type": content_type}
    )

    assert slug(answer) == "unsupported-content"


DEEP: Final = b"[" * 100_000
HOSTILE: Final = {
    "nothing": b"",
    "not JSON": b"{",
    "not an object": b"[]",
    "null": b"null",
    "NaN": b'{"text": NaN}',
    "infinity": b'{"text": -Infinity, "category": 1e999}',
    "NUL": rb'{"customer_id": "a\u0000b"}',
    "lone surrogate": rb'{"customer_id": "\ud800", "\udfff": 1}',
    "endless number": b'{"text": ' + b"9" * 5_000 + b"}",
    "too large": b'{"text": "' + b"x" * 2_000_000 + b'"}',
    "deep": DEEP,
    "not UTF-8": b'{"text": "\xff"}',
    "control": rb'{"text": "\u001b[2J"}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused(door: Door, name: str) -> None:
    answer = door.client(Role.AGENT).post(
        "/v1/complaints", content=HOSTILE[name], headers={"Content-Type": "application/json"}
    )

    assert 400 <= answer.status_code < 500, answer.text
    assert slug(answer) in {"invalid", "body-unreadable", "body-too-large"}
    json.loads(answer.content)


def test_a_body_without_a_length_is_measured(door: Door) -> None:
    parts = (b" " * 100_000 for _ in range(20))

    answer = door.client(Role.AGENT).post(
        "/v1/complaints", content=parts, headers={"Content-Type": "application/json"}
    )

    assert (slug(answer), answer.status_code) == ("body-too-large", 413)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers/%00/contacts",
        "/v1/customers/%ED%A0%80%00/contacts",
        "/v1/cases?q=%00",
        "/v1/cases?q=%FF%00",
        "/v1/cases?limit=99999999999999999999",
        "/v1/cases?limit=0",
        "/v1/cases?open=maybe",
        "/v1/cases?order=random",
        "/v1/cases?after_position=9223372036854775808",
        "/v1/blocked-payments?valid_at=yesterday",
        "/v1/blocked-payments?valid_at=0001-01-01",
        "/v1/blocked-payments?valid_at=2026-01-01T00:00:00",
        "/v1/blocked-payments?valid_at=2026-13-01",
        "/v1/blocked-payments?valid_at=1767225600",
        "/v1/blocked-payments?known_at=9999-12-31T23:59:59-14:00",
        "/v1/blocked-payments?by=person",
        f"/v1/complaints/{NOBODY}?version=2147483648",
        f"/v1/complaints/{NOBODY}?version=0",
        f"/v1/complaints/{NOBODY}?version=one",
    ],
)
def test_a_hostile_question_is_refused(door: Door, path: str) -> None:
    assert slug(door.client(Role.AGENT).get(path)) == "invalid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 100.0),
        ("amount", 100),
        ("amount", "1e3"),
        ("amount", "100.00001"),
        ("amount", "-5"),
        ("amount", "\u0661\u0660\u0660"),  # digits, but not ours
        ("amount", "NaN"),
        ("amount", "9" * 30),
        ("currency", "eur"),
        ("due_on", 20_000),
        ("due_on", "2026-02-30"),
        ("due_on", "0001-01-01"),
        ("document", {"system": "S4", "company_code": "FR01", "number": "1", "line": 1.5}),
        ("document", {"system": "S4", "company_code": "FR01", "number": "1", "line": "1"}),
        ("document", {"system": "S4", "company_code": "FR01", "number": "1", "line": 2**63 - 1}),
        ("document", {"system": "", "company_code": " ", "number": "1"}),
        ("reason_code", True),
    ],
)
def test_a_value_that_only_resembles_what_is_asked_for_is_refused(
    door: Door, field: str, value: object
) -> None:
    answer = door.client(Role.FINANCE).post(
        "/v1/disputes",
        json={"customer_id": "C-1", "reason_code": "r", "lines": [line(**{field: value})]},
    )

    assert slug(answer) == "invalid"
    pointers = [fault["pointer"] for fault in answer.json()["errors"]]
    assert all(pointer.startswith(f"/lines/0/{field}") for pointer in pointers), pointers


def test_a_refused_body_is_not_echoed(door: Door) -> None:
    answer = door.client(Role.AGENT).post(
        "/v1/complaints",
        json=complaint(language="Klingon", occurred_at="Klingon", text=["Klingon"]),
    )

    assert slug(answer) == "invalid"
    assert "Klingon" not in answer.text
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/language",
        "/occurred_at",
        "/text",
    }


def test_an_amount_finer_than_its_currency_breaks_a_rule(door: Door) -> None:
    answer = door.client(Role.FINANCE).post(
        "/v1/disputes",
        json={"customer_id": "C-1", "reason_code": "r", "lines": [line(amount="1.001")]},
    )

    assert (slug(answer), answer.json()["rule"]) == ("rule-broken", "wrong-precision")


def test_the_roots_cover_what_no_row_names() -> None:
    class NewRule(RuleBroken):
        """A rule of tomorrow."""

    assert row_of(NewRule) is PROBLEMS[RuleBroken]
    assert row_of(ActionNotAllowed) is PROBLEMS[ActionNotAllowed]
    assert row_of(CaseChanged) is PROBLEMS[CaseChanged]


def test_an_outage_is_answered_and_not_thrown_on_at_the_server(door: Door, pool: Pool) -> None:
    # Thrown on, it would end the caller's connection.
    anna = door.client(Role.AGENT)
    before = anna.get("/v1/cases")
    pool.close()

    away = anna.get("/v1/cases")

    assert before.status_code == 200
    assert (slug(away), away.status_code) == ("unavailable", 503)


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("PATCH", "/v1/complaints", "POST"),
        ("PATCH", "/v1/webhooks", "GET, POST"),
        ("POST", f"/v1/webhooks/{NOBODY}", "DELETE, GET, PUT"),
        ("PUT", f"/v1/disputes/{NOBODY}/approval", "GET, POST"),
    ],
)
def test_a_refused_method_is_told_of_all_that_the_address_takes(
    door: Door, method: str, address: str, allowed: str
) -> None:
    answer = door.client(Role.ADMIN).request(method, address)

    assert slug(answer) == "method-not-allowed"
    assert answer.headers["Allow"] == allowed
