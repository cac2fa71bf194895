"""Taking in many reported cases at once: looked up together, made durable together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, Self
from uuid import UUID

from application.errors import CaseContended
from application.imports.gathering import Command, GatheredCommands
from application.ports import Cases
from application.recorded import RecordedEvent
from domain.complaints.events import ComplaintRegistered
from domain.disputes.events import DisputeOpened
from domain.refusals import Refusal

MOST_LOOKS: Final = 5
"""So often are cases looked up again that somebody else changed in between."""


class CasesInBulk(Cases, Protocol):
    """Cases that can be looked up many at a time."""

    def histories(self, case_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[RecordedEvent]]:
        """Read the histories of several cases at once; a case without one is left out."""
        ...


class Reported(Protocol):
    """What a source tells about one case."""

    @property
    def case_id(self) -> UUID:
        """The case; the same in every import."""
        ...

    def catch_up(self, history: Sequence[RecordedEvent], *, cases: Cases) -> None:
        """Run the commands for what the source tells beyond what is recorded.

        Raises:
            Refusal: what it tells and what is recorded cannot both be true.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What became of some reported cases."""

    accepted: int = 0
    already_known: int = 0
    complaints: int = 0
    disputes: int = 0
    events: int = 0
    refused: Mapping[int, str] = field(default_factory=dict[int, str])
    """Why a case was not taken in, by its place in the batch."""

    def __add__(self, other: Self) -> Self:
        return type(self)(
            accepted=self.accepted + other.accepted,
            already_known=self.already_known + other.already_known,
            complaints=self.complaints + other.complaints,
            disputes=self.disputes + other.disputes,
            events=self.events + other.events,
            refused={**self.refused, **other.refused},
        )


Batch = Sequence[tuple[int, Reported]]
"""Reported cases with their places."""


def catch_up_together(reports: Sequence[Reported], *, cases: CasesInBulk) -> Caught:
    """Record what these reports tell beyond what is recorded, as one durable append.

    Where the rules refuse one of them, the others are recorded without it. Several reports of one
    case are taken in one after the other.

    Raises:
        OutcomeUnknown: the answer was lost; take the same reports in again.
    """
    caught, left = Caught(), list(enumerate(reports))
    while left:
        firsts, left = _first_of_each_case(left)
        caught += _catch_up(firsts, cases)
    return caught


def _first_of_each_case(batch: Batch) -> tuple[Batch, list[tuple[int, Reported]]]:
    met: set[UUID] = set()
    firsts: list[tuple[int, Reported]] = []
    later: list[tuple[int, Reported]] = []
    for place, report in batch:
        (later if report.case_id in met else firsts).append((place, report))
        met.add(report.case_id)
    return firsts, later


def _catch_up(batch: Batch, cases: CasesInBulk) -> Caught:
    case_ids = [report.case_id for _, report in batch]
    seen: dict[UUID, int] | None = None
    refusal: Refusal | CaseContended | None = None
    for _ in range(MOST_LOOKS):
        histories = cases.histories(case_ids)
        versions = {case_id: len(history) for case_id, history in histories.items()}
        if versions == seen:
            break  # nobody wrote in between: the refusal stands
        try:
            return _record(batch, histories, cases)
        except (Refusal, CaseContended) as error:
            seen, refusal = versions, error
    if len(batch) == 1:
        return Caught(refused={batch[0][0]: str(refusal)})
    half = len(batch) // 2
    return _catch_up(batch[:half], cases) + _catch_up(batch[half:], cases)


def _record(
    batch: Batch,
    histories: Mapping[UUID, Sequence[RecordedEvent]],
    cases: CasesInBulk,
) -> Caught:
    commands: list[Command] = []
    accepted, refused = 0, dict[int, str]()
    for place, report in batch:
        gathered = GatheredCommands(cases)
        try:
            report.catch_up(histories.get(report.case_id, ()), cases=gathered)
        except Refusal as refusal:
            refused[place] = str(refusal)
        else:
            accepted += bool(gathered.commands)
            commands += gathered.commands
    types = cases.transact_all(commands).types if commands else ()
    return Caught(
        accepted=accepted,
        already_known=len(batch) - accepted - len(refused),
        complaints=types.count(ComplaintRegistered.type),
        disputes=types.count(DisputeOpened.type),
        events=len(types),
        refused=refused,
    )
