"""Everything that happened to a case and to what belongs to it."""

from dataclasses import asdict
from uuid import UUID

from api.command_line.happenings import row, show_happenings
from api.command_line.opening import case_named, opened_to_read
from api.command_line.output import answer_json
from api.command_line.reading import history_of
from application.queries import Questions, TimelineEntry

Led = dict[int, tuple[str | None, str | None]]
"""By position, the status before and after."""


def show_timeline(name: str, *, as_json: bool) -> None:
    """Show the timeline of a case's family, with the contacts in it."""
    with opened_to_read() as wiring:
        case_id = case_named(name, wiring)
        history_of(case_id, wiring=wiring)
        questions = wiring.services.questions
        entries = questions.timeline(case_id)
        led = _led(entries, questions)
        contacts = questions.contacts(case_id)
    if as_json:
        events = [_with_status(entry, led) for entry in entries]
        answer_json({"case_id": case_id, "events": events, "contacts": contacts})
        return
    show_happenings([_row(entry, led) for entry in entries])


def _led(entries: tuple[TimelineEntry, ...], questions: Questions) -> Led:
    members = dict.fromkeys(entry.case_id for entry in entries)
    return {
        audited.position: (audited.status_before, audited.status_after)
        for member in members
        for audited in questions.audit_trail(UUID(str(member)))
    }


def _with_status(entry: TimelineEntry, led: Led) -> dict[str, object]:
    before, after = led.get(entry.position, (None, None))
    return {**asdict(entry), "status_before": before, "status_after": after}


def _row(entry: TimelineEntry, led: Led) -> tuple[object, ...]:
    before, after = led.get(entry.position, (None, None))
    return row(
        at=entry.occurred_at,
        actor=entry.actor_id,
        type=entry.type,
        before=before,
        after=after,
        channel=entry.channel,
        reason=entry.reason,
        facts=entry.facts,
    )
