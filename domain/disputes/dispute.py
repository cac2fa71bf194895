"""A dispute's state: what the decisions need to remember of its history.

The decisions stand beside it by topic: `opening`, `blocking`, `negotiating`, `ending`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Self
from uuid import UUID

from domain.blocks.events import Scope
from domain.disputes import events
from domain.disputes.lifecycle import LIFECYCLE, Status
from domain.disputes.lines import Account, Allocation
from domain.disputes.settlement import Settlement, execute
from domain.event import Envelope, Event
from domain.lifecycle import Standing
from domain.parties import Role


@dataclass(frozen=True, slots=True)
class Held:
    """The line that a block holds, in which scope, and whether the ERP has confirmed it."""

    line_id: UUID
    scope: Scope | None = None
    """Nothing for a block of which only its own history tells the scope."""
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
    """The latest block of each line and scope, by the block's identity."""
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
        """The lines that dispute something and that the ERP does not hold in every scope."""
        asked = {hold.line_id for hold in self.holds.values()}
        awaited = {self.holds[block_id].line_id for block_id in self.unconfirmed_blocks}
        return tuple(
            line_id for line_id in self.disputed_lines if line_id in awaited or line_id not in asked
        )

    @property
    def unconfirmed_blocks(self) -> tuple[UUID, ...]:
        """The latest blocks on what is disputed that the ERP has not confirmed."""
        disputed = set(self.disputed_lines)
        return tuple(
            block_id
            for block_id, hold in self.holds.items()
            if not hold.confirmed and hold.line_id in disputed
        )

    @property
    def unreleased_blocks(self) -> tuple[UUID, ...]:
        """The blocks that were requested and not yet released, in the order of the lines."""
        return tuple(block_id for block_id, hold in self.holds.items() if not hold.released)

    def line_of(self, block_id: UUID) -> UUID | None:
        """Which line the block holds, or nothing when it was superseded."""
        hold = self.holds.get(block_id)
        return None if hold is None else hold.line_id

    def unheld(self, scopes: Iterable[Scope]) -> tuple[tuple[UUID, Scope], ...]:
        """The disputed lines, each with those of the scopes in which the ERP does not hold it."""
        held = {(hold.line_id, hold.scope) for hold in self.holds.values() if hold.confirmed}
        return tuple(
            (line_id, scope)
            for line_id in self.disputed_lines
            for scope in dict.fromkeys(scopes)
            if held.isdisjoint({(line_id, scope), (line_id, None)})
        )

    def _with_holds(self, event: Event) -> Self:
        match event:
            case events.BlockRequested():
                return self._requested(event)
            case events.LineBlockConfirmed() | events.PaymentBlocked():
                held = self._held(event.line_id, event.block_id, confirmed=True)
                return replace(held, was_blocked=True)
            case events.BlockConfirmedManually():
                held = self
                for block in event.blocks:
                    held = held._held(block.line_id, block.block_id, confirmed=True)
                return replace(held, witness=None, was_blocked=True)
            case events.BlockFailed():
                # What a witness saw before this is no longer true.
                held = self._held(event.line_id, event.block_id, released=event.refused)
                return replace(held, witness=None)
            case events.BlockDrifted():
                return replace(self._held(event.line_id, event.block_id), witness=None)
            case events.LineReleased():
                return self._held(event.line_id, event.block_id, released=True)
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

    def _requested(self, event: events.BlockRequested) -> Self:
        # Before scopes were told, a line had one block, which the next one superseded.
        lines = {block.line_id for block in event.blocks}
        gone = set(event.superseded or ()) | {
            block_id
            for block_id, hold in self.holds.items()
            if hold.line_id in lines and not hold.confirmed
        }
        kept = {block_id: hold for block_id, hold in self.holds.items() if block_id not in gone}
        requested = {b.block_id: Held(b.line_id, b.scope) for b in event.blocks}
        return replace(self, holds={**kept, **requested}, witness=None)

    def _held(
        self, line_id: UUID, block_id: UUID, *, confirmed: bool = False, released: bool = False
    ) -> Self:
        known = self.holds.get(block_id)
        scope = None if known is None else known.scope
        hold = Held(line_id, scope, confirmed=confirmed, released=released)
        return replace(self, holds={**self.holds, block_id: hold})

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
