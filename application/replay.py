"""What a case was at an earlier point of its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, takewhile
from typing import TypeVar
from uuid import UUID

from application.case import Case
from application.errors import ApplicationError
from application.ports import Cases
from application.recorded import RecordedEvent

C = TypeVar("C", bound=Case)


class NoSuchMoment(ApplicationError):
    """The case has no state there: it did not exist yet, or has not come that far."""

    def __init__(self, case_id: UUID, *, version: int) -> None:
        super().__init__(f"case {case_id} has no state there; it has the versions 1 to {version}")
        self.case_id = case_id
        self.version = version


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point of a history; of several limits the earliest counts, without any it is the end."""

    version: int | None = None
    recorded_until: datetime | None = None
    """As we knew the case then."""
    occurred_until: datetime | None = None
    """As the case was then, as far as we know now."""

    def covers(self, recorded: RecordedEvent, *, counts_from: datetime) -> bool:
        """Whether a fact had come by this moment."""
        return (
            (self.version is None or recorded.version <= self.version)
            and (self.recorded_until is None or recorded.recorded_at <= self.recorded_until)
            and (self.occurred_until is None or counts_from <= self.occurred_until)
        )


def history_until(history: Sequence[RecordedEvent], moment: Moment) -> Sequence[RecordedEvent]:
    """The beginning of a history that counts at the moment.

    A fact counts from when it happened, but not before the facts recorded ahead of it: it was
    decided on them, so a state without them never was.
    """
    counts_from = accumulate((recorded.envelope.occurred_at for recorded in history), max)
    counted = takewhile(
        lambda pair: moment.covers(pair[0], counts_from=pair[1]),
        zip(history, counts_from, strict=True),
    )
    return [recorded for recorded, _ in counted]


def state_as_of(kind: type[C], history: Sequence[RecordedEvent], moment: Moment) -> C | None:
    """The case as it was at the moment, or nothing when it was not born yet."""
    until = history_until(history, moment)
    if not until:
        return None
    case = kind.born(until[0].stream_id, until[0].event, until[0].envelope)
    for recorded in until[1:]:
        case = case.after(recorded.event, recorded.envelope)
    return case


def load_as_of(kind: type[C], case_id: UUID, *, moment: Moment, cases: Cases) -> C:
    """Read a case as it was at the moment.

    Raises:
        CaseNotFound: there is no such case of that kind.
        NoSuchMoment: it was not born then, or has no such version.
    """
    now = cases.load(kind, case_id)
    if moment == Moment():
        return now
    then = state_as_of(kind, cases.history(case_id), moment)
    if then is None or now.version < (moment.version or 0):
        raise NoSuchMoment(case_id, version=now.version)
    return then
