"""Finding out what a case is: its history, and the kind of case that remembers it."""

from collections.abc import Sequence
from uuid import UUID

from application.case import Case
from application.errors import CaseNotFound
from application.recorded import RecordedEvent
from infrastructure.bootstrap import Wiring
from infrastructure.event_store.cases import BORN_AS


def history_of(case_id: UUID, *, wiring: Wiring) -> Sequence[RecordedEvent]:
    """Read everything recorded of a case.

    Raises:
        CaseNotFound: nothing is.
    """
    history = wiring.services.cases.history(case_id)
    if not history:
        raise CaseNotFound("case", case_id)
    return history


def kind_of(history: Sequence[RecordedEvent]) -> type[Case]:
    """Which kind of case begins like this."""
    return BORN_AS[type(history[0].event)]


def word_for(history: Sequence[RecordedEvent]) -> str:
    """The word for the kind of case: the first one of its events' stored names."""
    return history[0].event.type.partition(".")[0]
