"""What was blocked, found by reading every event again: slow, plain, and by another way.

At (`valid_at`, `known_at`) a line stands as after the facts about it that we knew by then, up to
the first one that had not happened by then: what came after was decided on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from application.recorded import RecordedEvent
from domain.blocks.events import BlockOrdered
from domain.disputes import events
from domain.disputes.lines import Line
from domain.invoices.events import InvoiceMirrored

ZERO: Final = Decimal(0)
END: Final = events.PaymentReleased | events.DisputeVoided | events.DisputeReopened


@dataclass
class Replayed:
    """How a line stands."""

    line_id: UUID
    dispute_id: UUID
    customer_id: str
    company_code: str
    currency: str
    reason_code: str
    opened_at: datetime
    invoiced_on: date | None
    ordered: Decimal = ZERO
    requested: Decimal = ZERO
    confirmed: Decimal = ZERO
    failed: Decimal = ZERO
    stopped: bool = False
    """A fact about it had not happened yet."""

    def stands(self, *, requested: Decimal, confirmed: Decimal, failed: Decimal) -> None:
        self.requested, self.confirmed, self.failed = requested, confirmed, failed


def replay(
    history: Iterable[RecordedEvent], valid_at: datetime, known_at: datetime | None
) -> list[Replayed]:
    """Every line as it stood then, as far as was known then."""
    office = _Replay(valid_at)
    for recorded in history:
        if known_at is None or recorded.recorded_at <= known_at:
            office.take_in(recorded)
    return [line for lines in office.disputes.values() for line in lines.values()]


class _Replay:
    def __init__(self, valid_at: datetime) -> None:
        self.valid_at = valid_at
        self.disputes: dict[UUID, dict[UUID, Replayed]] = {}
        self.invoices: dict[UUID, date | None] = {}
        self.opened: dict[UUID, tuple[str, datetime]] = {}

    def take_in(self, recorded: RecordedEvent) -> None:
        event, at = recorded.event, recorded.envelope.occurred_at
        match event:
            case InvoiceMirrored():
                self.invoices[recorded.stream_id] = event.invoiced_on
            case events.DisputeOpened():
                self.opened[recorded.stream_id] = event.customer_id, at
                self.disputes[recorded.stream_id] = {}
                for line in event.lines:
                    self.add(recorded.stream_id, line, at)
            case events.LineAdded(line=line) | events.LineSplit(part=line):
                self.add(recorded.stream_id, line, at)
            case events.DisputeCorrected(line_id=line_id, now=str() as reason_code):
                for stands in self.disputes[recorded.stream_id].values():
                    if line_id in {None, stands.line_id}:
                        stands.reason_code = reason_code
            case _:
                self.change(recorded)

    def add(self, dispute_id: UUID, line: Line, at: datetime) -> None:
        customer_id, opened_at = self.opened[dispute_id]
        self.disputes[dispute_id][line.line_id] = Replayed(
            line_id=line.line_id,
            dispute_id=dispute_id,
            customer_id=customer_id,
            company_code=line.document.company_code,
            currency=line.currency,
            reason_code=line.reason_code,
            opened_at=opened_at,
            invoiced_on=self.invoices.get(line.invoice_id),
            stopped=at > self.valid_at or opened_at > self.valid_at,
        )

    def change(self, recorded: RecordedEvent) -> None:
        event = recorded.event
        dispute_id = event.dispute_id if isinstance(event, BlockOrdered) else recorded.stream_id
        concerned: set[UUID] = set()
        if getattr(event, "partly", None):
            pass  # other scopes of the line stand as they stood, and so does its money
        elif isinstance(event, END):
            concerned = set(self.disputes[dispute_id])
        elif isinstance(event, events.BlockConfirmedManually):
            concerned = {block.line_id for block in event.blocks}
        elif (line_id := getattr(event, "line_id", None)) is not None:
            concerned = {line_id}
        for line in self.disputes.get(dispute_id, {}).values():
            if line.line_id in concerned:
                line.stopped |= recorded.envelope.occurred_at > self.valid_at
                if not line.stopped:
                    change(line, recorded)


def change(line: Replayed, recorded: RecordedEvent) -> None:
    """Let a fact change a line that it is about."""
    match recorded.event:
        case BlockOrdered(amount=amount):
            line.ordered = amount
            line.stands(requested=amount, confirmed=line.confirmed, failed=ZERO)
        case (
            events.LineBlockConfirmed() | events.PaymentBlocked() | events.BlockConfirmedManually()
        ):
            line.stands(requested=ZERO, confirmed=line.ordered, failed=ZERO)
        case events.LineReduced(amount=amount):
            line.ordered = max(line.ordered - amount, ZERO)
            line.requested = min(line.requested, line.ordered)
            line.confirmed = min(line.confirmed, line.ordered)
            line.failed = min(line.failed, line.ordered)
        case events.BlockDrifted() | events.BlockFailed():
            line.stands(requested=ZERO, confirmed=ZERO, failed=line.ordered)
        case (
            events.LineReleased()
            | events.PaymentReleased()
            | events.DisputeVoided()
            | events.DisputeReopened()
        ):
            line.stands(requested=ZERO, confirmed=ZERO, failed=ZERO)
        case _:
            raise AssertionError(f"a line is not told to change by {recorded.event.type}")
