"""Disputes: how they begin, their lines, and the block on the payment."""

from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field, field_serializer

from api.http.actions import Kind, command
from api.http.answers import dispute_after, dispute_at
from api.http.calls import (
    NOTHING_SAID,
    AskingReadModels,
    Beginning,
    Changing,
    Circumstances,
    ReadingCase,
)
from api.http.case_views import DisputeView
from api.http.describing import creates, reads
from api.http.disputed_lines import DisputedLine, claims
from api.http.moments import AsOf
from api.http.operations import operations
from api.http.values import (
    AmountIn,
    Code,
    Day,
    Identifier,
    ListAnswer,
    ListOf,
    OneOf,
    SetOf,
    in_currency,
)
from application import disputes
from domain.blocks.events import Scope
from domain.disputes.dispute import Dispute

router = operations("/v1/disputes", tag="disputes")
KIND = Kind.DISPUTE


class BlockRow(ListAnswer):
    """A payment block as a list shows it."""

    block_id: UUID
    line_id: UUID
    status: str
    system: str
    company_code: str
    document: str
    document_line: int
    scope: str
    amount: Decimal
    currency: str
    reason_code: str
    review_by: date
    attempts: int
    version: int
    changed_at: datetime

    @field_serializer("amount")
    def _in_currency(self, amount: Decimal) -> str:
        return in_currency(amount, currency=self.currency)


class DirectOpening(Circumstances):
    """What a dispute is born with that no complaint preceded."""

    customer_id: Code
    reason_code: Code
    requested_action: Code | None = None
    lines: ListOf[DisputedLine] = ()


class NewLine(Circumstances):
    """One more document line."""

    line: DisputedLine


class Reduction(Circumstances):
    """How much less of a line is disputed."""

    line_id: Identifier
    amount: AmountIn


class Split(Reduction):
    """Which part of a line becomes a line of its own, and why."""

    reason_code: Code


class LineMerge(Circumstances):
    """Which line goes into which."""

    line_id: Identifier
    into_line_id: Identifier


class BlockRequest(Circumstances):
    """What the ERP is to hold back, and until when somebody looks at it again.

    Each scope is a block of its own. What is already confirmed stays, named or not; what is neither
    confirmed nor named is given up, which is the way out when the ERP refuses a scope.
    """

    review_by: Day
    scopes: Annotated[SetOf[OneOf[Scope]], Field(min_length=1)] = (Scope.DUNNING,)


class BlocksSeen(Circumstances):
    """Which blocks were seen in the ERP: every one that it has not confirmed itself."""

    block_ids: ListOf[Identifier]


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    operation_id="disputes.open",
    responses=creates(),
)
def open_directly(said: DirectOpening, call: Beginning) -> DisputeView:
    """Open a dispute that no complaint preceded."""
    recorded = disputes.open_directly(
        call.on(said),
        customer_id=said.customer_id,
        reason_code=said.reason_code,
        requested_action=said.requested_action,
        lines=claims(said.lines, identities=call.services.identities),
        cases=call.cases,
    )
    return dispute_after(call, recorded, begun=True)


@router.get("/{case_id}", operation_id="disputes.read", responses=reads(of_a_case=True))
def read(case_id: Identifier, moment: AsOf, call: ReadingCase) -> DisputeView:
    """Show a dispute as it is, or as it was."""
    return dispute_at(call, case_id, moment)


@router.get(
    "/{case_id}/payment-blocks",
    operation_id="disputes.payment-blocks",
    responses=reads(),
)
def payment_blocks(case_id: Identifier, call: AskingReadModels) -> list[BlockRow]:
    """The payment blocks of a dispute."""
    dispute = call.cases.load(Dispute, case_id)
    return [BlockRow.model_validate(row) for row in call.services.questions.blocks_of(dispute.id)]


@command(router, KIND, "add_line")
def add_line(said: NewLine, call: Changing) -> DisputeView:
    """Dispute one more document line."""
    recorded = disputes.add_line(
        call.on(said),
        line=said.line.as_claim(identities=call.services.identities),
        cases=call.cases,
    )
    return dispute_after(call, recorded)


@command(router, KIND, "reduce_line")
def reduce_line(said: Reduction, call: Changing) -> DisputeView:
    """Dispute less of a line."""
    recorded = disputes.reduce_line(
        call.on(said), line_id=said.line_id, amount=said.amount, cases=call.cases
    )
    return dispute_after(call, recorded)


@command(router, KIND, "split_line")
def split_line(said: Split, call: Changing) -> DisputeView:
    """Make a part of a line a line of its own, with its own reason."""
    recorded = disputes.split_line(
        call.on(said),
        line_id=said.line_id,
        amount=said.amount,
        reason_code=said.reason_code,
        part_id=call.services.identities.new(),
        cases=call.cases,
    )
    return dispute_after(call, recorded)


@command(router, KIND, "merge_lines")
def merge_lines(said: LineMerge, call: Changing) -> DisputeView:
    """Put a line into another one of the same document line."""
    recorded = disputes.merge_lines(
        call.on(said), line_id=said.line_id, into_line_id=said.into_line_id, cases=call.cases
    )
    return dispute_after(call, recorded)


@command(router, KIND, "request_block")
def request_block(said: BlockRequest, call: Changing) -> DisputeView:
    """Ask the ERP to hold back every line in every scope in which it does not hold it yet."""
    recorded = disputes.request_block(
        call.on(said),
        review_by=said.review_by,
        scopes=said.scopes,
        identities=call.services.identities,
        cases=call.cases,
    )
    return dispute_after(call, recorded)


@command(router, KIND, "propose_manual_confirmation")
def propose_manual_confirmation(call: Changing, said: Circumstances = NOTHING_SAID) -> DisputeView:
    """Say that the block was seen in the ERP; a second person must confirm it."""
    recorded = disputes.propose_manual_confirmation(call.on(said), cases=call.cases)
    return dispute_after(call, recorded)


@command(router, KIND, "confirm_block_manually")
def confirm_block_manually(said: BlocksSeen, call: Changing) -> DisputeView:
    """Confirm as the second person that the ERP holds every line."""
    recorded = disputes.confirm_block_manually(call.on(said), seen=said.block_ids, cases=call.cases)
    return dispute_after(call, recorded)
