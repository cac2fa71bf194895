"""An event as a CloudEvent (CloudEvents 1.0, JSON format): the form in which all of them leave."""

from datetime import UTC, datetime
from typing import Any, Final

from application.feed.telling import facts
from application.recorded import RecordedEvent

SOURCE: Final = "urn:recours"
MEDIA_TYPE: Final = "application/cloudevents+json"

CloudEvent = dict[str, Any]  # Any: JSON


def cloud_event(recorded: RecordedEvent) -> CloudEvent:
    """Write a recorded event for others. The same event is always the same CloudEvent."""
    event, envelope = recorded.event, recorded.envelope
    written: CloudEvent = {
        "specversion": "1.0",
        "id": f"{recorded.stream_id}:{recorded.version}",
        "source": SOURCE,
        "type": event.type,
        "subject": str(recorded.stream_id),
        "time": _instant(envelope.occurred_at),
        "dataschema": f"urn:recours:event:{event.type}:{event.schema_version}",
        "datacontenttype": "application/json",
        # Extension attributes: lower-case letters and digits only. An integer has 32 bits there.
        "position": str(recorded.position),
        "caseversion": recorded.version,
        "recordedat": _instant(recorded.recorded_at),
        "actorkind": str(envelope.actor.kind),
        "actorid": envelope.actor.subject_id,
        "actorrole": str(envelope.actor.role),
        "channel": str(envelope.channel),
        "correlationid": str(envelope.correlation_id),
    }
    if envelope.causation_id is not None:
        written["causationid"] = envelope.causation_id
    written["data"] = facts(event)
    return written


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
