"""What a customer was given over all disputes.

An approval changes this stream in its own transaction, so that two approvals at once meet here and
neither slips under the yearly limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from domain.compensations import events
from domain.disputes.lines import ZERO
from domain.disputes.settlement import SettlementKind
from domain.event import Envelope, Event

_LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class Grant:
    """A part of a settlement that was approved, in one currency."""

    settlement_id: UUID
    currency: str
    amount: Decimal
    granted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensations:
    """What the limits need to know of what a customer was given."""

    id: UUID
    version: int
    grants: tuple[Grant, ...] = ()

    @classmethod
    def born(cls, case_id: UUID, event: Event, envelope: Envelope) -> Self:
        """Begin the memory with the first event of the stream."""
        return cls(id=case_id, version=0).after(event, envelope)

    def after(self, event: Event, envelope: Envelope) -> Self:
        """Take a recorded fact in. Never refuses, never raises."""
        moved = replace(self, version=self.version + 1)
        match event:
            case events.CompensationGranted():
                grant = Grant(event.settlement_id, event.currency, event.amount, envelope.at)
                return replace(moved, grants=(*self.grants, grant))
            case events.CompensationTakenBack():
                kept = tuple(g for g in self.grants if g.settlement_id != event.settlement_id)
                return replace(moved, grants=kept)
            case _:
                return moved

    def given(self, *, at: datetime, beside: UUID | None = None) -> dict[str, Decimal]:
        """How much counts at a moment, by currency, beside one settlement.

        It is what was granted since a year before the moment.
        What was granted after it counts too, so that nobody gains by back-dating.
        """
        given, since = dict[str, Decimal](), a_year_before(at)
        for grant in self.grants:
            if grant.granted_at > since and grant.settlement_id != beside:
                given[grant.currency] = given.get(grant.currency, ZERO) + grant.amount
        return given

    def take_back(self, settlement_id: UUID) -> list[Event]:
        """Let a settlement count no more; nothing when it never did."""
        if not any(grant.settlement_id == settlement_id for grant in self.grants):
            return []
        return [events.CompensationTakenBack(settlement_id=settlement_id)]


def grant(
    *,
    customer_id: str,
    dispute_id: UUID,
    settlement_id: UUID,
    kind: SettlementKind,
    amounts: Mapping[str, Decimal],
) -> list[Event]:
    """Count an approved settlement, in each of its currencies."""
    return [
        events.CompensationGranted(
            customer_id=customer_id,
            dispute_id=dispute_id,
            settlement_id=settlement_id,
            kind=kind,
            amount=amount,
            currency=currency,
        )
        for currency, amount in amounts.items()
    ]


def a_year_before(at: datetime) -> datetime:
    """The same moment of the year before; the last of February for a leap day."""
    day = 28 if (at.month, at.day) == _LEAP_DAY else at.day
    return at.replace(year=at.year - 1, day=day)
