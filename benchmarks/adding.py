"""exposure.added: what one more block costs, over a small ledger and over a large one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Final
from uuid import UUID

from psycopg.rows import dict_row

from application.recorded import RecordedEvent
from benchmarks.clients import report
from benchmarks.exposing import fill
from benchmarks.figures import Figures, Scale, at_most, stated
from benchmarks.site import Ground, Site
from domain.blocks.events import BlockOrdered, Scope
from domain.disputes.events import DisputeOpened, PaymentBlocked, PaymentReleased
from domain.disputes.lines import Document, Line
from domain.event import Channel, Envelope
from domain.parties import SYSTEM
from infrastructure.read_models.blocked_payments import BLOCKED_PAYMENTS

PAGES: Final = 20
BLOCKS: Final = 250
"""Of a page of a thousand events."""

SMALL: Final = 100
"""The small ledger is a hundredth of the large one."""

GOAL: Final = 1.5
LATER: Final = datetime(2026, 1, 1, tzinfo=UTC)


def run(ground: Ground, scale: Scale) -> Figures:
    """Measure the projection of new blocks, each opened, asked for, confirmed and released."""
    costs: list[float] = []
    for rows in (scale.ledger // SMALL, scale.ledger):
        with ground.site() as site:
            fill(site, rows=rows)
            measured = list(_costs(site))
        report(f"exposure.added: {rows} rows, microseconds", measured)
        costs.append(median(measured))
        figure = "exposure.added.small" if rows < scale.ledger else "exposure.added.large"
        yield stated(figure, value=costs[-1], unit="µs/block", rows=rows)
    yield at_most(GOAL, figure="exposure.added.growth", value=costs[1] / costs[0], unit="ratio")


def _costs(site: Site) -> Iterator[float]:
    with site.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        for page in range(PAGES):
            events = [event for n in range(BLOCKS) for event in _story(page * BLOCKS + n)]
            began = perf_counter()
            with connection.transaction():
                BLOCKED_PAYMENTS.project(cursor, events)
            yield 1_000_000 * (perf_counter() - began) / BLOCKS


def _story(number: int) -> Iterator[RecordedEvent]:
    dispute_id, line_id, block_id = (UUID(int=place << 64 | number) for place in (0xD0, 0x10, 0xB0))
    document = Document(system="S4", company_code="FR01", number=f"8{number}")
    line = Line(
        line_id=line_id,
        invoice_id=UUID(int=0x90 << 64 | number),
        document=document,
        open_amount=Decimal(100),
        amount=Decimal(100),
        currency="EUR",
        reason_code="price",
    )
    held = {"line_id": line_id, "block_id": block_id}
    happened = (
        (dispute_id, DisputeOpened(customer_id="C-1", reason_code="price", lines=(line,))),
        (
            block_id,
            BlockOrdered(
                dispute_id=dispute_id,
                line_id=line_id,
                document=document,
                scope=Scope.DUNNING,
                amount=Decimal(100),
                currency="EUR",
                reason_code="price",
                review_by=date(2030, 1, 1),
            ),
        ),
        (dispute_id, PaymentBlocked(**held)),
        (dispute_id, PaymentReleased(**held)),
    )
    for place, (stream_id, event) in enumerate(happened):
        position = 10_000_000 + 4 * number + place
        at = LATER + timedelta(minutes=position % 1_000_000)
        envelope = Envelope(
            actor=SYSTEM, channel=Channel.API, occurred_at=at, correlation_id=dispute_id
        )
        yield RecordedEvent(position, at, stream_id, place + 1, event, envelope)
