"""The payment blocks as they stand, and which of them the ERP must be asked about."""

from collections.abc import Sequence
from typing import Final

from psycopg import Cursor
from psycopg.rows import DictRow

from application.recorded import RecordedEvent
from domain.blocks.events import BlockOrdered, BlockSent
from domain.blocks.lifecycle import Status
from infrastructure.read_models.projection import KeyedRows, Projection, Row, Table, kind_of
from infrastructure.read_models.standings import standing_after

_UNFINISHED: Final = frozenset({Status.REQUESTED, Status.SENT, Status.RELEASE_REQUESTED})
_BLOCK: Final = Table(
    "payment_block",
    ("block_id",),
    (
        "block_id",
        "dispute_id",
        "line_id",
        "status",
        "resume",
        "is_unfinished",
        "system",
        "company_code",
        "document",
        "document_line",
        "scope",
        "amount",
        "currency",
        "reason_code",
        "review_by",
        "attempts",
        "version",
        "changed_at",
    ),
)


def _project(cursor: Cursor[DictRow], page: Sequence[RecordedEvent]) -> None:
    concerned = [recorded for recorded in page if kind_of(recorded) == "block"]
    blocks = KeyedRows(cursor, _BLOCK, (recorded.stream_id for recorded in concerned))
    for recorded in concerned:
        before = blocks.get(recorded.stream_id)
        standing = standing_after(recorded, before)
        row = {
            **_begin(recorded, before),
            **standing,
            "is_unfinished": standing["status"] in _UNFINISHED,
            "version": recorded.version,
            "changed_at": recorded.recorded_at,
        }
        if isinstance(recorded.event, BlockSent):
            row["attempts"] = recorded.event.attempt
        blocks.put(row)
    blocks.save()


def _begin(recorded: RecordedEvent, before: Row | None) -> Row:
    if before is not None:
        return before
    order = recorded.event
    assert isinstance(order, BlockOrdered), "a block begins ordered"
    return {
        "block_id": recorded.stream_id,
        "dispute_id": order.dispute_id,
        "line_id": order.line_id,
        "system": order.document.system,
        "company_code": order.document.company_code,
        "document": order.document.number,
        "document_line": order.document.line,
        "scope": order.scope,
        "amount": order.amount,
        "currency": order.currency,
        "reason_code": order.reason_code,
        "review_by": order.review_by,
        "attempts": 0,
    }


PAYMENT_BLOCKS: Final = Projection("payment_blocks", (_BLOCK,), _project)
