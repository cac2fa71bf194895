"""What can be put into the file of a dispute: contacts, notes, evidence, corrections."""

from datetime import datetime
from uuid import UUID

from application.commands import OnCase
from application.dispute_changes import change
from application.ports import Cases
from application.recorded import Recorded
from domain.contacts import Direction, Reached
from domain.disputes import keeping
from domain.disputes.events import CorrectableDisputeField
from domain.event import Channel


def record_contact(
    on: OnCase,
    *,
    direction: Direction,
    channel: Channel,
    reached: Reached,
    summary: str | None,
    promised_next_contact: datetime | None,
    cases: Cases,
) -> Recorded:
    """Record a contact with the customer, or an attempt."""
    return change(
        on,
        decision=lambda dispute: keeping.record_contact(
            dispute,
            direction=direction,
            channel=channel,
            reached=reached,
            summary=summary,
            promised_next_contact=promised_next_contact,
            by=on.by,
        ),
        cases=cases,
    )


def add_note(on: OnCase, *, text: str, cases: Cases) -> Recorded:
    """Write an internal note."""
    return change(
        on, decision=lambda dispute: keeping.add_note(dispute, text=text, by=on.by), cases=cases
    )


def add_evidence(on: OnCase, *, cases: Cases) -> Recorded:
    """Add the documents that the envelope names."""
    evidence = on.envelope.evidence
    return change(
        on, decision=lambda d: keeping.add_evidence(d, evidence=evidence, by=on.by), cases=cases
    )


def correct(
    on: OnCase,
    *,
    corrects_version: int,
    line_id: UUID | None,
    field: CorrectableDisputeField,
    was: str | None,
    now: str | None,
    cases: Cases,
) -> Recorded:
    """Record that something recorded earlier was wrong."""
    return change(
        on,
        decision=lambda dispute: keeping.correct(
            dispute,
            corrects_version=corrects_version,
            line_id=line_id,
            field=field,
            was=was,
            now=now,
            by=on.by,
        ),
        cases=cases,
    )
