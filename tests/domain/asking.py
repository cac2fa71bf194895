"""Asking the application for any action of any table, with arguments that fit the case."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType, ModuleType
from typing import Any, Final, cast
from uuid import UUID

from hypothesis import strategies as st

from application import blocks, complaints, dispute_file, disputes
from application.case import Case
from application.commands import OnCase
from application.invoices import LineClaim
from application.recorded import Recorded
from domain.blocks.block import PaymentBlock
from domain.blocks.events import Scope
from domain.complaints.complaint import Complaint
from domain.disputes.dispute import Dispute
from domain.disputes.lines import Allocation
from domain.disputes.settlement import COMPENSATING, Settlement, SettlementKind
from domain.parties import Actor
from tests import examples as an
from tests.domain.remembered_cases import RememberedCases
from tests.domain.tables import BLOCK, COMPLAINT, DISPUTE, Kind

Draw = Callable[[st.SearchStrategy[Any]], Any]  # Any: what a strategy makes
Request = Callable[..., Recorded]

REACTIONS: Final = MappingProxyType(
    {
        "complaint": {"dispute_concluded", "dispute_resumed"},
        "dispute": {
            "block_confirmed",
            "block_failed",
            "block_drifted",
            "release_confirmed",
            "release_failed",
        },
        "block": {"confirm_by_people"},
    },
)
"""What nobody asks for by itself: it is recorded along with what another case learns."""

_MODULES: Final[Mapping[str, tuple[ModuleType, ...]]] = MappingProxyType(
    {"complaint": (complaints,), "dispute": (disputes, dispute_file), "block": (blocks,)},
)
_OTHER_NAMES: Final = MappingProxyType(
    {
        ("complaint", "open_dispute"): "convert_to_dispute",
        ("complaint", "claim"): "claim_work",
        ("block", "request_release"): "retry_release",
    },
)
_CURRENCIES: Final = ("EUR", "EUR", "JPY")
"""By document: amounts are whole, so that every currency can express them."""

SCOPES: Final = st.lists(
    st.sampled_from((Scope.DUNNING, Scope.COLLECTION)), min_size=1, max_size=2, unique=True
)
MOST: Final = 12
"""Amounts are small, so that lines, claims and payments run into each other."""


def kind_of(case: Case) -> Kind:
    """Which table a case obeys."""
    kinds: dict[type[object], Kind] = {
        Complaint: COMPLAINT,
        Dispute: DISPUTE,
        PaymentBlock: BLOCK,
    }
    return kinds[type(case)]


def request_for(kind: Kind, action: str) -> Request | None:
    """The application's function for an action, or nothing when it only follows from another."""
    if action in REACTIONS[kind.name]:
        return None
    name = _OTHER_NAMES.get((kind.name, action), action)
    (found,) = [module for module in _MODULES[kind.name] if hasattr(module, name)]
    return cast("Request", getattr(found, name))


@dataclass
class Desk:
    """Where everybody's requests arrive."""

    cases: RememberedCases = field(default_factory=RememberedCases)
    _identities: int = 0
    _minutes: int = 0

    def new(self) -> UUID:
        """A fresh identity, as the port `Identities` gives it."""
        self._identities += 1
        return an.numbered(0xF000 + self._identities)

    def on(self, case_id: UUID, *, by: Actor) -> OnCase:
        """The next command, a minute after the one before."""
        self._minutes += 1
        at = an.MONDAY + timedelta(minutes=self._minutes)
        told = an.envelope(actor=by, occurred_at=at, evidence=(an.evidence(),))
        return OnCase(case_id=case_id, envelope=told)

    def ask(self, action: str, case: Case, *, by: Actor, draw: Draw, **chosen: object) -> None:
        """Ask for an action with what is chosen, and with drawn arguments for the rest."""
        kind = kind_of(case)
        request = request_for(kind, action)
        assert request is not None, f"{action} is nothing that anybody asks for"
        wanted = list(inspect.signature(request).parameters)[1:]
        given = {
            name: chosen[name] if name in chosen else self._argument(name, kind, case, draw)
            for name in wanted
        }
        request(self.on(case.id, by=by), **given)

    def line_claims(self, draw: Draw, *, most: int = 2) -> list[LineClaim]:
        """Up to `most` lines of different documents."""
        numbers = draw(st.lists(st.integers(0, 2), max_size=most, unique=True))
        return [self.line_claim(draw, number=number) for number in numbers]

    def line_claim(self, draw: Draw, *, number: int | None = None) -> LineClaim:
        """A part of one of three documents."""
        chosen: int = draw(st.integers(0, 2)) if number is None else number
        open_amount = draw(st.integers(1, MOST))
        return LineClaim(
            line_id=self.new(),
            document=an.document(number=f"900000{chosen}"),
            open_amount=Decimal(open_amount),
            amount=Decimal(draw(st.integers(1, open_amount))),
            currency=_CURRENCIES[chosen],
            reason_code="goods_damaged",
        )

    def _argument(self, name: str, kind: Kind, case: Case, draw: Draw) -> object:
        fixed: dict[str, Callable[[], object]] = {
            "cases": lambda: self.cases,
            "identities": lambda: self,
            "dispute_id": self.new,
            "part_id": self.new,
            "requested_action": lambda: None,
            "reason_code": lambda: "price",
            "scopes": lambda: draw(SCOPES),
            "lines": lambda: self.line_claims(draw),
            "line": lambda: self.line_claim(draw),
            "amount": lambda: Decimal(draw(st.integers(1, MOST))),
            "corrects_version": lambda: draw(st.integers(1, case.version)),
            "into_complaint_id": lambda: self._a_complaint(draw),
        }
        about_lines: dict[str, Callable[[Dispute], object]] = {
            "line_id": lambda dispute: self._a_line(dispute, draw),
            "into_line_id": lambda dispute: self._a_line(dispute, draw),
            "settlement": lambda dispute: self._settlement(dispute, draw),
            "settlement_id": self._proposed,
            "seen": lambda dispute: dispute.unconfirmed_blocks,
            "payments": lambda dispute: self._allocations(dispute, draw),
        }
        if name in fixed:
            return fixed[name]()
        if name in about_lines and isinstance(case, Dispute):
            return about_lines[name](case)
        return kind.arguments[name]

    def _proposed(self, dispute: Dispute) -> UUID:
        # An approval is also tried where nothing was proposed, to be refused.
        proposed = dispute.settlement
        return an.SETTLEMENT_ID if proposed is None else proposed.settlement_id

    def _a_complaint(self, draw: Draw) -> UUID:
        return cast("UUID", draw(st.sampled_from([c.id for c in self.cases.all(Complaint)])))

    def _a_line(self, dispute: Dispute, draw: Draw) -> UUID:
        return cast("UUID", draw(st.sampled_from([*dispute.accounts, an.LINE_ID])))

    def _allocations(self, dispute: Dispute, draw: Draw) -> tuple[Allocation, ...]:
        """Parts of what the lines dispute; now and then a little too much."""
        if not dispute.disputed_lines:
            return ()
        lines = draw(st.lists(st.sampled_from(dispute.disputed_lines), unique=True, max_size=2))
        most = {key: int(dispute.accounts[key].current) for key in lines}
        return tuple(
            Allocation(line_id=key, amount=Decimal(draw(st.integers(1, most[key] + 1))))
            for key in lines
        )

    def _settlement(self, dispute: Dispute, draw: Draw) -> Settlement:
        kind = draw(st.sampled_from(SettlementKind))
        gives = kind in COMPENSATING and bool(dispute.accounts)
        allocations = self._allocations(dispute, draw) if gives else ()
        return Settlement(settlement_id=self.new(), kind=kind, allocations=allocations)
