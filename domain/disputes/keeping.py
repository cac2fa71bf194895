"""Decisions that keep the file of a dispute: contacts, notes, evidence, corrections."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.casework import check_corrected, check_evidence
from domain.contacts import Direction, Reached, check_contact
from domain.disputes import events
from domain.disputes.dispute import Dispute
from domain.disputes.lifecycle import LIFECYCLE
from domain.disputes.lines import UnknownLine
from domain.event import Channel, Event, Evidence
from domain.parties import Actor


def record_contact(
    dispute: Dispute,
    *,
    direction: Direction,
    channel: Channel,
    reached: Reached,
    summary: str | None,
    promised_next_contact: datetime | None,
    by: Actor,
) -> list[Event]:
    """Record a contact with the customer, or an attempt.

    Raises:
        InboundAlwaysReaches: inbound, but not reached.
    """
    LIFECYCLE.require("record_contact", dispute.status, by=by)
    check_contact(direction=direction, reached=reached)
    return [
        events.DisputeContactRecorded(
            direction=direction,
            channel=channel,
            reached=reached,
            summary=summary,
            promised_next_contact=promised_next_contact,
        ),
    ]


def add_note(dispute: Dispute, *, text: str, by: Actor) -> list[Event]:
    """Write an internal note."""
    LIFECYCLE.require("add_note", dispute.status, by=by)
    return [events.DisputeNoteAdded(text=text)]


def add_evidence(dispute: Dispute, *, evidence: Sequence[Evidence], by: Actor) -> list[Event]:
    """Add the documents that the envelope names.

    Raises:
        EvidenceMissing: the envelope names none.
    """
    LIFECYCLE.require("add_evidence", dispute.status, by=by)
    check_evidence(evidence)
    return [events.DisputeEvidenceAdded()]


def correct(
    dispute: Dispute,
    *,
    corrects_version: int,
    line_id: UUID | None,
    field: events.CorrectableDisputeField,
    was: str | None,
    now: str | None,
    by: Actor,
) -> list[Event]:
    """Record that something recorded earlier was wrong.

    Raises:
        UnknownVersionCorrected: the dispute has no such event.
        UnknownLine: the dispute has no such line.
    """
    LIFECYCLE.require("correct", dispute.status, by=by)
    check_corrected(corrects_version, of=dispute.version)
    if line_id is not None and line_id not in dispute.accounts:
        raise UnknownLine(line_id)
    return [
        events.DisputeCorrected(
            corrects_version=corrects_version,
            line_id=line_id,
            field=field,
            was=was,
            now=now,
        ),
    ]
