"""`recours exposure`: how much money is blocked."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.command_line.commands.options import AsJson, a_moment
from application.exports import FileFormat
from application.exposures import ExposureGroup, Step


def exposure(  # noqa: PLR0913 - each is an option
    *,
    valid_at: Annotated[
        datetime | None, a_moment("How much was blocked then; now, if not said.")
    ] = None,
    known_at: Annotated[
        datetime | None, a_moment("As far as was known then; as is known now, if not said.")
    ] = None,
    by: Annotated[
        ExposureGroup | None, typer.Option(help="Also group by this, beside the currency.")
    ] = None,
    since: Annotated[
        datetime | None, a_moment("Where a series or a bridge begins; it ends at --valid-at.")
    ] = None,
    series: Annotated[
        Step | None, typer.Option(help="At the end of each of these since --since, as a chart.")
    ] = None,
    bridge: Annotated[
        bool, typer.Option("--bridge", help="What became of it since --since, and why.")
    ] = False,
    learnt_since: Annotated[
        datetime | None,
        a_moment("What we have learnt about --valid-at since then, until --known-at."),
    ] = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Which document lines are blocked.")
    ] = False,
    into: Annotated[
        str | None, typer.Option(help="Also all currencies together in this one.", metavar="CODE")
    ] = None,
    rates: Annotated[
        Path | None,
        typer.Option(
            help="The rates for --into: a CSV file of currency, rate and date.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    file_format: Annotated[
        FileFormat | None, typer.Option("--format", help="Answer with a table in this form.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write --format there.", dir_okay=False)] = None,
    svg: Annotated[
        Path | None, typer.Option(help="Draw --series there, as SVG.", dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how much money disputes hold back, at any date, as far as was known at any date."""
    from api.command_line.exposing import Asked, show_exposure

    asked = Asked(
        valid_at=valid_at,
        known_at=known_at,
        by=by,
        since=since,
        series=series,
        bridge=bridge,
        learnt_since=learnt_since,
        lines=lines,
        into=into,
        rates=rates,
    )
    show_exposure(asked, as_json=as_json, file_format=file_format, out=out, svg=svg)
