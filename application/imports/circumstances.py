"""Under what circumstances an import records: who, when, and what the source did not state."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from uuid import UUID

from application.commands import OnCase
from domain.event import Channel, Envelope
from domain.parties import Actor, ActorKind, Role

IMPORTER: Final = Actor(kind=ActorKind.SYSTEM, subject_id="import", role=Role.IMPORTER)


class Reason(StrEnum):
    """Why an imported fact stands as it does, in codes for the envelope."""

    DATE_NOT_STATED = "date_not_stated"
    """The source does not say when it happened; it stands at the last date that is known."""
    SENT_BEFORE_RECEIVED = "sent_before_received"
    """The source says so, and both cannot be true."""
    UNTIMELY_RESPONSE = "untimely_response"
    BLOCK_NOT_STATED = "block_not_stated"
    """The source states a dispute; that its payment was blocked meanwhile is how we count it."""
    ROOT_CAUSE_NOT_STATED = "root_cause_not_stated"


def on_imported(
    case_id: UUID,
    *,
    on: date,
    correlation_id: UUID,
    reasons: tuple[Reason, ...] = (),
    channel: Channel = Channel.IMPORT,
) -> OnCase:
    """Act on a case as the importer, on a past day. A day is its midnight in UTC."""
    envelope = Envelope(
        actor=IMPORTER,
        channel=channel,
        occurred_at=datetime.combine(on, time.min, UTC),
        correlation_id=correlation_id,
        reason="; ".join(reasons) or None,
    )
    return OnCase(case_id=case_id, envelope=envelope)
