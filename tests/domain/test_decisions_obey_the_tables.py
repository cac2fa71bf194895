"""Every decision is tried in every status by every role: the table alone says what may happen."""

from enum import StrEnum

import pytest

from domain.lifecycle import STAY
from domain.parties import Role
from domain.refusals import ActionNotAllowed
from tests.domain.tables import COMPLAINT, KINDS, QUESTIONS, Kind, named, standings
from tests.examples import STAFF


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_every_action_has_a_decision_of_its_name_and_every_decision_is_an_action(
    kind: Kind,
) -> None:
    assert set(kind.decisions()) == set(kind.actions)


@pytest.mark.parametrize(("kind", "action", "status"), QUESTIONS, ids=named)
def test_every_decision_obeys_the_table(kind: Kind, action: str, status: StrEnum) -> None:
    steps = [s for s in kind.table.steps if s.action == action and status in s.sources]
    for standing in standings(kind.table, status):
        for actor in STAFF:
            allowed = kind.table.actions(status, role=actor.role)
            if action in allowed:
                decided = kind.decide(action, standing=standing, by=actor)
                assert {type(event) for event in decided} & {step.event for step in steps}
                continue
            with pytest.raises(ActionNotAllowed) as refused:
                kind.decide(action, standing=standing, by=actor)
            assert refused.value.action == action
            assert refused.value.status == status
            assert refused.value.role == actor.role
            assert refused.value.allowed == allowed


@pytest.mark.parametrize(("kind", "action", "status"), QUESTIONS, ids=named)
def test_what_a_decision_records_leads_where_the_table_says(
    kind: Kind,
    action: str,
    status: StrEnum,
) -> None:
    steps = [s for s in kind.table.steps if s.action == action and status in s.sources]
    targets = {target for step in steps for target in kind.table.destinations(step, status)}
    # Where the ERP holds nothing, letting go and the release are one decision.
    skips = {
        target
        for step in kind.table.steps
        if step.to is not STAY and not targets.isdisjoint(step.sources)
        for target in kind.table.destinations(step, status)
    }
    for standing in standings(kind.table, status):
        for actor in STAFF:
            if action not in kind.table.actions(status, role=actor.role):
                continue
            moved = standing
            decided = kind.decide(action, standing=standing, by=actor)
            for event in decided:
                moved = kind.table.move(moved, type(event))
            assert moved.status in (targets if len(decided) == 1 else targets | skips)


def test_a_complaint_that_becomes_a_dispute_is_escalated_on_the_way() -> None:
    received, escalated = COMPLAINT.table.initial, COMPLAINT.table.steps[7].to
    assert isinstance(escalated, StrEnum)

    for status, recorded in (
        (received, ["complaint.escalated", "complaint.dispute_opened"]),
        (escalated, ["complaint.dispute_opened"]),
    ):
        (standing,) = standings(COMPLAINT.table, status)
        decided = COMPLAINT.decide("open_dispute", standing=standing, by=STAFF[0])
        assert [event.type for event in decided] == recorded


def test_a_refusal_names_what_is_allowed_instead() -> None:
    (standing,) = standings(COMPLAINT.table, COMPLAINT.table.initial)

    with pytest.raises(ActionNotAllowed, match=r"accept_response .* allowed now: acknowledge, "):
        COMPLAINT.decide("accept_response", standing=standing, by=STAFF[0])


def test_somebody_of_every_role_tries() -> None:
    assert {actor.role for actor in STAFF} == set(Role)
