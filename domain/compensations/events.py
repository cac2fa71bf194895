"""What can have happened to the compensations of a customer."""

from typing import ClassVar
from uuid import UUID

from domain.disputes.settlement import SettlementKind
from domain.event import Event
from domain.money import Amount


class CompensationGranted(Event):
    """A settlement that gives the customer this much was approved."""

    type: ClassVar[str] = "compensation.granted"

    customer_id: str
    dispute_id: UUID
    settlement_id: UUID
    kind: SettlementKind
    amount: Amount
    currency: str


class CompensationTakenBack(Event):
    """The approved settlement will not be carried out: it counts no more."""

    type: ClassVar[str] = "compensation.taken_back"

    settlement_id: UUID
