"""Making a named event happen, for those who build something that follows events."""

from inspect import getdoc
from uuid import uuid4

from api.command_line.demo import name_in_story, refuse_other_cases
from api.command_line.opening import opened
from api.command_line.output import Column, answer_json, say, show, table
from application.demo.triggering import TRIGGERS, trigger
from application.feed.cloud_events import cloud_event


def show_triggers(*, as_json: bool) -> None:
    """List what can be made to happen."""
    told = {name: getdoc(plot) or "" for name, plot in sorted(TRIGGERS.items())}
    if as_json:
        answer_json({"triggers": [{"type": name, "story": told[name]} for name in told]})
    else:
        show(table((Column("event"), Column("story", squeezed=True)), list(told.items())))


def trigger_event(name: str, *, anyway: bool, as_json: bool) -> None:
    """Play a story in which the event happens."""
    with opened() as wiring:
        refuse_other_cases(wiring, anyway=anyway)
        recorded = trigger(
            name,
            key=str(uuid4()),
            today=wiring.services.clock.now().date(),
            identify=name_in_story,
            cases=wiring.services.cases,
        )
    events = [cloud_event(event) for event in recorded]
    if as_json:
        answer_json({"events": events})
        return
    columns = tuple(map(Column, ("position", "event", "case")))
    show(table(columns, [(e["position"], e["type"], e["subject"]) for e in events]))
    say("{} events, {} among them", len(events), name)
