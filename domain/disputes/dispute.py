"""A dispute's state: what the decisions need to remember of its history.

The decisions stand beside it by topic: `opening`, `blocking`, `negotiating`, `ending`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Self
from uuid import UUID

from domain.disputes import events
from domain.disputes.lifecycle import LIFECYCLE, Status
from domain.disputes.lines import Account, Allocation
from domain.disputes.settlement import Settlement, execute
from domain.event import Envelope, Event
from domain.lifecycle import Standing
from domain.parties import Role


@dataclass(frozen=True, slots=True)
class Held:
    """The block on a line, and whether the ERP has confirmed it."""

    block_id: UUID
    confirmed: bool = False
    released: bool = False


@dataclass(frozen=True, slots=True)
class Witness:
    """Who said to have seen the block in the ERP."""

    subject_id: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What the decisions about a dispute need to remember of its history."""

    id: UUID
    version: int
    standing: Standing[Status]
    customer_id: str
    complaint_id: UUID | None
    accounts: Mapping[UUID, Account]
    holds: Mapping[UUID, Held] = field(default_factory=dict[UUID, Held])
    """The latest block of each line, by line."""
    settlement: Settlement | None = None
    proposed_by: str | None = None
    approved: UUID | None = None
    """The settlement that was approved and is still to be carried out."""
    executed: UUID | None = None
    """The settlement that was carried out last."""
    witness: Witness | None = None
    was_blocked: bool = False
    """Whether the ERP ever held a line back for it, even if it no longer does."""

    @classmethod
    def born(cls, case_id: UUID, event: Event, envelope: Envelope) -> Self:
        """Begin the memory with the first event of the stream."""
        assert isinstance(event, events.DisputeOpened), "a dispute begins opened"
        del envelope
        return cls(
            id=case_id,
            version=1,
            standing=Standing(LIFECYCLE.initial),
            customer_id=event.customer_id,
            complaint_id=event.complaint_id,
            accounts={line.line_id: Account.opened(line) for line in event.lines},
        )

    def after(self, event: Event, envelope: Envelope) -> Self:
        """Take a recorded fact in. Never refuses, never raises."""
        moved = replace(
            self,
            version=self.version + 1,
            standing=LIFECYCLE.move(self.standing, type(event)),
        )
        return moved._with_holds(event)._with_offer(event, envelope)._with_accounts(event)

    @property
    def status(self) -> Status:
        """Where the dispute stands."""
        return self.standing.status

    @property
    def is_over(self) -> bool:
        """Whether the dispute is closed or voided, or in mediation after it was."""
        over = {Status.CLOSED, Status.VOIDED}
        return self.status in over or (
            bool(self.standing.resume) and self.standing.resume[0] in over
        )

    @property
    def is_blocked(self) -> bool:
        """Whether something is disputed, and the ERP holds all of it back (invariant 6)."""
        return bool(self.disputed_lines) and not self.lines_to_block

    @property
    def disputed_lines(self) -> tuple[UUID, ...]:
        """The lines that still dispute something; a credited line has nothing left to block."""
        return tuple(line_id for line_id, account in self.accounts.items() if account.current)

    @property
    def lines_to_block(self) -> tuple[UUID, ...]:
        """The lines that dispute something and that the ERP does not hold."""
        return tuple(
            line_id
            for line_id in self.disputed_lines
            if not (line_id in self.holds and self.holds[line_id].confirmed)
        )

    @property
    def unreleased_blocks(self) -> tuple[UUID, ...]:
        """The blocks that were requested and not yet released, in the order of the lines."""
        return tuple(hold.block_id for hold in self.holds.values() if not hold.released)

    def line_of(self, block_id: UUID) -> UUID | None:
        """Which line the block holds, or nothing when it was superseded."""
        for line_id, hold in self.holds.items():
            if hold.block_id == block_id:
                return line_id
        return None

    def _with_holds(self, event: Event) -> Self:
        match event:
            case events.BlockRequested():
                requested = {block.line_id: Held(block.block_id) for block in event.blocks}
                return replace(self, holds={**self.holds, **requested}, witness=None)
            case events.LineBlockConfirmed() | events.PaymentBlocked():
                held = self._held(event.line_id, Held(event.block_id, confirmed=True))
                return replace(held, was_blocked=True)
            case events.BlockConfirmedManually():
                confirmed = {b.line_id: Held(b.block_id, confirmed=True) for b in event.blocks}
                holds = {**self.holds, **confirmed}
                return replace(self, holds=holds, witness=None, was_blocked=True)
            case events.BlockFailed():
                # What a witness saw before this is no longer true.
                hold = Held(event.block_id, released=event.refused)
                return replace(self._held(event.line_id, hold), witness=None)
            case events.BlockDrifted():
                return replace(self._held(event.line_id, Held(event.block_id)), witness=None)
            case events.LineReleased():
                return self._held(event.line_id, Held(event.block_id, released=True))
            case events.DisputeReopened():
                return replace(self, holds={}, was_blocked=False)
            case events.PaymentReleased() | events.DisputeVoided():
                return replace(self, holds={})
            case _:
                return self

    def _with_offer(self, event: Event, envelope: Envelope) -> Self:
        match event:
            case events.ManualConfirmationProposed():
                actor = envelope.actor
                return replace(self, witness=Witness(actor.subject_id, actor.role))
            case events.SettlementProposed():
                proposer = envelope.actor.subject_id
                return replace(
                    self, settlement=event.settlement, proposed_by=proposer, approved=None
                )
            case events.SettlementApproved():
                return replace(self, approved=event.settlement_id)
            case events.SettlementExecuted():
                return replace(self, approved=None, executed=event.settlement_id)
            case (
                events.SettlementFailed()
                | events.DisputeRejected()
                | events.DisputeWithdrawn()
                | events.ClearedInErp()
            ):
                return replace(self, approved=None)
            case (
                events.ApprovalRefused()
                | events.SettlementRefused()
                | events.OfferExpired()
                | events.DisputeReopened()
            ):
                return replace(self, settlement=None, proposed_by=None, approved=None)
            case _:
                return self

    def _with_accounts(self, event: Event) -> Self:
        match event:
            case events.LineAdded():
                return self._accounts({event.line.line_id: Account.opened(event.line)})
            case events.LineReduced():
                return self._adjusted(event.line_id, by=-event.amount)
            case events.LineSplit():
                part = {event.part.line_id: Account.opened(event.part)}
                return self._adjusted(event.line_id, by=-event.part.amount)._accounts(part)
            case events.LinesMerged():
                return self._merged(event.line_id, into=event.into_line_id)
            case events.SettlementExecuted() if self.settlement is not None:
                return self._accounts(execute(self.settlement, accounts=self.accounts))
            case events.ClearedInErp():
                return self._paid(event.payments)
            case events.DisputeWithdrawn() | events.ReleaseOrdered() | events.DisputeVoided():
                return self._paid(())
            case events.DisputeReopened() | events.DisputeReinstated():
                return self._accounts({k: a.take_back() for k, a in self.accounts.items()})
            case _:
                return self

    def _held(self, line_id: UUID, hold: Held) -> Self:
        return replace(self, holds={**self.holds, line_id: hold})

    def _accounts(self, changed: Mapping[UUID, Account]) -> Self:
        return replace(self, accounts={**self.accounts, **changed})

    def _adjusted(self, line_id: UUID, *, by: Decimal) -> Self:
        account = self.accounts.get(line_id)
        return self if account is None else self._accounts({line_id: account.adjust(by)})

    def _merged(self, line_id: UUID, *, into: UUID) -> Self:
        if line_id == into or not {line_id, into} <= self.accounts.keys():
            return self
        accounts = dict(self.accounts)
        accounts[into] = accounts[into].absorb(accounts.pop(line_id))
        return replace(self, accounts=accounts)

    def _paid(self, payments: tuple[Allocation, ...]) -> Self:
        paid = {payment.line_id: payment.amount for payment in payments}
        return self._accounts(
            {
                line_id: (account.pay(paid[line_id]) if line_id in paid else account).return_rest()
                for line_id, account in self.accounts.items()
            },
        )
