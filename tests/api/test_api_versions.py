"""Who changes a case says which version they saw; who asks may ask for an earlier one."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from application.recorded import RecordedEvent
from application.replay import Moment, history_until, state_as_of
from domain.complaints.complaint import Complaint
from domain.complaints.events import ComplaintAcknowledged, ReviewStarted
from domain.event import Event
from domain.parties import Role
from tests import examples
from tests.api.doors import Door
from tests.api.requests import begin, complaint, dispute, slug, taken

LONG_AGO: Final = "2026-01-05T08:00:00Z"
LATER: Final = "2026-02-05T08:00:00Z"


def test_a_case_answer_carries_its_version(door: Door) -> None:
    anna = door.client(Role.AGENT)
    created = anna.post("/v1/complaints", json=complaint())
    case = created.headers["Location"]

    changed = anna.post(f"{case}/review", headers={"If-Match": created.headers["ETag"]})

    assert created.headers["ETag"] == '"1"'
    assert (changed.status_code, changed.headers["ETag"], changed.json()["version"]) == (
        200,
        '"2"',
        2,
    )
    assert int(changed.headers["X-Position"]) > int(created.headers["X-Position"])
    assert "Location" not in changed.headers


def test_a_change_without_a_version_is_refused(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    answer = anna.post(f"{case}/review")

    assert (slug(answer), answer.status_code) == ("version-missing", 428)


@pytest.mark.parametrize("version", ["1", "one", '"1" "2"', '"1",', 'w/"1"', '"1", *', ""])
def test_a_version_that_cannot_be_read_is_refused(door: Door, version: str) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    answer = anna.post(f"{case}/review", headers={"If-Match": version})

    assert (slug(answer), answer.status_code) == ("version-unreadable", 400)


@pytest.mark.parametrize("version", ['W/"1"', '"one"', '"0"', '"01"', '"99999999999"', '""'])
def test_a_tag_that_no_case_has_matches_none(door: Door, version: str) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    answer = anna.post(f"{case}/review", headers={"If-Match": version})

    assert (slug(answer), answer.status_code) == ("version-unmatched", 412)
    assert anna.get(case).json()["version"] == 1


@pytest.mark.parametrize(
    ("seen", "status"),
    [('"1", "2"', 200), ('"7","2"', 200), ('W/"1", "2"', 200), ('"1", "7"', 412), ('"1"', 412)],
)
def test_of_several_versions_the_last_one_must_be_among_them(
    door: Door, seen: str, status: int
) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())
    taken(anna, case, "acknowledgement")

    answer = anna.post(f"{case}/review", headers={"If-Match": seen})

    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("has", "status"),
    [('"2"', 304), ('W/"2"', 304), ('"1", "2"', 304), ("*", 304), ('"1"', 200), ('"other"', 200)],
)
def test_who_has_the_version_of_a_case_is_told_only_that_it_is_the_last(
    door: Door, has: str, status: int
) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())
    taken(anna, case, "review")

    answer = anna.get(case, headers={"If-None-Match": has})

    assert (answer.status_code, answer.headers["ETag"]) == (status, '"2"')
    assert (answer.content == b"") is (status == 304)


def test_what_a_caller_has_cannot_be_told_without_tags(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    assert slug(anna.get(case, headers={"If-None-Match": "2"})) == "version-unreadable"


def test_a_stale_version_is_refused_with_what_happened_since(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())
    taken(anna, case, "acknowledgement")
    taken(anna, case, "review")

    answer = anna.post(f"{case}/escalation", headers={"If-Match": '"1"'})

    assert (slug(answer), answer.status_code) == ("case-changed", 412)
    problem = answer.json()
    assert (problem["expected_version"], problem["current_version"]) == (1, 3)
    assert [(e["version"], e["type"], e["role"]) for e in problem["since"]] == [
        (2, "complaint.acknowledged", "agent"),
        (3, "complaint.review_started", "agent"),
    ]
    assert all(e["recorded_at"] >= e["occurred_at"] for e in problem["since"])
    assert problem["changes"] == {"status": {"was": "received", "now": "in_progress"}}
    assert anna.get(case).json()["status"] == "in_progress"


def test_who_decides_again_is_told_what_changed_in_the_lines_of_a_dispute(door: Door) -> None:
    faye = door.client(Role.FINANCE)
    case = begin(faye, "/v1/disputes", dispute())
    (line_before,) = faye.get(case).json()["lines"]
    taken(faye, case, "line-reduction", line_id=line_before["line_id"], amount="30.00")

    answer = faye.post(f"{case}/withdrawal", headers={"If-Match": '"1"'})

    (line_now,) = faye.get(case).json()["lines"]
    assert answer.json()["changes"] == {"lines": {"was": [line_before], "now": [line_now]}}
    assert (line_before["current"], line_now["current"]) == ("100.00", "70.00")


def test_a_version_that_is_not_yet_is_stale_too(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    answer = anna.post(f"{case}/escalation", headers={"If-Match": '"7"'})

    assert slug(answer) == "case-changed"
    assert (answer.json()["since"], answer.json()["changes"]) == ([], {})


def test_any_version_is_changed_by_who_says_so(door: Door) -> None:
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint())

    assert anna.post(f"{case}/review", headers={"If-Match": "*"}).status_code == 200


def test_what_joins_the_events_of_a_request_is_told_back_and_recorded(door: Door) -> None:
    anna = door.client(Role.AGENT)
    given = "01961f5e-0000-7000-8000-00000000cafe"

    answer = anna.post("/v1/complaints", json=complaint(), headers={"X-Correlation-Id": given})
    made = anna.get(answer.headers["Location"]).headers["X-Correlation-Id"]

    case = answer.headers["Location"].replace("complaints", "cases")
    (event,) = anna.get(f"{case}/history").json()
    assert answer.headers["X-Correlation-Id"] == given
    assert event["envelope"]["correlation_id"] == given
    assert UUID(made) != UUID(given)


def test_the_circumstances_of_a_command_are_recorded(door: Door) -> None:
    anna = door.client(Role.AGENT)
    photo = {"sha256": "5e" * 32, "media_type": "image/jpeg", "name": "pallet.jpg"}
    said = complaint(
        occurred_at="2026-01-05T09:00:00+01:00", channel="letter", reason="VIP", evidence=[photo]
    )

    case = begin(anna, "/v1/complaints", said)

    (event,) = anna.get(f"{case.replace('complaints', 'cases')}/history").json()
    told = event["envelope"]
    assert (told["occurred_at"], told["channel"], told["reason"]) == (LONG_AGO, "letter", "VIP")
    assert told["evidence"] == [photo]
    assert event["event"]["first_received_at"] == LONG_AGO


@pytest.fixture
def backdated(door: Door) -> str:
    """A complaint of January that was reviewed in February, all of it recorded today."""
    anna = door.client(Role.AGENT)
    case = begin(anna, "/v1/complaints", complaint(occurred_at=LONG_AGO))
    taken(anna, case, "review", occurred_at=LATER)
    return case


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({}, "in_progress"),
        ({"version": "1"}, "received"),
        ({"version": "2"}, "in_progress"),
        ({"occurred_at": "2026-01-31"}, "received"),
        ({"occurred_at": "2026-02-05"}, "in_progress"),
        ({"occurred_at": LATER}, "in_progress"),
        ({"recorded_at": "2199-01-01"}, "in_progress"),
        ({"version": "2", "occurred_at": "2026-01-31"}, "received"),
    ],
)
def test_a_case_is_shown_as_it_was(
    door: Door, backdated: str, question: dict[str, str], status: str
) -> None:
    answer = door.client(Role.AUDITOR).get(backdated, params=question)

    assert answer.json()["status"] == status
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'


@pytest.mark.parametrize(
    "question",
    [{"version": "3"}, {"occurred_at": "2026-01-04"}, {"recorded_at": "2026-01-31"}],
)
def test_a_case_that_was_not_yet_is_not_shown(
    door: Door, backdated: str, question: dict[str, str]
) -> None:
    answer = door.client(Role.AUDITOR).get(backdated, params=question)

    assert (slug(answer), answer.json()["current_version"]) == ("no-such-moment", 2)


def test_nothing_can_be_done_with_an_earlier_state(door: Door, backdated: str) -> None:
    anna = door.client(Role.AGENT)

    assert anna.get(backdated).json()["allowed_actions"] != []
    assert anna.get(backdated, params={"version": "1"}).json()["allowed_actions"] == []


def recorded(*facts: tuple[Event, datetime, datetime]) -> list[RecordedEvent]:
    """A history of facts: what, when it happened, when we learnt it."""
    return [
        RecordedEvent(
            position=version,
            recorded_at=learnt,
            stream_id=examples.COMPLAINT_ID,
            version=version,
            event=event,
            envelope=examples.envelope(occurred_at=happened),
        )
        for version, (event, happened, learnt) in enumerate(facts, start=1)
    ]


HISTORY: Final = recorded(
    (examples.registered(), examples.MONDAY, examples.MONDAY),
    (ReviewStarted(), examples.FRIDAY, examples.FRIDAY),
    (ComplaintAcknowledged(), examples.TUESDAY, examples.FRIDAY + timedelta(days=1)),
)


@pytest.mark.parametrize(
    ("moment", "length"),
    [
        (Moment(), 3),
        (Moment(version=2), 2),
        (Moment(recorded_until=examples.MONDAY), 1),
        (Moment(recorded_until=examples.FRIDAY), 2),
        (Moment(occurred_until=examples.FRIDAY), 3),
        (Moment(occurred_until=examples.MONDAY - timedelta(seconds=1)), 0),
        (Moment(version=3, recorded_until=examples.TUESDAY), 1),
    ],
)
def test_what_counts_at_a_moment_is_a_beginning_of_the_history(moment: Moment, length: int) -> None:
    assert history_until(HISTORY, moment) == HISTORY[:length]


def test_a_fact_told_late_does_not_count_before_those_that_it_was_decided_on() -> None:
    then = state_as_of(Complaint, HISTORY, Moment(occurred_until=examples.TUESDAY))

    assert then is not None
    assert then.version == 1
