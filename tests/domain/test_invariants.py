"""The invariants of the trade, after every step of stories that nobody wrote down beforehand."""

from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from application import complaints, disputes, invoices
from application.case import Case
from domain.blocks.block import PaymentBlock
from domain.complaints.complaint import Complaint
from domain.complaints.events import Language, References
from domain.disputes.dispute import Dispute
from domain.invoices.invoice import Invoice
from domain.lifecycle import STAY
from domain.parties import Actor, Role
from domain.refusals import ActionNotAllowed, Refusal, RuleBroken
from tests import examples as an
from tests.domain.asking import MOST, Desk, kind_of, request_for
from tests.domain.finishing import finish_everything
from tests.domain.invariants import check_endings, check_invariants
from tests.domain.tables import KINDS

PEOPLE: Final = tuple(actor for actor in an.STAFF if actor.role is not Role.IMPORTER)
DETOURS: Final = frozenset(
    {
        "block_drifted",
        "cleared_in_erp",
        "drift",
        "leave_mediation",
        "merge_duplicate",
        "refer_to_mediator",
        "start_litigation",
        "void",
        "withdraw",
    },
)
"""Offered nearly everywhere; were they as likely as the rest, few stories would get far."""

MOST_STEPS: Final = 8
"""So many in a row, or a story would end by a detour before it gets anywhere."""


class Stories(RuleBasedStateMachine):
    """Everybody does whatever the tables offer them, in any order."""

    reached: ClassVar[set[tuple[str, StrEnum]]] = set()
    """Where the cases of all stories have stood, before they were brought to their ends."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.cases = self.desk.cases
        self.first_received: dict[UUID, datetime] = {}
        self.checked = 0

    @initialize(data=st.data(), stage=st.integers(0, 4))
    def the_story_so_far(self, data: st.DataObject, stage: int) -> None:
        """Stories begin anywhere on the usual way, or few would get beyond its first steps."""
        self.register(data)
        (complaint,) = self.cases.all(Complaint)
        if stage > 0:
            numbers = range(data.draw(st.integers(1, 2)))
            lines = [self.desk.line_claim(data.draw, number=number) for number in numbers]
            self.desk.ask("open_dispute", complaint, by=an.ANNA, draw=data.draw, lines=lines)
        for action, actor in (("request_block", an.ANNA),) if stage > 1 else ():
            self.desk.ask(action, self.cases.all(Dispute)[0], by=actor, draw=data.draw)
        for action, actor in (("send", an.ADA), ("confirm", an.ERP)) if stage > 2 else ():
            for block in self.cases.all(PaymentBlock):
                self.desk.ask(action, block, by=actor, draw=data.draw)
        with suppress(RuleBroken):  # more was to be given than is disputed
            for action, actor in (("propose_settlement", an.ANNA), ("approve", an.MARC)):
                if stage > 3:
                    self.desk.ask(action, self.cases.all(Dispute)[0], by=actor, draw=data.draw)

    @precondition(lambda self: len(self.cases.all(Complaint)) < 3)
    @rule(data=st.data())
    def register(self, data: st.DataObject) -> None:
        """A customer complains; it may have been received long before."""
        on = self.desk.on(self.desk.new(), by=an.ANNA)
        received = on.envelope.at - timedelta(days=data.draw(st.integers(0, 3)))
        self.first_received[on.case_id] = received
        complaints.register(
            on,
            customer_id=an.CUSTOMER,
            first_received_at=received,
            text="Rien ne va.",
            category="delivery",
            language=Language.FRENCH,
            wanted_outcome=None,
            contact_point=None,
            references=References(),
            cases=self.cases,
        )

    @precondition(lambda self: len(self.cases.all(Dispute)) < 3)
    @rule(data=st.data())
    def open_directly(self, data: st.DataObject) -> None:
        """A customer contests an invoice without having complained."""
        with suppress(RuleBroken):  # more was claimed than is open
            disputes.open_directly(
                self.desk.on(self.desk.new(), by=an.FAYE),
                customer_id=an.CUSTOMER,
                reason_code="price",
                requested_action=None,
                lines=self.desk.line_claims(data.draw),
                cases=self.cases,
            )

    @precondition(lambda self: bool(self.cases.all(Invoice)))
    @rule(data=st.data(), reset=st.booleans(), amount=st.integers(1, MOST))
    def the_erp_clears(self, data: st.DataObject, *, reset: bool, amount: int) -> None:
        """The customer pays a part of an invoice, or the payment bounces."""
        invoice_ids = [invoice.id for invoice in self.cases.all(Invoice)]
        on = self.desk.on(data.draw(st.sampled_from(invoice_ids)), by=an.ERP)
        learn = invoices.reset_clearing if reset else invoices.clear
        with suppress(RuleBroken):  # less is open, or less was cleared
            learn(on, amount=Decimal(amount), cases=self.cases)

    @rule(data=st.data(), steps=st.integers(1, MOST_STEPS))
    def somebody_moves_a_case(self, data: st.DataObject, steps: int) -> None:
        """What the table offers is never refused by the table of another case."""
        for _ in range(steps):
            case, status = self.any_case(data)
            self.take_one(data, case, self.moves(case, status) - DETOURS)
            self.check()

    @rule(data=st.data())
    def somebody_takes_a_detour(self, data: st.DataObject) -> None:
        """What ends a story early, or takes it out of our hands."""
        case, status = self.any_case(data)
        self.take_one(data, case, self.moves(case, status) & DETOURS)

    @rule(data=st.data())
    def somebody_keeps_the_file(self, data: st.DataObject) -> None:
        """Contacts, notes, lines, claims: what moves nothing."""
        case, status = self.any_case(data)
        self.take_one(data, case, set(kind_of(case).actions) - self.moves(case, status))

    @rule(data=st.data(), actor=st.sampled_from(an.STAFF))
    def somebody_tries_what_is_not_offered(self, data: st.DataObject, actor: Actor) -> None:
        """It is refused, says what is allowed instead, and leaves no trace."""
        case, status = self.any_case(data)
        kind = kind_of(case)
        allowed = kind.table.actions(status, role=actor.role)
        others = [a for a in kind.actions if a not in allowed and request_for(kind, a)]
        before = len(self.cases.recorded)
        with pytest.raises(Refusal) as refused:
            self.desk.ask(data.draw(st.sampled_from(others)), case, by=actor, draw=data.draw)
        if isinstance(refused.value, ActionNotAllowed):  # or a rule was asked before the table
            assert refused.value.allowed == allowed
        assert len(self.cases.recorded) == before

    @invariant()
    def every_invariant_holds(self) -> None:
        """Those of the trade, and that the first reception is remembered as it was (1)."""
        self.check()

    @invariant()
    def a_replay_gives_the_same_case(self) -> None:
        """Every case that the last step changed, folded anew from its stored events."""
        changed = {r.stream_id for r in self.cases.recorded[self.checked :]}
        self.checked = len(self.cases.recorded)
        for case_id in changed:
            assert self.cases.replayed(case_id) == self.cases.kept[case_id]

    def teardown(self) -> None:
        """Whatever happened, every case can be brought to its end."""
        finish_everything(self.desk)
        check_endings(self.cases)

    def check(self) -> None:
        """Check every invariant, and note where the cases stand."""
        check_invariants(self.cases)
        for complaint in self.cases.all(Complaint):
            assert complaint.first_received_at == self.first_received[complaint.id]
        for case in self.cases.kept.values():
            if isinstance(case, Complaint | Dispute | PaymentBlock):
                self.reached.add((kind_of(case).name, self.status(case)))

    def take_one(self, data: st.DataObject, case: Case, actions: set[str]) -> None:
        """Do one of these actions, as far as the table offers them, as somebody who may."""
        kind, status = kind_of(case), self.status(case)
        offers = {
            action: [a for a in PEOPLE if action in kind.table.actions(status, role=a.role)]
            for action in kind.actions
            if action in actions and request_for(kind, action)
        }
        offered = [action for action, actors in offers.items() if actors]
        if offered:
            action = data.draw(st.sampled_from(offered))
            actor = data.draw(st.sampled_from(offers[action]))
            with suppress(RuleBroken):  # a rule beyond the table
                self.desk.ask(action, case, by=actor, draw=data.draw)

    def moves(self, case: Case, status: StrEnum) -> set[str]:
        """The actions that move a case on from a status."""
        steps = kind_of(case).table.steps
        return {step.action for step in steps if status in step.sources and step.to is not STAY}

    def any_case(self, data: st.DataObject) -> tuple[Case, StrEnum]:
        """A case of any of the three kinds, the kinds equally often, and its status."""
        kinds: tuple[type[Any], ...] = (Dispute, PaymentBlock, Complaint)  # Any: any of the three
        groups = [ids for kind in kinds if (ids := [case.id for case in self.cases.all(kind)])]
        case = self.cases.kept[data.draw(st.sampled_from(data.draw(st.sampled_from(groups))))]
        return case, self.status(case)

    def status(self, case: Case) -> StrEnum:
        """Where a case stands."""
        assert isinstance(case, Complaint | Dispute | PaymentBlock), "invoices have no status"
        return case.status


def test_every_invariant_holds_in_every_story() -> None:
    # The first hundred stories are short, and resemble one another.
    Stories.reached.clear()
    run_state_machine_as_test(Stories, settings=settings(max_examples=300, stateful_step_count=40))

    everywhere = {(kind.name, status) for kind in KINDS for status in kind.table.statuses}
    assert Stories.reached == everywhere, "a story that gets nowhere proves nothing"


def test_every_action_can_be_asked_for_or_follows_from_another() -> None:
    for kind in KINDS:
        for action in kind.actions:
            request_for(kind, action)
