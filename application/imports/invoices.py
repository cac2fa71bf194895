"""Invoices that another system has kept, and the disputes over them, as far as it tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from application import blocks, disputes, invoices
from application.commands import OnCase
from application.imports.circumstances import Reason, on_imported
from application.invoices import LineClaim
from application.ports import Cases
from application.recorded import RecordedEvent
from domain.blocks.events import Scope
from domain.disputes.lines import Allocation, Document
from domain.event import Event
from domain.invoices.events import (
    InvoiceCleared,
    InvoiceDisputed,
    InvoiceDisputeEnded,
    InvoiceMirrored,
)
from domain.refusals import RuleBroken

UNSPECIFIED: Final = "unspecified"
"""The source states that the customer disputes, and not why."""

ROOT_CAUSE: Final = "none_found"


class InvoiceContradicted(RuleBroken):
    """Reports of one invoice agree on its customer, amount and dates."""

    def __init__(self, field: str, *, known: object, reported: object) -> None:
        super().__init__(f"the invoice is known with {field} {known}, not {reported}")
        self.field = field


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """Identities of which there is exactly one, known beforehand."""

    identity: UUID

    def new(self) -> UUID:
        return self.identity


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedInvoice:
    """What a source tells about one invoice. The identities are the same in every import."""

    case_id: UUID
    """The invoice: `identify_invoice(document)`."""
    dispute_id: UUID
    line_id: UUID
    block_id: UUID
    customer_id: str
    document: Document
    amount: Decimal
    currency: str
    invoiced_on: date
    due_on: date
    disputed: bool
    settled_on: date | None

    def catch_up(self, history: Sequence[RecordedEvent], *, cases: Cases) -> None:
        """Run the commands for what the source tells beyond what is recorded.

        A disputed invoice counts as blocked from its date, inclusive, to its settlement,
        exclusive. All commands become durable together: between two of them the ERP's
        worker would see a block to ask for.

        Raises:
            InvoiceContradicted: the invoice is recorded with other values.
        """
        facts = [recorded.event for recorded in history]
        if facts:
            self._check(facts[0])
        else:
            self._mirror(cases)
        claimed = _is_claimed(facts, by=self.dispute_id)
        if self.disputed and not self._was_disputed(facts):
            self._dispute(cases)
            claimed = True
        if self.settled_on is not None and not any(isinstance(f, InvoiceCleared) for f in facts):
            self._settle(self.settled_on, cases, disputed=claimed)

    def _mirror(self, cases: Cases) -> None:
        invoices.mirror(
            self._on(self.case_id, self.invoiced_on),
            customer_id=self.customer_id,
            document=self.document,
            open_amount=self.amount,
            currency=self.currency,
            invoiced_on=self.invoiced_on,
            due_on=self.due_on,
            cases=cases,
        )

    def _check(self, first: Event) -> None:
        assert isinstance(first, InvoiceMirrored), "an invoice begins mirrored"
        for field, known, reported in (
            ("customer", first.customer_id, self.customer_id),
            ("amount", first.open_amount, self.amount),
            ("currency", first.currency, self.currency),
            ("date", first.invoiced_on, self.invoiced_on),
            ("due date", first.due_on, self.due_on),
        ):
            if known != reported:
                raise InvoiceContradicted(field, known=known, reported=reported)

    def _was_disputed(self, facts: Sequence[Event]) -> bool:
        return any(
            isinstance(fact, InvoiceDisputed) and fact.dispute_id == self.dispute_id
            for fact in facts
        )

    def _dispute(self, cases: Cases) -> None:
        line = LineClaim(
            line_id=self.line_id,
            document=self.document,
            open_amount=self.amount,
            amount=self.amount,
            currency=self.currency,
            reason_code=UNSPECIFIED,
            due_on=self.due_on,
        )
        disputes.open_directly(
            self._on(self.dispute_id, self.invoiced_on, Reason.DATE_NOT_STATED),
            customer_id=self.customer_id,
            reason_code=UNSPECIFIED,
            requested_action=None,
            lines=[line],
            cases=cases,
        )
        disputes.request_block(
            self._on(self.dispute_id, self.invoiced_on, Reason.BLOCK_NOT_STATED),
            review_by=max(self.due_on, self.invoiced_on),
            scopes=(Scope.DUNNING,),
            identities=_Foreseen(self.block_id),
            cases=cases,
        )
        on_block = self._on(self.block_id, self.invoiced_on, Reason.BLOCK_NOT_STATED)
        blocks.send(on_block, cases=cases)
        blocks.confirm(on_block, erp_reference=None, cases=cases)

    def _settle(self, settled_on: date, cases: Cases, *, disputed: bool) -> None:
        if disputed:
            disputes.cleared_in_erp(
                self._on(self.dispute_id, settled_on),
                payments=(Allocation(line_id=self.line_id, amount=self.amount),),
                erp_document=None,
                cases=cases,
            )
            blocks.confirm_release(
                self._on(self.block_id, settled_on, Reason.BLOCK_NOT_STATED),
                cases=cases,
            )
            disputes.close(
                self._on(self.dispute_id, settled_on, Reason.ROOT_CAUSE_NOT_STATED),
                root_cause=ROOT_CAUSE,
                cases=cases,
            )
        invoices.clear(self._on(self.case_id, settled_on), amount=self.amount, cases=cases)

    def _on(self, case_id: UUID, day: date, *reasons: Reason) -> OnCase:
        return on_imported(case_id, on=day, correlation_id=self.case_id, reasons=reasons)


def _is_claimed(facts: Sequence[Event], *, by: UUID) -> bool:
    claimed = False
    for fact in facts:
        match fact:
            case InvoiceDisputed(dispute_id=dispute_id) if dispute_id == by:
                claimed = True
            case InvoiceDisputeEnded(dispute_id=dispute_id) if dispute_id == by:
                claimed = False
            case _:
                pass
    return claimed
