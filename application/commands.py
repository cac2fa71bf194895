"""What every command on a case carries. A command is a call: its name is the function's."""

from dataclasses import dataclass
from uuid import UUID

from domain.event import Envelope
from domain.parties import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCase:
    """Which case a command is about, in which version it was seen, under what circumstances."""

    case_id: UUID
    envelope: Envelope
    expected_version: int | None = None

    @property
    def by(self) -> Actor:
        """Who acts."""
        return self.envelope.actor
