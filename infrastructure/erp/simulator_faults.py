"""What goes wrong at the simulated ERP: on demand, and the same in every run.

Nothing is drawn at random. A rate of 0.05 strikes the messages whose hash over the fault's name,
the block's id and the number of the message about this block lies in the lowest twentieth.
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from infrastructure.erp.wire import BlockRequest

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_HASH_RANGE: Final = 2**64


class Faults(BaseModel):
    """How often which fault strikes; without any, every block is confirmed at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lose_before: Rate = 0
    """Drops the connection before doing anything."""
    lose: Rate = 0
    """Does the work, then drops the connection without an answer."""
    error: Rate = 0
    """Answers 500 before doing anything."""
    repeat: Rate = 0
    """Receives and handles the message twice, as if the network had delivered it twice."""
    stale: Rate = 0
    """Does the work, then sends again the answer given before to a message about this block."""
    garble: Rate = 0
    """Does the work, then answers with a signature that does not fit."""
    delay: Rate = 0
    """Does the work, then waits for `delay_ms` before it answers."""
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    first_messages: Annotated[int, Field(ge=1)] | None = None
    """The faults above strike only this many first messages about a block; later ones pass."""
    pending_looks: Annotated[int, Field(ge=0)] = 0
    """Decides only after so many look-ups were answered 202."""
    reject: Rate = 0
    """Rejects blocks, by their id."""
    reject_every: Annotated[int, Field(ge=1)] | None = None
    """Rejects every nth new block, in the order of arrival."""
    reject_above: Decimal | None = None
    """Rejects blocks over more than this amount."""
    reject_number_suffix: Annotated[str, Field(min_length=1)] | None = None
    """Rejects blocks on documents whose number ends like this."""
    deny_release: Rate = 0
    """Denies the release of blocks, by their id."""
    seed: str = ""
    """Another seed, other victims."""

    def plan(self, block_id: UUID, *, attempt: int) -> "Plan":
        """Decide what goes wrong with the nth message about a block."""
        spared = self.first_messages is not None and attempt > self.first_messages

        def strikes(fault: str, rate: float) -> bool:
            return not spared and self._strikes(fault, rate=rate, victim=f"{block_id}:{attempt}")

        return Plan(
            lose_before=strikes("lose_before", self.lose_before),
            lose=strikes("lose", self.lose),
            error=strikes("error", self.error),
            repeat=strikes("repeat", self.repeat),
            stale=strikes("stale", self.stale),
            garble=strikes("garble", self.garble),
            delay_s=self.delay_ms / 1000 if strikes("delay", self.delay) else 0.0,
        )

    def rejection(self, order: BlockRequest, *, block_id: UUID, ordinal: int) -> str | None:
        """Return why the nth new block is rejected, or nothing."""
        if self.reject_above is not None and order.amount > self.reject_above:
            return f"the amount is above {self.reject_above}"
        suffix = self.reject_number_suffix
        if suffix is not None and order.document.number.endswith(suffix):
            return f"documents ending in {suffix} cannot be blocked"
        if self.reject_every is not None and ordinal % self.reject_every == 0:
            return f"one in {self.reject_every} blocks is rejected"
        if self._strikes("reject", rate=self.reject, victim=str(block_id)):
            return "the document is locked by another user"
        return None

    def denial(self, block_id: UUID) -> str | None:
        """Return why the release of a block is denied, or nothing."""
        if self._strikes("deny_release", rate=self.deny_release, victim=str(block_id)):
            return "the document is locked by another user"
        return None

    def _strikes(self, fault: str, *, rate: float, victim: str) -> bool:
        digest = hashlib.sha256(f"{self.seed}:{fault}:{victim}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < rate * _HASH_RANGE


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong with one message."""

    lose_before: bool
    lose: bool
    error: bool
    repeat: bool
    stale: bool
    garble: bool
    delay_s: float
