"""A payment block's state and decisions."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Self
from uuid import UUID

from domain.blocks import events
from domain.blocks.lifecycle import LIFECYCLE, Status
from domain.disputes.lines import Document
from domain.event import Envelope, Event
from domain.lifecycle import Standing
from domain.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentBlock:
    """What the decisions about a block need to remember of its history."""

    id: UUID
    version: int
    standing: Standing[Status]
    dispute_id: UUID
    order: events.BlockOrdered
    attempts: int = 0
    seen_by_people: bool = False
    """Whether two people, and not the ERP, said last that it stands."""

    @classmethod
    def born(cls, case_id: UUID, event: Event, envelope: Envelope) -> Self:
        """Begin the memory with the first event of the stream."""
        assert isinstance(event, events.BlockOrdered), "a block begins ordered"
        del envelope
        return cls(
            id=case_id,
            version=1,
            standing=Standing(LIFECYCLE.initial),
            dispute_id=event.dispute_id,
            order=event,
        )

    def after(self, event: Event, envelope: Envelope) -> Self:
        """Take a recorded fact in. Never refuses, never raises."""
        del envelope
        return replace(
            self,
            version=self.version + 1,
            standing=LIFECYCLE.move(self.standing, type(event)),
            attempts=event.attempt if isinstance(event, events.BlockSent) else self.attempts,
            seen_by_people=isinstance(event, events.BlockConfirmedByPeople),
        )

    @property
    def status(self) -> Status:
        """Where the block stands."""
        return self.standing.status

    @property
    def is_over(self) -> bool:
        """Whether the ERP refused or released the block: nothing is held."""
        return self.status in LIFECYCLE.ends

    @property
    def may_be_held(self) -> bool:
        """Whether the ERP may hold the document back, and was not asked to release it."""
        return not self.is_over and self.status is not Status.RELEASE_REQUESTED

    def send(self, *, by: Actor) -> list[Event]:
        """Note, before asking the ERP, that it is asked (again)."""
        LIFECYCLE.require("send", self.status, by=by)
        return [events.BlockSent(attempt=self.attempts + 1)]

    def confirm(self, *, erp_reference: str | None, by: Actor) -> list[Event]:
        """Learn that the ERP holds the document back."""
        LIFECYCLE.require("confirm", self.status, by=by)
        return [events.BlockConfirmed(erp_reference=erp_reference)]

    def reject(self, *, cause: str, by: Actor) -> list[Event]:
        """Learn that the ERP refused."""
        LIFECYCLE.require("reject", self.status, by=by)
        return [events.BlockRejected(cause=cause)]

    def give_up(self, *, by: Actor) -> list[Event]:
        """Stop waiting for the ERP's answer."""
        LIFECYCLE.require("give_up", self.status, by=by)
        return [events.BlockUnconfirmed()]

    def confirm_by_people(self, *, by: Actor) -> list[Event]:
        """Take two people's word that the ERP holds the document back."""
        LIFECYCLE.require("confirm_by_people", self.status, by=by)
        return [events.BlockConfirmedByPeople()]

    def drift(self, *, by: Actor) -> list[Event]:
        """Learn that the block is gone in the ERP."""
        LIFECYCLE.require("drift", self.status, by=by)
        return [events.BlockLost()]

    def request_release(self, *, by: Actor) -> list[Event]:
        """Order the release."""
        LIFECYCLE.require("request_release", self.status, by=by)
        return [events.ReleaseRequested()]

    def confirm_release(self, *, by: Actor) -> list[Event]:
        """Learn that the ERP released the document."""
        LIFECYCLE.require("confirm_release", self.status, by=by)
        return [events.BlockReleased()]

    def fail_release(self, *, cause: str, by: Actor) -> list[Event]:
        """Learn that the ERP did not release the document."""
        LIFECYCLE.require("fail_release", self.status, by=by)
        return [events.ReleaseUnconfirmed(cause=cause)]


def order_block(
    *,
    dispute_id: UUID,
    line_id: UUID,
    document: Document,
    scope: events.Scope,
    amount: Decimal,
    currency: str,
    reason_code: str,
    review_by: date,
) -> list[Event]:
    """Begin a block on one document line, reviewed by the end of `review_by`."""
    return [
        events.BlockOrdered(
            dispute_id=dispute_id,
            line_id=line_id,
            document=document,
            scope=scope,
            amount=amount,
            currency=currency,
            reason_code=reason_code,
            review_by=review_by,
        ),
    ]
