"""`recours case`: look at complaints, disputes, blocks and invoices."""

from datetime import datetime
from typing import Annotated, Literal

import typer

from api.command_line.commands.options import AsJson, CaseName, a_moment
from application.queries import WorkOrder

app = typer.Typer(help="Look at cases: their list, their state, what happened to them.")


@app.command("list")
def list_cases(  # noqa: PLR0913 - each option is one question
    *,
    kind: Annotated[
        Literal["complaint", "dispute"] | None, typer.Option(help="Only cases of this kind.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(help="Only cases that stand there, such as payment_blocked.")
    ] = None,
    is_open: Annotated[
        bool | None,
        typer.Option("--open/--closed", help="Only cases that are still open, or over."),
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Only cases of this customer.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only complaints in this queue.")] = None,
    search: Annotated[
        str | None,
        typer.Option(help="Only cases whose text, category or references hold these words."),
    ] = None,
    order: Annotated[
        WorkOrder, typer.Option(help="Those who wait longest first, or the newest first.")
    ] = WorkOrder.WAITING,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    cursor: Annotated[
        str | None, typer.Option(help="Go on behind an earlier list, which told its cursor.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List complaints and disputes."""
    from api.command_line.listing import show_cases
    from application.queries import WorkFilter

    wanted = WorkFilter(
        case_kind=kind,
        status=status,
        is_open=is_open,
        customer_id=customer,
        queue=queue,
        words=search,
    )
    show_cases(wanted, order=order, limit=limit, cursor=cursor, as_json=as_json)


@app.command("show")
def show_case(
    case: CaseName,
    *,
    version: Annotated[int | None, typer.Option(min=1, help="As it was at this version.")] = None,
    recorded_at: Annotated[datetime | None, a_moment("As we knew it then.")] = None,
    occurred_at: Annotated[
        datetime | None, a_moment("As it was then, as far as we know now.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a case: where it stands, and what may happen next, by whom."""
    from api.command_line.standing import show_standing
    from application.replay import Moment

    moment = Moment(version=version, recorded_until=recorded_at, occurred_until=occurred_at)
    show_standing(case, moment=moment, as_json=as_json)


@app.command("timeline")
def show_timeline(case: CaseName, *, as_json: AsJson = False) -> None:
    """Show everything that happened to a case and to what belongs to it, contacts included."""
    from api.command_line.timeline import show_timeline as show

    show(case, as_json=as_json)


@app.command("replay")
def replay_case(case: CaseName, *, as_json: AsJson = False) -> None:
    """Tell a case's history event by event, fold it anew, and compare with what is stored."""
    from api.command_line.replaying import replay

    replay(case, as_json=as_json)
