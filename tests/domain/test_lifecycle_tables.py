"""What holds for each of the three tables, and for any table."""

from collections import defaultdict
from enum import StrEnum
from typing import Any, Final, cast

import pytest

from domain.blocks.lifecycle import Status as Block
from domain.complaints.lifecycle import Status as Complaint
from domain.disputes.lifecycle import Status as Dispute
from domain.event import Event
from domain.lifecycle import STAY, Back, Lifecycle, Standing, Step
from domain.parties import ACTS_FOR, Party, Role
from domain.refusals import ActionNotAllowed
from infrastructure.event_store.event_types import events_in
from tests.domain.tables import KINDS, QUESTIONS, Kind, Table, named
from tests.examples import BY_ROLE

every_kind = pytest.mark.parametrize("kind", KINDS, ids=named)

MOST_STANDINGS: Final = 500
"""Interruptions nest two or three deep; a table that nests them without end is wrong."""

CUSTOMER_MOVES: Final[dict[str, dict[StrEnum, tuple[str, ...]]]] = {
    "complaint": {
        Complaint.RECEIVED: ("escalate", "withdraw"),
        Complaint.ACKNOWLEDGED: ("escalate", "withdraw"),
        Complaint.IN_PROGRESS: ("escalate", "withdraw"),
        Complaint.AWAITING_CUSTOMER: ("provide_information", "escalate", "withdraw"),
        Complaint.AWAITING_INTERNAL: ("escalate", "withdraw"),
        Complaint.ESCALATED: ("withdraw", "refer_to_mediator"),
        Complaint.IN_DISPUTE: ("refer_to_mediator",),
        Complaint.RESPONDED: (
            "escalate",
            "accept_response",
            "contest_response",
            "withdraw",
            "refer_to_mediator",
        ),
        Complaint.IN_MEDIATION: ("leave_mediation",),
        Complaint.CLOSED: ("refer_to_mediator", "reopen"),
    },
    "dispute": {
        Dispute.OPENED: ("withdraw",),
        Dispute.BLOCK_PENDING: ("withdraw",),
        Dispute.BLOCK_FAILED: ("withdraw",),
        Dispute.PAYMENT_BLOCKED: ("refer_to_mediator", "start_litigation", "withdraw"),
        Dispute.AWAITING_CUSTOMER: ("provide_information", "withdraw"),
        Dispute.AWAITING_APPROVAL: ("withdraw",),
        Dispute.SETTLEMENT_OFFERED: (
            "customer_accepts",
            "customer_refuses",
            "refer_to_mediator",
            "withdraw",
        ),
        Dispute.UNFOUNDED: ("contest", "refer_to_mediator", "start_litigation", "withdraw"),
        Dispute.IN_MEDIATION: ("start_litigation",),
        Dispute.RESOLVED: ("refer_to_mediator", "reopen"),
        Dispute.CLOSED: ("refer_to_mediator", "reopen"),
    },
    "block": {},
}
"""In which statuses the customer can move the case, and how. A customer who cannot act in a status
waits for somebody else there: look twice before taking a row away."""

OTHERS_MOVE: Final[dict[str, dict[StrEnum, tuple[Party, ...]]]] = {
    "complaint": {},
    "dispute": {
        Dispute.SETTLING: (Party.SYSTEM, Party.ERP),
        Dispute.IN_LITIGATION: (Party.SYSTEM, Party.ERP, Party.COURT),
        Dispute.RELEASE_PENDING: (Party.SYSTEM, Party.ERP),
        Dispute.RELEASE_FAILED: (Party.FINANCE, Party.ERP),
        Dispute.VOIDED: (Party.AGENT,),
    },
    "block": {
        Block.REQUESTED: (Party.MANAGER, Party.FINANCE, Party.SYSTEM),
        Block.SENT: (Party.MANAGER, Party.FINANCE, Party.SYSTEM, Party.ERP),
        Block.CONFIRMED: (Party.SYSTEM, Party.ERP),
        Block.REJECTED: (Party.MANAGER, Party.FINANCE),
        Block.UNCONFIRMED: (Party.MANAGER, Party.FINANCE, Party.SYSTEM, Party.ERP),
        Block.DRIFTED: (Party.MANAGER, Party.FINANCE, Party.SYSTEM),
        Block.RELEASE_REQUESTED: (Party.SYSTEM, Party.ERP),
        Block.RELEASE_UNCONFIRMED: (Party.SYSTEM, Party.ERP),
    },
}
"""Who moves the case where the customer cannot."""


def reachable(table: Table) -> set[Standing[StrEnum]]:
    """Everywhere a case can come to stand, with all that it remembers of interruptions."""
    start: Standing[StrEnum] = Standing(table.initial)
    seen, fresh = {start}, [start]
    while fresh:
        standing = fresh.pop()
        for step in table.steps:
            if standing.status not in step.sources:
                continue
            moved = table.move(standing, step.event)
            if moved not in seen:
                seen.add(moved)
                fresh.append(moved)
        assert len(seen) <= MOST_STANDINGS, f"{table.name}: interruptions nest without end"
    return seen


@every_kind
def test_every_status_can_be_reached(kind: Kind) -> None:
    assert {standing.status for standing in reachable(kind.table)} == set(kind.table.statuses)


@every_kind
def test_every_status_offers_somebody_a_next_step_unless_it_is_a_declared_end(kind: Kind) -> None:
    stuck = {status for status in kind.table.statuses if not kind.table.next_steps(status)}

    assert stuck <= set(kind.table.ends)


@every_kind
def test_every_step_can_be_recorded_by_some_role(kind: Kind) -> None:
    nobody = [
        step.action
        for step in kind.table.steps
        if not any(not parties.isdisjoint(step.who) for parties in ACTS_FOR.values())
    ]

    assert nobody == []


@every_kind
def test_an_interruption_leads_back_where_its_table_says_it_may(kind: Kind) -> None:
    for standing in reachable(kind.table):
        for step in kind.table.steps:
            if isinstance(step.to, Back) and standing.status in step.sources:
                assert standing.resume, f"{standing.status} does not know where to lead back"
                assert standing.resume[-1] in kind.table.destinations(step, standing.status)
                assert kind.table.move(standing, step.event).status == standing.resume[-1]


@every_kind
def test_every_possible_way_back_is_taken_by_some_case(kind: Kind) -> None:
    remembered = {(s.status, s.resume[-1]) for s in reachable(kind.table) if s.resume}
    declared = {
        (source, possible)
        for step in kind.table.steps
        if isinstance(step.to, Back)
        for source in step.sources
        for possible in kind.table.destinations(step, source)
    }

    assert declared <= remembered


@every_kind
def test_an_event_records_one_action_and_every_event_has_its_step(kind: Kind) -> None:
    actions: defaultdict[type[Event], set[str]] = defaultdict(set)
    for step in kind.table.steps:
        actions[step.event].add(step.action)

    assert {event for event, names in actions.items() if len(names) > 1} == set()
    assert {kind.table.birth, *actions} == set(events_in(kind.events))


@every_kind
def test_no_two_rows_answer_the_same_question(kind: Kind) -> None:
    asked = [(step.event, source) for step in kind.table.steps for source in step.sources]

    assert len(asked) == len(set(asked))


def test_a_table_with_two_rows_for_one_question_is_refused() -> None:
    dispute = KINDS[1].table
    twice = Step("void", (Dispute.OPENED,), Dispute.CLOSED, dispute.steps[-1].event, ())

    with pytest.raises(ValueError, match="two rows for void from opened"):
        Lifecycle(
            "dispute", birth=dispute.birth, initial=Dispute.OPENED, steps=[twice, _copy(twice)]
        )


def _copy(step: "Step[Dispute]") -> "Step[Dispute]":
    return Step(step.action, step.sources, step.to, step.event, step.who)


@pytest.mark.parametrize(("kind", "action", "status"), QUESTIONS, ids=named)
def test_an_action_is_allowed_exactly_to_those_for_whom_a_row_says_so(
    kind: Kind,
    action: str,
    status: StrEnum,
) -> None:
    steps = [s for s in kind.table.steps if s.action == action and status in s.sources]
    for role in Role:
        written = any(not ACTS_FOR[role].isdisjoint(step.who) for step in steps)

        assert (action in kind.table.actions(status, role=role)) is written
        if written:
            kind.table.require(action, status, by=BY_ROLE[role])
        else:
            with pytest.raises(ActionNotAllowed) as refused:
                kind.table.require(action, status, by=BY_ROLE[role])
            assert refused.value.allowed == kind.table.actions(status, role=role)


@every_kind
def test_the_state_machine_offers_what_the_table_offers(kind: Kind) -> None:
    for status in cast("tuple[StrEnum, ...]", kind.table.statuses):
        offered = {s.action for s in kind.table.steps if status in s.sources}

        assert set(kind.table.machine.get_triggers(str(status))) == offered


def test_an_auditor_changes_nothing() -> None:
    statuses = [(kind.table, status) for kind in KINDS for status in kind.table.statuses]

    assert {table.actions(status, role=Role.AUDITOR) for table, status in statuses} == {()}


@every_kind
def test_where_the_customer_can_act_and_for_whom_they_wait_is_what_was_agreed(kind: Kind) -> None:
    steps = {status: kind.table.next_steps(status) for status in kind.table.statuses}
    moves = {status: by[Party.CUSTOMER] for status, by in steps.items() if Party.CUSTOMER in by}
    others = {status: tuple(by) for status, by in steps.items() if by and status not in moves}

    assert moves == CUSTOMER_MOVES[kind.name]
    assert others == OTHERS_MOVE[kind.name]


@every_kind
def test_a_fact_that_the_table_would_refuse_is_still_taken_in(kind: Kind) -> None:
    for standing in reachable(kind.table):
        for event in events_in(kind.events):
            moved = kind.table.move(standing, event)
            assert moved.status in kind.table.statuses


@every_kind
def test_a_fact_of_another_kind_of_case_moves_nothing(kind: Kind) -> None:
    others = [other for other in KINDS if other is not kind]
    standing: Standing[Any] = Standing(kind.table.initial)

    for other in others:
        for event in events_in(other.events):
            assert kind.table.move(standing, event) == standing


@every_kind
def test_a_step_that_stays_is_no_next_step(kind: Kind) -> None:
    for step in kind.table.steps:
        for status in step.sources:
            moves = {a for actions in kind.table.next_steps(status).values() for a in actions}
            twins = [s for s in kind.table.steps if s.action == step.action and status in s.sources]
            assert (step.action in moves) is any(twin.to is not STAY for twin in twins)
