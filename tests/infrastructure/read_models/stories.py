"""Stories that nobody wrote down beforehand: everybody does what the tables offer, in any order."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Final, cast

from hypothesis import strategies as st

from application import complaints, disputes
from application.case import Case
from application.recorded import RecordedEvent
from domain.blocks.block import PaymentBlock
from domain.complaints.complaint import Complaint
from domain.complaints.events import Language, References
from domain.disputes.dispute import Dispute
from domain.lifecycle import Standing
from domain.parties import Actor, Role
from domain.refusals import RuleBroken
from tests import examples as an
from tests.domain.asking import Desk, kind_of, request_for

_STAFF: Final = [actor for actor in an.STAFF if actor.role is not Role.IMPORTER]


def tell(data: st.DataObject, *, steps: int) -> list[RecordedEvent]:
    """A complaint, a dispute that grew out of it, one without, and whatever happens then."""
    desk = Desk()
    _register(desk)
    _open(desk, data)
    _convert(desk, data)
    for _ in range(steps):
        _go_on(desk, data)
    return desk.cases.recorded


def _register(desk: Desk) -> None:
    on = desk.on(desk.new(), by=an.ANNA)
    complaints.register(
        on,
        customer_id=an.CUSTOMER,
        first_received_at=on.envelope.at - timedelta(days=3),
        text="La palette est arrivée abîmée, j'ai déjà payé.",
        category="delivery.damaged",
        language=Language.FRENCH,
        wanted_outcome=None,
        contact_point=None,
        references=References(invoice="FA-2027-0042"),
        cases=desk.cases,
    )


def _open(desk: Desk, data: st.DataObject) -> None:
    disputes.open_directly(
        desk.on(desk.new(), by=an.FAYE),
        customer_id=an.CUSTOMER,
        reason_code="price",
        requested_action=None,
        lines=[desk.line_claim(data.draw, number=2)],
        cases=desk.cases,
    )


def _convert(desk: Desk, data: st.DataObject) -> None:
    (complaint,) = desk.cases.all(Complaint)
    lines = [desk.line_claim(data.draw, number=number) for number in range(2)]
    desk.ask("open_dispute", complaint, by=an.ANNA, draw=data.draw, lines=lines)
    for dispute in desk.cases.all(Dispute):
        desk.ask("request_block", dispute, by=an.ANNA, draw=data.draw)
    for block in desk.cases.all(PaymentBlock):
        desk.ask("send", block, by=an.ADA, draw=data.draw)
        desk.ask("confirm", desk.cases.kept[block.id], by=an.ERP, draw=data.draw)


def _go_on(desk: Desk, data: st.DataObject) -> None:
    kinds = [desk.cases.all(kind) for kind in (Complaint, Dispute, PaymentBlock)]
    case: Case = data.draw(st.sampled_from(data.draw(st.sampled_from(kinds))))
    offers = list(_offers(case))
    if offers:
        action, actor = data.draw(st.sampled_from(offers))
        with suppress(RuleBroken):  # a rule beyond the table
            desk.ask(action, case, by=actor, draw=data.draw)


def _offers(case: Case) -> Iterator[tuple[str, Actor]]:
    assert isinstance(case, Complaint | Dispute | PaymentBlock), "invoices have no status"
    kind, standing = kind_of(case), cast("Standing[StrEnum]", case.standing)
    for actor in _STAFF:
        for action in kind.table.actions(standing.status, role=actor.role):
            if request_for(kind, action):
                yield action, actor
