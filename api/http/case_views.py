"""A case as it is shown: its state, what the caller may do now, and what is next for whom."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self, TypeVar
from uuid import UUID

from pydantic import Field, field_serializer

from api.http.actions import NOUNS, Kind, address
from api.http.offering import offered
from api.http.values import AmountOut, Answer, in_currency
from application.keys import Principal
from domain.blocks.block import PaymentBlock
from domain.blocks.lifecycle import LIFECYCLE as BLOCKS
from domain.complaints.complaint import Complaint
from domain.complaints.lifecycle import LIFECYCLE as COMPLAINTS
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import LIFECYCLE as DISPUTES
from domain.disputes.lines import Document, Line
from domain.disputes.settlement import Settlement
from domain.invoices.invoice import Invoice
from domain.lifecycle import Lifecycle, Standing

S = TypeVar("S", bound=StrEnum)


class ActionLink(Answer):
    """Something that the caller may do with the case now."""

    name: str
    method: str = "POST"
    href: str


class CaseView(Answer):
    """What every case answer tells."""

    id: UUID
    kind: str
    version: int
    status: str
    resume: list[str] = Field(
        description="Where the interruptions of the case lead back to, innermost last"
    )
    allowed_actions: list[ActionLink] = Field(
        description="What the caller may do now; nothing while an earlier state is shown"
    )
    next: dict[str, list[str]] = Field(description="By party, the actions that move the case on")


class ComplaintView(CaseView):
    """A complaint as it stands."""

    customer_id: str
    first_received_at: datetime
    dispute_id: UUID | None
    company_code: str | None = Field(description="The legal entity that the customer complains to")
    queue: str | None = Field(description="The team that works on it")
    claimed_by: str | None
    closed_at: datetime | None

    @classmethod
    def of(cls, complaint: Complaint, *, viewer: Principal | None) -> Self:
        """Show a complaint to somebody; to nobody when an earlier state is shown."""
        return cls(
            id=complaint.id,
            kind="complaint",
            version=complaint.version,
            status=complaint.status,
            resume=list(complaint.standing.resume),
            allowed_actions=_links(
                Kind.COMPLAINT,
                complaint.id,
                _allowed(COMPLAINTS, complaint.standing, viewer),
                viewer,
            ),
            next=_next(COMPLAINTS, complaint.standing),
            customer_id=complaint.customer_id,
            first_received_at=complaint.first_received_at,
            dispute_id=complaint.dispute_id,
            company_code=complaint.company_code,
            queue=complaint.queue,
            claimed_by=complaint.claimed_by,
            closed_at=complaint.closed_at,
        )


class DocumentView(Answer):
    """An ERP document line, by the ERP's own keys."""

    system: str
    company_code: str
    number: str
    line: int

    @classmethod
    def of(cls, document: Document) -> Self:
        """Show a document."""
        return cls(**document.model_dump())


ACCOUNT: Final = (
    "vat",
    "original",
    "adjusted",
    "current",
    "paid",
    "credited",
    "written_off",
    "otherwise_cleared",
    "returned",
)


class HoldView(Answer):
    """The latest block on a line in a scope, as the dispute knows it."""

    block_id: UUID
    scope: str | None
    """Nothing where only the block itself tells it."""
    confirmed: bool
    released: bool


class LineView(Answer):
    """What is disputed of a document line, and what became of it."""

    line_id: UUID
    invoice_id: UUID
    document: DocumentView
    reason_code: str
    requested_action: str | None
    currency: str
    vat: Decimal
    original: Decimal
    adjusted: Decimal
    current: Decimal = Field(description="What is disputed now")
    paid: Decimal
    credited: Decimal
    written_off: Decimal
    otherwise_cleared: Decimal
    returned: Decimal = Field(description="What is collected as usual again")
    blocks: list[HoldView]

    @field_serializer(*ACCOUNT)
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class AllocationView(Answer):
    """A part of one line's amount."""

    line_id: UUID
    amount: AmountOut


class SettlementView(Answer):
    """How the dispute is, or was, to be settled."""

    settlement_id: UUID
    kind: str
    allocations: list[AllocationView]

    @classmethod
    def of(cls, settlement: Settlement) -> Self:
        """Show a settlement."""
        return cls(
            settlement_id=settlement.settlement_id,
            kind=settlement.kind,
            allocations=[
                AllocationView(line_id=given.line_id, amount=given.amount)
                for given in settlement.allocations
            ],
        )


class DisputeView(CaseView):
    """A dispute as it stands."""

    customer_id: str
    complaint_id: UUID | None
    lines: list[LineView]
    is_blocked: bool = Field(description="Whether the ERP has confirmed to hold all of it back")
    settlement: SettlementView | None
    proposed_by: str | None

    @classmethod
    def of(cls, dispute: Dispute, *, viewer: Principal | None) -> Self:
        """Show a dispute to somebody; to nobody when an earlier state is shown."""
        settlement = dispute.settlement
        return cls(
            id=dispute.id,
            kind="dispute",
            version=dispute.version,
            status=dispute.status,
            resume=list(dispute.standing.resume),
            allowed_actions=_links(
                Kind.DISPUTE, dispute.id, _allowed(DISPUTES, dispute.standing, viewer), viewer
            ),
            next=_next(DISPUTES, dispute.standing),
            customer_id=dispute.customer_id,
            complaint_id=dispute.complaint_id,
            lines=[_line(dispute, line_id) for line_id in dispute.accounts],
            is_blocked=dispute.is_blocked,
            settlement=None if settlement is None else SettlementView.of(settlement),
            proposed_by=dispute.proposed_by,
        )


class BlockCaseView(CaseView):
    """A payment block as it stands."""

    dispute_id: UUID
    line_id: UUID
    document: DocumentView
    scope: str
    amount: Decimal
    currency: str
    reason_code: str
    review_by: date
    attempts: int = Field(description="How often the ERP was asked to set it")

    @field_serializer("amount")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)

    @classmethod
    def of(cls, block: PaymentBlock, *, viewer: Principal | None) -> Self:
        """Show a payment block to somebody; to nobody when an earlier state is shown."""
        order = block.order
        return cls(
            id=block.id,
            kind="payment_block",
            version=block.version,
            status=block.status,
            resume=list(block.standing.resume),
            allowed_actions=_links(
                Kind.BLOCK, block.id, _allowed(BLOCKS, block.standing, viewer), viewer
            ),
            next=_next(BLOCKS, block.standing),
            dispute_id=block.dispute_id,
            line_id=order.line_id,
            document=DocumentView.of(order.document),
            scope=order.scope,
            amount=order.amount,
            currency=order.currency,
            reason_code=order.reason_code,
            review_by=order.review_by,
            attempts=block.attempts,
        )


class ClaimView(Answer):
    """How much of an invoice line a dispute claims."""

    dispute_id: UUID
    amount: AmountOut


class InvoiceView(Answer):
    """An invoice line as the ERP told us of it. It has no lifecycle: whoever may change it, may."""

    id: UUID
    kind: str = "invoice"
    version: int
    customer_id: str
    document: DocumentView
    currency: str
    open_amount: Decimal
    cleared: Decimal
    disputed: Decimal
    claims: list[ClaimView]
    due_on: date | None
    allowed_actions: list[ActionLink]

    @field_serializer("open_amount", "cleared", "disputed")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)

    @classmethod
    def of(cls, invoice: Invoice, *, viewer: Principal | None) -> Self:
        """Show an invoice to somebody; to nobody when an earlier state is shown."""
        return cls(
            id=invoice.id,
            version=invoice.version,
            customer_id=invoice.customer_id,
            document=DocumentView.of(invoice.document),
            currency=invoice.currency,
            open_amount=invoice.open_amount,
            cleared=invoice.cleared,
            disputed=invoice.disputed,
            claims=[ClaimView(dispute_id=k, amount=v) for k, v in invoice.claims.items()],
            due_on=invoice.due_on,
            allowed_actions=_links(Kind.INVOICE, invoice.id, NOUNS[Kind.INVOICE], viewer),
        )


def _line(dispute: Dispute, line_id: UUID) -> LineView:
    account = dispute.accounts[line_id]
    line: Line = account.line
    return LineView(
        line_id=line_id,
        invoice_id=line.invoice_id,
        document=DocumentView.of(line.document),
        reason_code=line.reason_code,
        requested_action=line.requested_action,
        currency=line.currency,
        vat=line.vat,
        original=account.original,
        adjusted=account.adjusted,
        current=account.current,
        paid=account.paid,
        credited=account.credited,
        written_off=account.written_off,
        otherwise_cleared=account.otherwise_cleared,
        returned=account.returned,
        blocks=[
            HoldView(
                block_id=block_id,
                scope=hold.scope,
                confirmed=hold.confirmed,
                released=hold.released,
            )
            for block_id, hold in dispute.holds.items()
            if hold.line_id == line_id
        ],
    )


def _allowed(
    lifecycle: Lifecycle[S], standing: Standing[S], viewer: Principal | None
) -> tuple[str, ...]:
    return () if viewer is None else lifecycle.actions(standing.status, role=viewer.role)


def _links(
    kind: Kind, case_id: UUID, actions: Iterable[str], viewer: Principal | None
) -> list[ActionLink]:
    return [
        ActionLink(name=action, href=f"{address(kind, case_id)}/{NOUNS[kind][action]}")
        for action in (() if viewer is None else offered(kind, actions, viewer))
    ]


def _next(lifecycle: Lifecycle[S], standing: Standing[S]) -> dict[str, list[str]]:
    steps = lifecycle.next_steps(standing.status)
    return {str(party): list(actions) for party, actions in steps.items()}
