"""Decisions that keep the file of a complaint: contacts, notes, corrections, whose work it is."""

from collections.abc import Sequence
from datetime import datetime

from domain.casework import check_corrected, check_evidence
from domain.complaints import events
from domain.complaints.complaint import Complaint
from domain.complaints.lifecycle import LIFECYCLE
from domain.contacts import Direction, Reached, check_contact
from domain.event import Channel, Event, Evidence
from domain.parties import Actor
from domain.refusals import RuleBroken


class ClaimedBySomebodyElse(RuleBroken):
    """One person works on a case at a time."""

    def __init__(self, by: str) -> None:
        super().__init__(f"the work is claimed by {by}; ask for its release first")
        self.claimed_by = by


class NothingClaimed(RuleBroken):
    """Only claimed work can be released."""

    def __init__(self) -> None:
        super().__init__("nobody has claimed this work")


def record_contact(
    complaint: Complaint,
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
    LIFECYCLE.require("record_contact", complaint.status, by=by)
    check_contact(direction=direction, reached=reached)
    return [
        events.ComplaintContactRecorded(
            direction=direction,
            channel=channel,
            reached=reached,
            summary=summary,
            promised_next_contact=promised_next_contact,
        ),
    ]


def add_note(complaint: Complaint, *, text: str, by: Actor) -> list[Event]:
    """Write an internal note."""
    LIFECYCLE.require("add_note", complaint.status, by=by)
    return [events.ComplaintNoteAdded(text=text)]


def add_evidence(complaint: Complaint, *, evidence: Sequence[Evidence], by: Actor) -> list[Event]:
    """Add the documents that the envelope names.

    Raises:
        EvidenceMissing: the envelope names none.
    """
    LIFECYCLE.require("add_evidence", complaint.status, by=by)
    check_evidence(evidence)
    return [events.ComplaintEvidenceAdded()]


def route(complaint: Complaint, *, queue: str, by: Actor) -> list[Event]:
    """Put the work into a queue."""
    LIFECYCLE.require("route", complaint.status, by=by)
    return [events.ComplaintRouted(queue=queue)]


def claim(complaint: Complaint, *, by: Actor) -> list[Event]:
    """Take the work on.

    Raises:
        ClaimedBySomebodyElse: two claim at once, one wins, the other learns by whom.
    """
    LIFECYCLE.require("claim", complaint.status, by=by)
    if complaint.claimed_by is not None:
        raise ClaimedBySomebodyElse(complaint.claimed_by)
    return [events.ComplaintClaimed()]


def release_claim(complaint: Complaint, *, by: Actor) -> list[Event]:
    """Put the work back.

    Raises:
        NothingClaimed: nobody had claimed it.
    """
    LIFECYCLE.require("release_claim", complaint.status, by=by)
    if complaint.claimed_by is None:
        raise NothingClaimed
    return [events.ComplaintReleased()]


def link_root_cause(complaint: Complaint, *, root_cause: str, by: Actor) -> list[Event]:
    """Name the cause behind the complaint."""
    LIFECYCLE.require("link_root_cause", complaint.status, by=by)
    return [events.ComplaintRootCauseLinked(root_cause=root_cause)]


def correct(
    complaint: Complaint,
    *,
    corrects_version: int,
    field: events.CorrectableField,
    was: str | None,
    now: str | None,
    by: Actor,
) -> list[Event]:
    """Record that something recorded earlier was wrong.

    Raises:
        UnknownVersionCorrected: the complaint has no such event.
    """
    LIFECYCLE.require("correct", complaint.status, by=by)
    check_corrected(corrects_version, of=complaint.version)
    return [
        events.ComplaintCorrected(
            corrects_version=corrects_version,
            field=field,
            was=was,
            now=now,
        ),
    ]
