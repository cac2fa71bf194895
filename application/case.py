"""What every kind of case has in common."""

from typing import Protocol, Self
from uuid import UUID

from domain.event import Envelope, Event


class Case(Protocol):
    """Anything that remembers its own history: complaint, dispute, payment block, invoice."""

    @property
    def id(self) -> UUID:
        """The case, which is its stream."""
        ...

    @property
    def version(self) -> int:
        """How many events the memory holds."""
        ...

    @classmethod
    def born(cls, case_id: UUID, event: Event, envelope: Envelope) -> Self:
        """Begin the memory with the first event of the stream."""
        ...

    def after(self, event: Event, envelope: Envelope) -> Self:
        """Take a recorded fact in; never refuses."""
        ...
