"""A case's history, told again and held against what is stored."""

import typer
from rich.text import Text

from api.command_line.happenings import row, show_happenings
from api.command_line.opening import case_named, opened_to_read
from api.command_line.output import answer_json, say, show
from api.command_line.reading import history_of, kind_of, word_for
from application.retelling import Step, differences, retell


def replay(name: str, *, as_json: bool) -> None:
    """Tell every event of a case, and whether folding them anew gives what is stored."""
    with opened_to_read() as wiring:
        services = wiring.services
        history = history_of(case_named(name, wiring), wiring=wiring)
        case_id, kind = history[0].stream_id, kind_of(history)
        steps, case = retell(kind, history)
        found = list(
            differences(
                steps,
                case,
                stored=services.cases.load(kind, case_id),
                audited=services.questions.audit_trail(case_id),
            )
        )
    if as_json:
        answer_json(
            {
                "case_id": case_id,
                "kind": word_for(history),
                "version": case.version,
                "events": [_event(step) for step in steps],
                "identical": not found,
                "differences": found,
            }
        )
    else:
        show_happenings([*map(as_row, steps)])
        show()
        if not found:
            verdict = f"{len(steps)} events replayed: identical to the stored case"
            show(Text(verdict, style="green"))
    for difference in found:
        say("[red]different:[/red] {}", difference)
    if found:
        raise typer.Exit(1)


def as_row(step: Step) -> tuple[object, ...]:
    """A step as one line of a table."""
    recorded, envelope = step.recorded, step.recorded.envelope
    return row(
        at=envelope.occurred_at,
        actor=envelope.actor.subject_id,
        type=recorded.event.type,
        before=step.status_before,
        after=step.status_after,
        channel=envelope.channel,
        reason=envelope.reason,
        facts=recorded.event.model_dump(mode="json"),
    )


def _event(step: Step) -> dict[str, object]:
    recorded = step.recorded
    return {
        "position": recorded.position,
        "version": recorded.version,
        "type": recorded.event.type,
        "recorded_at": recorded.recorded_at,
        "status_before": step.status_before,
        "status_after": step.status_after,
        "event": recorded.event.model_dump(mode="json"),
        "envelope": recorded.envelope.model_dump(mode="json"),
    }
