"""Each request has a name that its answer, its events and its log line say, and it is counted."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from api.http.measuring import Outcome, outcome_of
from api.http.problems import BY_STATUS, PROBLEMS, UNEXPECTED
from api.http.tracing import trace_of
from domain.parties import Role
from infrastructure.logs import LogLevel, start_logging
from tests.api.doors import Door
from tests.api.requests import begin, complaint, step

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
PERSONAL = "Durand-Lilas"
"""Somebody's name, wherever a caller can write one."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root, out = logging.root, io.StringIO()
    handlers, level = root.handlers[:], root.level
    start_logging(None, level=LogLevel.DEBUG, stream=out)
    yield out
    root.handlers[:], root.level = handlers, level
    for name in ("recours", "api", "application", "infrastructure"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def requests(log: io.StringIO) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in told if line["message"] == "request"]


def test_a_request_is_named_in_its_answer_its_events_and_its_log_line(
    door: Door, log: io.StringIO
) -> None:
    anna = door.client(Role.AGENT)
    begun = anna.post("/v1/complaints", json=complaint())
    address = begun.headers["Location"]
    again = anna.get(address)

    first, second = UUID(begun.headers["X-Request-Id"]), UUID(again.headers["X-Request-Id"])
    case_id = UUID(address.rpartition("/")[2])
    (recorded,) = door.services.cases.history(case_id)
    assert first != second
    assert recorded.envelope.causation_id == f"request:{first}"
    wrote, read = requests(log)
    assert wrote["request_id"] == str(first)
    assert wrote["correlation_id"] == begun.headers["X-Correlation-Id"]
    assert (wrote["operation"], wrote["status"], wrote["role"]) == (
        "complaints.register",
        201,
        "agent",
    )
    assert read["bytes"] == len(again.content)


def test_a_request_that_finds_nothing_is_named_too(door: Door) -> None:
    stranger = door.stranger()
    named = [stranger.get(path).headers["X-Request-Id"] for path in ("/nothing", "/v1/cases")]

    assert UUID(named[0]) != UUID(named[1])


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (PARENT, TRACE),
        (f"01-{TRACE}-b7ad6b7169203331-01-what-comes-later", TRACE),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-b7ad6b7169203331-01-more", None),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", None),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE}-01", None),
        ("", None),
    ],
)
def test_a_trace_is_read_as_the_standard_says_and_a_malformed_one_ignored(
    header: str, trace: str | None
) -> None:
    found = trace_of([(b"accept", b"*/*"), (b"traceparent", header.encode())])

    assert found == (None if trace is None else UUID(trace))


def test_two_traces_are_none() -> None:
    assert trace_of([(b"traceparent", PARENT.encode())] * 2) is None


def test_a_trace_becomes_the_correlation_unless_one_is_named(door: Door) -> None:
    anna, named = door.client(Role.AGENT), str(UUID(int=7))
    traced = anna.get("/v1/cases", headers={"traceparent": PARENT})
    both = anna.get("/v1/cases", headers={"traceparent": PARENT, "X-Correlation-Id": named})
    malformed = anna.get("/v1/cases", headers={"traceparent": "00-x"})

    assert traced.headers["X-Correlation-Id"] == str(UUID(TRACE))
    assert both.headers["X-Correlation-Id"] == named
    assert malformed.status_code == 200


def test_the_log_holds_no_personal_text_and_no_secret(door: Door, log: io.StringIO) -> None:
    anna = door.client(Role.AGENT)
    secret = anna.headers["Authorization"].removeprefix("Bearer ")
    case = begin(anna, "/v1/complaints", complaint(customer_id=PERSONAL, text=PERSONAL))
    anna.get(f"/v1/customers/{PERSONAL}/contacts")
    anna.get("/v1/cases", params={"q": PERSONAL, "customer": PERSONAL, "cursor": PERSONAL})
    anna.get(f"/{PERSONAL}")
    anna.request(PERSONAL.upper(), "/v1/cases")
    anna.get(
        "/v1/cases", headers={"Accept": PERSONAL, "User-Agent": PERSONAL, "If-Match": PERSONAL}
    )
    anna.get("/v1/cases", headers={"X-Correlation-Id": PERSONAL, "traceparent": PERSONAL})
    anna.get("/v1/cases", headers={"X-Request-Id": PERSONAL, "Authorization": f"Bearer {PERSONAL}"})
    anna.post("/v1/complaints", json={PERSONAL: PERSONAL})
    anna.post("/v1/complaints", json=complaint(language=PERSONAL, reason=PERSONAL))
    step(anna, case, "notes", text=PERSONAL, reason=PERSONAL)
    step(anna, case, "response-acceptance", reason=PERSONAL)

    assert len(requests(log)) > 12
    assert PERSONAL.lower() not in log.getvalue().lower()
    assert secret not in log.getvalue()


def test_an_unexpected_error_is_logged_with_its_request_and_without_its_words(
    door: Door, log: io.StringIO
) -> None:
    @door.app.get("/fails", operation_id="health.live")
    def fails() -> None:
        raise RuntimeError(PERSONAL)

    answer = door.stranger(raising=False).get("/fails")

    told = [json.loads(line) for line in log.getvalue().splitlines()]
    (unexpected,) = [line for line in told if line["message"] == "unexpected"]
    assert answer.status_code == 500
    assert unexpected["request_id"] == answer.headers["X-Request-Id"]
    assert unexpected["operation"] == "health.live"
    assert unexpected["error"][0]["type"] == "RuntimeError"
    assert requests(log)[-1]["level"] == "error"
    assert PERSONAL not in log.getvalue()


def test_probes_are_not_told_at_the_ordinary_level(door: Door, log: io.StringIO) -> None:
    door.stranger().get("/healthz")

    assert [line["level"] for line in requests(log)] == ["debug"]


def test_every_status_that_a_problem_can_have_is_an_outcome_of_its_own_kind() -> None:
    rows = [*PROBLEMS.values(), *BY_STATUS.values(), UNEXPECTED]
    outcomes = {row.status: outcome_of(row.status) for row in rows}

    assert Outcome.RECORDED not in outcomes.values()
    assert (outcome_of(200), outcome_of(201)) == (Outcome.RECORDED, Outcome.RECORDED)
    assert (outcomes[500], outcomes[503]) == (Outcome.FAILED, Outcome.UNAVAILABLE)
    assert (outcomes[409], outcomes[412]) == (Outcome.REFUSED, Outcome.STALE)


def test_requests_and_commands_are_counted_by_operation(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())
    step(anna, case, "response-acceptance")
    anna.get(f"/v1/customers/{PERSONAL}/contacts")
    anna.get("/nowhere")

    counted = door.client(Role.AUDITOR).get("/metrics")
    text = counted.text
    assert counted.headers["Content-Type"].startswith("text/plain")
    assert 'recours_commands_total{operation="complaints.register",outcome="recorded"} 1.0' in text
    assert (
        'recours_commands_total{operation="complaints.accept_response",outcome="refused"} 1.0'
        in text
    )
    assert 'recours_http_requests_total{operation="none",status="404"} 1.0' in text
    assert 'recours_http_request_seconds_count{operation="complaints.register"} 1.0' in text
    assert "recours_http_requests_in_flight 1.0" in text
    assert "process_resident_memory_bytes" in text
    assert PERSONAL not in text


def test_metrics_are_for_those_who_may_read_them(door: Door) -> None:
    assert door.stranger().get("/metrics").status_code == 401
    assert door.client(Role.AGENT).get("/metrics").status_code == 403
