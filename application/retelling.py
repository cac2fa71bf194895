"""Telling a history again, step by step, and holding it against what was concluded from it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from application.case import Case
from application.queries import AuditEntry
from application.recorded import RecordedEvent
from domain.blocks.block import PaymentBlock
from domain.complaints.complaint import Complaint
from domain.disputes.dispute import Dispute

C = TypeVar("C", bound=Case)


class Step(NamedTuple):
    """One event, and where it led the case from and to."""

    recorded: RecordedEvent
    status_before: str | None
    status_after: str | None


def status_of(case: Case) -> str | None:
    """Where a case stands; an invoice stands nowhere."""
    match case:
        case Complaint() | Dispute() | PaymentBlock():
            return str(case.status)
        case _:
            return None


def retell(kind: type[C], history: Sequence[RecordedEvent]) -> tuple[list[Step], C]:
    """Fold a history that is not empty, and remember each step on the way."""
    first = history[0]
    case = kind.born(first.stream_id, first.event, first.envelope)
    steps = [Step(first, None, status_of(case))]
    for recorded in history[1:]:
        before, case = status_of(case), case.after(recorded.event, recorded.envelope)
        steps.append(Step(recorded, before, status_of(case)))
    return steps, case


def differences(
    steps: Sequence[Step], case: Case, *, stored: Case, audited: Sequence[AuditEntry]
) -> Iterator[str]:
    """Say in what a retold history is not what was stored of it and concluded from it."""
    versions = [step.recorded.version for step in steps]
    if versions != list(range(1, len(steps) + 1)):
        yield f"the history has the versions {versions}, not 1 to {len(steps)}"
    times = [step.recorded.recorded_at for step in steps]
    if times != sorted(times):
        yield "an event was recorded before the one ahead of it"
    if case != stored:
        yield f"the case was stored as {stored}, and the history tells {case}"
    told = {step.recorded.position: (step.status_before, step.status_after) for step in steps}
    for entry in audited:
        if told.get(entry.position) != (entry.status_before, entry.status_after):
            yield (
                f"the audit trail tells of version {entry.version} "
                f"{entry.status_before} -> {entry.status_after}, and the history tells otherwise"
            )
    # An invoice has no status, so no audit trail tells of it.
    if audited and len(audited) != len(steps):
        yield f"the audit trail tells of {len(audited)} events, and the history of {len(steps)}"
    if not audited and status_of(case) is not None:
        yield "the audit trail tells nothing of the case"
