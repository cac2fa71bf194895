"""What was recorded: events as they are read back, and the answer to a command."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from application.case import Case
from domain.event import Envelope, Event


class RecordedEvent(NamedTuple):
    """An event as it stands in the history."""

    position: int
    recorded_at: datetime
    stream_id: UUID
    version: int
    event: Event
    envelope: Envelope


class Recorded(NamedTuple):
    """The answer to a command: the case, its version now, and the position to wait for."""

    case_id: UUID
    version: int
    position: int
    recorded_at: datetime
    types: tuple[str, ...]
    """The stored names of what was recorded, in order, over all streams."""
    case: Case | None = None
    """The case in that version; nothing while the command is only gathered."""
    is_repeated: bool = False
    """Whether the command had been recorded before, and is answered as it was then."""
