"""Reports are taken in together; what is refused is found and left out, nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from application import complaints
from application.case import Case
from application.errors import CaseContended, OutcomeUnknown
from application.imports.catching_up import Caught, catch_up_together
from application.imports.circumstances import IMPORTER, Reason, on_imported
from application.imports.gathering import Command, GatheredCommands
from application.ports import C, Cases, Work
from application.recorded import Recorded, RecordedEvent
from domain.complaints.events import ComplaintAcknowledged
from domain.event import Channel, Envelope
from domain.refusals import Refusal

DAY = date(2014, 7, 9)
MIDNIGHT = datetime(2014, 7, 9, tzinfo=UTC)


def case(number: int) -> UUID:
    return UUID(int=number)


@dataclass
class FakeCases:
    """Cases that refuse the commands on some of them, and count the appends."""

    refusing: set[UUID] = field(default_factory=set[UUID])
    lost_races: int = 0
    appended: list[list[UUID]] = field(default_factory=list[list[UUID]])
    known: dict[UUID, list[RecordedEvent]] = field(default_factory=dict[UUID, list[RecordedEvent]])

    def transact(self, envelope: Envelope, decide: Callable[[Work], UUID]) -> Recorded:
        return self.transact_all([(envelope, decide)])

    def transact_all(self, commands: Sequence[Command]) -> Recorded:
        about = [envelope.correlation_id for envelope, _ in commands]
        if self.lost_races:
            self.lost_races -= 1
            self.know(*set(about))
            raise CaseContended(8)
        for case_id in about:
            if case_id in self.refusing:
                raise Refusal(f"no: {case_id.int}")
        self.appended.append(about)
        self.know(*about)
        return Recorded(about[-1], 1, 1, MIDNIGHT, tuple("complaint.escalated" for _ in about))

    def know(self, *case_ids: UUID) -> None:
        envelope = on_imported(case_ids[0], on=DAY, correlation_id=case_ids[0]).envelope
        for case_id in case_ids:
            history = self.known.setdefault(case_id, [])
            event = ComplaintAcknowledged()
            history.append(RecordedEvent(1, MIDNIGHT, case_id, len(history) + 1, event, envelope))

    def histories(self, case_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[RecordedEvent]]:
        return {c: tuple(self.known[c]) for c in case_ids if c in self.known}

    def load(self, kind: type[C], case_id: UUID) -> C:
        raise NotImplementedError

    def find(self, case_id: UUID) -> Case | None:
        raise NotImplementedError

    def history(self, case_id: UUID) -> Sequence[RecordedEvent]:
        return self.known.get(case_id, [])

    def everything(self, *, after: int = 0) -> Iterator[RecordedEvent]:
        raise NotImplementedError


@dataclass(frozen=True)
class Step:
    """A report of one step, taken unless the case has had as many."""

    case_id: UUID
    steps: int = 1

    def catch_up(self, history: Sequence[RecordedEvent], *, cases: Cases) -> None:
        for _ in range(len(history), self.steps):
            on = on_imported(self.case_id, on=DAY, correlation_id=self.case_id)
            complaints.escalate(on, cases=cases)


def test_gathered_commands_wait_until_they_are_run_together() -> None:
    cases = FakeCases()
    gathered = GatheredCommands(cases)

    Step(case(1)).catch_up((), cases=gathered)

    assert cases.appended == []
    cases.transact_all(gathered.commands)
    assert cases.appended == [[case(1)]]


def test_an_answer_to_a_gathered_command_says_that_nothing_is_recorded_yet() -> None:
    on = on_imported(case(1), on=DAY, correlation_id=case(1))

    recorded = complaints.escalate(on, cases=GatheredCommands(FakeCases()))

    assert (recorded.version, recorded.position, recorded.types) == (0, 0, ())


def test_an_imported_fact_says_who_when_and_what_was_not_stated() -> None:
    envelope = on_imported(
        case(1),
        on=DAY,
        correlation_id=case(2),
        reasons=(Reason.UNTIMELY_RESPONSE, Reason.DATE_NOT_STATED),
    ).envelope

    assert envelope.actor == IMPORTER
    assert envelope.channel is Channel.IMPORT
    assert envelope.occurred_at == MIDNIGHT
    assert envelope.reason == "untimely_response; date_not_stated"


def test_a_batch_is_one_append() -> None:
    cases = FakeCases()

    caught = catch_up_together([Step(case(n)) for n in range(4)], cases=cases)

    assert caught == Caught(accepted=4, events=4)
    assert cases.appended == [[case(0), case(1), case(2), case(3)]]


def test_what_is_known_already_costs_no_append() -> None:
    cases = FakeCases()
    cases.know(case(0), case(1))

    assert catch_up_together([Step(case(0)), Step(case(1))], cases=cases) == Caught(already_known=2)
    assert cases.appended == []


@pytest.mark.parametrize("bad", range(7))
def test_a_refused_report_costs_none_of_the_others(bad: int) -> None:
    cases = FakeCases(refusing={case(bad)})

    caught = catch_up_together([Step(case(n)) for n in range(7)], cases=cases)

    assert (caught.accepted, dict(caught.refused)) == (6, {bad: f"no: {bad}"})
    assert sorted(c.int for batch in cases.appended for c in batch) == sorted({*range(7)} - {bad})


def test_a_lost_race_is_no_refusal_but_a_reason_to_look_again() -> None:
    cases = FakeCases(lost_races=1)

    caught = catch_up_together([Step(case(0)), Step(case(1), steps=2)], cases=cases)

    assert caught == Caught(accepted=1, already_known=1, events=1)
    assert cases.appended == [[case(1)]]


def test_two_reports_of_one_case_are_taken_in_one_after_the_other() -> None:
    cases = FakeCases()

    caught = catch_up_together(
        [Step(case(0)), Step(case(1)), Step(case(0), steps=2), Step(case(0))],
        cases=cases,
    )

    assert caught == Caught(accepted=3, already_known=1, events=3)
    assert cases.appended == [[case(0), case(1)], [case(0)]]


def test_an_unknown_outcome_ends_the_import() -> None:
    class Unreachable(FakeCases):
        def transact_all(self, commands: Sequence[Command]) -> Recorded:
            del commands
            raise OutcomeUnknown

    with pytest.raises(OutcomeUnknown):
        catch_up_together([Step(case(0))], cases=Unreachable())
