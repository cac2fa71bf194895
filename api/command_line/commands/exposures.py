"""`recours exposure`: how much money is blocked."""

from datetime import datetime
from typing import Annotated

import typer

from api.command_line.commands.options import AsJson, a_moment
from application.exposures import ExposureGroup


def exposure(
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
    as_json: AsJson = False,
) -> None:
    """Show how much money disputes hold back, at any date, as far as was known at any date."""
    from api.command_line.exposing import show_exposure

    show_exposure(valid_at=valid_at, known_at=known_at, by=by, as_json=as_json)
