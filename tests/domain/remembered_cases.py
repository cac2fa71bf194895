"""The port `Cases` in memory, for the rules alone: nothing durable, nobody beside us.

It keeps every case folded as the commands left it, so that a replay can be compared with it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from application.case import Case
from application.errors import CaseChanged, CaseNotFound
from application.recorded import Recorded, RecordedEvent
from domain.event import Envelope, Event
from domain.parties import SYSTEM
from domain.refusals import AlreadyBorn
from infrastructure.event_store.cases import fold
from tests.examples import MONDAY

C = TypeVar("C", bound=Case)
Decide = Callable[["StagedWork"], UUID]


class RememberedCases:
    """Cases that live as long as the test."""

    def __init__(self) -> None:
        self.recorded: list[RecordedEvent] = []
        self.kept: dict[UUID, Case] = {}
        """Every case as the commands left it."""

    def transact(self, envelope: Envelope, decide: Decide) -> Recorded:
        """Run a command; see the port."""
        return self.transact_all([(envelope, decide)])

    def transact_all(self, commands: Sequence[tuple[Envelope, Decide]]) -> Recorded:
        """Run several commands, all or none; see the port."""
        staged = StagedWork(self, commands[0][0])
        case_id = UUID(int=0)
        for envelope, decide in commands:
            staged.envelope = envelope
            case_id = decide(staged)
        self.recorded += staged.events
        self.kept |= staged.cases
        return Recorded(
            case_id=case_id,
            version=self.kept[case_id].version,
            position=len(self.recorded),
            recorded_at=MONDAY,
            types=tuple(recorded.event.type for recorded in staged.events),
        )

    def load(self, kind: type[C], case_id: UUID) -> C:
        """Read a case; see the port."""
        case = self.kept.get(case_id)
        if not isinstance(case, kind):
            raise CaseNotFound(kind.__name__, case_id)
        return case

    def find(self, case_id: UUID) -> Case | None:
        """Read a case of whatever kind it is; see the port."""
        return self.kept.get(case_id)

    def all(self, kind: type[C]) -> list[C]:
        """Every case of a kind, oldest first."""
        return [case for case in self.kept.values() if isinstance(case, kind)]

    def history(self, case_id: UUID) -> Sequence[RecordedEvent]:
        """Read everything recorded of a case; see the port."""
        return [recorded for recorded in self.recorded if recorded.stream_id == case_id]

    def everything(self, *, after: int = 0) -> Iterator[RecordedEvent]:
        """Read the whole history; see the port."""
        return iter(self.recorded[after:])

    def replayed(self, case_id: UUID) -> Case | None:
        """A case folded anew, from the events as the store would write them."""
        return fold([_stored(recorded) for recorded in self.history(case_id)])


class StagedWork:
    """What a command has read, and what it will record."""

    def __init__(self, cases: RememberedCases, envelope: Envelope) -> None:
        self.envelope = envelope
        self.cases: dict[UUID, Case] = {}
        self.events: list[RecordedEvent] = []
        self._kept = cases.kept
        self._position = len(cases.recorded)

    def load(self, kind: type[C], case_id: UUID, *, expected_version: int | None = None) -> C:
        """Read a case; see the port."""
        case = self.find(kind, case_id)
        if case is None:
            raise CaseNotFound(kind.__name__, case_id)
        if expected_version is not None and case.version != expected_version:
            raise CaseChanged(case_id, expected=expected_version, actual=case.version)
        return case

    def find(self, kind: type[C], case_id: UUID) -> C | None:
        """Read a case if there is one of that kind; see the port."""
        case = self.cases.get(case_id, self._kept.get(case_id))
        return case if isinstance(case, kind) else None

    def begin(self, kind: type[C], case_id: UUID, events: Sequence[Event]) -> C:
        """Record the first events of a new case; see the port."""
        if case_id in self._kept or case_id in self.cases:
            raise AlreadyBorn(str(case_id))
        case = kind.born(case_id, events[0], self.envelope)
        self._stage(case_id, 1, events[0], self.envelope)
        self.cases[case_id] = case
        return self._record(case, events[1:], self.envelope)

    def record(self, case: C, events: Sequence[Event]) -> C:
        """Record what was decided; see the port."""
        return self._record(case, events, self.envelope)

    def react(self, case: C, events: Sequence[Event], *, cause: Case) -> C:
        """Record what the system decides because of `cause`; see the port."""
        causation = f"{cause.id}:{cause.version}"
        envelope = self.envelope.model_copy(update={"actor": SYSTEM, "causation_id": causation})
        return self._record(case, events, envelope)

    def _record(self, case: C, events: Sequence[Event], envelope: Envelope) -> C:
        for event in events:
            self._stage(case.id, case.version + 1, event, envelope)
            case = case.after(event, envelope)
        self.cases[case.id] = case
        return case

    def _stage(self, stream_id: UUID, version: int, event: Event, envelope: Envelope) -> None:
        position = self._position + len(self.events) + 1
        at: datetime = envelope.occurred_at
        self.events.append(RecordedEvent(position, at, stream_id, version, event, envelope))


def _stored(recorded: RecordedEvent) -> RecordedEvent:
    written = recorded.event.model_dump_json(exclude_none=True)
    return recorded._replace(event=type(recorded.event).model_validate_json(written))
