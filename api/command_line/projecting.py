"""The read models."""

from collections.abc import Sequence

import typer

from api.command_line.faults import read_settings
from api.command_line.opening import opened
from api.command_line.output import Column, answer_json, say, show, table
from api.command_line.progress import counting
from infrastructure.operating import (
    Rebuilt,
    count_events,
    naming_a_lost_database,
    projections_named,
    rebuild_projection,
)

COLUMNS = (
    Column("projection", style="bold"),
    Column("position", align="right"),
    Column("behind", align="right"),
    Column("stopped", squeezed=True),
)


def show_projections(*, as_json: bool) -> None:
    """Show how far each read model has come."""
    with opened() as wiring:
        statuses = wiring.services.questions.projections()
    if as_json:
        answer_json({"projections": statuses})
    else:
        rows = ((s.name, s.position, s.lag, s.failure) for s in statuses)
        show(table(COLUMNS, rows))
    failed = [status.name for status in statuses if status.failed_position is not None]
    if failed:
        say(
            "[red]stopped:[/red] once the cause is gone, run: recours projections rebuild {}",
            " ".join(failed),
        )
        raise typer.Exit(1)


def rebuild_projections(names: Sequence[str], *, as_json: bool) -> None:
    """Build read models anew beside the live ones, one after the other."""
    wanted, settings = projections_named(names), read_settings()
    rebuilt: list[Rebuilt] = []
    with opened(settings) as wiring, naming_a_lost_database():
        total = count_events(wiring.pool)
        for projection in wanted:
            with counting(projection.name, total=total) as bar:
                rebuilt.append(
                    rebuild_projection(projection, settings=settings, progress=bar.advance)
                )
            _tell(rebuilt[-1])
        statuses = wiring.services.questions.projections()
    if as_json:
        answer_json({"rebuilt": rebuilt, "projections": statuses})
    else:
        chosen = {projection.name for projection in wanted}
        rows = ((s.name, s.position, s.lag, s.failure) for s in statuses if s.name in chosen)
        show(table(COLUMNS, rows))
    if any(one.failure is not None for one in rebuilt):
        raise typer.Exit(1)


def _tell(one: Rebuilt) -> None:
    if one.failure is None:
        say("{} rebuilt from {} events", one.name, one.events)
    else:
        say("[red]{} failed and stays as it was:[/red] {}", one.name, one.failure)
