"""The three tables and their decisions, found by name, with a case for every status."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from types import ModuleType
from typing import Any, Final, cast

import domain.blocks.events
import domain.complaints.events
import domain.complaints.keeping
import domain.disputes.events
from application.case import Case
from domain.approvals.matrix import SHIPPED
from domain.blocks.block import PaymentBlock
from domain.blocks.events import Scope
from domain.blocks.lifecycle import LIFECYCLE as BLOCKS
from domain.complaints.complaint import Complaint
from domain.complaints.events import CorrectableField, MediationOutcome
from domain.complaints.lifecycle import LIFECYCLE as COMPLAINTS
from domain.contacts import Direction, Reached
from domain.disputes import blocking, ending, keeping, negotiating, opening
from domain.disputes.dispute import Dispute, Held, Witness
from domain.disputes.events import CorrectableDisputeField as LineField
from domain.disputes.events import JudgmentOutcome
from domain.disputes.lifecycle import LIFECYCLE as DISPUTES
from domain.disputes.lines import Account, Allocation
from domain.event import Channel, Event
from domain.lifecycle import Back, Lifecycle, Standing
from domain.parties import Actor, Role
from tests import examples as an

Table = Lifecycle[Any]  # Any: each table has its own statuses
Decision = Callable[..., list[Event]]


@dataclass(frozen=True)
class Kind:
    """A table, the events it records and where the decisions that obey it stand."""

    table: Table
    events: ModuleType
    owners: tuple[object, ...]
    arguments: Mapping[str, object]
    case: Callable[[str, Role], Case]
    """A case that has all that the action needs, whatever its status."""

    @property
    def name(self) -> str:
        """What the table is called."""
        return self.table.name

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action of the table, once."""
        return tuple(dict.fromkeys(step.action for step in self.table.steps))

    def decisions(self) -> dict[str, Decision]:
        """Every public function or method that decides on a case of this kind."""
        found: dict[str, Decision] = {}
        for owner in self.owners:
            for name, value in vars(owner).items():
                if name.startswith("_") or not inspect.isfunction(value):
                    continue
                if inspect.isclass(owner) or value.__module__ == getattr(owner, "__name__", None):
                    signature = inspect.signature(value)
                    decides = signature.return_annotation == list[Event]
                    if decides and "by" in signature.parameters:
                        found[name] = cast("Decision", value)
        return found

    def decide(self, action: str, *, standing: Standing[StrEnum], by: Actor) -> list[Event]:
        """Try the decision of this name on a case that stands there."""
        case = self.case(action, by.role)
        moved = cast("Case", replace(cast("Any", case), standing=standing))  # Any: a dataclass
        decision = self.decisions()[action]
        wanted = list(inspect.signature(decision).parameters)[1:]
        given = {name: self.arguments[name] for name in wanted if name != "by"}
        return decision(moved, **given, by=by)


def standings(table: Table, status: StrEnum) -> Iterator[Standing[StrEnum]]:
    """Every way to stand in a status: an interrupted case remembers where it stood before."""
    before = {
        possible
        for step in table.steps
        if isinstance(step.to, Back) and status in step.sources
        for possible in table.destinations(step, status)
    }
    if not before:
        yield Standing(status)
    for possible in sorted(before):
        yield Standing(status, (possible,))


def _complaint(action: str, role: Role) -> Complaint:
    del role
    return an.complaint(
        version=5,
        dispute_id=None if action == "dispute_resumed" else an.DISPUTE_ID,
        claimed_by="anna" if action == "release_claim" else None,
    )


def _dispute(action: str, role: Role) -> Dispute:
    held = action not in {"request_block", "block_confirmed", "confirm_block_manually", "void"}
    line = Account.opened(an.line())
    part = Account.opened(an.line(line_id=an.PART_ID, amount=Decimal("20.00")))
    accounts = {an.LINE_ID: line, an.PART_ID: part}
    over = {line_id: account.return_rest() for line_id, account in accounts.items()}
    return an.dispute(
        version=9,
        accounts=over if action == "reopen" else accounts,
        holds={
            an.BLOCK_ID: Held(an.LINE_ID, Scope.DUNNING, confirmed=held),
            an.OTHER_BLOCK_ID: Held(an.PART_ID, Scope.DUNNING, confirmed=held),
        },
        settlement=an.settlement(),
        proposed_by="paul",
        witness=Witness("paul", Role.FINANCE if role is Role.MANAGER else Role.MANAGER),
    )


def _block(action: str, role: Role) -> PaymentBlock:
    del action, role
    return an.block(version=2)


_CONTACT: Final = {
    "direction": Direction.OUTBOUND,
    "channel": Channel.PHONE,
    "reached": Reached.VOICEMAIL,
    "summary": None,
    "promised_next_contact": an.FRIDAY,
}
_ANYWHERE: Final[Mapping[str, object]] = {
    **_CONTACT,
    "question": "Which pallet was damaged?",
    "answer": "The second one.",
    "answer_by": an.FRIDAY,
    "mediator": "Médiateur de la consommation",
    "text": "She will be back on Friday.",
    "evidence": (an.evidence(),),
    "corrects_version": 1,
    "was": "delivery.damaged",
    "now": None,
    "cause": "document_locked",
    "at": an.FRIDAY,
}

COMPLAINT: Final = Kind(
    table=COMPLAINTS,
    events=domain.complaints.events,
    owners=(Complaint, domain.complaints.keeping),
    case=_complaint,
    arguments={
        **_ANYWHERE,
        "to_queue": "transport",
        "dispute_id": an.DISPUTE_ID,
        "response": "We credit the damaged pallet.",
        "how_to_contest": "Write to us within two months, or go to the mediator.",
        "into": an.complaint(id=an.EARLIER_COMPLAINT_ID),
        "outcome": MediationOutcome.AGREEMENT,
        "queue": "claims",
        "root_cause": "packaging",
        "field": CorrectableField.CATEGORY,
    },
)
DISPUTE: Final = Kind(
    table=DISPUTES,
    events=domain.disputes.events,
    owners=(opening, blocking, negotiating, keeping, ending),
    case=_dispute,
    arguments={
        **_ANYWHERE,
        "line": an.other_line(),
        "line_id": an.LINE_ID,
        "into_line_id": an.PART_ID,
        "part_id": an.numbered(0x104),
        "amount": Decimal("10.00"),
        "reason_code": "price",
        "seen": (an.BLOCK_ID, an.OTHER_BLOCK_ID),
        "settlement_id": an.SETTLEMENT_ID,
        "block_ids": {
            (an.LINE_ID, Scope.DUNNING): an.BLOCK_ID,
            (an.PART_ID, Scope.DUNNING): an.OTHER_BLOCK_ID,
        },
        "block_id": an.BLOCK_ID,
        "review_by": an.END_OF_MARCH,
        "refused": True,
        "settlement": an.settlement(),
        "matrix": SHIPPED,
        "given": {},
        "how_to_contest": "Write to us within two months, or go to the mediator.",
        "conclusion": "half_each",
        "court": "Tribunal de commerce de Lyon",
        "outcome": JudgmentOutcome.PARTLY,
        "payments": (Allocation(line_id=an.LINE_ID, amount=Decimal("40.00")),),
        "erp_document": "1400000042",
        "root_cause": "none_found",
        "field": LineField.REASON_CODE,
    },
)
BLOCK: Final = Kind(
    table=BLOCKS,
    events=domain.blocks.events,
    owners=(PaymentBlock,),
    case=_block,
    arguments={**_ANYWHERE, "erp_reference": "BLK-7"},
)
KINDS: Final = (COMPLAINT, DISPUTE, BLOCK)
QUESTIONS: Final = [
    (kind, action, status)
    for kind in KINDS
    for action in kind.actions
    for status in cast("tuple[StrEnum, ...]", kind.table.statuses)
]
"""Every action in every status."""


def named(value: object) -> str:
    """How a parameter is called in a test's name."""
    return value.name if isinstance(value, Kind) else str(value)
