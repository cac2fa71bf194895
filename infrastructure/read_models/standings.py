"""Where a case stands, folded from its events alone."""

from typing import Any

from application.recorded import RecordedEvent
from domain.blocks.lifecycle import LIFECYCLE as BLOCKS
from domain.complaints.lifecycle import LIFECYCLE as COMPLAINTS
from domain.disputes.lifecycle import LIFECYCLE as DISPUTES
from domain.lifecycle import Lifecycle, Standing
from infrastructure.read_models.projection import Row, kind_of

LIFECYCLES: dict[str, Lifecycle[Any]] = {  # Any: each has its own statuses
    "complaint": COMPLAINTS,
    "dispute": DISPUTES,
    "block": BLOCKS,
}


def standing_after(recorded: RecordedEvent, before: Row | None) -> dict[str, Any]:
    """The columns `status` and `resume` after the event; `before` is a row that has them."""
    lifecycle = LIFECYCLES[kind_of(recorded)]
    if before is None:
        return {"status": lifecycle.initial, "resume": []}
    standing = Standing(
        lifecycle.named(before["status"]), tuple(map(lifecycle.named, before["resume"]))
    )
    moved = lifecycle.move(standing, type(recorded.event))
    return {"status": moved.status, "resume": list(moved.resume)}
