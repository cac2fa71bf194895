"""Every way through a dispute: not a sample of the stories but all of them, as far as they differ.

Two stories that lead to the same standings, blocks and balances are one. From everywhere, whatever
the tables offer is tried, the invariants are checked, and the case is brought to its end.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NoReturn, Self

from hypothesis import strategies as st

from application import complaints, disputes
from application.case import Case
from application.invoices import LineClaim
from domain.blocks.block import PaymentBlock
from domain.blocks.events import Scope
from domain.complaints.complaint import Complaint
from domain.complaints.events import Language, References
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import LIFECYCLE, Status
from domain.disputes.lines import Allocation
from domain.lifecycle import STAY
from domain.parties import SYSTEM, Actor
from domain.refusals import RuleBroken
from tests import examples as an
from tests.domain.asking import Desk, kind_of, request_for
from tests.domain.finishing import finish_everything
from tests.domain.invariants import check_endings, check_invariants
from tests.domain.remembered_cases import RememberedCases
from tests.domain.tables import BLOCK, COMPLAINT, Kind

PEOPLE: Final = (an.ANNA, an.MARC, an.FAYE, an.ERP, SYSTEM)
MOST_STORIES: Final = 5_000
"""A bound that fails loudly, should the tables grow beyond what can be tried in full."""

MOST_DISPUTES: Final = 2

Actions = Callable[[Kind], frozenset[str]]
"""Which actions of a table a story may take."""

FILE: Final = frozenset({"propose_manual_confirmation"})
"""Of what moves nothing, only this changes what may happen next."""


def claims(count: int) -> list[LineClaim]:
    return [
        LineClaim(
            line_id=an.numbered(0x100 + number),
            document=an.document(line=number + 1),
            open_amount=Decimal(10),
            amount=Decimal(10),
            currency="EUR",
            reason_code="goods_damaged",
        )
        for number in range(count)
    ]


def opened_directly(*, lines: int) -> Desk:
    desk = Desk()
    disputes.open_directly(
        desk.on(an.DISPUTE_ID, by=an.ANNA),
        customer_id=an.CUSTOMER,
        reason_code="goods_damaged",
        requested_action=None,
        lines=claims(lines),
        cases=desk.cases,
    )
    return desk


def registered() -> Desk:
    desk = Desk()
    on = desk.on(an.COMPLAINT_ID, by=an.ANNA)
    complaints.register(
        on,
        customer_id=an.CUSTOMER,
        first_received_at=on.envelope.at,
        text="Rien ne va.",
        category="delivery",
        language=Language.FRENCH,
        wanted_outcome=None,
        contact_point=None,
        references=References(),
        cases=desk.cases,
    )
    return desk


def branched(desk: Desk) -> Desk:
    """The same story, to be told on differently."""
    branch = copy(desk)
    branch.cases = RememberedCases()
    branch.cases.kept = dict(desk.cases.kept)
    branch.cases.recorded = list(desk.cases.recorded)
    return branch


def chosen(case: Case) -> dict[str, object]:
    """One sensible choice for everything that a story could vary without end."""
    if not isinstance(case, Dispute):
        return {"lines": claims(1)}
    disputed = case.disputed_lines[:1]
    parts = tuple(Allocation(line_id=key, amount=case.accounts[key].current) for key in disputed)
    return {"settlement": an.settlement(allocations=parts), "payments": parts}


def offers(desk: Desk, *, actions: Actions) -> Iterator[tuple[Case, str, Actor]]:
    """Everything that somebody may do now and that changes what may happen afterwards."""
    for case in desk.cases.kept.values():
        if not isinstance(case, Complaint | Dispute | PaymentBlock):
            continue
        kind = kind_of(case)
        steps = [step for step in kind.table.steps if case.status in step.sources]
        moving = {s.action for s in steps if s.to is not STAY or s.action in FILE}
        for action in kind.actions:
            if action not in moving & actions(kind) or not request_for(kind, action):
                continue
            if action == "open_dispute" and len(desk.cases.all(Dispute)) == MOST_DISPUTES:
                continue
            for actor in PEOPLE:
                if action in kind.table.actions(case.status, role=actor.role):
                    yield case, action, actor


def signature(desk: Desk) -> tuple[object, ...]:
    """What tells two stories apart, as far as anything can still come of it."""
    parts: list[object] = []
    for case in desk.cases.kept.values():
        match case:
            case Complaint():
                parts.append((case.standing, case.dispute_id is None))
            case Dispute():
                blocks = {b.id: b.status for b in desk.cases.all(PaymentBlock)}
                told = sorted(
                    (h.line_id, str(h.scope), str(blocks[key]), h.confirmed, h.released)
                    for key, h in case.holds.items()
                )
                money = [(a.current, a.paid + a.returned) for a in case.accounts.values()]
                people = (case.witness, case.proposed_by, case.was_blocked)
                parts.append((case.standing, tuple(told), tuple(money), people))
            case _:
                pass
    return tuple(parts)


@dataclass
class Exploration:
    """Everywhere that anybody's doing can lead from a beginning, and what was recorded."""

    actions: Actions
    scopes: tuple[tuple[Scope, ...], ...] = ((Scope.DUNNING,),)
    """The ways in which a block may be asked for."""
    recorded: set[str] = field(default_factory=set[str])
    partly: set[str] = field(default_factory=set[str])
    """What was recorded of one scope of a line, while other scopes stood otherwise."""
    reached: set[StrEnum] = field(default_factory=set[StrEnum])
    offered: set[tuple[str, StrEnum]] = field(default_factory=set[tuple[str, StrEnum]])
    done: set[tuple[str, StrEnum]] = field(default_factory=set[tuple[str, StrEnum]])
    """Which actions were tried in which statuses of the dispute, and which came about."""

    def explore(self, start: Desk) -> Self:
        """Try all stories, check the invariants in each, and bring each to its end."""
        for desk in self._stories(start):
            check_invariants(desk.cases)
            self.reached |= {dispute.status for dispute in desk.cases.all(Dispute)}
            finish_everything(branch := branched(desk))
            check_endings(branch.cases)
        return self

    def _stories(self, start: Desk) -> Iterator[Desk]:
        seen, fresh = {signature(start)}, [start]
        while fresh:
            desk = fresh.pop()
            yield desk
            for case, action, actor in list(offers(desk, actions=self.actions)):
                for scopes in self.scopes if action == "request_block" else self.scopes[:1]:
                    branch = self._tried(desk, case, action, actor, scopes)
                    if signature(branch) not in seen:
                        seen.add(signature(branch))
                        fresh.append(branch)
            assert len(seen) <= MOST_STORIES, "too many stories to try them all"

    def _tried(
        self, desk: Desk, case: Case, action: str, actor: Actor, scopes: tuple[Scope, ...]
    ) -> Desk:
        branch = branched(desk)
        with suppress(RuleBroken):  # a rule beyond the table; a table's refusal would fail
            choices = {**chosen(case), "scopes": scopes}
            branch.ask(action, case, by=actor, draw=nothing, **choices)
        told = branch.cases.recorded[len(desk.cases.recorded) :]
        if isinstance(case, Dispute):
            self._note(case, action, done=bool(told))
        self.recorded |= {recorded.event.type for recorded in told}
        self.partly |= {
            recorded.event.type for recorded in told if getattr(recorded.event, "partly", None)
        }
        return branch

    def _note(self, dispute: Dispute, action: str, *, done: bool) -> None:
        self.offered.add((action, dispute.status))
        if done:
            self.done.add((action, dispute.status))


def nothing(strategy: st.SearchStrategy[Any]) -> NoReturn:  # Any: what a strategy makes
    raise AssertionError(f"everything is chosen here, but {strategy} was to be drawn")


def everything(kind: Kind) -> frozenset[str]:
    return frozenset(kind.actions)


def blocking_and_releasing(kind: Kind) -> frozenset[str]:
    """What two lines make different: one is confirmed, lost or released before the other."""
    settling = ("propose_settlement", "approve", "customer_accepts", "settlement_executed")
    around = ("request_block", "retry_release", "withdraw", "reopen", "void", "reinstate")
    return everything(kind) if kind is BLOCK else frozenset({*settling, *around})


def beginning_and_ending(kind: Kind) -> frozenset[str]:
    """What a complaint notices of its disputes."""
    around = ("withdraw", "close", "reopen", "void", "reinstate", "cleared_in_erp")
    disputed = frozenset({*around, "refer_to_mediator", "mediation_concluded"})
    return everything(kind) - {"merge_duplicate"} if kind is COMPLAINT else disputed


def test_every_way_of_one_line_keeps_the_invariants_and_has_an_end() -> None:
    found = Exploration(everything).explore(opened_directly(lines=1))

    assert found.reached == set(Status)
    assert found.done == found.offered, "a rule forbids what the table offers, in every story"
    assert {step.event.type for step in LIFECYCLE.steps if step.to is not STAY} <= found.recorded


def test_every_way_of_two_lines_keeps_the_invariants_and_has_an_end() -> None:
    found = Exploration(blocking_and_releasing).explore(opened_directly(lines=2))

    assert {"dispute.line_block_confirmed", "dispute.line_released"} <= found.recorded


def test_every_way_of_two_scopes_keeps_the_invariants_and_has_an_end() -> None:
    both, one = (Scope.DUNNING, Scope.COLLECTION), (Scope.DUNNING,)
    explored = Exploration(blocking_and_releasing, scopes=(both, one))
    found = explored.explore(opened_directly(lines=1))

    assert {"dispute.line_block_confirmed", "dispute.line_released"} <= found.partly


def test_every_way_of_a_complaint_and_its_disputes_keeps_the_invariants_and_has_an_end() -> None:
    found = Exploration(beginning_and_ending).explore(registered())

    assert {"complaint.dispute_concluded", "complaint.dispute_resumed"} <= found.recorded
    # Without a block, a mediator is at work only on disputes that are over: nothing to clear.
    refused = {("cleared_in_erp", Status.IN_MEDIATION)}
    assert found.offered - found.done == refused
