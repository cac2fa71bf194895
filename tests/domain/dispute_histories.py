"""What happened to disputes before the tests of their rules begin."""

from decimal import Decimal
from typing import Final

from domain.disputes import events
from domain.disputes.events import LineBlock
from domain.event import Envelope, Event
from tests import examples as an

HUNDRED: Final = Decimal("100.00")
REQUESTED: Final = events.BlockRequested(
    blocks=(LineBlock(line_id=an.LINE_ID, block_id=an.BLOCK_ID),),
    review_by=an.END_OF_MARCH,
)
CONFIRMED: Final = events.PaymentBlocked(line_id=an.LINE_ID, block_id=an.BLOCK_ID)
FAILED: Final = events.BlockFailed(
    line_id=an.LINE_ID,
    block_id=an.BLOCK_ID,
    refused=False,
    cause="no_answer",
)
DRIFTED: Final = events.BlockDrifted(line_id=an.LINE_ID, block_id=an.BLOCK_ID)
RELEASED: Final = events.PaymentReleased(line_id=an.LINE_ID, block_id=an.BLOCK_ID)
BLOCKED: Final = (an.opened(), REQUESTED, CONFIRMED)
TWO_LINES: Final = an.opened(lines=(an.line(), an.other_line()))
BOTH_REQUESTED: Final = events.BlockRequested(
    blocks=(
        LineBlock(line_id=an.LINE_ID, block_id=an.BLOCK_ID),
        LineBlock(line_id=an.OTHER_LINE_ID, block_id=an.OTHER_BLOCK_ID),
    ),
    review_by=an.END_OF_MARCH,
)


def proposed(**changes: an.Change) -> events.SettlementProposed:
    return events.SettlementProposed(settlement=an.settlement(**changes))


def accepted(**changes: an.Change) -> tuple[Event, ...]:
    """Proposed, approved and accepted: the ERP is to book it."""
    return (
        proposed(**changes),
        events.SettlementApproved(settlement_id=an.SETTLEMENT_ID),
        events.SettlementAccepted(settlement_id=an.SETTLEMENT_ID),
    )


def executed(**changes: an.Change) -> tuple[Event, ...]:
    """Booked by the ERP, and released."""
    return (
        *accepted(**changes),
        events.SettlementExecuted(settlement_id=an.SETTLEMENT_ID),
        RELEASED,
    )


def told_by(event: Event, **changes: an.Change) -> tuple[Event, Envelope]:
    return event, an.envelope(**changes)
